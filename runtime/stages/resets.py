"""Stage `resets`: what trials in a benchmark's environment begin from, listed once for every policy."""

from typing import Any

from pydantic import Field

from runtime.bound.benchmark import BenchmarkTask, FoundBenchmark
from runtime.contract import Contract, sized
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, stage


class ResetsParams(Params):
    """Which environment, and how many initial states of it."""

    benchmark: FoundBenchmark = bound("benchmark")
    """The suite."""
    task: BenchmarkTask = bound("task")
    """The environment."""
    states: int = bound("states", ge=1, le=100_000)
    """Initial states that trials of the study begin from."""
    first_seed: int = Field(1000, ge=0, le=2**31 - 200_000)
    """Seed of the first reset; reset I has this plus I. 1000 is what `lerobot-eval` begins with, too."""
    idle: int = Field(2, ge=1, le=100)
    """Trials in which nobody acts, none of which may succeed."""


def _offers(p: ResetsParams, inputs: dict[str, Contract]) -> Contract:
    found = p.benchmark
    return Contract(
        action_dim=found.action_dim,
        fps=found.fps,
        camera_keys=tuple(found.cameras),
        instruction_key="task",
        units="native",
        camera_sizes=tuple(sized(name, *size) for name, size in found.cameras.items()),
    )


@stage(
    version=1,
    libraries=minor("mujoco", "numpy", "pillow"),
    role="conditions",
    per=("location", "task", "domain"),
    backends=("benchmark",),
    makes={"resets": "resets.json"},
    metrics=by_unit(count="states", text="digest"),
    offers=_offers,
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.2 + (p.states + p.idle * 100) / 1000),
)
def resets(p: ResetsParams, out: Out, benchmark: Any) -> dict[str, Any]:
    """Reset the environment with each seed and write down what is seen; let it run with nobody acting.

    Raises:
        InputError: R290 when the environment cannot be run; R291 when it is not as its description says; R292 when it does not
            report success; R293 when doing nothing succeeds; R294 when seeds do not tell states apart.
    """
    from runtime.benchmarks.conditions import draw, refuse_idle, save
    from runtime.benchmarks.trials import Rules

    rules = Rules.of(p.benchmark, p.task.max_steps, p.task.success)
    with benchmark.open(p.benchmark, p.task.environment, rules.max_steps, 1) as environments:
        found = draw(environments, range(p.first_seed, p.first_seed + p.states))
        refuse_idle(environments, p.benchmark, found[: p.idle], rules)
    digest = save(out.path("resets"), found)
    out.contract(**vars(_offers(p, {})))
    return {"states": p.states, "digest": digest}
