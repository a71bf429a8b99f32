"""Stage `grpo`: a policy is optimised on what a world model imagines of it, in groups that begin alike (WMPO)."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from runtime.contract import CHECKS, Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, previous, stage


class GrpoParams(Params):
    """How much is imagined, which groups count, and how far an update goes. Defaults that WMPO states are its own."""

    imagined: int = Field(1536, ge=2, json_schema_extra={"rollouts": {"world_model": 1}})
    """Imagined rollouts of a round, at most; as many updates are made as they are enough for."""
    groups: int = Field(16, ge=1, le=10_000)
    """Keyframes of an update."""
    group: int = Field(8, ge=2, le=256)
    """Imagined rollouts from each keyframe."""
    accept: tuple[float, float] = (0.1, 0.9)
    """Groups count whose share of successes lies within that, and which differ at all."""
    clip: float = Field(0.2, gt=0, lt=1)
    """How much rarer a step may become before it is paid for no more, as a share."""
    clip_high: float = Field(0.28, gt=0, le=4)
    """The same for likelier."""
    rate: float = Field(1e-4, gt=0)
    """Learning rate."""
    epochs: int = Field(2, ge=1)
    """Passes of an update over what was imagined."""
    batches: int = Field(4, ge=1)
    """Batches of each."""
    target_kl: float = Field(0.5, gt=0)
    """KL divergence from the policy before an update, at which it ends; nats a decision."""
    noise_rad: float = Field(0.03, gt=0, le=0.5)
    """How far each target of an exploring policy is off by itself, standard deviation."""
    held_rad: float = Field(0.02, ge=0, le=0.5)
    """How far all targets of a chunk are off together, standard deviation."""
    cut_m: float = Field(0.02, gt=0, le=1)
    """Imagined rollouts end, unsuccessful, where members of the world model put objects so far apart (standard deviation)."""
    every: int = Field(5, ge=1)
    """Keyframes are true states at multiples of so many control steps."""
    held_out: int = Field(16, ge=2)
    """Of the true rollouts the last so many are no keyframes: on them the threshold of success is chosen, by F1."""
    least_f1: float = Field(0.8, ge=0, le=1)
    """A world model that tells success of them worse is not learned in."""
    seed: int = bound("seed")
    """Training seed: keyframes and exploration."""

    @model_validator(mode="after")
    def _a_range(self) -> Self:
        if not 0 <= self.accept[0] <= self.accept[1] <= 1:
            raise ValueError("`accept` is a range of shares: from 0 to 1, in order")
        if self.imagined < self.groups * self.group:
            raise ValueError(f"an update takes {self.groups * self.group} imagined rollouts, and `imagined` is {self.imagined}")
        return self

    @property
    def updates(self) -> int:
        """Updates of a round."""
        return self.imagined // (self.groups * self.group)


@stage(
    version=1,
    metrics=by_unit(
        count="round real_rollouts imagined_rollouts gradient_steps",
        share="f1 threshold imagined_before imagined_after cut counted_groups",
        loss="kl",
        text="weights_digest",
    ),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    kind="policy",
    per=("location", "task", "approach", "seed", "round"),
    needs={
        "policy": one("policy"),
        "before": previous("policy", "round"),
        "demos": one("demos"),
        "twin": one("twin"),
        "world": one("world_model"),
        "remedies": one("remedies"),
    },
    agree=(("policy", "demos"), ("policy", "twin"), ("world", "twin")),
    same=(("policy", "demos"),),
    makes={"checkpoint": "checkpoint/", "facts": "policy.json", "points": "grpo.csv"},
    offers=lambda p, inputs: inputs.get("policy", Contract()),
    expects=lambda p: {"policy": Contract(architecture="small"), "demos": Contract(checked=CHECKS)},
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.1 + p.imagined / 2500),
)
def grpo(
    p: GrpoParams, policy: Path, before: Path | None, demos: Path, twin: Path, world: Path, remedies: Path, out: Out
) -> dict[str, float | int | str]:
    """Optimise the policy (in later rounds the one that was kept before) on rollouts that the world model imagines from keyframes
    of true ones, and that count as successes by a threshold chosen on further true ones. Whether it is kept, trials in the twin
    say (`rehearse`, `keep`).

    Raises:
        InputError: R319 when the policy's architecture cannot be trained on; R344 when the model lacks files; R348 when the
            policy looks through another camera than the model paints; R385 when it looks at more than one observation; R427 when
            the world model does not tell success of true rollouts.
    """
    import csv
    from dataclasses import asdict, fields

    import numpy as np

    from runtime.learn.checkpoint import save_facts
    from runtime.learn.dataset import read_arrays
    from runtime.learn.learner import resumed
    from runtime.learn.load import load_policy
    from runtime.learn.train import luck_of, seed_everything, weights_digest
    from runtime.problem import InputError, Problem
    from runtime.rl.actor import Whole
    from runtime.rl.ppo import Recipe
    from runtime.rl.rollout import Noise
    from runtime.sim.episodes.attempts import load_attempts, replay
    from runtime.sim.twin.twin import eyes_of, read_behind, read_model, read_twin
    from runtime.store.manifest import read_manifest
    from runtime.world.grpo import Point, Rules, keyframes, optimise, threshold_of, told
    from runtime.world.model import read_world
    from runtime.world.trials import refuse_cameras

    facts, model, imagining = read_twin(twin), read_model(twin), read_world(world / "model")
    start = before or policy
    known = load_policy(start / "checkpoint").facts
    if known["history"] > 1:
        message = f"the policy looks at {known['history']} observations; rollouts keep one"
        raise InputError(Problem("R385", message, "train it with `n_obs_steps: 1`", "stages.policy.n_obs_steps"))
    refuse_cameras(imagining, known["camera_keys"])
    true = load_attempts(remedies / "attempts.npz")
    held, own = true[-p.held_out :], true[: -p.held_out]
    truth = np.array([bool(rollout.success[-1]) for rollout in held])
    eye = eyes_of(model, facts, read_behind(twin, facts))[imagining.facts["camera"]]
    luck = luck_of(p.seed, read_arrays(demos / "dataset"))
    rng = np.random.default_rng([101, luck, int(read_manifest(remedies)["metrics"]["round"])])
    first = np.stack([eye.see(next(iter(replay(model, rollout))), rng) for rollout in held])
    threshold, f1 = threshold_of(told(imagining, held, first), truth)
    if f1 < p.least_f1 or not own:
        message = (
            f"the world model tells success of {len(held)} true rollouts with an F1 of {f1:.2f}, and {p.least_f1:g} is wanted"
        )
        advice = "let it learn from more rollouts of the policy (`self_rollouts`, `refine_world`)"
        raise InputError(Problem("R427", message, advice, "stages.grpo.least_f1"))
    seed_everything(luck)
    learner = resumed(start / "checkpoint", known, demos / "dataset")
    steps = round(facts.task.horizon_s * facts.control_hz)
    recipe = Recipe(p.rate, p.epochs, p.batches, p.clip, 1.0, 1.0, 0.0, p.target_kl, clip_high=p.clip_high)
    points = optimise(
        imagining,
        Whole(learner),
        lambda count: keyframes(own, model, eye, p.every, steps, count, rng),
        p.updates,
        p.groups,
        p.group,
        p.accept,
        Noise(p.noise_rad, p.held_rad),
        Rules(threshold, p.cut_m, facts.robot.limits_rad),
        recipe,
        rng,
        out.progress,
    )
    learner.save(out.path("checkpoint"))
    done = sum(point.gradient_steps for point in points)
    save_facts(out.path("facts"), {**known, "seed": p.seed, "steps": known["steps"] + done})
    with out.path("points").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, [f.name for f in fields(Point)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(point) for point in points)
    out.contract(**read_manifest(policy)["contract"])
    out.log(f"success is told with an F1 of {f1:.2f}; imagined {100 * points[0].success:.0f} -> {100 * points[-1].success:.0f}%")
    return {
        "round": int(read_manifest(remedies)["metrics"]["round"]),
        "real_rollouts": len(true),
        "imagined_rollouts": p.updates * p.groups * p.group,
        "gradient_steps": done,
        "f1": round(f1, 4),
        "threshold": round(threshold, 4),
        "imagined_before": round(points[0].success, 4),
        "imagined_after": round(points[-1].success, 4),
        "cut": round(float(np.mean([point.cut for point in points])), 4),
        "counted_groups": round(float(np.mean([point.counted for point in points])), 4),
        "kl": round(float(np.mean([point.kl for point in points])), 4),
        "weights_digest": weights_digest(learner),
    }
