"""Stage `expand_demos`: a few demos become many, their segments carried along with the objects that they are about."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from runtime.contract import CHECKS, Contract, of_demos
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, stage


class ExpandDemosParams(Params):
    """How many demos are added to the source's, and how."""

    episodes: int = Field(80, ge=1, le=10_000, json_schema_extra={"budget": "demos"})
    """Number of demos that are added."""
    method: Literal["carried", "copied"] = "carried"
    """`carried` makes new ones at other places of the objects; `copied` repeats those of the source, as a control."""
    sources: int = Field(0, ge=0, le=10_000)
    """How many demos of the source are used and kept: the first ones, or all with 0."""
    nearest: int = Field(3, ge=1, le=100)
    """Each segment is taken from one of so many sources whose object stood nearest to where it stands now."""
    way_steps: int = Field(5, ge=2, le=100)
    """Least number of steps from where the hand is to where a segment begins."""
    attempts_per_demo: float = Field(3.0, ge=1, le=100)
    """Attempts that may be spent per demo before the stage gives up."""
    action_noise_rad: float = Field(0.012, ge=0, le=0.5)
    """Standard deviation of the disturbance of each executed joint target; the recorded action stays undisturbed. MimicGen's
    0.05 of a largest step of 5 cm is about this much at an arm's length of 20 cm."""
    noise_hold: float = Field(0.6, ge=0, lt=1)
    """Share of the disturbance that stays from one step to the next."""
    hold_steps: int = Field(3, ge=0, le=50)
    """Steps kept after success."""
    least_replayed: float = Field(0.5, ge=0, le=1)
    """Least share of the source's demos that must succeed again, undisturbed, where they began; only those are carried."""
    demo_seed: int = Field(0, ge=0)
    """Seed of the starts, the choice of sources and the disturbance."""


@stage(
    version=2,
    metrics=by_unit(
        count="episodes frames attempts sources sources_used failures.*",
        share="generation_rate source_replay_rate pass_rate pass_orientation pass_duration pass_quality",
        s="mean_duration_s",
    ),
    libraries=minor("lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "scipy") | exact("pyarrow"),
    kind="demos",
    per=("location", "task"),
    needs={"demos": one("demos"), "twin": one("twin")},
    makes={"dataset": "dataset/", "episodes": "episodes.npz", "places": "places.npz", "preview": "preview.png"},
    offers=lambda p, inputs: of_demos(inputs.get("demos", Contract()), "twin", CHECKS),
    expects=lambda p: {"demos": Contract(instruction_key="task", recorded_in="twin", checked=CHECKS)},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.05 + p.episodes / 1000),
)
def expand_demos(p: ExpandDemosParams, demos: Path, twin: Path, out: Out) -> dict[str, Any]:
    """Cut the source's demos into segments, check that they succeed where they were recorded, carry them to new starts until
    enough succeed, and write the source's demos and the new ones.

    Raises:
        InputError: R262 when the task is held out; R261 when too few attempts succeed; R360 when the source is no good: too few
            of its demos have all segments and succeed again.
    """
    import time
    from itertools import islice

    from runtime.problem import InputError, Problem
    from runtime.sim.episodes.demos import Effort, make_demos
    from runtime.sim.episodes.drawn import draw_demos
    from runtime.sim.episodes.episodes import load_episodes
    from runtime.sim.episodes.mimic import Carried, carrying, family_of, usable
    from runtime.sim.twin.twin import contract_of, eyes_of, read_behind, read_learnable, read_model

    facts, model = read_learnable(twin), read_model(twin)
    found = load_episodes(demos / "episodes.npz")
    source = found[: p.sources or len(found)]
    how = Carried(p.nearest, p.way_steps, p.demo_seed)
    parts = usable(source, model, facts, how)
    if len(parts) < max(1, p.least_replayed * len(source)):
        message = f"{len(parts)} of {len(source)} source demos succeed when they are replayed where they were recorded"
        advice = "make better source demos (less `action_noise_rad`), or lower `least_replayed`"
        raise InputError(Problem("R360", message, advice, "stages.expand_demos.least_replayed"))
    out.log(f"{len(parts)} of {len(source)} source demos can be carried")
    began, tried, failures = time.process_time(), p.episodes, {}
    if p.method == "copied":
        added = [source[i % len(source)] for i in range(p.episodes)]
    else:
        effort = Effort(p.action_noise_rad, p.noise_hold, p.hold_steps, family_of(p.demo_seed))
        most = max(p.episodes, round(p.episodes * p.attempts_per_demo))
        added, failed = make_demos(model, facts, p.episodes, most, effort, carrying(parts, facts, how))
        tried, failures = len(added) + failed.total(), dict(sorted(failed.items()))
        if len(added) < p.episodes:
            modes = ", ".join(f"{mode} {n}" for mode, n in islice(failed.most_common(), 3))
            message = f"{len(added)} of {tried} carried demos succeeded ({modes}), {p.episodes} are wanted"
            advice = "give more or other source demos, lower `action_noise_rad`, or ask for fewer"
            raise InputError(Problem("R261", message, advice, "stages.expand_demos.episodes"))
    out.log(f"{(time.process_time() - began) / len(added):.3f} CPU-s a demo")
    episodes = [*source, *added]
    drawn = draw_demos(out, facts, model, eyes_of(model, facts, read_behind(twin, facts)), episodes, p.demo_seed)
    out.contract(**vars(of_demos(contract_of(facts), "twin", CHECKS)))
    return {
        "episodes": len(episodes),
        **drawn,
        "sources": len(source),
        "sources_used": len(parts),
        "source_replay_rate": round(len(parts) / len(source), 6),
        "attempts": tried,
        "generation_rate": round(len(added) / tried, 4),
        "failures": failures,
        "mean_duration_s": drawn["frames"] / len(episodes) / facts.control_hz,
    }
