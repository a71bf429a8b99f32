"""Stage `recover`: the expert shows how to go on from states shortly before a policy failed, and it is trained on that too."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from runtime.contract import CHECKS, Contract
from runtime.learn.further import ShownByExpert
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.splat.renderer import Renderer
from runtime.stage import Resources, by_unit, one, previous, stage


class RecoverParams(ShownByExpert):
    """How much is tried, where the expert takes over, how it is seen, and how long is trained."""

    rollouts: int = Field(80, ge=0, le=10_000, json_schema_extra={"budget": "demos", "rollouts": {"twin": 1}})
    """Rollouts of the policy in a round; with 0 it is trained on its old demos alone."""
    states: Literal["failures", "random"] = "failures"
    """Where the expert takes over: shortly before failures, or as a control in as many states by lot, of any rollout."""
    back_s: tuple[float, float] = (0.5, 2.5)
    """Least and greatest time before a failed rollout's end, drawn evenly."""
    draw: Literal["splat", "meshes"] = "splat"
    """How robot and objects are seen: as Gaussians (`splat_demos`), or as the twin draws them."""
    spacing_m: float = Field(0.008, ge=0.001, le=0.05)
    """Longest edge of the triangles of robot and objects that get a Gaussian each."""

    @model_validator(mode="after")
    def _back_in_order(self) -> Self:
        if not 0 < self.back_s[0] <= self.back_s[1] <= 60:
            raise ValueError("`back_s` is the least and the greatest time before the end: above 0, in order, 60 at most")
        return self


@stage(
    version=1,
    metrics=by_unit(
        count="round rollouts failed asked labels left_out shown_frames frames",
        share="failure_rate expert_success",
        loss="final_loss held_out_loss",
        text="weights_digest",
    ),
    libraries=minor(
        "av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision", "trimesh"
    )
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
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.1 + p.rollouts / (200 if p.draw == "splat" else 600) + p.steps / 2000),
)
def recover(
    p: RecoverParams, policy: Path, demos: Path, twin: Path, scene: Path, before: Path | None, out: Out, renderer: Renderer
) -> dict[str, float | int | str | None]:
    """Let the policy (in later rounds the one that the round before made) drive in twins of varied light, cameras, servos and
    latency; where it failed, go back to shortly before that, exactly, and let the expert go on. What succeeds joins the demos.

    Raises:
        InputError: R262 when the task is held out; R278 when something drawn has no surface that ends; R319 when the policy's
            architecture cannot be trained on.
    """
    from functools import partial

    from runtime.coverage.checks import all_fit
    from runtime.learn.dataset import joined, read_arrays, with_places
    from runtime.learn.load import load_policy
    from runtime.learn.on import train_on
    from runtime.learn.train import luck_of
    from runtime.sim.episodes.enrich import varied_eyes
    from runtime.sim.episodes.episodes import load_episodes
    from runtime.sim.episodes.places import places_of
    from runtime.sim.episodes.practice import Drill
    from runtime.sim.episodes.recovery import Recovery, corrected
    from runtime.sim.episodes.through_splats import seen_as_splats
    from runtime.sim.episodes.variants import Ranges, draw_variants
    from runtime.sim.pixels.eye import Eye
    from runtime.sim.twin.twin import pictures_behind, read_learnable, read_model, read_surroundings
    from runtime.store.manifest import read_manifest

    facts, model = read_learnable(twin), read_model(twin)
    gaussians = read_surroundings(scene, twin)
    driven = before or policy
    actor = load_policy(driven / "checkpoint")
    past = int(read_manifest(before)["metrics"]["round"]) if before else 0
    ranges, first = Ranges().times(p.variation), load_episodes(demos / "episodes.npz")[0]
    make = seen_as_splats(model, first, p.spacing_m, renderer) if p.draw == "splat" else Eye

    def eyes(model, rng):
        variants = draw_variants(ranges, facts.look.sensor.noise_sd, rng, len(facts.cameras))
        return varied_eyes(variants, model, facts, renderer, gaussians, make=make)

    old = with_places(read_arrays(demos / "dataset"), demos / "places.npz")
    luck = luck_of(p.seed, old)
    back = tuple(max(1, round(s * facts.control_hz)) for s in p.back_s)
    how = Recovery(p.states, (back[0], back[1]), Drill(p.latency_s, p.servo_change, p.hold_steps, (luck, past)))
    behind, shown, tally = pictures_behind(twin, facts), [], {"rollouts": 0, "failed": 0, "asked": 0, "left_out": 0}
    for group in corrected(partial(read_model, twin), facts, how, eyes, p.rollouts, actor):
        for name in ("rollouts", "failed", "asked"):
            tally[name] += getattr(group, name)
        for episode, film, cameras in group.shown:
            if not all_fit(film, behind, len(episode)):
                tally["left_out"] += 1
                continue
            places = places_of(episode, model, facts, cameras) if p.places_weight else {}
            shown.append((film, episode.state, episode.action, places))
        out.progress(0.5 * tally["rollouts"] / p.rollouts, "trying")
    arrays = joined(old, shown, before / "practised.npz" if before else None, out.path("practised"))
    trained = train_on(p, p.steps, p.seed, luck, driven, actor, demos, arrays, out)
    out.contract(**read_manifest(policy)["contract"])
    return {
        "round": past + 1,
        **tally,
        "labels": len(shown),
        "failure_rate": round(tally["failed"] / max(tally["rollouts"], 1), 4),
        "expert_success": round((len(shown) + tally["left_out"]) / max(tally["asked"], 1), 4),
        "shown_frames": sum(len(state) for _, state, _, _ in shown),
        **trained,
    }
