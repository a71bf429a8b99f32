"""Control steps per CPU-second of another engine; `benchmarks.vector` starts this file in that engine's own environment.

    PYTHON vector_others.py mjx|newton SCENE.xml ROWS SUBSTEPS CALLS

Prints one line of JSON: `steps_per_cpu_s` and `note`, what of the scene the engine does not take.
"""

import importlib
import json
import sys
import time
from typing import Any

import numpy as np


def _of(name: str) -> Any:
    """A module of the engine's environment, which ours has not."""
    return importlib.import_module(name)


def mjx_rate(path: str, rows: int, substeps: int, calls: int) -> dict[str, object]:
    jax, mujoco, mjx = (_of(name) for name in ("jax", "mujoco", "mujoco.mjx"))

    model, note = mujoco.MjModel.from_xml_path(path), ""
    try:
        put = mjx.put_model(model)
    except NotImplementedError as refused:
        note = f"cylinders pass through boxes there ({str(refused).splitlines()[0]})"
        cylinders = model.geom_type == mujoco.mjtGeom.mjGEOM_CYLINDER
        model.geom_contype[cylinders] = model.geom_conaffinity[cylinders] = 0
        put = mjx.put_model(model)
    start = mjx.make_data(put)

    @jax.jit
    def control_step(data, ctrl):
        def physics(one, _):
            return mjx.step(put, one), None

        return jax.vmap(lambda one, c: jax.lax.scan(physics, one.replace(ctrl=c), None, substeps)[0])(data, ctrl)

    data = jax.vmap(lambda c: start.replace(ctrl=c))(np.zeros((rows, model.nu)))
    ctrl = np.random.default_rng(0).uniform(-0.1, 0.1, (calls + 1, rows, model.nu))
    data = jax.block_until_ready(control_step(data, ctrl[-1]))
    began = time.process_time()
    for i in range(calls):
        data = control_step(data, ctrl[i])
    jax.block_until_ready(data)
    spent = time.process_time() - began
    assert np.isfinite(np.asarray(data.qpos)).all()
    return {"steps_per_cpu_s": rows * calls / spent, "note": note}


def newton_rate(path: str, rows: int, substeps: int, calls: int) -> dict[str, object]:
    newton, warp = _of("newton"), _of("warp")

    warp.config.quiet = True
    with warp.ScopedDevice("cpu"):
        one, all_rows = newton.ModelBuilder(), newton.ModelBuilder()
        newton.solvers.SolverMuJoCo.register_custom_attributes(one)
        newton.solvers.SolverMuJoCo.register_custom_attributes(all_rows)
        one.add_mjcf(path)
        all_rows.replicate(one, rows)
        model = all_rows.finalize()
        solver = newton.solvers.SolverMuJoCo(model, njmax=100, nconmax=50)
        before, after, control = model.state(), model.state(), model.control()
        contacts = None

        def control_step() -> None:
            nonlocal before, after
            for _ in range(substeps):
                solver.step(before, after, control, contacts, 0.004)
                before, after = after, before

        control_step()
        began = time.process_time()
        for _ in range(calls):
            control_step()
        warp.synchronize()
        spent = time.process_time() - began
    assert np.isfinite(before.joint_q.numpy()).all()
    return {"steps_per_cpu_s": rows * calls / spent, "note": ""}


if __name__ == "__main__":
    engine, path, *counts = sys.argv[1:]
    found = {"mjx": mjx_rate, "newton": newton_rate}[engine](path, *map(int, counts))
    print(json.dumps(found))
