"""Synthetic successful episodes: the scripted expert in the twin, written as a LeRobotDataset."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.contract import CHECKS, Contract, of_demos
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, stage


class DemosParams(Params):
    """How many demos, and how they are disturbed."""

    episodes: int = Field(80, ge=1, le=10_000, json_schema_extra={"budget": "demos"})
    """Number of demos: successful episodes."""
    attempts_per_demo: float = Field(3.0, ge=1, le=100)
    """Attempts that may be spent per demo before the stage gives up."""
    action_noise_rad: float = Field(0.04, ge=0, le=0.5)
    """Standard deviation of the disturbance of each executed joint target; the recorded action stays the expert's."""
    noise_hold: float = Field(0.6, ge=0, lt=1)
    """Share of the disturbance that stays from one step to the next."""
    hold_steps: int = Field(3, ge=0, le=50)
    """Steps kept after success, so that the policy learns to stay."""
    scripted_tries: int = Field(40, ge=0, le=10_000)
    """Further starts, which no demo begins from, on which the expert is tried: how well the task can be done in the
    twin, from starts that no policy was trained on. With 0 that is not measured."""
    demo_seed: int = Field(0, ge=0)
    """Seed of the starts and of the disturbance."""


@stage(
    version=5,
    metrics=by_unit(
        count="episodes frames attempts scripted_tries scripted_successes idle_successes expert_failures.*",
        share="generation_rate scripted_rate expert_rate pass_rate pass_orientation pass_duration pass_quality",
        s="mean_duration_s",
    ),
    libraries=minor("lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "scipy") | exact("pyarrow"),
    per=("location", "task"),
    needs={"twin": one("twin")},
    makes={"dataset": "dataset/", "episodes": "episodes.npz", "places": "places.npz", "preview": "preview.png"},
    offers=lambda p, inputs: of_demos(inputs.get("twin", Contract()), "twin", CHECKS),
    expects=lambda p: {"twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.02 + p.episodes / 2000 + p.scripted_tries / 4000),
)
def demos(p: DemosParams, twin: Path, out: Out) -> dict[str, Any]:
    """Let the expert act until enough episodes succeeded, draw them, and write them through LeRobot; then try it on
    further starts and count.

    Raises:
        InputError: R261 when the expert succeeds too rarely; R262 when the task is held out; R264 and R275 when it is no task,
            since doing nothing succeeds, the expert fails undisturbed, or something moves by itself; R265 when a demo that was
            written fails its visual checks.
    """
    from runtime.problem import InputError, Problem
    from runtime.sim.episodes.demos import Effort, make_demos, scripted_successes
    from runtime.sim.episodes.drawn import draw_demos
    from runtime.sim.episodes.self_test import self_test
    from runtime.sim.twin.twin import contract_of, eyes_of, read_behind, read_learnable, read_model

    facts, model = read_learnable(twin), read_model(twin)
    tested = self_test(model, facts)
    effort = Effort(p.action_noise_rad, p.noise_hold, p.hold_steps, p.demo_seed)
    most = max(p.episodes, round(p.episodes * p.attempts_per_demo))
    episodes, failures = make_demos(model, facts, p.episodes, most, effort)
    tried = len(episodes) + failures.total()
    if len(episodes) < p.episodes:
        message = f"the expert succeeded in {len(episodes)} of {tried} attempts, {p.episodes} demos are wanted"
        raise InputError(Problem("R261", message, "lower `action_noise_rad` or ask for fewer demos", "stages.demos.episodes"))
    mastered = scripted_successes(model, facts, p.scripted_tries, effort)
    drawn = draw_demos(out, facts, model, eyes_of(model, facts, read_behind(twin, facts)), episodes, p.demo_seed)
    out.contract(**vars(of_demos(contract_of(facts), "twin", CHECKS)))
    tries, rate = p.scripted_tries, round(mastered / max(p.scripted_tries, 1), 6)
    scripted = {"scripted_tries": tries, "scripted_successes": mastered, "scripted_rate": rate}
    return {
        "episodes": len(episodes),
        **drawn,
        "attempts": tried,
        "generation_rate": round(len(episodes) / tried, 4),
        "mean_duration_s": drawn["frames"] / len(episodes) / facts.control_hz,
        **(scripted if tries else {}),
        **tested,
    }
