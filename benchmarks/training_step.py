"""CPU time of a training step of the small policy, against LeRobot's own way to train the same network.

    OMP_NUM_THREADS=1 python -m benchmarks.training_step [--steps 50] [--rounds 12] [--batch-sizes 32 24]

Made-up demos of 64x48 pixels with places of objects (1,250 frames, as the quick start's). LeRobot's way is its policy class with
its processors in the same loop, so it has the same windows, augmentation and optimiser. Rounds take turns in one process; least,
quartile and median of their CPU times a step, of one thread.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.scenes import table
from runtime.learn.dataset import Arrays, read_arrays, write_dataset
from runtime.learn.learner import make_learner
from runtime.learn.spec import Learner, Spec
from runtime.learn.train import Recipe, seed_everything, train
from runtime.learn.zoo import LeRobotLearner

EPISODES, LENGTH, JOINTS, OBJECTS, HW = 50, 25, 6, 3, (48, 64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[32, 24])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        arrays, dataset = demos(Path(scratch) / "dataset")
        spec = Spec("small", ("front",), HW, JOINTS, JOINTS, 16, 8, {}, 0.3)
        seed_everything(0)
        ways: list[tuple[str, Learner, int]] = [
            (f"ours, {size} windows", make_learner(spec, dataset), size) for size in options.batch_sizes
        ]
        ways.append((f"LeRobot's, {options.batch_sizes[0]} windows", LeRobotLearner(spec, dataset), options.batch_sizes[0]))
        spent: dict[str, list[float]] = {name: [] for name, _, _ in ways}
        for _ in range(options.rounds):
            for name, learner, size in ways:
                began = time.process_time()
                train(learner, arrays, Recipe(options.steps, size, 3e-3, 0, 0, 0.2, held_out=0))
                spent[name].append(1000 * (time.process_time() - began) / options.steps)
    rows: list[tuple[str, ...]] = [("way", "least, ms", "quartile", "median")]
    rows += [(name, *(f"{np.quantile(each, q):.2f}" for q in (0, 0.25, 0.5))) for name, each in spent.items()]
    table(rows)


def demos(root: Path) -> tuple[Arrays, Path]:
    """Episodes of noise, and the dataset of them."""
    rng = np.random.default_rng(0)
    shape = LENGTH, JOINTS
    made = (
        {
            "images": {"front": rng.integers(0, 256, (LENGTH, *HW, 3), np.uint8)},
            "state": rng.normal(size=shape),
            "action": rng.normal(size=shape),
        }
        for _ in range(EPISODES)
    )
    write_dataset(root, 20, ["front"], HW, made, "press the red button")
    arrays = read_arrays(root)
    places = rng.uniform(-1, 1, (len(arrays.state), OBJECTS, 2)).astype(np.float32)
    return replace(arrays, places={"front": places}), root


if __name__ == "__main__":
    main()
