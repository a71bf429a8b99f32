"""Stage `practice`: a policy drives in varied twins, the scripted expert shows how to go on, and it is trained on that too."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from runtime.contract import CHECKS, Contract
from runtime.learn.further import ShownByExpert
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.splat.renderer import Renderer
from runtime.stage import Resources, by_unit, one, previous, stage


class PracticeParams(ShownByExpert):
    """How much is practised, how far the twin varies meanwhile, and how long is trained."""

    episodes: int = Field(80, ge=0, le=10_000, json_schema_extra={"budget": "demos", "rollouts": {"twin": 1}})
    """Episodes that are tried in a round; with 0 the policy is trained on its old demos alone."""
    driver: Literal["policy", "expert"] = "policy"
    """Who drives until the expert shows how to go on; by `expert` no state is one that the policy came to."""


@stage(
    version=5,
    metrics=by_unit(count="round shown left_out shown_frames frames", loss="final_loss held_out_loss", text="weights_digest"),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    kind="policy",
    per=("location", "task", "approach", "seed", "round"),
    needs={
        "policy": one("policy"),
        "demos": one("demos"),
        "twin": one("twin"),
        "scene": one("splat"),
        "before": previous("policy", "round", only_own=True),
    },
    agree=(("policy", "demos"),),
    same=(("policy", "demos"),),
    makes={"checkpoint": "checkpoint/", "facts": "policy.json", "curve": "curve.csv", "practised": "practised.npz"},
    backends=("renderer",),
    offers=lambda p, inputs: inputs.get("policy", Contract()),
    expects=lambda p: {"policy": Contract(architecture="small"), "demos": Contract(checked=CHECKS)},
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.1 + p.episodes / 600 + p.steps / 2000),
)
def practice(
    p: PracticeParams, policy: Path, demos: Path, twin: Path, scene: Path, before: Path | None, out: Out, renderer: Renderer
) -> dict[str, float | int | str | None]:
    """Let the policy (in later rounds the one that the round before made) drive from starts of its own in twins of varied light,
    cameras, servos and latency; the expert takes over at a random step. Train on from its weights, on demos and all that was
    shown so far. No new real data, and nothing of a site but its photos.

    Raises:
        InputError: R262 when the task is held out; R319 when the policy's architecture cannot be trained on.
    """

    from runtime.coverage.checks import all_fit
    from runtime.learn.dataset import joined, read_arrays, with_places
    from runtime.learn.load import load_policy
    from runtime.learn.on import train_on
    from runtime.learn.train import luck_of
    from runtime.sim.episodes.enrich import varied_eyes
    from runtime.sim.episodes.places import places_of
    from runtime.sim.episodes.practice import Drill, practise
    from runtime.sim.episodes.variants import Ranges, draw_variants
    from runtime.sim.twin.twin import pictures_behind, read_learnable, read_model, read_surroundings
    from runtime.store.manifest import read_manifest

    facts = read_learnable(twin)
    gaussians = read_surroundings(scene, twin)
    driven = before or policy
    actor = load_policy(driven / "checkpoint")
    past = int(read_manifest(before)["metrics"]["round"]) if before else 0
    ranges = Ranges().times(p.variation)

    def eyes(model, rng):
        variants = draw_variants(ranges, facts.look.sensor.noise_sd, rng, len(facts.cameras))
        return varied_eyes(variants, model, facts, renderer, gaussians)

    old = with_places(read_arrays(demos / "dataset"), demos / "places.npz")
    luck = luck_of(p.seed, old)
    drill = Drill(p.latency_s, p.servo_change, p.hold_steps, (luck, past))
    driver = actor if p.driver == "policy" else None
    shown, left_out = [], 0
    behind = pictures_behind(twin, facts)
    for episode, film, cameras in practise(lambda: read_model(twin), facts, drill, eyes, p.episodes, driver):
        if not all_fit(film, behind, len(episode)):
            left_out += 1
            continue
        places = places_of(episode, read_model(twin), facts, cameras) if p.places_weight else {}
        shown.append((film, episode.state, episode.action, places))
        out.progress(0.5 * len(shown) / p.episodes, "practising")
    arrays = joined(old, shown, before / "practised.npz" if before else None, out.path("practised"))
    trained = train_on(p, p.steps, p.seed, luck, driven, actor, demos, arrays, out)
    out.contract(**read_manifest(policy)["contract"])
    return {
        "round": past + 1,
        "shown": len(shown),
        "left_out": left_out,
        "shown_frames": sum(len(state) for _, state, _, _ in shown),
        **trained,
    }
