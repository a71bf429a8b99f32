"""CPU time that tracking adds to a build: JSON Lines, and W&B offline. `python -m benchmarks.track`."""

import os
import sys
import tempfile
import time
from pathlib import Path

from runtime.job import Job
from runtime.tracking.build import Made
from runtime.tracking.log import VARIABLE, tracked

JOB = Job("uplift", 1, "a" * 32, "uplift/study", {"location": "cellar"}, {"steps": 800}, {}, {}, {})
MADE = Made("built", manifest={"metrics": {"loss": 0.1}, "cost": {"cpu_s": 2.0}})


def seconds(choice: str, builds: int, folder: Path) -> float:
    """CPU seconds a build, this process and its children."""
    os.environ[VARIABLE] = choice
    before = os.times()
    for _ in range(builds):
        with tracked(JOB, "study", folder) as log:
            for step in range(20):
                log.measure(step, {"loss": 1.0 / (1 + step)})
            log.end(MADE)
    return sum(os.times()[i] - before[i] for i in range(4)) / builds


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        print(f"JSON Lines: {1e3 * seconds('jsonl', 500, Path(name)):.2f} CPU-ms a build of 20 points")
        first = time.monotonic()
        print(f"W&B offline, the first build of a process: {seconds('wandb', 1, Path(name)):.2f} CPU-s", end=", ")
        print(f"{time.monotonic() - first:.1f} s of wall time")
        print(f"W&B offline, later ones: {seconds('wandb', 5, Path(name)):.2f} CPU-s a build")
        sys.stdout.flush()
