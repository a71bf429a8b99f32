"""How often the scripted expert masters a task with robots that people bring: `python -m benchmarks.robots so101=DIR panda=DIR`.

`so101=DIR`: the folder that holds `so101_new_calib.xml` (github.com/TheRobotStudio/SO-ARM100, `Simulation/SO101`). `panda=DIR`:
where `pip install --no-deps --target DIR gym-hil==0.1.14` put it. `built-in` is the arm that needs no files. Each task is tried
from the same number of starts in each of several families, on a bare support with nominal physics.
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image
from pydantic import TypeAdapter

from runtime.bound.task import Task
from runtime.build.testing import run_stage
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.robot_file import read_robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.solid import COLLISION_GROUP
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera, look_at
from runtime.sim.pixels.eye import Eye, Look
from runtime.sim.pixels.raycast import Lamp
from runtime.sim.pixels.sensor import Sensor
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.scene.scene import build_scene
from runtime.sim.tasks import AnyTask, kind_of
from runtime.sim.twin.collision import support_box

SO101_JOINTS = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
ROBOTS = {
    "so101": {
        "path": "so101_new_calib.xml",
        "joints": SO101_JOINTS,
        "home": [0, -0.9, 0.75, 1.15, 0, 0],
        "gripper": "gripper",
        "tip": "gripperframe",
    },
    "panda": {
        "path": "gym_hil/assets/panda.xml",
        "joints": [f"joint{i}" for i in range(1, 8)] + ["right_driver_joint"],
        "home": [0, -0.4, 0, -2.6, 0, 2.2, 0.785, 0.4],
        "gripper": "right_driver_joint",
        "closed": 0.8,
        "open": 0.0,
        "tip": "pinch",
    },
}
"""What a spec says under `robot`, but for the root."""
AREA = {"panda": {"center_x_m": 0.4}}
"""Where the task is, for robots that do not reach what is near to them."""
HZ = 10.0


def successes(robot: Robot, task: Task, seed: int, count: int) -> tuple[int, Counter[str]]:
    """How many of `count` starts of a family the expert masters, and how it fails."""
    kind = kind_of(task)
    model = build_scene(task, Physics(), [support_box()], COLLISION_GROUP, robot=robot).compile()
    starts = [kind.draw_start(task, i, "scripted", seed, robot) for i in range(count)]
    bench = Bench(model, Physics(), task, HZ, starts, robot=robot)
    active = np.ones(count, bool)
    for _ in range(round(task.horizon_s * HZ)):
        q = bench.measured().astype(float)
        for i in np.flatnonzero(active):
            q[i] = expert_action(task, bench.seen(i), robot)
        bench.step(q, active)
        active &= np.array([not judge.success for judge in bench.judges])
    return int(count - active.sum()), Counter(judge.failure_mode for judge in bench.judges if not judge.success)


def picture(robot: Robot, task: Task, path: Path) -> None:
    """What a camera sees of the robot at home and of the task's objects."""
    model = build_scene(task, Physics(), [support_box()], COLLISION_GROUP, robot=robot).compile()
    bench = Bench(model, Physics(), task, HZ, [kind_of(task).draw_start(task, 0, "scripted", 0, robot)], robot=robot)
    middle = np.array((task.area.center_x_m / 2, 0.0, 0.15))
    pose = look_at(middle + np.array((0.55, 0.75, 0.45)), middle, np.array((0.0, 0.0, 1.0)))
    camera = Camera("view", 480, 360, 50.0, pose)
    rays, eye = camera.rays(), camera.position
    ground = np.where(rays[..., 2] < -1e-6, -eye[2] / np.minimum(rays[..., 2], -1e-6), np.inf).astype(np.float32)
    light = np.where(np.isfinite(ground)[..., None], np.float32(0.75), np.float32(0.9)) * np.ones(3, np.float32)
    look = Look(Lamp((0.4, 0.5, 1.8), (0.75,) * 3, (0.35,) * 3), Sensor())
    seen = Eye(model, camera, Backdrop(light, light * 0.55, ground), look, 2).see(bench.datas[0], np.random.default_rng(0))
    Image.fromarray(seen).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("robots", nargs="+", metavar="NAME=DIR")
    parser.add_argument("--tasks", nargs="+", default=["press_button"])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--starts", type=int, default=40)
    parser.add_argument("--pictures", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as store:
        for name, _, folder in (given.partition("=") for given in args.robots):
            robot = SO101
            if folder:
                said = {"root": name, **ROBOTS[name]}
                made = run_stage("robot", {"model": said}, {}, Path(store), source_dir=Path(folder).absolute())
                robot = read_robot(made)
            for kind in args.tasks:
                said = {"kind": kind, "instruction": "do it", **({"area": AREA[name]} if name in AREA else {})}
                task = TypeAdapter(AnyTask).validate_python(said)
                begun = time.process_time()
                found = [successes(robot, task, seed, args.starts) for seed in range(args.seeds)]
                shares = 100 * np.array([won for won, _ in found]) / args.starts
                modes = dict(sum((failed for _, failed in found), Counter()))
                spent = (time.process_time() - begun) / (args.seeds * args.starts)
                band = f"{shares.mean():.1f}% ({shares.min():.0f} to {shares.max():.0f})"
                print(f"{name}, {kind}: {band}, {modes}, {spent:.3f} CPU-s each", flush=True)
                if args.pictures:
                    picture(robot, task, args.pictures / f"robot-{name}-{kind}.png")


if __name__ == "__main__":
    main()
