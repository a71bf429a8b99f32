"""Stage `site_demos`: demos that are recorded at the place itself; new real data, steered by somebody."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.conditions import GapLevel
from runtime.bound.source import HiddenSite
from runtime.contract import CHECKS, Contract, of_demos
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, stage


class SiteDemosParams(Params):
    """How many demos are recorded, where, and how steadily."""

    episodes: int = Field(80, ge=1, le=10_000, json_schema_extra={"budget": "demos", "recorded": "teleoperated"})
    """Number of demos: successful episodes at the place, each a real one."""
    attempts_per_demo: float = Field(3.0, ge=1, le=100)
    """Attempts that may be spent per demo before the stage gives up."""
    action_noise_rad: float = Field(0.04, ge=0, le=0.5)
    """Standard deviation of the disturbance of each executed joint target: how unsteady the hand is that steers."""
    noise_hold: float = Field(0.6, ge=0, lt=1)
    """Share of the disturbance that stays from one step to the next."""
    hold_steps: int = Field(3, ge=0, le=50)
    """Steps kept after success."""
    demo_seed: int = Field(0, ge=0)
    """Seed of the starts and of the disturbance."""
    gap: GapLevel = "medium"
    """Level of the hidden site's gap at which it is recorded."""
    site: HiddenSite = bound("site")
    """The hidden site."""


@stage(
    version=1,
    metrics=by_unit(
        count="episodes frames attempts real_episodes teleoperated_episodes",
        share="generation_rate pass_rate pass_orientation pass_duration pass_quality",
        s="mean_duration_s",
    ),
    libraries=minor("lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "scipy") | exact("pyarrow"),
    takes="recordings",
    kind="demos",
    per=("location", "task"),
    needs={"twin": one("twin")},
    makes={"dataset": "dataset/", "episodes": "episodes.npz", "preview": "preview.png"},
    offers=lambda p, inputs: of_demos(inputs.get("twin", Contract()), "real", CHECKS),
    expects=lambda p: {"twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.05 + p.episodes / 1500),
)
def site_demos(p: SiteDemosParams, twin: Path, out: Out) -> dict[str, Any]:
    """Record successful episodes at the hidden site. The scripted expert, who sees where things truly are, stands in for a person
    with a leader arm; the twin says only where the robot is to stand and what its cameras are. Places of objects in pictures are
    not known.

    Raises:
        InputError: R261 when the expert succeeds too rarely; R262 when the task is held out; R265 when a demo that was written
            fails its visual checks.
    """
    from dataclasses import replace

    from runtime.problem import InputError, Problem
    from runtime.sim.episodes.demos import Effort, make_demos
    from runtime.sim.episodes.drawn import draw_demos
    from runtime.sim.site.install import install
    from runtime.sim.twin.twin import contract_of, read_learnable

    facts = read_learnable(twin)
    real = install(p.site.at(p.gap), facts)
    there = replace(facts, physics=real.physics)
    effort = Effort(p.action_noise_rad, p.noise_hold, p.hold_steps, p.demo_seed)
    most = max(p.episodes, round(p.episodes * p.attempts_per_demo))
    episodes, failures = make_demos(real.model, there, p.episodes, most, effort)
    tried = len(episodes) + failures.total()
    if len(episodes) < p.episodes:
        message = f"{len(episodes)} of {tried} attempts at the place succeeded, {p.episodes} demos are wanted"
        raise InputError(Problem("R261", message, "ask for fewer demos, or more attempts", "stages.site_demos.episodes"))
    drawn = draw_demos(out, there, real.model, real.eyes, episodes, p.demo_seed, places=False)
    out.contract(**vars(of_demos(contract_of(facts), "real", CHECKS)))
    return {
        "episodes": len(episodes),
        **drawn,
        "attempts": tried,
        "real_episodes": tried,
        "teleoperated_episodes": tried,
        "generation_rate": round(len(episodes) / tried, 4),
        "mean_duration_s": drawn["frames"] / len(episodes) / facts.control_hz,
    }
