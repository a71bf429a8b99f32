"""Stage `remedy`: what was chosen in the world model is carried out in the twin, and the expert shows how failures go on well."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from runtime.contract import CHECKS, Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.splat.renderer import Renderer
from runtime.stage import Params, Resources, bound, by_unit, one, previous, stage


class RemedyParams(Params):
    """What of the rollouts is learned from, and in which light it is drawn."""

    learn_from: Literal["all", "successes"] = "all"
    """`all`: the policy's own successes, and of failures what the expert shows from the step of their best progress. `successes`:
    the former alone."""
    variation: float = Field(1.0, ge=0, le=2)
    """How far light, colours, surfaces, sensor and camera of what is shown vary, as a multiple of the ranges of `enrichment`."""
    hold_steps: int = Field(16, ge=0, le=50)
    """Steps kept after success, for the world model."""
    hold_shown: int = Field(3, ge=0, le=50)
    """Steps kept after success, for the policy."""
    seed: int = bound("seed")
    """Training seed: the camera's noise, and how looks vary."""


@stage(
    version=2,
    metrics=by_unit(
        count="round twin_rollouts shown own_successes remedied shown_frames left_out attempts", share="success_rate judge_right"
    ),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    kind="remedies",
    per=("location", "task", "approach", "seed", "round"),
    needs={
        "mined": one("mined"),
        "policy": one("policy"),
        "policy_before": previous("policy", "round"),
        "demos": one("demos"),
        "twin": one("twin"),
        "scene": one("splat"),
        "before": previous("remedies", "round", only_own=True),
    },
    makes={"attempts": "attempts.npz", "shown": "shown.npz", "remedy": "remedy.json", "preview": "preview.png"},
    backends=("renderer",),
    offers=lambda p, inputs: Contract(checked=CHECKS),
    expects=lambda p: {"policy": Contract(architecture="small"), "demos": Contract(checked=CHECKS)},
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.1),
)
def remedy(
    p: RemedyParams,
    mined: Path,
    policy: Path,
    policy_before: Path | None,
    demos: Path,
    twin: Path,
    scene: Path,
    before: Path | None,
    out: Out,
    renderer: Renderer,
) -> dict[str, float | int]:
    """Let the policy that was rolled out drive in the twin from the starts that were kept: what came of each is told to the world
    model (`attempts.npz`), and what to learn from it to the policy (`shown.npz`), of all rounds so far. Each rollout in the twin
    counts: those of the policy, and of failures the second ones in which the expert takes over. Films that fail the
    visual checks are left out of what is shown.

    Raises:
        InputError: R262 when the task is held out.
    """
    import json

    import numpy as np

    from runtime.coverage.checks import all_fit
    from runtime.learn.dataset import joined, read_arrays, with_places
    from runtime.learn.load import load_policy
    from runtime.sim.episodes.attempts import load_attempts, own_attempts, own_episode, save_attempts
    from runtime.sim.episodes.enrich import varied_eyes
    from runtime.sim.episodes.episodes import redraw
    from runtime.sim.episodes.places import places_of
    from runtime.sim.episodes.practice import LATEST, hash_of, shown_from
    from runtime.sim.episodes.variants import Ranges, draw_variants
    from runtime.sim.pixels.contact_sheet import save_sheet, side_by_side
    from runtime.sim.tasks import kind_of
    from runtime.sim.twin.twin import eyes_of, pictures_behind, read_behind, read_model, read_surroundings, read_twin
    from runtime.store.manifest import read_manifest

    facts, model, said = read_twin(twin), read_model(twin), json.loads((mined / "mined.json").read_text())
    kept = [said["rollouts"][i] for i in said["kept"]]
    kind, actor = kind_of(facts.task), load_policy((policy_before or policy) / "checkpoint")
    eyes = eyes_of(model, facts, read_behind(twin, facts))
    starts = [kind.draw_start(facts.task, row["start"], "practice", said["family"], facts.robot) for row in kept]
    own = [87, p.seed, hash_of((said["family"],))]
    tried = own_attempts(model, facts, starts, actor, list(eyes.values()), p.hold_steps, np.random.default_rng(own))
    won = np.array([bool(one.success[-1]) for one in tried])
    episodes = [(i, own_episode(one, starts[i], p.hold_shown)) for i, one in enumerate(tried) if won[i]]
    failed = np.flatnonzero(~won) if p.learn_from == "all" else np.zeros(0, int)
    if len(failed):
        latest = round(LATEST * facts.task.horizon_s * facts.control_hz)
        taken = np.array([min(max(1, kept[i]["best_step"]), latest) for i in failed])
        rng = np.random.default_rng([*own, 1])
        shown = shown_from(model, facts, [starts[i] for i in failed], taken, p.hold_shown, list(eyes.values()), actor, rng)
        episodes += [(int(failed[i]), episode) for i, episode in shown]
    gaussians = read_surroundings(scene, twin)
    rng, films, ranges = np.random.default_rng([*own, 2]), [], Ranges().times(p.variation)
    left_out, behind = 0, pictures_behind(twin, facts)
    for _, episode in episodes:
        variants = draw_variants(ranges, facts.look.sensor.noise_sd, rng, len(facts.cameras))
        looks = varied_eyes(variants, model, facts, renderer, gaussians) if p.variation else list(eyes.values())
        film = {eye.camera.name: redraw(eye, episode, rng) for eye in looks}
        if not all_fit(film, behind, len(episode)):
            left_out += 1
            continue
        films.append((film, episode.state, episode.action, places_of(episode, model, facts, [eye.camera for eye in looks])))
        out.progress((len(films) + left_out) / len(episodes), "drawing")
    old = with_places(read_arrays(demos / "dataset"), demos / "places.npz")
    joined(old, films, before / "shown.npz" if before else None, out.path("shown"))
    save_attempts(out.path("attempts"), [*(load_attempts(before / "attempts.npz") if before else ()), *tried])
    rows = [{**row, "success": bool(w)} for row, w in zip(kept, won, strict=True)]
    out.path("remedy").write_text(json.dumps(rows, indent=1) + "\n")
    rolls = [side_by_side(list(film.values())) for film, *_ in films] or [np.zeros((1, 8, 8, 3), np.uint8)]
    save_sheet(out.path("preview"), rolls[:: max(1, len(rolls) // 6)][:6])
    out.contract(checked=CHECKS)
    if left_out:
        out.log(f"{left_out} of {len(episodes)} films failed the visual checks and are not learned from")
    thought = np.array([row["class"] == "success" for row in kept])
    return {
        "round": read_manifest(mined)["metrics"]["round"],
        "twin_rollouts": len(tried) + len(failed),
        "shown": len(films),
        "own_successes": int(won.sum()),
        "remedied": len(episodes) - int(won.sum()),
        "left_out": left_out,
        "shown_frames": sum(len(state) for _, state, *_ in films),
        "attempts": len(tried),
        "success_rate": round(float(won.mean()), 4),
        "judge_right": round(float((thought == won).mean()), 4),
    }
