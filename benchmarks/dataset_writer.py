"""What it costs to write 80 demos as a LeRobotDataset: by LeRobot's own writer, and by ours.

    OMP_NUM_THREADS=1 python -m benchmarks.dataset_writer

Episodes of 15 to 30 frames, 64x48, pictures with a camera's noise. CPU time of the process, imports apart; a test holds that
LeRobot reads the same of both.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.scenes import table
from runtime.learn.dataset import offline, write_dataset

COUNT, SIZE, DIM = 80, (48, 64), 6


def main() -> None:
    rng = np.random.default_rng(0)
    demos: list[dict[str, Any]] = []
    for _ in range(COUNT):
        steps = int(rng.integers(15, 31))
        film = rng.integers(40, 160, (1, *SIZE, 3)) + rng.normal(0, 3, (steps, *SIZE, 3))
        state = rng.normal(size=(steps, DIM)).astype(np.float32)
        demos.append({"images": {"front": film.clip(0, 255).astype(np.uint8)}, "state": state, "action": state})
    with TemporaryDirectory() as folder:
        start = time.process_time()
        import runtime.learn.dataset_writer  # noqa: F401

        ours_import, start = time.process_time() - start, time.process_time()
        write_dataset(Path(folder) / "ours", 10, ["front"], SIZE, demos, "press the button")
        ours, start = time.process_time() - start, time.process_time()
        offline()
        from lerobot.datasets.lerobot_dataset import LeRobotDataset

        theirs_import, start = time.process_time() - start, time.process_time()
        vector = {"dtype": "float32", "shape": (DIM,), "names": [f"joint_{i}" for i in range(DIM)]}
        picture = {"dtype": "image", "shape": (*SIZE, 3), "names": ["height", "width", "channels"]}
        features = {"observation.images.front": picture, "observation.state": vector, "action": vector}
        dataset = LeRobotDataset.create("simkiln/theirs", 10, features, root=Path(folder) / "theirs", use_videos=False)
        for demo in demos:
            for t in range(len(demo["state"])):
                frame = {"observation.images.front": demo["images"]["front"][t], "task": "press the button"}
                dataset.add_frame(frame | {"observation.state": demo["state"][t], "action": demo["action"][t]})
            dataset.save_episode()
        dataset.finalize()
        theirs = time.process_time() - start
    rows = [("writer", "CPU-s", "import, CPU-s", "at most")]
    rows += [("LeRobot", f"{theirs:.2f}", f"{theirs_import:.2f}", ""), ("ours", f"{ours:.2f}", f"{ours_import:.2f}", "2")]
    table(rows)


if __name__ == "__main__":
    main()
