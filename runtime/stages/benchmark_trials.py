"""Trials of a policy in an environment of a benchmark from outside, from the same resets for every approach."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from runtime.bound.benchmark import BenchmarkTask, FoundBenchmark
from runtime.bound.sequential import Schedule
from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, baselines, bound, by_unit, one, previous, stage


class BenchmarkTrialsParams(Params):
    """Where and how often."""

    domain: Literal["benchmark"] = bound("domain")
    """Where the trials run."""
    benchmark: FoundBenchmark = bound("benchmark")
    """The suite."""
    task: BenchmarkTask = bound("task")
    """The environment."""
    trials: int = bound("trials", ge=1, le=100_000)
    """Number of trials; trial I starts from reset I, whatever the approach."""
    schedule: Schedule | None = bound("schedule", default=None)
    """Where trials come in batches: how many of them, and when they are looked at."""
    look: int = bound("look", default=1, ge=1)
    """Which batch this is."""
    arm: str = bound("arm", default="")
    """Id of the approach, for batches after the first."""
    twice: int = Field(4, ge=0)
    """Trials, the first ones, that are run a second time to measure whether they end the same; at most all of them."""
    at_once: int = Field(8, ge=1, le=256)
    """Trials that run side by side: what a policy draws at random may depend on it."""
    sheet_columns: int = Field(8, ge=2, le=40)
    """Frames per row of a contact sheet."""


@stage(
    version=2,
    libraries=minor("av", "lerobot", "mujoco", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    kind="trials",
    role="trials",
    domains=("benchmark",),
    per=("location", "task", "approach", "seed", "domain", "look"),
    needs={"policy": one("policy"), "resets": baselines("resets"), "before": previous("interim", "look")},
    agree=(("policy", "resets"),),
    backends=("benchmark",),
    makes={"trials": "trials.parquet", "rollouts": "rollouts/", "twice": "twice.parquet", "protocol": "protocol.json"},
    metrics=by_unit(
        share="success_rate mean_score",
        count="n failure_modes.* repeated differing",
        steps="mean_steps steps_apart",
        text="protocol",
    ),
    expects=lambda p: {"policy": Contract(instruction_key="task"), "resets": Contract(instruction_key="task")},
    cost=lambda p: Resources(mem_gb=3.0, minutes=0.2 + p.trials * (p.task.max_steps or p.benchmark.max_steps) / 10_000),
)
def benchmark_trials(
    p: BenchmarkTrialsParams, policy: Path, resets: Path, before: Path | None, out: Out, benchmark: Any
) -> dict[str, Any]:
    """Run the trials and write one row each, judged by nothing but what the environment reports; films and contact sheets of a
    typical success and failure. The first trials run a second time, with the policy reset.

    Raises:
        InputError: R273 when the condition set does not fit; R283 when the policy is not for this environment; R290, R291, R292,
            R294 as in `resets`.
    """
    import json

    import pyarrow.parquet as pq

    from runtime.benchmarks.conditions import replay
    from runtime.benchmarks.policy import load_native
    from runtime.benchmarks.trials import Rules, film_fps, run_trials, varied
    from runtime.sim.trials.conditions import digest_of
    from runtime.sim.trials.rollouts import save_rollouts
    from runtime.sim.trials.tables import said_of, save_twice, trial_table
    from runtime.stats.looks.look import batch

    first, end = batch(p.trials, p.schedule, p.look, p.arm, before)
    found, conditions = replay(resets, first, end)
    rules = Rules.of(p.benchmark, p.task.max_steps, p.task.success)
    protocol = {
        "max_steps": rules.max_steps,
        "control_hz": p.benchmark.fps,
        "success": {"suite": p.benchmark.suite, "environment": p.task.environment, "info": rules.success},
        "conditions": conditions,
    }
    digest = digest_of(protocol)
    out.path("protocol").write_text(json.dumps({"digest": digest, **protocol}, indent=1) + "\n")
    done, again = [], []
    if found:
        actor = load_native(policy, p.benchmark)
        repeated = found[: p.twice] if p.look == 1 else []
        with benchmark.open(p.benchmark, p.task.environment, rules.max_steps, min(p.at_once, len(found))) as environments:
            done = run_trials(environments, actor, found, rules, p.task.instruction, p.at_once)
            again = run_trials(environments, actor, repeated, rules, p.task.instruction, p.at_once)
    pq.write_table(trial_table(done, p.domain, digest, varied(found)), out.path("trials"))
    save_rollouts(out.path("rollouts"), done, film_fps(p.benchmark.fps, rules), p.sheet_columns, 1, 2)
    measured = save_twice(out.path("twice"), done, again)
    if not done:
        out.log("the comparison has stopped: no trials")
        return {"n": 0, "protocol": digest}
    out.log(f"{sum(t.success for t in done)} of {len(done)} trials succeeded")
    return {**said_of(done), **measured, "protocol": digest}
