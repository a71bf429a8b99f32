"""A twin as a task of another simulator: its scene in three MJCF parts, `task.json`, and the modules that read it there."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from runtime.bound.randomise import Randomise
from runtime.problem import InputError, Problem
from runtime.sim.parts.mj import mujoco
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.reward import SHAKEN, parts_of
from runtime.sim.twin.twin import Twin, read_twin
from runtime.trainers.perceptron import OBSERVATIONS

MODULES = Path(__file__).resolve().parents[2] / "rules" / "isaaclab"
KINDS = ("press_button",)
"""Kinds of task whose terms are written as tensors in `rules/isaaclab/simkiln_task/terms.py`."""
DRAWN = ("friction", "servo")
"""Factors of `Randomise` that events of the package draw anew."""
METADATA = "Metadata-Version: 2.1\nName: simkiln-task\nVersion: 1\n"
ENTRY_POINTS = "[isaaclab.tasks]\nsimkiln = simkiln_task\n"


@dataclass(frozen=True)
class Ppo:
    """Settings of rsl-rl's PPO: `steps` of each environment before an update, widths of hidden layers, what is explored."""

    steps: int = 24
    hidden: tuple[int, ...] = (128, 128)
    init_std: float = 0.5
    entropy: float = 0.002
    learning_rate: float = 1e-3
    gamma: float = 0.97


@dataclass(frozen=True)
class Asked:
    """What is trained: environments side by side, updates, the unit of an action, what varies (as far as `DRAWN` goes), weights
    of parts of the reward."""

    environments: int
    iterations: int
    seed: int = 0
    scale_rad: float = 0.5
    device: str = "cuda:0"
    ppo: Ppo = Ppo()
    randomise: Randomise = field(default_factory=partial(Randomise, width=0))
    reward: Mapping[str, float] = field(default_factory=dict)


def write_package(twin: Path, into: Path, asked: Asked) -> None:
    """Write a published twin as a package: `mjcf/{robot,thing,place}.xml`, `task.json`, `simkiln_task/`.

    Raises:
        InputError: R391 when the task or the robot is none that the modules know; R380 when a part of the
            reward is none of the task's.
    """
    facts = read_twin(twin)
    if facts.task.kind not in KINDS or not facts.robot.is_built_in:
        what = f"a task `{facts.task.kind}`" if facts.task.kind not in KINDS else "a robot that people brought"
        help = f"train with it in the twin itself; {', '.join(f'`{kind}`' for kind in KINDS)} with the built-in arm can go there"
        raise InputError(Problem("R391", f"{what} cannot go to Isaac Lab", help, "task"))
    (into / "mjcf").mkdir(parents=True)
    for name, keep in (("robot", facts.robot.links[0].name), ("thing", kind_of(facts.task).OBJECTS[0]), ("place", "")):
        (into / "mjcf" / f"{name}.xml").write_text(_part(twin, name, keep))
    if (twin / "collision").is_dir():
        shutil.copytree(twin / "collision", into / "mjcf" / "collision")
    (into / "task.json").write_text(json.dumps(_facts(facts, asked), indent=1) + "\n")
    shutil.copytree(MODULES / "simkiln_task", into / "simkiln_task", ignore=shutil.ignore_patterns("__pycache__"))
    for script in ("convert.py", "score.py"):  # beside what they import
        shutil.copyfile(MODULES / script, into / script)
    about = into / "simkiln_task-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA)
    (about / "entry_points.txt").write_text(ENTRY_POINTS)


def _part(twin: Path, name: str, keep: str) -> str:
    """MJCF of one body with all below it, its root where the frame begins; of what stands still, where `keep` is empty. Servos
    are left out: Isaac Lab has its own."""
    spec = mujoco.MjSpec.from_file(str(twin / "scene.xml"))
    spec.modelname = name
    unwanted: list[Any] = [*spec.actuators, *spec.cameras, *spec.lights]
    unwanted += [body for body in spec.worldbody.bodies if body.name != keep]
    unwanted += [*spec.worldbody.geoms, *spec.meshes] if keep else []
    for one in unwanted:
        spec.delete(one)
    if keep:
        root = spec.body(keep)
        root.mocap, root.pos = False, (0.0, 0.0, 0.0)
    for one in (*spec.bodies, *spec.joints, *spec.geoms, *spec.meshes):
        one.name = one.name.replace("/", "_")  # names of USD hold none
    for geom in spec.geoms:
        geom.meshname = geom.meshname.replace("/", "_")
    for mesh in spec.meshes:
        mesh.file = str((twin / mesh.file).resolve())
    spec.compile()
    for mesh in spec.meshes:
        mesh.file = f"collision/{Path(mesh.file).name}"
    return spec.to_xml()


def _facts(twin: Twin, asked: Asked) -> dict[str, Any]:
    robot, physics = twin.robot, twin.physics
    return {
        "task": twin.task.model_dump(mode="json"),
        "control_hz": twin.control_hz,
        "timestep_s": physics.timestep_s,
        "substeps": max(1, round(1 / twin.control_hz / physics.timestep_s)),
        "horizon_s": twin.task.horizon_s,
        "friction": physics.friction,
        "servo": asdict(physics.servo),
        "robot": {
            "joints": robot.names,
            "home_rad": robot.home_rad.tolist(),
            "limits_rad": robot.limits_rad.tolist(),
            "of_arm": robot.of_arm,
            "armature_kg_m2": robot.armature_kg_m2,
            "friction_loss_nm": robot.friction_loss_nm,
            "damping_nms_per_rad": robot.damping_nms_per_rad,
            "tip": {"body": robot.tip.link, "pos_m": robot.tip.pos},
        },
        "observations": OBSERVATIONS,
        "action_scale_rad": asked.scale_rad,
        "reward": {n: {"weight": x.weight, "shapes": x.shapes} for n, x in parts_of(twin.task, asked.reward).items()},
        "shaken": SHAKEN,
        "randomisation": {name: asked.randomise.of(name) for name in DRAWN},
        "device": asked.device,
        "ppo": {**asdict(asked.ppo), "iterations": asked.iterations},
    }


def command(python: Sequence[str], asked: Asked) -> list[str]:
    """The words that train on a package: Isaac Lab's own command line, word for word."""
    return [
        *python,
        *("-m", "isaaclab", "train", "--rl_library", "rsl_rl", "--task", "Simkiln-Twin-v0"),
        *("--num_envs", str(asked.environments), "--max_iterations", str(asked.iterations), "--seed", str(asked.seed)),
        *("--device", asked.device, "physics=newton_mjwarp", "--viz", "none"),
    ]
