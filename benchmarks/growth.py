"""How costs grow: exponents of CPU time in trials, pixels, gradient steps and locations, and what a second core brings.

    OMP_NUM_THREADS=1 python -m benchmarks.growth STORE [--repeats 3]

What it needs of hidden site 301 is made in STORE once. A row's exponent is the slope of log time against log size by least
squares over medians of CPU-seconds (1: twice as much takes twice as long; below 1 a fixed part dominates), all in one run: trials
and pictures in the twin, training steps of the small policy, planning a study of so many locations in a Python of its own. The
last row is the wall time of two evaluations, one after the other against side by side.
"""

import argparse
import math
import multiprocessing
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.recipe import site
from benchmarks.scenes import ROOT, table, task_spec
from runtime.build.testing import run_stage
from runtime.learn.dataset import read_arrays, with_places
from runtime.learn.learner import make_learner
from runtime.learn.load import load_policy
from runtime.learn.spec import Spec
from runtime.learn.train import Recipe, train
from runtime.sim.episodes.episodes import load_episodes, redraw
from runtime.sim.scene.bench import Bench
from runtime.sim.tasks import kind_of
from runtime.sim.trials.run import run_trials
from runtime.sim.twin.twin import eyes_of, read_behind, read_model, read_twin

SIZES = ((64, 48), (96, 72), (128, 96))
TRIALS, STEPS, LOCATIONS = (10, 20, 40, 80), (25, 50, 100, 200), (250, 1000, 4000)
STUDY = "title: T\nlocations: [{names}]\ntasks: [press-button]\napproaches: [baseline]\nseeds: [0, 1]\ntrials: {{twin: 4}}\n"


def chain(store: Path, size: tuple[int, int]) -> tuple[Path, Path]:
    """Twin and demos of the site with pictures of a size."""
    task, _ = task_spec("press-button")
    capture = run_stage("capture", {"source": site(301)}, {}, store)
    scene = run_stage("splat", {}, {"capture": capture}, store)
    twin = run_stage(
        "twin", {"task": task, "width_px": size[0], "height_px": size[1]}, {"capture": capture, "scene": scene}, store
    )
    return twin, run_stage("demos", {"episodes": 8, "scripted_tries": 0}, {"twin": twin}, store)


def evaluation(twin: Path, policy: Path, trials: int) -> Callable[[], object]:
    """That many trials of a policy in a twin."""
    facts, model = read_twin(twin), read_model(twin)
    eyes, actor = eyes_of(model, facts, read_behind(twin, facts)), load_policy(policy / "checkpoint")
    starts = [kind_of(facts.task).draw_start(facts.task, i, "trial") for i in range(trials)]
    steps = round(facts.task.horizon_s * facts.control_hz)

    def work() -> object:
        return run_trials(
            Bench(model, facts.physics, facts.task, facts.control_hz, starts, robot=facts.robot), eyes, actor, steps
        )

    return work


def pictures(twin: Path, demos: Path) -> Callable[[], object]:
    """The pictures of eight demos drawn again."""
    facts = read_twin(twin)
    (eye,) = eyes_of(read_model(twin), facts, read_behind(twin, facts)).values()
    episodes = load_episodes(demos / "episodes.npz")
    return lambda: [redraw(eye, episode, np.random.default_rng(0)) for episode in episodes]


def training(demos: Path, size: tuple[int, int], steps: int) -> Callable[[], object]:
    """That many gradient steps of the small policy."""
    arrays = with_places(read_arrays(demos / "dataset"), demos / "places.npz")
    spec = Spec("small", tuple(arrays.images), size[::-1], arrays.state.shape[1], arrays.action.shape[1], 16, 8, {}, 0.3)
    return lambda: train(make_learner(spec, demos / "dataset"), arrays, Recipe(steps, 24, 3e-3, 0, 0, 0.2, 0))


def planning(root: Path, locations: int) -> Callable[[], object]:
    """`simkiln plan` of a study of that many places, nothing remembered."""
    specs = root / str(locations) / "specs"
    for kind in ("tasks", "approaches"):
        (specs / kind).mkdir(parents=True)
        for path in (ROOT / "specs" / kind).glob("*.yaml"):
            (specs / kind / path.name).write_text(path.read_text())
    (specs / "locations").mkdir()
    names = [f"place-{i}" for i in range(locations)]
    for i, name in enumerate(names):
        (specs / "locations" / f"{name}.yaml").write_text(f"title: P\nsource: {{kind: hidden_site, seed: {i}}}\n")
    (specs / "study.yaml").write_text(STUDY.format(names=", ".join(names)))

    def work() -> object:
        command = [sys.executable, "-c", "import sys; from compiler.cli import main; sys.exit(main(['plan', '--json']))"]
        return subprocess.run(
            command, cwd=specs.parent, env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, check=True
        )

    return work


def spent_s(work: Callable[[], object], repeats: int) -> float:
    """Median CPU-seconds of a piece of work, its children included, after one time to warm up."""

    def used() -> float:
        return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))

    times = []
    for _ in range(repeats + 1):
        begun = used()
        work()
        times.append(used() - begun)
    return median(times[1:])


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Slope of log time against log size."""
    return float(np.polyfit([math.log(s) for s in sizes], [math.log(t) for t in times], 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    made = {size: chain(options.store, size) for size in SIZES}
    twin, demos = made[SIZES[0]]
    policy = run_stage("policy", {"steps": 50, "held_out": 0, "seed": 0}, {"demos": demos}, options.store)
    rows = [("what grows", "sizes", "CPU-seconds, medians", "exponent")]

    def row(what: str, sizes: Sequence[float], works: Sequence[Callable[[], object]]) -> None:
        times = [spent_s(work, options.repeats) for work in works]
        told = ", ".join(f"{t:.3g}" for t in times)
        rows.append((what, ", ".join(f"{s:g}" for s in sizes), told, f"{exponent(sizes, times):.2f}"))

    row("trials in the twin, 64x48", TRIALS, [evaluation(twin, policy, n) for n in TRIALS])
    pixels = [w * h for w, h in SIZES]
    row("pictures, pixels", pixels, [pictures(*made[size]) for size in SIZES])
    row("100 training steps, pixels", pixels, [training(made[size][1], size, 100) for size in SIZES])
    row("training, steps (seeds, policies: as many times)", STEPS, [training(demos, SIZES[0], n) for n in STEPS])
    with TemporaryDirectory() as folder:
        row("plan, locations", LOCATIONS, [planning(Path(folder), n) for n in LOCATIONS])
    table(rows)
    work = evaluation(twin, policy, TRIALS[-1])
    work()
    begun = time.perf_counter()
    work(), work()
    alone = time.perf_counter() - begun
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=work) for _ in range(2)]
    begun = time.perf_counter()
    for process in both:
        process.start()
    for process in both:
        process.join()
    print(f"two evaluations: one after the other {alone:.2f} s, side by side {time.perf_counter() - begun:.2f} s")


if __name__ == "__main__":
    main()
