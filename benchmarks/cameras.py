"""What cameras cost, and whether one on the wrist helps.

    OMP_NUM_THREADS=1 python -m benchmarks.cameras STORE [--sites 301 302] [--seeds 0 1 2 3] [--task pick_place] [--episodes 80]
        [--steps 800] [--gap medium] [--trials 40] [--learn]

What is made of hidden sites is kept in STORE. First the costs at the first site, by size of pictures: frames per CPU-second of a
camera that stands still and of one on the wrist, in the twin and at the site; 80 demos into a dataset; a training step. With
`--learn`: success at the sites of policies of the same demos, which look through the fixed camera alone or through both; mean and
standard deviation over seeds, and differences by seed. Sites 301 and 302 are for tuning.
"""

import argparse
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.scenes import table
from runtime.bound.source import HiddenSite
from runtime.build.testing import run_stage
from runtime.learn.dataset import read_arrays, write_dataset
from runtime.learn.learner import make_learner
from runtime.learn.spec import Spec
from runtime.learn.train import Recipe, train
from runtime.sim.episodes.episodes import as_dataset, load_episodes, redraw
from runtime.sim.pixels.eye import Eye
from runtime.sim.site.install import install
from runtime.sim.twin.twin import eyes_of, read_behind, read_model, read_twin

SIZES = ((64, 48), (96, 96))
STEPS = 100  # of training that are timed
TASKS = {"press_button": "press the button", "pick_place": "put the red block onto the blue pad"}


def built(store: Path, site: HiddenSite, task: str, size: tuple[int, int], episodes: int) -> tuple[Path, Path]:
    """Twin and demos of a site with cameras `front` and `wrist`."""
    source = site.model_dump()
    capture = run_stage("capture", {"source": source}, {}, store)
    scene = run_stage("splat", {}, {"capture": capture}, store)
    cameras = {"front": {"size": size}, "wrist": {"on": "wrist", "size": size}}
    params = {"task": {"kind": task, "instruction": TASKS[task]}, "cameras": cameras}
    twin = run_stage("twin", params, {"capture": capture, "scene": scene}, store)
    return twin, run_stage("demos", {"episodes": episodes, "scripted_tries": 0}, {"twin": twin}, store)


def frames_per_s(eye: Eye, demos: Path) -> float:
    """Pictures per CPU-second of the states of a few demos."""
    episodes = load_episodes(demos / "episodes.npz")[:3]
    redraw(eye, episodes[0], np.random.default_rng(0))
    start, rng = time.process_time(), np.random.default_rng(0)
    frames = sum(len(redraw(eye, episode, rng)) for episode in episodes)
    return frames / (time.process_time() - start)


def step_ms(demos: Path, cameras: tuple[str, ...], size: tuple[int, int]) -> float:
    """CPU-milliseconds of a training step of the small policy."""
    arrays = read_arrays(demos / "dataset")
    dims = arrays.state.shape[1], arrays.action.shape[1]
    learner = make_learner(Spec("small", cameras, size[::-1], *dims, 16, 8), demos / "dataset")
    train(learner, arrays, Recipe(5, 24, 3e-3, 0))
    start = time.process_time()
    train(learner, arrays, Recipe(STEPS, 24, 3e-3, 0, held_out=0))
    return 1e3 * (time.process_time() - start) / STEPS


def costs(store: Path, site: HiddenSite, task: str) -> None:
    rows: list[tuple[str, ...]] = [("what", *(f"{w}x{h}" for w, h in SIZES))]
    found: dict[str, list[str]] = {}
    for size in SIZES:
        twin, demos = built(store, site, task, size, 80)
        facts, model = read_twin(twin), read_model(twin)
        for where, eyes in (("twin", eyes_of(model, facts, read_behind(twin, facts))), ("site", install(site, facts).eyes)):
            for name, eye in eyes.items():
                found.setdefault(f"{name} in the {where}, frames per CPU-s", []).append(f"{frames_per_s(eye, demos):.0f}")
        arrays = read_arrays(demos / "dataset")
        cuts = [arrays.episode_index == i for i in range(80)]
        films = [{"front": arrays.images["front"][cut], "wrist": arrays.images["wrist"][cut]} for cut in cuts]
        with TemporaryDirectory() as folder:
            start = time.process_time()
            write_dataset(Path(folder) / "x", *as_dataset(facts, zip(load_episodes(demos / "episodes.npz"), films, strict=True)))
            found.setdefault("dataset of both, 80 demos, CPU-s", []).append(f"{time.process_time() - start:.2f}")
        for cameras in (("front",), ("front", "wrist")):
            found.setdefault(f"training step, {' and '.join(cameras)}, ms", []).append(f"{step_ms(demos, cameras, size):.1f}")
    table(rows + [(what, *values) for what, values in found.items()])


def rate(folder: Path) -> float:
    return 100 * json.loads((folder / "manifest.json").read_text())["metrics"]["success_rate"]


def learn(given: argparse.Namespace, sites: list[HiddenSite]) -> None:
    store, task, seeds, trials = given.store, given.task, given.seeds, given.trials
    rows: list[tuple[str, ...]] = [("site, cameras", "success by seed, %", "mean", "sd", "wrist more, by seed")]
    for site in sites:
        twin, demos = built(store, site, task, SIZES[0], given.episodes)
        asked = {"task": {"kind": task, "instruction": TASKS[task]}, "states": trials, "gap": [given.gap]}
        conditions = run_stage("conditions", asked, {}, store)
        by: dict[tuple[str, ...], list[float]] = {}
        for keys in (("front",), ("front", "wrist")):
            for seed in seeds:
                policy = run_stage("policy", {"seed": seed, "camera_keys": keys, "steps": given.steps}, {"demos": demos}, store)
                at_site: dict[str, Any] = {"domain": "irl_proxy", "trials": trials, "site": site.model_dump(), "twice": 0}
                inputs = {"policy": policy, "twin": twin, "conditions": conditions}
                by.setdefault(keys, []).append(rate(run_stage("evaluate", at_site, inputs, store)))
                print(site.seed, keys, seed, by[keys][-1], flush=True)
        more = np.subtract(by["front", "wrist"], by["front",])
        for keys, found in by.items():
            told = ", ".join(f"{x:+.0f}" for x in more) if len(keys) > 1 else ""
            shown = ", ".join(f"{x:.0f}" for x in found)
            spread = f"{np.std(found, ddof=1):.1f}"
            rows.append((f"{site.seed}, {' and '.join(keys)}", shown, f"{np.mean(found):.1f}", spread, told))
    table(rows)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("store", type=Path)
    words.add_argument("--sites", type=int, nargs="+", default=[301, 302])
    words.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    words.add_argument("--task", choices=sorted(TASKS), default="pick_place")
    words.add_argument("--trials", type=int, default=40)
    words.add_argument("--episodes", type=int, default=80)
    words.add_argument("--steps", type=int, default=800)
    words.add_argument("--gap", choices=("none", "small", "medium", "large"), default="medium")
    words.add_argument("--learn", action="store_true")
    given = words.parse_args()
    sites = [HiddenSite(kind="hidden_site", seed=seed) for seed in given.sites]
    if given.learn:
        learn(given, sites)
    else:
        costs(given.store, sites[0], given.task)


if __name__ == "__main__":
    main()
