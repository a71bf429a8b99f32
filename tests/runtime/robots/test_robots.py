"""Robots that people bring: read within bounds, made plain, and as able as the built-in arm."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from benchmarks.robots import AREA, ROBOTS, successes
from runtime.bound.robot import RobotModel
from runtime.bound.task import Area, Task
from runtime.build.testing import run_stage
from runtime.problem import InputError
from runtime.robots.canonical import Canonical, canonical
from runtime.robots.files import inspect_robot, read
from runtime.robots.reachable import Reach, stand
from runtime.sim.episodes.episodes import load_episodes
from runtime.sim.parts.body import robot_model
from runtime.sim.parts.kinematics import reach, tip_at
from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot_file import posed, read_robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.solid import COLLISION_GROUP
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.scene import build_scene
from runtime.sim.site.install import install
from runtime.sim.tasks import AnyTask, kind_of
from runtime.sim.twin.twin import read_twin
from tests.runtime.robots.seven_joints import SAID, write
from tests.runtime.stages.sim_chain import SITE, TASK, captured


def press(**area: float) -> Task:
    return TypeAdapter(AnyTask).validate_python({"kind": "press_button", "instruction": "press it", "area": area})


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of the small arm."""
    folder = tmp_path_factory.mktemp("seven")
    write(folder)
    return run_stage("robot", {"model": SAID, "reach_step_m": 0.1}, {}, folder / "store", source_dir=folder)


def test_an_arm_of_seven_joints_presses_buttons(seven: Path) -> None:
    robot = read_robot(seven)
    assert (robot.action_dim, robot.gripper, robot.gripper_index) == (8, "finger", 7)
    model = robot_model(robot)
    assert np.array_equal(model.actuator_ctrlrange, robot.limits_rad), "a position servo for each joint, in the order of the spec"
    found = successes(robot, press(), 0, 8)
    assert found[0] == 8, found


def test_inverse_kinematics_puts_the_tip_where_it_was_asked(seven: Path) -> None:
    robot = read_robot(seven)
    q = robot.home_rad
    for x, y in ((0.2, 0.1), (0.25, 0.0), (0.3, -0.1)):
        wish = np.array((x, y, 0.06))
        found = reach(robot, wish, robot.open, q)
        assert found is not None
        assert np.linalg.norm(tip_at(robot, found) - wish) < 1e-3
        assert found[robot.gripper_index] == pytest.approx(0.04)
        q = found
    assert reach(robot, np.array((2.0, 0.0, 0.1)), 0.0, q) is None


def test_a_task_beyond_the_hands_reach_is_refused(seven: Path, tmp_path: Path) -> None:
    found = Reach.from_json(json.loads((seven / "reach.json").read_text()))
    assert 0 < found.reached.mean() < 1
    with Image.open(seven / "reach.png") as picture:
        assert len(picture.convert("RGB").getcolors(10_000) or ()) >= 3
    stand(seven, press(), tmp_path)
    assert read_robot(tmp_path).names == read_robot(seven).names, "what stands there needs the first artifact no more"
    scene = build_scene(press(), Physics(), [], COLLISION_GROUP, robot=read_robot(tmp_path))
    scene.compile()
    (tmp_path / "scene.xml").write_text(scene.to_xml())
    assert mujoco.MjModel.from_xml_path(str(tmp_path / "scene.xml")).nmesh == 1, "a scene finds the meshes of its copy"
    far = press(center_x_m=0.4, half_x_m=0.15)
    with pytest.raises(InputError, match="does not reach"):
        stand(seven, far, tmp_path / "other")
    assert Area().center_x_m < 0.4


@pytest.mark.slow
def test_a_twin_its_demos_and_the_hidden_site_have_the_robot(seven: Path, tmp_path: Path) -> None:
    store = seven.parents[1]
    capture, scene = captured(store)
    inputs = {"capture": capture, "scene": scene, "robot": seven}
    twin = run_stage("twin", {"task": TASK.model_dump(), "views": 4}, inputs, store)
    facts = read_twin(twin)
    assert facts.robot.names == read_robot(seven).names
    assert facts.robot.folder == twin, "a twin holds its robot"
    demos = run_stage("demos", {"episodes": 2, "scripted_tries": 0}, {"twin": twin}, store)
    assert load_episodes(demos / "episodes.npz")[0].action.shape[1] == 8
    real = install(SITE, facts)
    start = kind_of(TASK).draw_start(TASK, 0, "trial", 0, facts.robot)
    bench = Bench(real.model, real.physics, TASK, 10.0, [start], robot=facts.robot)
    q = bench.measured().astype(float)
    assert np.allclose(q[0], start.joints_rad, atol=1e-5)
    bench.step(q)
    drawn = posed(RobotModel.model_validate(SAID))
    assert np.allclose(kind_of(TASK).draw_start(TASK, 0, "trial", 0, drawn).joints_rad[:7], start.joints_rad[:7])


def test_what_leaves_the_root_or_has_no_end_is_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir(), outside.mkdir()
    write(outside)
    said = RobotModel.model_validate(SAID)

    def codes() -> list[str]:
        return [problem.code for problem in inspect_robot(said, root)]

    assert codes() == ["R210"]
    (root / "seven.urdf").symlink_to(outside / "seven.urdf")
    assert codes() == ["R218"], "a link out of the root"
    (root / "seven.urdf").unlink()
    write(root)
    assert codes() == []
    text = (root / "seven.urdf").read_text()
    (root / "seven.urdf").write_text(text.replace("<robot", '<!DOCTYPE r [<!ENTITY a "b">]><robot', 1))
    assert codes() == ["R246"]
    (root / "seven.urdf").write_text("<robot>" + "<link>" * 200 + "</link>" * 200 + "</robot>")
    assert codes() == ["R246"], "nested for ever"
    (root / "seven.urdf").write_text(text.replace("<box size", '<mesh filename="../../outside/a.stl"/><box size', 1))
    assert codes() == ["R218"], "a mesh outside"
    mjcf = said.model_copy(update={"path": "a.xml"})
    (root / "a.xml").write_text('<mujoco><include file="a.xml"/></mujoco>')
    assert [problem.code for problem in inspect_robot(mjcf, root)] == ["R246"], "includes itself"


ARM = """<mujoco>{head}<worldbody><body name="b0"><geom type="box" size=".05 .05 .05" mass="1"/><body name="b1" pos="0 0 .1">
<joint name="a" axis="0 0 1" range="-1 1"/><geom type="box" size=".05 .02 .02" mass=".1"/><body name="b2" pos=".1 0 0">
<joint name="g" type="slide" axis="1 0 0" range="0 .05"/><geom type="box" size=".02 .02 .02" mass="{mass}"/>
<site name="tip" pos="0 0 .05"/>{more}</body></body></body></worldbody>{tail}</mujoco>"""
ARM_SAID = {"root": "robots", "path": "a.xml", "joints": ["a", "g"], "home": [0, 0], "gripper": "g", "tip": "tip"}
TEXT_STL = "solid x\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid"


def arm(root: Path, *, head: str = "", mass: str = ".1", more: str = "", tail: str = "", said: dict | None = None) -> RobotModel:
    (root / "a.xml").write_text(ARM.format(head=head, mass=mass, more=more, tail=tail))
    return RobotModel.model_validate(ARM_SAID | (said or {}))


def test_check_says_what_a_job_would_stumble_over(tmp_path: Path) -> None:
    def found(said: RobotModel) -> list[tuple[str, str]]:
        return [(problem.code, problem.message) for problem in inspect_robot(said, tmp_path)]

    assert found(arm(tmp_path)) == []
    cone = '<asset><mesh name="m" builtin="cone" params="1000000000 .5"/></asset>'
    assert found(arm(tmp_path, head=cone)) == [("R246", "`a.xml` has `builtin` in `mesh`, which is not let in")]
    message = "`mass` of `geom` in `a.xml` is no number: `-NaN`"
    assert found(arm(tmp_path, mass="-NaN")) == [("R246", message)], "MuJoCo takes it as not given"
    states = '<actuator><general joint="a" dyntype="user" actdim="1000000000"/></actuator>'
    assert found(arm(tmp_path, tail=states)) == [("R246", "`a.xml` has `actdim` in `general`, which is not let in")]
    assert found(arm(tmp_path, head='<include file="b.xml"/>')) == [("R210", "no file `b.xml` in root `robots`")]
    (tmp_path / "b.xml").write_text(f"<mujoco>{'<actuator/>' * 19_000}</mujoco>")
    (tmp_path / "c.xml").write_text(f"<mujoco>{'<actuator/>' * 19_000}</mujoco>")
    both = '<include file="b.xml"/><include file="c.xml"/>'
    assert found(arm(tmp_path, head=both)) == [("R246", "`a.xml` has more than 20000 elements")], "in all of its files"
    (tmp_path / "m.stl").write_text(TEXT_STL)
    text = "mesh `m.stl` is an STL of text, which MuJoCo does not read"
    assert found(arm(tmp_path, head='<asset><mesh file="m.stl"/></asset>')) == [("R249", text)]
    (tmp_path / "m.stl").unlink()
    os.mkfifo(tmp_path / "m.stl")
    pipe = "`m.stl` in root `robots` cannot be read: it is a pipe, not a file"
    assert found(arm(tmp_path, head='<asset><mesh file="m.stl"/></asset>')) == [("R210", pipe)]
    write(tmp_path)
    fixed = RobotModel.model_validate(SAID | {"joints": [*(f"j{i}" for i in range(6)), "fixed", "finger"]})
    assert found(fixed) == [("R247", "the robot has no joint `fixed`")]
    text = (tmp_path / "seven.urdf").read_text()
    (tmp_path / "seven.urdf").write_text(text.replace("<visual>", "<visual>" + "<a>" * 2000 + "</a>" * 2000, 1))
    assert [code for code, _ in found(RobotModel.model_validate(SAID))] == ["R246"]


def made(said: RobotModel, root: Path) -> Canonical:
    return canonical(read(said, root), said, root)


@pytest.mark.parametrize("mass", ["inf", "1e30"])
def test_numbers_that_no_robot_has_are_refused(tmp_path: Path, mass: str) -> None:
    with pytest.raises(InputError, match=r"R246.*no robot has"):
        made(arm(tmp_path, mass=mass), tmp_path)
    for key in ("closed", "open"):
        with pytest.raises(InputError, match=f"R244.*{key}"):
            made(arm(tmp_path, said={key: 1e30}), tmp_path)


def test_links_and_joints_without_names_get_free_ones(tmp_path: Path) -> None:
    ball = '<geom size=".01" mass=".1"/>'
    more = f'<body><joint/>{ball}</body><body name="link4"><joint name="joint2"/>{ball}</body>'
    model = made(arm(tmp_path, more=more), tmp_path).spec.compile()
    assert {model.body(b).name for b in range(1, model.nbody)} == {"b0", "b1", "b2", "link4", "link4_"}
    assert {model.joint(j).name for j in range(model.njnt)} == {"a", "g", "joint2", "joint2_"}


def test_angles_in_degrees_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(InputError, match="its range is") as caught:
        run_stage("robot", {"model": SAID | {"home": [0, 90, 0, 0, 0, 0, 0, 0]}}, {}, tmp_path / "store", source_dir=tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["R244"]


@pytest.mark.slow
def test_the_published_so101_presses_buttons(shared_data: Path, tmp_path: Path) -> None:
    said = {"root": "robots", **ROBOTS["so101"]}
    made = run_stage("robot", {"model": said}, {}, tmp_path, source_dir=shared_data / "robots" / "so101")
    robot = read_robot(made)
    assert robot.names == SO101.names
    assert np.allclose(tip_at(robot, robot.home_rad), tip_at(SO101, SO101.home_rad), atol=1e-3), (
        "the built-in arm is its likeness"
    )
    assert successes(robot, press(**AREA.get("so101", {})), 1, 20)[0] >= 19
