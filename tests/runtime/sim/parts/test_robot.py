"""The arm built from primitives moves as the published model does, and inverse kinematics undoes forward kinematics."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from runtime.sim.parts.body import robot_model
from runtime.sim.parts.kinematics import solve
from runtime.sim.parts.lerobot_units import from_lerobot, names, to_lerobot
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.so101 import SO101


def _published(folder: Path) -> Model:
    """The published model without its meshes: bodies, joints and sites only."""
    text = (folder / "so101_new_calib.xml").read_text()
    text = re.sub(r"<geom type=\"mesh\"[^>]*/>|<asset>.*?</asset>", "", text, flags=re.DOTALL)
    return mujoco.MjModel.from_xml_string(text)


def test_forward_kinematics_agree_with_the_published_model(shared_data: Path) -> None:
    ours, theirs = robot_model(SO101), _published(shared_data / "robots" / "so101")
    a, b = mujoco.MjData(ours), mujoco.MjData(theirs)
    rng = np.random.default_rng(0)
    for _ in range(100):
        q = rng.uniform(SO101.limits_rad[:, 0], SO101.limits_rad[:, 1])
        a.qpos[:] = b.qpos[:] = q
        mujoco.mj_kinematics(ours, a)
        mujoco.mj_kinematics(theirs, b)
        gap_m = np.linalg.norm(a.site(SO101.tip.site).xpos - b.site(SO101.tip.site).xpos)
        assert gap_m < 1e-3
        jaw_gap_m = np.linalg.norm(a.body("moving_jaw").xpos - b.body("moving_jaw_so101_v1").xpos)
        assert jaw_gap_m < 1e-3


def test_joint_ranges_agree_with_the_published_model(shared_data: Path) -> None:
    theirs = _published(shared_data / "robots" / "so101")
    ours = robot_model(SO101)
    for name in SO101.names:
        assert np.allclose(ours.joint(name).range, theirs.joint(name).range, atol=1e-3), name


def test_inverse_kinematics_puts_the_tip_where_it_was_asked() -> None:
    model = robot_model(SO101)
    data = mujoco.MjData(model)
    rng = np.random.default_rng(1)
    for _ in range(200):
        wish = rng.uniform((0.15, -0.10, 0.02), (0.33, 0.10, 0.11))
        q = solve(wish)
        assert q is not None, wish
        assert np.all((q >= SO101.limits_rad[:, 0]) & (q <= SO101.limits_rad[:, 1]))
        data.qpos[:] = q
        mujoco.mj_kinematics(model, data)
        assert np.linalg.norm(data.site(SO101.tip.site).xpos - wish) < 2e-4


def test_another_robot_is_another_value() -> None:
    joints, links = SO101.joints[:2], SO101.links[:3]
    shapes = tuple(s for s in SO101.shapes if s.link in {link.name for link in links})
    short = replace(
        SO101, joints=joints, links=links, shapes=shapes, gripper=joints[1].name, tip=replace(SO101.tip, link="upper_arm")
    )
    model = robot_model(short)
    assert (short.action_dim, model.nu, model.nq) == (2, 2, 2)
    assert (short.gripper_index, short.of_arm) == (1, (1, 0))
    assert np.array_equal(model.actuator_ctrlrange, short.limits_rad)
    assert np.array_equal(short.home_rad, (0.0, -0.9))
    assert SO101.action_dim == 6


def test_a_place_out_of_reach_has_no_solution() -> None:
    assert solve(np.array((0.7, 0.0, 0.05))) is None


def test_a_path_of_the_tip_is_a_smooth_path_of_the_joints() -> None:
    path = [solve(np.array((x, 0.03, 0.05))) for x in np.linspace(0.16, 0.32, 81)]
    steps = np.abs(np.diff(np.array(path, dtype=float), axis=0))
    assert steps.max() < 0.05  # radians per 2 mm


def test_joints_in_the_units_of_lerobots_drivers() -> None:
    q = np.array([[np.pi / 2, 0, 0, 0, 0, SO101.closed], [0, 0, 0, 0, 0, SO101.open]])
    assert np.allclose(to_lerobot(SO101, q)[:, [0, -1]], [[90, 0], [0, 100]])
    assert np.allclose(from_lerobot(SO101, to_lerobot(SO101, q)), q)
    assert names(SO101)[-1] == "gripper.pos"
