"""Stage `robot`: a robot that people brought, as a plain model of ours, and where it reaches."""

from typing import Any

from pydantic import Field

from runtime.bound.robot import FoundRobot
from runtime.contract import Contract
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, stage


class RobotParams(Params):
    """Which robot it is."""

    model: FoundRobot = bound("robot")
    """The MJCF or URDF, and what of it acts."""
    reach_step_m: float = Field(0.05, ge=0.01, le=0.2)
    """How far apart places are at which it is tried whether the hand reaches the support."""


@stage(
    version=2,
    metrics=by_unit(count="joints meshes made_servos", m="opens_m nearest_m farthest_m", text="no_hand", m2="reached_m2"),
    libraries=minor("mujoco", "numpy", "scipy", "trimesh", "coacd", "pillow", "mink"),
    per=("study",),
    makes={"robot": "robot.json", "model": "robot.xml", "meshes": "robot/", "reach": "reach.json", "map": "reach.png"},
    offers=lambda p, inputs: Contract(action_dim=len(p.model.joints), joints=p.model.called),
    cost=lambda p: Resources(mem_gb=2.0, minutes=1.5),
)
def robot(p: RobotParams, out: Out) -> dict[str, Any]:
    """Check the model, make it plain (meshes baked and thinned, hulls for contact, a position servo for each joint), and try
    where its hand reaches just above the support.

    Raises:
        InputError: R210, R218, R220, R244, R246 to R249: what is wrong with the files.
    """
    import json

    from runtime.robots.canonical import canonical
    from runtime.robots.files import read
    from runtime.robots.measure import hand_of
    from runtime.robots.reach_map import reach_map
    from runtime.robots.reachable import draw_reach
    from runtime.sim.parts.robot_file import read_robot, write_facts, write_robot

    assert out.source_dir is not None
    made = canonical(read(p.model, out.source_dir), p.model, out.source_dir)
    out.path("meshes")
    write_robot(out.root, made.robot, made.spec.to_xml(), made.meshes)
    robot = hand_of(read_robot(out.root))
    write_facts(out.root, robot)
    out.contract(action_dim=robot.action_dim, joints=robot.names)
    found = reach_map(robot, p.reach_step_m)
    out.path("reach").write_text(json.dumps(found.to_json(), indent=1) + "\n")
    draw_reach(out.path("map"), found)
    opens = {"opens_m": round(robot.hand.gap_m[-1], 4)} if robot.hand else {"no_hand": robot.no_hand}
    return {"joints": robot.action_dim, "meshes": len(made.meshes), "made_servos": made.made_servos, **opens, **found.metrics()}
