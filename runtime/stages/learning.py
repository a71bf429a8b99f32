"""Stage `learning`: trials in the twin of the checkpoints that a policy kept while it was trained."""

from pathlib import Path
from typing import Any

from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, baselines, bound, by_unit, maybe, one, stage


class LearningParams(Params):
    """Which checkpoints, and how often."""

    at: tuple[float, ...] = bound("snapshots", default=())
    """Fractions of the policy's gradient steps, rising, in (0, 1]; 1 is the finished policy."""
    trials: int = bound("learning_trials", ge=1, le=100_000)
    """Trials of each checkpoint; trial I starts from condition I, as everywhere in the study."""


@stage(
    version=4,
    metrics=by_unit(count="points n", steps="last_step", share="last_rate area"),
    libraries=minor("lerobot", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    role="curve",
    domains=("twin",),
    per=("location", "task", "approach", "seed"),
    needs={
        "policy": one("policy"),
        "twin": baselines("twin"),
        "conditions": baselines("conditions"),
        "transform": maybe("transform"),
    },
    agree=(("policy", "twin"), ("policy", "transform")),
    makes={"learning": "learning.parquet"},
    expects=lambda p: {"policy": Contract(instruction_key="task"), "twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(minutes=0.05 + len(p.at) * p.trials / 1000),
)
def learning(p: LearningParams, policy: Path, twin: Path, conditions: Path, transform: Path | None, out: Out) -> dict[str, Any]:
    """Try each checkpoint from the same initial states; write one row for each of its trials.

    An untrained policy has one checkpoint, after 0 steps. The finished policy's trials are those of `evaluate` in the
    twin over again, as far as the numbers of trials go.
    """
    import json
    from functools import partial

    import pyarrow as pa
    import pyarrow.parquet as pq

    from runtime.learn.snapshots import checkpoint_at, snapshot_steps
    from runtime.sim.scene.bench import Bench
    from runtime.sim.scene.settle import refuse_unsettled
    from runtime.sim.trials.conditions import alike, replay
    from runtime.sim.trials.crossed import load_crossed
    from runtime.sim.trials.run import run_trials
    from runtime.sim.trials.transform import transformed
    from runtime.sim.twin.twin import eyes_of, read_behind, read_model, read_twin
    from runtime.stats.curves.area import area

    facts = read_twin(twin)
    backdrops, horizon_steps = read_behind(twin, facts), round(facts.task.horizon_s * facts.control_hz)
    scenes = []
    for _, task, starts in alike(facts.task, replay(conditions, 0, p.trials)[0]):
        model = read_model(twin, facts, task)
        refuse_unsettled(model, facts.physics, task, starts, facts.robot)
        bench_of = partial(Bench, model, facts.physics, task, facts.control_hz, starts, robot=facts.robot)
        scenes.append((bench_of, eyes_of(model, facts, backdrops)))
    made = json.loads((policy / "policy.json").read_text())
    steps = snapshot_steps(p.at, made["steps"])
    rows: list[dict[str, Any]] = []
    rates = []
    for i, step in enumerate(steps):
        actor = transformed(load_crossed(policy, facts.robot, checkpoint_at(policy, step, made["steps"])), transform)
        done = [
            trial
            for bench_of, eyes in scenes
            for trial in run_trials(bench_of(), eyes, actor, horizon_steps, actor.facts["camera_keys"])
        ]
        done.sort(key=lambda trial: trial.initial_state)
        rates.append(sum(t.success for t in done) / len(done))
        out.progress((i + 1) / len(steps), f"after {step} steps {100 * rates[-1]:.0f}% succeeded")
        rows += [
            {
                "step": step,
                "windows": step * made["batch_size"],
                "initial_state": str(t.initial_state),
                "success": t.success,
                "score": t.score,
                "failure_mode": t.failure_mode,
            }
            for t in done
        ]
    pq.write_table(pa.Table.from_pylist(rows), out.path("learning"))
    return {
        "points": len(steps),
        "n": p.trials,
        "last_step": steps[-1],
        "last_rate": rates[-1],
        "area": round(area(steps, rates), 4) if len(steps) > 1 else rates[-1],
    }
