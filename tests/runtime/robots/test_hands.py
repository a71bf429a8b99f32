"""Hands of several kinds: measured in metres, and used by the experts or refused with a reason."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from benchmarks.robots import successes
from runtime.bound.robot import RobotModel
from runtime.bound.task import Task
from runtime.problem import InputError
from runtime.robots.canonical import canonical
from runtime.robots.files import inspect_robot, read
from runtime.robots.measure import hand_of
from runtime.robots.reachable import Reach, stand
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.robot_file import read_robot, write_facts, write_robot
from runtime.sim.tasks import AnyTask
from tests.runtime.robots.seven_joints import SAID, write

FINGER = """<body name="{0}" pos="{1} 0 .08">{2}
<geom type="box" pos="0 0 .03" size=".004 .008 .03" mass=".05"/></body>"""
HAND = """<mujoco><compiler autolimits="true" angle="radian"/><worldbody><body name="base"><geom size=".03" mass="1"/>
<body name="palm" pos="0 0 .5" euler="3.14159265 0 0"><joint name="a" axis="0 0 1" range="-1 1"/><site name="tip" pos="0 0 .135"/>
<geom type="box" pos="0 0 .03" size=".05 .02 .02" mass=".1"/>{}</body></body></worldbody>{}</mujoco>"""
PAIR = '<equality><joint joint1="right" joint2="left" polycoef="0 1 0 0 0"/></equality>'
SLIDES, HINGES = (
    tuple(f'<joint name="{name}" {kind} axis="{way}" armature=".1"/>' for name, way in (("left", one), ("right", other)))
    for kind, one, other in (('type="slide" range="0 .04"', "1 0 0", "-1 0 0"), ('range="-.1 .6"', "0 1 0", "0 -1 0"))
)
LEFT = FINGER.format("left", 0.01, SLIDES[0])


def brought(folder: Path, fingers: str, tail: str = "", **said: object) -> Robot:
    """A robot whose hand hangs on one joint."""
    given = {"root": "r", "path": "h.xml", "joints": ["a", "left"], "home": [0, 0], "gripper": "left", "tip": "tip"}
    model = RobotModel.model_validate(given | said)
    (folder / "h.xml").write_text(HAND.format(fingers, tail))
    assert inspect_robot(model, folder) == []
    made = canonical(read(model, folder), model, folder)
    write_robot(folder, made.robot, made.spec.to_xml(), made.meshes)
    robot = hand_of(read_robot(folder))
    write_facts(folder, robot)
    return read_robot(folder)


def two(joints: Sequence[str]) -> str:
    return FINGER.format("left", 0.01, joints[0]) + FINGER.format("right", -0.01, joints[1])


def test_fingers_that_slide_or_turn_are_measured(tmp_path: Path) -> None:
    hand = brought(tmp_path, two(SLIDES), PAIR).hand
    assert hand is not None
    assert hand.even
    assert np.allclose(hand.gap_m, 2 * np.array(hand.at) + 0.012, atol=5e-4)
    assert np.allclose(hand.middle_m, 0, atol=1e-3)
    assert np.allclose(hand.beyond_m, 0.005, atol=1e-3), "the tip is 5 mm above the fingers' ends"
    assert hand.thick_m == pytest.approx(0.008)
    assert np.allclose((hand.toward, hand.works), ((1, 0, 0), (0, 0, 1)), atol=1e-3)
    assert hand.joint(0.032) == pytest.approx(0.01, abs=5e-4)
    assert hand.gap(0.01) == pytest.approx(0.032, abs=5e-4)
    turning = brought(tmp_path, two(HINGES), PAIR).hand
    assert turning is not None
    at = turning.joint(0.04)
    inner = 0.01 - 0.004 * np.cos(at) + np.array((0.06, 0.038)) * np.sin(at)  # of a finger's end, and where the band begins
    assert 2 * inner.min() - 0.004 < 0.04 < 2 * inner.max() + 0.004
    still = brought(tmp_path, LEFT + FINGER.format("right", -0.01, "")).hand
    assert still is not None
    assert not still.even
    assert np.allclose(still.middle_m, np.array(still.gap_m) / 2 - 0.006, atol=1e-3), "the middle goes with the finger"


def test_a_hand_that_experts_cannot_use_is_refused_where_a_task_needs_it(tmp_path: Path) -> None:
    def refused(task: Task) -> str:
        everywhere = Reach(np.arange(3.0), np.arange(-1.0, 2), np.ones((3, 3), bool))
        (tmp_path / "reach.json").write_text(json.dumps(everywhere.to_json()))
        with pytest.raises(InputError, match="R279") as caught:
            stand(tmp_path, task, tmp_path / "twin")
        return caught.value.problems[0].message

    pick: Task = TypeAdapter(AnyTask).validate_python({"kind": "pick_place", "instruction": "do it"})
    brought(tmp_path, LEFT)
    assert "nothing lies opposite to the finger" in refused(pick)
    brought(tmp_path, two(SLIDES), PAIR, open=0.01)
    assert refused(pick) == "the robot's hand opens 32 mm, too little for a thing of 30 mm"
    brought(tmp_path, two(SLIDES), PAIR, open=0.0, closed=0.04)
    assert "exchange `closed` and `open`" in refused(pick)
    brought(tmp_path, two((SLIDES[0], SLIDES[1].replace("/>", ' stiffness=".01"/>'))))
    assert "`right` swings freely" in refused(pick)


def test_an_arm_with_one_still_finger_picks_and_places(tmp_path: Path) -> None:
    write(tmp_path)
    said = RobotModel.model_validate(SAID)
    made = canonical(read(said, tmp_path), said, tmp_path)
    write_robot(tmp_path, made.robot, made.spec.to_xml(), made.meshes)
    robot = hand_of(read_robot(tmp_path))
    assert robot.hand is not None
    pick: Task = TypeAdapter(AnyTask).validate_python({"kind": "pick_place", "instruction": "do it"})
    won, failed = successes(robot, pick, 3, 5)
    assert won == 5, failed
