"""Where do things come to rest in a twin, and where at the hidden site that it was made of?

Cubes of 3 cm are dropped on a grid round the robot, once on the twin's collision geometry and once on the site's true solids.

    python -m benchmarks.twin_drop STORE SEED-STYLE...     # builds capture, splat and twin in STORE where they are not there
"""

import argparse
import json
from pathlib import Path

import numpy as np

from runtime.bound.source import HiddenSite
from runtime.build.testing import run_stage
from runtime.sim.parts.mj import Spec, mujoco
from runtime.sim.parts.robot import ROBOT_BITS
from runtime.sim.parts.solid import SITE_GROUP, add_solids
from runtime.sim.site.install import base_in_site
from runtime.sim.site.place import hidden_place
from runtime.sim.tasks.press_button.setup import PressButton
from runtime.sim.twin.twin import read_twin

HALF_M, STEP_M, REACH_M = 0.015, 0.02, 0.7
TABLE_EVERY = 12  # of the places where nothing stands
SECONDS, STILL_M_PER_S, ASIDE_M = 2.0, 0.01, 0.02
LOW_M = 0.02
TASK = PressButton(kind="press_button", instruction="press the red button")


def spots(true: Spec) -> np.ndarray:
    """Places [N, 2] round the robot's base, metres: wherever something stands on the table, and some of the bare table."""
    steps, model = np.arange(-REACH_M, REACH_M + 1e-9, STEP_M), true.compile()
    data, found = mujoco.MjData(model), []
    mujoco.mj_kinematics(model, data)
    for i, (x, y) in enumerate((x, y) for x in steps for y in steps if np.hypot(x, y) < REACH_M):
        down = mujoco.mj_ray(model, data, np.array((x, y, 0.5)), np.array((0, 0, -1.0)), None, 1, -1, np.zeros(1, np.int32))
        if down < 0.5 - LOW_M or (down < 0.5 + LOW_M and i % TABLE_EVERY == 0):
            found.append((x, y))
    return np.array(found)


def rest(spec: Spec, places: np.ndarray) -> np.ndarray:
    """Heights [N] of the undersides of cubes that were dropped at `places` [N, 2], nan where one fell over or aside."""
    for i, (x, y) in enumerate(places):
        body = spec.worldbody.add_body(name=f"cube/{i}", pos=(x, y, 0.45))
        body.add_freejoint()
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=(HALF_M,) * 3, density=600, **ROBOT_BITS)
    model = spec.compile()
    data = mujoco.MjData(model)
    first = model.body("cube/0").id
    mujoco.mj_step(model, data, round(SECONDS / model.opt.timestep))
    mujoco.mj_forward(model, data)
    at, up = data.xpos[first:], data.xmat[first:].reshape(-1, 3, 3)[:, 2]
    speed = np.linalg.norm(data.cvel[first:, 3:], axis=1)
    good = (np.linalg.norm(at[:, :2] - places, axis=1) < ASIDE_M) & (speed < STILL_M_PER_S) & (np.abs(up).max(1) > 0.99)
    return np.where(good, at[:, 2] - HALF_M, np.nan)


def bare(scene: Path) -> Spec:
    """The twin's statics: its scene without robot and task objects."""
    spec = mujoco.MjSpec.from_file(str(scene))
    for actuator in list(spec.actuators):
        spec.delete(actuator)
    for body in [b for b in spec.worldbody.bodies if b.parent == spec.worldbody]:
        spec.delete(body)
    return spec


def drops(twin: Path, site: HiddenSite) -> tuple[np.ndarray, np.ndarray]:
    """Heights [N] of cubes at rest in the twin and at the site, both over the site's table, metres."""
    place, facts = hidden_place(site), read_twin(twin)
    base = base_in_site(facts, place.world_from_site)
    true = mujoco.MjSpec()
    add_solids(true, place.solids, SITE_GROUP, 0.8, np.linalg.inv(base))
    offset, places = base[2, 3], spots(true)
    return rest(bare(twin / "scene.xml"), places) + offset, rest(true, places) + offset


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("sites", nargs="+", metavar="SEED-STYLE")
    args = parser.parse_args()
    rows = []
    for name in args.sites:
        seed, _, style = name.partition("-")
        site = HiddenSite.model_validate({"kind": "hidden_site", "seed": int(seed), "style": style})
        capture = run_stage("capture", {"source": site.model_dump()}, {}, args.store)
        scene = run_stage("splat", {"seed": int(seed)}, {"capture": capture}, args.store)
        twin = run_stage("twin", {"task": TASK.model_dump()}, {"capture": capture, "scene": scene}, args.store)
        manifest = json.loads((twin / "manifest.json").read_text())
        laid = {f"overlay {name}": value for name, value in manifest["metrics"]["overlay"].items()}
        rows.append(figures(*drops(twin, site)) | laid | {"twin CPU-s": manifest["cost"]["cpu_s"]})
        print(name, json.dumps(rows[-1]), sep=": ", flush=True)
    for what in rows[0]:
        found = np.array([row[what] for row in rows], float)
        print(f"{what}: mean {np.nanmean(found):.3g} ({np.nanmin(found):.3g} to {np.nanmax(found):.3g})")


def figures(here: np.ndarray, there: np.ndarray) -> dict[str, float]:
    """Of cubes that rest in both, on the bare table and on things: how far apart they rest; and how many rest in one alone."""
    both, found = np.isfinite(here) & np.isfinite(there), {}
    for what, chosen in (("table", both & (there < LOW_M)), ("things", both & (there >= LOW_M))):
        apart = 1000 * np.abs(here - there)[chosen]
        median, close = (float(np.median(apart)), float(np.mean(apart < 5))) if len(apart) else (np.nan, np.nan)
        found |= {f"{what} cubes": len(apart), f"{what} median mm": round(median, 2), f"{what} within 5 mm": round(close, 3)}
    alone = [int((np.isfinite(one) & np.isnan(other)).sum()) for one, other in ((there, here), (here, there))]
    return found | dict(zip(("only at the site", "only in the twin"), alone, strict=True))


if __name__ == "__main__":
    main()
