"""Stage `varied_demos`: demos in a twin whose physics, cameras and light are drawn anew in each episode."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.randomise import Randomise
from runtime.contract import CHECKS, Contract, of_demos
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.splat.renderer import Renderer
from runtime.stage import Params, Resources, by_unit, one, stage


class VariedDemosParams(Params):
    """How many demos, how they are disturbed, and how far the twin varies meanwhile."""

    episodes: int = Field(80, ge=1, le=10_000, json_schema_extra={"budget": "demos"})
    """Number of demos: successful episodes."""
    randomise: Randomise = Randomise()
    """How far the twin varies from episode to episode; `width: 0` makes the demos of the stage `demos`."""
    attempts_per_demo: float = Field(3.0, ge=1, le=100)
    """Attempts that may be spent per demo before the stage gives up."""
    action_noise_rad: float = Field(0.04, ge=0, le=0.5)
    """Standard deviation of the disturbance of each executed joint target; the recorded action stays the expert's."""
    noise_hold: float = Field(0.6, ge=0, lt=1)
    """Share of the disturbance that stays from one step to the next."""
    hold_steps: int = Field(3, ge=0, le=50)
    """Steps kept after success, so that the policy learns to stay."""
    views: int = Field(32, ge=1, le=1000)
    """Places of the cameras, of which each episode has one: the splat is drawn from each once."""
    redraws: int = Field(8, ge=0, le=100)
    """Further looks that may be drawn for an episode in place of those that fail its visual checks."""
    demo_seed: int = Field(0, ge=0)
    """Seed of the starts, of the disturbance and of what varies."""


@stage(
    version=1,
    metrics=by_unit(
        count="episodes frames attempts redrawn expert_failures.*",
        share="generation_rate pass_rate pass_orientation pass_duration pass_quality drawn.*",
        s="mean_duration_s",
    ),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "scipy") | exact("pyarrow"),
    kind="demos",
    per=("location", "task"),
    needs={"twin": one("twin"), "scene": one("splat")},
    makes={"dataset": "dataset/", "episodes": "episodes.npz", "places": "places.npz", "preview": "preview.png"},
    backends=("renderer",),
    offers=lambda p, inputs: of_demos(inputs.get("twin", Contract()), "twin", CHECKS),
    expects=lambda p: {"twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.1 + p.episodes / 800 + p.views / 600),
)
def varied_demos(p: VariedDemosParams, twin: Path, scene: Path, out: Out, renderer: Renderer) -> dict[str, Any]:
    """Let the expert act where each episode has its own masses, friction, servos, dead time, play and errors of calibration, and
    draw it with cameras, light and surfaces of its own. Starts and disturbance are those of the stage `demos`.

    Raises:
        InputError: R261 when the expert succeeds too rarely; R262 when the task is held out; R426 when no look of an episode can
            be told from a fault of the camera; R265 when a demo that was written fails its visual checks.
    """
    import numpy as np

    from runtime.problem import InputError, Problem
    from runtime.sim.episodes.demos import Effort, make_demos
    from runtime.sim.episodes.drawn import write_demos
    from runtime.sim.twin.twin import contract_of, pictures_behind, read_learnable, read_model
    from runtime.sim.vector.looks import film_of, read_looks
    from runtime.sim.vector.varied import FACTORS, each_its_own

    facts, model = read_learnable(twin), read_model(twin)
    effort = Effort(p.action_noise_rad, p.noise_hold, p.hold_steps, p.demo_seed)
    most = max(p.episodes, round(p.episodes * p.attempts_per_demo))
    vary, drawn_of = each_its_own(model, facts, p.randomise, p.demo_seed)
    episodes, failures = make_demos(model, facts, p.episodes, most, effort, vary=vary)
    tried = len(episodes) + failures.total()
    if len(episodes) < p.episodes:
        message = f"the expert succeeded in {len(episodes)} of {tried} attempts, {p.episodes} demos are wanted"
        advice = "lower `randomise.width` or `action_noise_rad`, or ask for fewer demos"
        raise InputError(Problem("R261", message, advice, "stages.varied_demos.randomise"))
    looks = read_looks(twin, facts, model, p.randomise, scene, renderer, p.views, p.demo_seed)
    behind, films, cameras, redrawn = pictures_behind(twin, facts), [], [], 0
    for number, episode in enumerate(episodes):
        found = film_of(episode, looks, behind, p.redraws, p.demo_seed)
        if found is None:
            message = f"none of {p.redraws + 1} looks of demo {number} passes its visual checks"
            raise InputError(Problem("R426", message, "lower `randomise.width`", "stages.varied_demos.randomise"))
        film, eyes, again = found
        films.append(film)
        cameras.append([eye.camera for eye in eyes.values()])
        redrawn += again
        out.progress((number + 1) / len(episodes), "drawing demos")
    still = {camera.name: behind[camera.name][0] if camera.name in behind else None for camera in facts.cameras}
    written = write_demos(out, facts, model, episodes, films, still, cameras)
    out.contract(**vars(of_demos(contract_of(facts), "twin", CHECKS)))
    spread = np.stack([drawn_of[episode.start_index] for episode in episodes]).std(axis=0)
    return {
        "episodes": len(episodes),
        **written,
        "attempts": tried,
        "generation_rate": round(len(episodes) / tried, 4),
        "expert_failures": dict(sorted(failures.items())),
        "redrawn": redrawn,
        "drawn": {name: round(float(of), 4) for name, of in zip(FACTORS, spread, strict=True)},
        "mean_duration_s": written["frames"] / len(episodes) / facts.control_hz,
    }
