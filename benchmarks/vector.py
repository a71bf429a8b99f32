"""Control steps per CPU-second of the vectorised bench, beside what it is made of and, where they are installed, other engines.

    OMP_NUM_THREADS=1 python -m benchmarks.vector [--task press-button] [--rows 64] [--twin FOLDER] [--mjx PYTHON]
        [--newton PYTHON]

The scene is the task's on a bare table, or that of a published twin; targets are the measured joints and up to 0.05 rad beside
them. PYTHON belongs to an environment with mujoco-mjx, or newton and mujoco-warp. Each way is timed in three rounds, in turn:
medians of CPU time, of all threads.
"""

import argparse
import importlib
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from pydantic import TypeAdapter

from benchmarks.scenes import table, task_spec
from runtime.bound.randomise import Randomise
from runtime.bound.task import Task
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.solid import COLLISION_GROUP, Solid
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera, look_at
from runtime.sim.pixels.eye import Eye, Look
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.scene import build_scene
from runtime.sim.tasks import AnyTask, kind_of
from runtime.sim.twin.twin import Snap, Twin, over_support, read_model, read_twin
from runtime.sim.vector.bench import VectorBench
from runtime.sim.vector.looks import Looks

HZ, SUBSTEPS, CALLS, ROUNDS, CHUNK = 10.0, 25, 20, 3, 8
SUPPORT = Solid("support", "box", (0.2, 0.0, -0.02), (0.5, 0.5, 0.02))
FIXED = Randomise(camera_shift_m=0, camera_turn_deg=0, fov_deg=0)
FULL = mujoco.mjtState.mjSTATE_FULLPHYSICS


def scene(name: str, folder: Path | None) -> tuple[Twin, Model, str]:
    """A twin, its compiled scene, and the same as a file's text that other engines read."""
    if folder:
        twin = read_twin(folder)
        return twin, read_model(folder, twin), ""
    task: Task = TypeAdapter(AnyTask).validate_python(task_spec(name)[0])
    camera = Camera("front", 64, 48, 50.0, look_at(np.array((0.7, 0.0, 0.45)), np.array((0.2, 0.0, 0.0)), np.array((0, 0, 1.0))))
    twin = Twin(task, HZ, [camera], np.eye(4), Physics(), Look(), 0.35, 2, Snap(0.01, 0.02))
    spec = build_scene(task, twin.physics, [SUPPORT], COLLISION_GROUP)
    return twin, spec.compile(), spec.to_xml()


def eyes(model: Model, twin: Twin) -> Looks:
    """The twin's cameras over a grey table."""
    found = {}
    for camera in twin.cameras:
        grey = np.full((camera.height, camera.width, 3), 0.5, np.float32)
        depth, _, _ = over_support(np.zeros(grey.shape[:2]), camera, twin.task.area)
        found[camera.name] = Eye(model, camera, Backdrop(grey, 0.65 * grey, depth.astype(np.float32)), twin.look, twin.samples)
    return Looks([found], twin, None)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--task", default="press-button")
    words.add_argument("--rows", type=int, default=64)
    words.add_argument("--twin", type=Path)
    words.add_argument("--mjx", type=Path)
    words.add_argument("--newton", type=Path)
    given = words.parse_args()
    n = given.rows
    twin, model, text = scene(given.task, given.twin)
    kind, rng = kind_of(twin.task), np.random.default_rng(0)
    starts = [kind.draw_start(twin.task, i, "development", robot=twin.robot) for i in range(n)]
    noise = rng.uniform(-0.05, 0.05, (CALLS, n, twin.robot.action_dim))
    plain, rewarded = (
        Bench(model, twin.physics, twin.task, twin.control_hz, starts, terms, twin.robot) for terms in (None, kind.REWARD)
    )
    rollout = importlib.import_module("mujoco.rollout").rollout
    data, size = mujoco.MjData(model), mujoco.mj_stateSize(model, FULL)
    first, ctrl = np.empty((n, size)), np.zeros((n, SUBSTEPS, model.nu))
    for i, own in enumerate(plain.datas):
        mujoco.mj_getState(model, own, first[i], FULL)
        ctrl[i] = own.ctrl
    state = VectorBench(twin, model, n, 0)
    varied = VectorBench(twin, model, n, 0, FIXED)
    seeing = VectorBench(twin, model, n, 0, looks=eyes(model, twin))
    bare = [mujoco.MjData(model) for _ in starts]
    for own, like in zip(bare, plain.datas, strict=True):
        mujoco.mj_copyData(own, model, like)

    def stepped(t: int) -> None:
        for own in bare:
            mujoco.mj_step(model, own, SUBSTEPS)

    def bench(of: Bench) -> Callable[[int], object]:
        return lambda t: of.step(of.measured() + noise[t])

    def vector(of: VectorBench, every: int = 0) -> Callable[[int], object]:
        def one(t: int) -> None:
            if every and len(rows := np.flatnonzero((np.arange(n) + t) % every == 0)):
                of.pictures(rows)
            of.step(of.state() + noise[t])

        return one

    ways: dict[str, Callable[[int], object]] = {
        f"`mj_step` alone, {SUBSTEPS} times a control step": stepped,
        "`mujoco.rollout`, one thread": lambda t: rollout(model, data, first, ctrl),
        "`Bench`, without reward": bench(plain),
        "`Bench`, with the reward of world models": bench(rewarded),
        "`VectorBench`: state, privileged state, reward, rows begun anew": vector(state),
        "the same, physics varied by row": vector(varied),
        f"the same, not varied, each row looks every {CHUNK} steps": vector(seeing, CHUNK),
        "each row looks at every step": vector(seeing, 1),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS + 1):
        for name, way in ways.items():
            began = time.process_time()
            for t in range(CALLS):
                way(t)
            spent[name].append(time.process_time() - began)
    rates = {name: n * CALLS / median(seconds[1:]) for name, seconds in spent.items()}
    table([("way", "control steps per CPU-second"), *((name, f"{rate:.0f}") for name, rate in rates.items())])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scene.xml"
        path.write_text(text)
        for engine, python in (("mjx", given.mjx), ("newton", given.newton)):
            for count in (n, 8 * n) if python and text else ():
                script = [str(python), str(Path(__file__).with_name("vector_others.py")), engine, str(path)]
                done = subprocess.run([*script, str(count), str(SUBSTEPS), "2"], capture_output=True, text=True, check=False)
                if done.returncode:
                    why = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
                    table([(f"{engine}, {count} rows", f"failed: {why[-1]}")])
                    continue
                said = json.loads(done.stdout.strip().splitlines()[-1])
                table([(f"{engine}, {count} rows {said['note']}", f"{said['steps_per_cpu_s']:.0f}")])


if __name__ == "__main__":
    main()
