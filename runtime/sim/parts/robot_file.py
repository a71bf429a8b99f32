"""A robot that people brought, on disk: `robot.json`, its model `robot.xml` and the meshes that this names, in `robot/`."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from math import inf
from pathlib import Path

from runtime.bound.robot import RobotModel
from runtime.sim.parts.hand import Hand
from runtime.sim.parts.robot import MODEL_FILE, Joint, Robot, Servo, Tip

FACTS, MESHES = "robot.json", "robot"


def write_robot(folder: Path, robot: Robot, model_xml: str, meshes: Mapping[str, bytes]) -> None:
    """Write a robot; `meshes` by their names relative to the folder."""
    write_facts(folder, robot)
    (folder / MODEL_FILE).write_text(model_xml)
    (folder / MESHES).mkdir(exist_ok=True)
    for name, content in meshes.items():
        (folder / name).write_bytes(content)


def write_facts(folder: Path, robot: Robot) -> None:
    """Write what is known of a robot beside its model."""
    facts = {
        "joints": [asdict(joint) for joint in robot.joints],
        "in_model": robot.in_model,
        "gripper": robot.gripper,
        "closed": robot.closed,
        "open": robot.open,
        "tip": asdict(robot.tip),
        "hand": asdict(robot.hand) if robot.hand else None,
        "no_hand": robot.no_hand,
        "servos": [asdict(servo) | {"force_nm": servo.force_nm if servo.force_nm < inf else None} for servo in robot.servos],
    }
    (folder / FACTS).write_text(json.dumps(facts, indent=1) + "\n")


def read_robot(folder: Path) -> Robot:
    """The inverse of `write_robot`."""
    said = json.loads((folder / FACTS).read_text())
    tip = said["tip"]
    forces = [servo["force_nm"] if servo["force_nm"] is not None else inf for servo in said["servos"]]
    return Robot(
        joints=tuple(Joint(**joint) for joint in said["joints"]),
        gripper=said["gripper"],
        tip=Tip(tip["site"], tip["link"], tuple(tip["pos"]), tuple(tip["quat"])),
        folder=folder,
        servos=tuple(Servo(**servo | {"force_nm": force}) for servo, force in zip(said["servos"], forces, strict=True)),
        in_model=tuple(said["in_model"]),
        closed=said["closed"],
        open=said["open"],
        hand=Hand.from_json(said["hand"]) if said["hand"] else None,
        no_hand=said["no_hand"],
    )


def posed(said: RobotModel) -> Robot:
    """What the spec alone says of a robot: its joints, without ranges, and its home."""
    joints = tuple(Joint(name, -inf, inf, home) for name, home in zip(said.called, said.home, strict=True))
    gripper = said.called[said.joints.index(said.gripper)]
    return Robot(joints=joints, gripper=gripper, tip=Tip("", "", (0, 0, 0), (1, 0, 0, 0)), in_model=said.joints)


def copy_robot(folder: Path, into: Path) -> Robot:
    """Put a robot into another artifact, which then needs this one no more."""
    for name in (FACTS, MODEL_FILE):
        shutil.copyfile(folder / name, into / name)
    shutil.copytree(folder / MESHES, into / MESHES, dirs_exist_ok=True)
    return read_robot(into)
