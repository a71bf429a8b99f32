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
from runtime.learn.actor import Actor
from runtime.learn.load import load_policy
from runtime.out import Out
from runtime.sim.parts.mj import Data
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench
from runtime.sim.tasks import kind_of
from runtime.sim.trials.run import run_trials
from runtime.sim.twin.twin import eyes_of, read_behind, read_model, read_twin
from runtime.stage import load_stages
from runtime.stages.evaluate import EvaluateParams

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


class Staring:
    """A policy that is shown pictures at every step, as all were once."""

    looks = True

    def __init__(self, actor: Actor) -> None:
        self._actor, self.facts = actor, actor.facts

    def reset(self, n: int) -> None:
        """See `Actor.reset`."""
        self._actor.reset(n)

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        """See `Actor.act`."""
        return self._actor.act(images, state, instruction)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("store", type=Path)
    words.add_argument("--policies", type=int, default=4)
    given = words.parse_args()
    params, stage = EvaluateParams(domain="twin", trials=TRIALS), load_stages()["evaluate"]
    seen = [0, 0.0]
    see = Eye.see

    def counted(eye: Eye, data: Data, rng: np.random.Generator) -> np.ndarray:
        start = time.process_time()
        picture = see(eye, data, rng)
        seen[0], seen[1] = seen[0] + 1, seen[1] + time.process_time() - start
        return picture

    Eye.see = counted  # ty: ignore[invalid-assignment]
    rows = [("policy, success", "pictures", "frames", "frames per CPU-s", "trials per CPU-s", "trials, CPU-s", "job, CPU-s")]
    for policy, twin, conditions in jobs(given.store, given.policies):
        facts, model = read_twin(twin), read_model(twin)
        eyes, actor = eyes_of(model, facts, read_behind(twin, facts)), load_policy(policy / "checkpoint")
        starts = [kind_of(facts.task).draw_start(facts.task, i, "trial") for i in range(TRIALS)]
        inputs = dict.fromkeys(port.name for port in stage.ports) | {"policy": policy, "twin": twin, "conditions": conditions}
        spent, rates, whole, done = ([[], []] for _ in range(4))
        frames = [0, 0]
        for _ in range(REPEATS + 1):
            for way, one in enumerate((Staring(actor), actor)):
                seen[:] = 0, 0.0
                bench = Bench(model, facts.physics, facts.task, facts.control_hz, starts, robot=facts.robot)
                start = time.process_time()
                done[way] = run_trials(bench, eyes, one, round(facts.task.horizon_s * facts.control_hz))
                spent[way].append(time.process_time() - start)
                rates[way].append(seen[0] / seen[1])
                frames[way] = seen[0]
            start = time.process_time()
            with TemporaryDirectory() as folder:
                stage.function(params, **inputs, out=Out(Path(folder), stage.makes, quiet=True))
            whole[1].append(time.process_time() - start)
        for way, name in enumerate(("at every step", "when it plans")):
            trials_s, success = median(spent[way][1:]), np.mean([t.success for t in done[way]])
            job = f"{median(whole[way][1:]):.2f}" if way else ""
            figures = f"{median(rates[way][1:]):.0f}", f"{TRIALS / trials_s:.1f}", f"{trials_s:.2f}", job
            rows.append((f"{policy.name[:8]} {success:.3f}", name, str(frames[way]), *figures))
    table(rows)


if __name__ == "__main__":
    main()
