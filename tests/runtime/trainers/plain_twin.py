"""A twin of a bare table, published without photos, and a stand-in for a Python that has Isaac Lab."""

import json
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import WORLD_BITS
from runtime.sim.pixels.eye import Look
from runtime.sim.pixels.raycast import Lamp
from runtime.sim.pixels.sensor import Sensor
from runtime.sim.scene.scene import build_scene
from runtime.sim.tasks import AnyTask
from runtime.sim.twin.twin import Snap, Twin


def plain_twin(folder: Path, kind: str = "press_button") -> Path:
    task = TypeAdapter(AnyTask).validate_python({"kind": kind, "instruction": "press the red button"})
    spec = build_scene(task, Physics(), [], 3)
    box = {"type": mujoco.mjtGeom.mjGEOM_BOX, "size": (1.05, 1.05, 0.05), "pos": (0.2, 0.0, -0.05)}
    spec.worldbody.add_geom(name="twin/support", group=3, friction=(0.8, 0.005, 0.0001), **box, **WORLD_BITS)
    spec.compile()
    folder.mkdir(parents=True)
    (folder / "scene.xml").write_text(spec.to_xml())
    facts = Twin(task, 10.0, [], np.eye(4), Physics(), Look(Lamp(), Sensor()), 0.3, 1, Snap(0.01, 0.02))
    (folder / "twin.json").write_text(json.dumps(facts.to_json()))
    return folder


ISAAC_LAB = """
import json, os, sys
from pathlib import Path
import numpy as np
words = sys.argv[1:]
here = Path.cwd()
assert os.environ["PYTHONPATH"] == str(here) and (here / "simkiln_task/terms.py").is_file()
facts = json.loads((here / "task.json").read_text())
J = len(facts["robot"]["joints"])
if words[:3] == ["-m", "isaaclab", "train"]:
    if "{fails}" == "train":
        print("RuntimeError: out of memory"); sys.exit(1)
    import torch
    torch.manual_seed(0)
    sizes, held = [2 * J + 6, *facts["ppo"]["hidden"], J], {{}}
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        held[f"mlp.{{2 * i}}.weight"], held[f"mlp.{{2 * i}}.bias"] = torch.randn(b, a) * 0.1, torch.zeros(b)
    held |= {{"obs_normalizer._mean": torch.zeros(1, sizes[0]), "obs_normalizer._std": torch.ones(1, sizes[0])}}
    folder = here / "logs/rsl_rl/simkiln/now"
    folder.mkdir(parents=True)
    torch.save({{"actor_state_dict": held}}, folder / "model_0.pt")
    torch.save({{"actor_state_dict": held}} if "{fails}" != "save" else {{"odd": 1}}, folder / "model_10.pt")
elif words[0].endswith("convert.py"):
    (Path(words[1]) / "usd").mkdir(exist_ok=True)
    for name in ("robot", "thing", "place"):
        (Path(words[1]) / "usd" / f"{{name}}.usdc").write_bytes(b"PXR-USDC")
else:
    sys.path.insert(0, {code!r})
    from runtime.trainers.agreement import Rewards, bench_of
    from runtime.trainers.perceptron import observed, read_perceptron
    from runtime.sim.parts.start import Start
    room, twin = Path(words[1]), Path({twin!r})
    with np.load(room / "starts.npz") as found:
        starts = [Start(i, q, m[None]) for i, (q, m) in enumerate(zip(found["joints_rad"], found["objects_m"]))]
    actor = read_perceptron(room / "actor.npz")
    bench, rows = bench_of(twin, starts), {{key: [] for key in ("action_rad", "joint_rad", "tip_m", "reward", "success")}}
    paying = Rewards(bench, {{}}, facts["ppo"]["gamma"])
    for _ in range(round(facts["horizon_s"] * facts["control_hz"])):
        rows["action_rad"].append(actor.targets(observed(bench), bench.robot))
        bench.step(rows["action_rad"][-1])
        rows["reward"].append(paying.step())
        rows["joint_rad"].append(bench.measured())
        rows["tip_m"].append(bench.tips())
        rows["success"].append(np.array([judge.success for judge in bench.judges]))
    np.savez(room / "played.npz", **{{key: np.stack(value) for key, value in rows.items()}})
"""
"""Does what Isaac Lab does, by the twin's own physics."""


def stand_in(file: Path, twin: Path, fails: str = "") -> Path:
    from tests import REPOSITORY

    file.write_text(ISAAC_LAB.format(code=str(REPOSITORY), twin=str(twin), fails=fails))
    return file
