"""What trials cost: policies of a built quick start, tried again in their twins, 40 trials each.

    OMP_NUM_THREADS=1 python -m benchmarks.evaluation STORE [--policies 4]

STORE is a store that the quick start was built in. Policies are taken in the order of their addresses, untrained ones left out;
each is tried once to warm up and then three times, from the first held-out states. A job is all that the stage does after its
imports: reading policy and twin, trials, four of them again, films and tables. CPU time of one thread, medians.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.scenes import table
from runtime.learn.load import load_policy
from runtime.out import Out
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench
from runtime.sim.tasks import kind_of
from runtime.sim.trials.run import run_trials
from runtime.sim.twin.twin import eyes_of, read_backdrops, read_model, read_twin
from runtime.stage import load_stages
from runtime.stages.evaluate import EvaluateParams, evaluate

TRIALS, REPEATS = 40, 3


def jobs(store: Path, count: int) -> list[tuple[Path, Path, Path]]:
    """Policy, twin and conditions of `count` evaluations in the twin, one for each policy."""
    found: dict[Path, tuple[Path, Path, Path]] = {}
    for one in sorted((store / "evaluate").iterdir()):
        job = json.loads((one / "manifest.json").read_text())
        policy, twin, conditions = (store / job["parents"][port][0] for port in ("policy", "twin", "conditions"))
        trained = policy.is_dir() and json.loads((policy / "policy.json").read_text())["steps"] > 0
        if trained and job["params"].get("domain") == "twin":
            found.setdefault(policy, (policy, twin, conditions))
    return [found[key] for key in sorted(found)[:count]]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("store", type=Path)
    words.add_argument("--policies", type=int, default=4)
    given = words.parse_args()
    params, makes = EvaluateParams(domain="twin", trials=TRIALS), load_stages()["evaluate"].makes
    seen = [0, 0.0]
    see = Eye.see

    def counted(eye: Eye, data, rng: np.random.Generator) -> np.ndarray:
        start = time.process_time()
        picture = see(eye, data, rng)
        seen[0], seen[1] = seen[0] + 1, seen[1] + time.process_time() - start
        return picture

    Eye.see = counted  # ty: ignore[invalid-assignment]
    rows = [("policy", "success", "steps", "frames", "frames per CPU-s", "trials per CPU-s", "trials, CPU-s", "job, CPU-s")]
    for policy, twin, conditions in jobs(given.store, given.policies):
        facts, model = read_twin(twin), read_model(twin)
        eyes, actor = eyes_of(model, facts, read_backdrops(twin, facts)), load_policy(policy / "checkpoint")
        starts = [kind_of(facts.task).draw_start(facts.task, i, "trial") for i in range(TRIALS)]
        spent, rates, whole, done = [], [], [], []
        for _ in range(REPEATS + 1):
            seen[:] = 0, 0.0
            bench = Bench(model, facts.physics, facts.task, facts.control_hz, starts)
            start = time.process_time()
            done = run_trials(bench, eyes, actor, round(facts.task.horizon_s * facts.control_hz))
            spent.append(time.process_time() - start)
            rates.append(seen[0] / seen[1])
            frames, start = seen[0], time.process_time()
            inputs = {"policy": policy, "twin": twin, "conditions": conditions, "before": None}
            with TemporaryDirectory() as folder:
                evaluate(params, **inputs, out=Out(Path(folder), makes, quiet=True))
            whole.append(time.process_time() - start)
        trials_s, success = median(spent[1:]), np.mean([t.success for t in done])
        figures = f"{median(rates[1:]):.0f}", f"{TRIALS / trials_s:.1f}", f"{trials_s:.2f}", f"{median(whole[1:]):.2f}"
        rows.append((policy.name[:8], f"{success:.3f}", str(sum(t.steps for t in done)), str(frames), *figures))
    table(rows)


if __name__ == "__main__":
    main()
