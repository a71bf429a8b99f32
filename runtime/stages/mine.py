"""Stage `mine`: a policy drives in the world model, and what is worth learning from is chosen."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound, later
from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, maybe, one, previous, stage
from runtime.world.judge import Judge

FRAMES = 12
MOST_HARD = 0.8


class Mix(Bound):
    """Shares of what is kept; they sum to 1."""

    success: float = Field(0.3, ge=0, le=1)
    """Rollouts that the judge takes for done."""
    near: float = Field(0.3, ge=0, le=1)
    """Failures that came near."""
    hard: float = Field(0.4, ge=0, le=MOST_HARD)
    """The worst failures."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if abs(self.success + self.near + self.hard - 1) > 1e-6:
            raise ValueError(f"shares of a mix sum to 1, these to {self.success + self.near + self.hard:g}")
        return self


class MineParams(Params):
    """How much is imagined, and what of it is kept."""

    episodes: int = Field(60, ge=1, le=10_000, json_schema_extra={"budget": "demos", "rollouts": {"world_model": 1}})
    """Rollouts that are imagined in a round."""
    keep: int = Field(24, ge=1, le=10_000, json_schema_extra={"budget": "demos", "rollouts": {"twin": 2}})
    """How many of them are kept, whichever way they are chosen: so many are carried out in the twin, failures a second time."""
    mix: Mix = Mix()
    """Stated shares of successes, near-successes and hard failures."""
    choose: Literal["hardest", "random", "successes"] = "hardest"
    """`hardest` by rank, `random` failures by lot, `successes` what the judge thinks best of."""
    success_at: float = Field(0.5, gt=0, lt=1)
    """Score from which a rollout counts as a success."""
    near_at: float = Field(0.35, gt=0, lt=1)
    """Mean of score and reward proxy from which a failure counts as near."""
    weights: str = later(born="", since=1, pattern="^([0-9a-f]{64})?$")
    """sha256 of the judge's weights, as the refusal R371 tells it; embedded judges have none."""
    weights_licence: str = later(born="", since=1, max_length=100, pattern=r"^[A-Za-z0-9.+() -]*$")
    """Licence of these weights, an SPDX expression: `use: commercial` in a study holds it to that."""
    seed: int = bound("seed")
    """Training seed: starts of the rollouts."""

    @model_validator(mode="after")
    def _chosen_from_more(self) -> Self:
        if self.keep > self.episodes:
            raise ValueError(f"keep is {self.keep}, but {self.episodes} episodes are imagined: nothing would be chosen")
        return self


@stage(
    version=1,
    metrics=by_unit(
        count="round episodes kept kept_success kept_near kept_hard non_hard",
        share="hard_share said_share mean_proxy disagreement",
    ),
    libraries=minor("lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    kind="mined",
    per=("location", "task", "approach", "seed", "round"),
    needs={
        "policy": one("policy"),
        "before": previous("policy", "round"),
        "world": one("world_model"),
        "world_before": previous("world_model", "round"),
        "agreement": maybe("judged"),
        "twin": one("twin"),
    },
    agree=(("policy", "twin"), ("world", "twin")),
    makes={"mined": "mined.json", "shown": "shown.npz", "preview": "preview.png"},
    backends=("judge",),
    expects=lambda p: {"policy": Contract(instruction_key="task"), "twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.1 + p.episodes / 300),
)
def mine(
    p: MineParams,
    policy: Path,
    before: Path | None,
    world: Path,
    world_before: Path | None,
    agreement: Path | None,
    twin: Path,
    out: Out,
    judge: Judge,
) -> dict[str, float | int]:
    """Roll the policy out in the world model (in later rounds what the round before made of both), rank failures by judge, reward
    and disagreement, and keep a stated mix. `mined.json` has each rollout's scores, class, start and best step.

    Raises:
        InputError: R262 when the task is held out; R344 when the model lacks files; R348 when the policy looks through another
            camera than the model paints; R370 and R371 when a judge of another environment, or its weights, is not there.
    """
    import json

    import numpy as np

    from runtime.mining.dreams import seen_by_judge
    from runtime.mining.mix import CLASSES, ranked, select
    from runtime.sim.episodes.practice import hash_of
    from runtime.sim.pixels.contact_sheet import save_sheet
    from runtime.sim.tasks import kind_of
    from runtime.sim.trials.conditions import Condition
    from runtime.sim.trials.crossed import load_crossed
    from runtime.sim.twin.twin import read_learnable
    from runtime.store.manifest import read_manifest
    from runtime.world.judge import progress, smooth
    from runtime.world.model import read_world
    from runtime.world.trials import dreamt_from

    facts = read_learnable(twin)
    past = int(read_manifest(before)["metrics"].get("round", 0)) if before else 0
    model, actor = read_world((world_before or world) / "model"), load_crossed(before or policy, facts.robot)
    kind, family = kind_of(facts.task), hash_of((83, p.seed, past))
    starts = [kind.draw_start(facts.task, i, "practice", family, facts.robot) for i in range(p.episodes)]
    dream = dreamt_from(model, actor, twin, facts, [Condition("train", start) for start in starts]).dream
    seen = seen_by_judge(model, dream, facts.task, p.weights, out.root)
    score, proxy = np.clip(np.nan_to_num(judge.judge(seen).score), 0, 1), progress(seen)
    found = ranked(score, proxy, dream.apart, p.success_at, p.near_at)
    chosen = select(found, score, (p.mix.success, p.mix.near, p.mix.hard), p.keep, p.choose, np.random.default_rng([83, family]))
    best = smooth(dream.reward).argmax(1)
    rows = [
        {
            "start": i,
            "class": CLASSES[found.kind[i]],
            "judge": round(float(score[i]), 6),
            "proxy": round(float(proxy[i]), 6),
            "apart": round(float(dream.apart[i]), 6),
            "badness": None if np.isnan(found.badness[i]) else round(float(found.badness[i]), 6),
            "best_step": int(best[i]),
        }
        for i in range(p.episodes)
    ]
    said = {"family": family, "choose": p.choose, "kept": chosen.tolist(), "rollouts": rows}
    out.path("mined").write_text(json.dumps(said, indent=1) + "\n")
    picks = np.linspace(0, dream.joints.shape[1] - 1, FRAMES).round().astype(int)
    films = np.stack([seen.films[i]()[picks] for i in chosen])
    np.savez_compressed(out.path("shown"), start=chosen, films=films)
    save_sheet(out.path("preview"), list(films[:: max(1, len(films) // 8)]), FRAMES)
    counts = {f"kept_{name}": int((found.kind[chosen] == c).sum()) for c, name in enumerate(CLASSES)}
    return {
        "round": past + 1,
        "episodes": p.episodes,
        "kept": len(chosen),
        **counts,
        "non_hard": len(chosen) - counts["kept_hard"],
        "hard_share": round(counts["kept_hard"] / len(chosen), 4),
        "said_share": round(float(score.mean()), 4),
        "mean_proxy": round(float(proxy.mean()), 4),
        "disagreement": round(float(dream.apart.mean()), 6),
    }
