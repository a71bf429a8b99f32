"""A policy's trials for development: in the twin, from starts that neither demos nor the trials of a study begin from."""

from pathlib import Path

from pydantic import Field

from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, baselines, by_unit, maybe, one, stage


class RehearseParams(Params):
    """How often."""

    trials: int = Field(20, ge=1, le=100_000, json_schema_extra={"rollouts": {"twin": 2}})
    """Number of trials; trial I starts from development state I, whatever the approach and round."""
    start_seed: int = Field(0, ge=0)
    """Seed of the family of development states."""


@stage(
    version=3,
    metrics=by_unit(share="success_rate mean_score start_success_rate start_mean_score", count="n"),
    libraries=minor("lerobot", "mujoco", "numba", "numpy", "pillow", "safetensors", "torch", "torchvision") | exact("pyarrow"),
    kind="rehearsal",
    per=("location", "task", "approach", "seed", "round"),
    needs={"policy": one("policy"), "start": maybe("policy"), "twin": baselines("twin")},
    agree=(("policy", "twin"),),
    makes={"rehearsal": "rehearsal.json"},
    expects=lambda p: {"policy": Contract(instruction_key="task"), "twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(minutes=0.01 + p.trials / 3000),
)
def rehearse(p: RehearseParams, policy: Path, start: Path | None, twin: Path, out: Out) -> dict[str, float | int]:
    """Run the trials and say how many succeeded: what a choice between policies may look at, since no verdict rests on it. The
    policy that rounds began from (`start`) is tried from the same states, where it is wired."""
    import json

    from runtime.sim.scene.bench import Bench
    from runtime.sim.tasks import kind_of
    from runtime.sim.trials.crossed import load_crossed
    from runtime.sim.trials.run import run_trials
    from runtime.sim.trials.trial import Trial
    from runtime.sim.twin.twin import eyes_of, read_behind, read_model, read_twin

    facts, model = read_twin(twin), read_model(twin)
    kind = kind_of(facts.task)
    starts = [kind.draw_start(facts.task, i, "development", p.start_seed, facts.robot) for i in range(p.trials)]
    eyes, steps = eyes_of(model, facts, read_behind(twin, facts)), round(facts.task.horizon_s * facts.control_hz)

    def tried(folder: Path) -> list[Trial]:
        bench = Bench(model, facts.physics, facts.task, facts.control_hz, starts, robot=facts.robot)
        return run_trials(bench, eyes, load_crossed(folder, facts.robot), steps)

    def means(done: list[Trial], of: str = "") -> dict[str, float]:
        score = round(sum(t.score for t in done) / len(done), 4)
        return {f"{of}success_rate": sum(t.success for t in done) / len(done), f"{of}mean_score": score}

    done = tried(policy)
    rows = [{"start": t.initial_state, "success": bool(t.success), "score": round(float(t.score), 4)} for t in done]
    out.path("rehearsal").write_text(json.dumps(rows, indent=1) + "\n")
    out.log(f"{sum(t.success for t in done)} of {len(done)} development trials succeeded")
    return {**means(done), **(means(tried(start), "start_") if start else {}), "n": len(done)}
