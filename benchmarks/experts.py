"""How often the scripted experts succeed: at four hidden sites, in each one's twin and at the site itself.

    OMP_NUM_THREADS=1 python -m benchmarks.experts [TASK ...] [--sites 31 32 33 34] [--starts 40] [--gaps none medium large]

TASK are names of files in specs/tasks. An expert acts on the true state, undisturbed; a row tells the mean rate over the sites,
least to most, the mean time to success, and how trials failed. Starts are of the split `development`. CPU time is of one thread.
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scenes import TASKS, table, task_spec
from runtime.bound.conditions import GapLevel
from runtime.bound.source import HiddenSite
from runtime.build.testing import run_stage
from runtime.sim.episodes.self_test import play
from runtime.sim.scene.bench import Bench
from runtime.sim.site.install import install
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import read_model, read_twin
from tests.runtime.sim.places import write_folders
from tests.runtime.stages.sim_chain import publish

GAP: dict[str, GapLevel] = {"none": "none", "small": "small", "medium": "medium", "large": "large"}
STYLES = ("kitchen", "workshop", "lab")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=sorted(path.stem for path in TASKS.glob("*.yaml")))
    parser.add_argument("--sites", type=int, nargs="+", default=[31, 32, 33, 34])
    parser.add_argument("--starts", type=int, default=40)
    parser.add_argument("--gaps", nargs="*", default=["none", "medium", "large"])
    options = parser.parse_args()
    rows = [("task", "where", "success, %", "least to most", "s to success", "failures", "CPU-s")]
    with tempfile.TemporaryDirectory() as scratch:
        store, places = Path(scratch) / "store", []
        for i, seed in enumerate(options.sites):
            site = HiddenSite(kind="hidden_site", seed=seed, style=STYLES[i % len(STYLES)])
            capture, scene = write_folders(site, Path(scratch) / str(seed))
            made = {"capture": publish(store, "capture", capture, str(seed)), "scene": publish(store, "splat", scene, str(seed))}
            places.append((site, made))
        for name in options.tasks:
            task, _ = task_spec(name)
            twins = [(site, run_stage("twin", {"task": task}, made, store)) for site, made in places]
            for where in ("twin", *options.gaps):
                rows.append((name, where, *measured(twins, where, options.starts)))
    table(rows)


def measured(twins: list[tuple[HiddenSite, Path]], where: str, count: int) -> tuple[Any, ...]:
    """One row of the table."""
    rates, seconds, modes, begun = [], [], Counter(), time.process_time()
    for site, folder in twins:
        facts = read_twin(folder)
        starts = [kind_of(facts.task).draw_start(facts.task, i, "development", robot=facts.robot) for i in range(count)]
        if where == "twin":
            model, physics = read_model(folder), facts.physics
        else:
            real = install(site.at(GAP[where]), facts)
            model, physics = real.model, real.physics
        bench = Bench(model, physics, facts.task, facts.control_hz, starts, robot=facts.robot)
        steps = play(bench)
        won = np.array([judge.success for judge in bench.judges])
        rates.append(100 * won.mean())
        seconds += list(steps[won] / facts.control_hz)
        modes.update(judge.failure_mode for judge in bench.judges if not judge.success)
    failures = ", ".join(f"{mode} {n}" for mode, n in modes.most_common())
    spent = time.process_time() - begun
    return f"{np.mean(rates):.1f}", f"{min(rates):.1f} to {max(rates):.1f}", f"{np.mean(seconds):.1f}", failures, f"{spent:.1f}"


if __name__ == "__main__":
    main()
