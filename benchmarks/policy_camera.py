"""What a policy's camera costs in an evaluation: the twin's still camera over a splat, with the robot moving before it.

    OMP_NUM_THREADS=1 python -m benchmarks.policy_camera

The path is that of `evaluate`: the splat is rendered once, as the camera's backdrop; for every frame the robot and the task's
objects are cast, shaded and composited over it by depth, their shadow is cast on it, and the sensor's noise is added. Steps of
physics are not counted. Times are CPU time, of one thread.
"""

import time
from dataclasses import replace

import numpy as np

from benchmarks.scenes import cloud, table
from runtime.backends.renderer_numba import NumbaRenderer
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.solid import COLLISION_GROUP
from runtime.sim.pixels.camera import Camera, look_at
from runtime.sim.pixels.eye import Eye, Look
from runtime.sim.pixels.sensor import Sensor
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.scene import build_scene
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.press_button.setup import PressButton
from runtime.sim.twin.collision import support_box
from runtime.sim.twin.twin import splat_backdrop

COUNT, WIDTH, HEIGHT, FRAMES = 100_000, 128, 96, 200


def main() -> None:
    task, physics = PressButton(kind="press_button", instruction="press the button"), Physics()
    model = build_scene(task, physics, [support_box()], COLLISION_GROUP).compile()
    pose = look_at(np.array((0.56, 0.22, 0.40)), np.array((0.17, 0.0, 0.05)), np.array((0.0, 0.0, 1.0)))
    camera = Camera("front", WIDTH, HEIGHT, 38.0, pose)
    splat = cloud(COUNT, sh_degree=3)
    start = time.process_time()
    rgb, _, _ = NumbaRenderer().render(splat, np.eye(4), camera.K, WIDTH, HEIGHT)  # the first call loads the kernels
    first_s, start = time.process_time() - start, time.process_time()
    rgb, _, _ = NumbaRenderer().render(splat, np.eye(4), camera.K, WIDTH, HEIGHT)
    splat_ms = 1e3 * (time.process_time() - start)
    rays = camera.rays()
    depth = np.where(rays[..., 2] < -1e-6, camera.position[2] / np.maximum(-rays[..., 2], 1e-6), np.inf)  # the support at z = 0
    backdrop = splat_backdrop(rgb, depth, 0.45)
    rng = np.random.default_rng(0)
    bench = Bench(model, physics, task, 10.0, [kind_of(task).draw_start(task, 0, "demo")])
    rows = [("what", "measured", "at least"), ("splat, once", f"{splat_ms:.1f} CPU-ms (first call {first_s:.1f} s)", "")]
    for samples in (2, 1):
        eye = Eye(model, camera, backdrop, replace(Look(), sensor=Sensor(noise_sd=2.0)), samples)
        spent = []
        for frame in range(FRAMES):
            swing = 0.4 * np.sin(0.1 * frame + np.arange(bench.measured().shape[1]))
            bench.step(bench.measured() + (0.1 * swing).astype(np.float32), np.ones(1, bool))
            start = time.process_time()
            eye.see(bench.datas[0], rng)
            spent.append(time.process_time() - start)
        each = float(np.median(spent))
        note = f"{1 / each:.0f} frames per CPU-second ({1e3 * each:.2f} ms)"
        rows.append((f"frame, {WIDTH}x{HEIGHT}, {samples}x{samples} rays per pixel", note, "300"))
    table(rows)


if __name__ == "__main__":
    main()
