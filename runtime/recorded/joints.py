"""Joints of a dataset as ours: which column is which, and a line `a x + b` for each that brings its unit to radians."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, pi

from runtime.bound.dataset import FoundDataset, RecordedJoint, Unit
from runtime.recorded.info import ACTION, STATE, Info, Unfit
from runtime.sim.parts.robot import Robot

TOLD_RAD, REFUSED = 0.1, 0.5
"""How far values may lie beyond a joint's range before that is told, and, as a share of the range, refused."""
STILL_RAD = 0.06
"""Joints that all move less than this in degrees have been counted in radians."""


@dataclass(frozen=True)
class Column:
    """Where a joint stands in a row, and the line that brings it to radians (metres of a slide)."""

    joint: str
    at: int
    a: float
    b: float

    def __call__(self, value: float) -> float:
        """One value."""
        return self.a * value + self.b


def columns(said: FoundDataset, info: Info, key: str, robot: Robot) -> list[Column]:
    """The columns of `observation.state` or `action` in the robot's order.

    Raises:
        Unfit: R333 when they are not the robot's joints.
    """
    feature = info.features.get(key)
    if feature is None or len(feature.shape) != 1:
        raise Unfit("R333", f"the dataset `{said.path}` has no row of numbers `{key}`", f"it has: {', '.join(info.features)}")
    count, named = feature.shape[0], feature.names
    if unknown := next((name for name in said.joints if name not in robot.names), None):
        help = f"joints of the robot: {', '.join(robot.names)}"
        raise Unfit("R333", f"the robot has no joint `{unknown}`", help, f"data.joints.{unknown}")
    how = [said.joints.get(name, RecordedJoint()) for name in robot.names]
    if count != len(robot.names) and not all(one.name for one in how):
        message = f"`{key}` of the dataset has {count} joints, the robot has {len(robot.names)}"
        help = f"name each joint: `joints: {{{robot.names[0]}: {{name: ...}}, ...}}`; the dataset has {_listed(named)}"
        raise Unfit("R333", message, help, "data.joints" if said.joints else "data.path")
    found = []
    for number, (name, one) in enumerate(zip(robot.names, how, strict=True)):
        calls = [one.name] if one.name else [name, f"{name}.pos", f"main_{name}"]
        at = next((named.index(call) for call in calls if call in named), None)
        if at is None and not named and not one.name:
            at = number  # nobody named them: they stand in the robot's order
        if at is None or at >= count:
            message = f"`{key}` of the dataset has no joint `{calls[0]}`"
            help = f"say what it is called: `joints: {{{name}: {{name: ...}}}}`; it has {_listed(named)}"
            raise Unfit("R333", message, help, f"data.joints.{name}" if name in said.joints else "data.path")
        found.append(line(said.units, one, robot, number, at))
    if len({column.at for column in found}) != len(found):
        raise Unfit("R333", f"two joints are read from the same number of `{key}`", "name each once", "data.joints")
    return found


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:32]) or "no names for them"


def line(units: Unit, one: RecordedJoint, robot: Robot, number: int, at: int) -> Column:
    """The column `at` as the robot's joint `number`, which counts in `units` unless `one` says otherwise."""
    units, joint = one.units or units, robot.joints[number]
    if units in ("radians", "degrees"):
        a = one.sign * (pi / 180 if units == "degrees" else 1.0)
        return Column(joint.name, at, a, -a * one.offset)
    low, high = (robot.closed, robot.open) if joint.name == robot.gripper else (joint.low_rad, joint.high_rad)
    a = (high - low) / (100 if units == "0..100" else 200)
    middle = 0.0 if units == "0..100" else 100.0
    if one.sign < 0:
        return Column(joint.name, at, -a, high - a * (middle - one.offset))
    return Column(joint.name, at, a, low + a * (middle - one.offset))


def beyond(said: FoundDataset, info: Info, robot: Robot) -> list[tuple[str, bool, str]]:
    """What the ranges in `meta/stats.json` say against the units: key of the spec, whether it is refused, and why."""
    ends = info.statistics.get(STATE)
    if ends is None or any(len(end) != info.features[STATE].shape[0] for end in ends):
        return []
    found, moves = [], []
    for column, joint in zip(columns(said, info, STATE, robot), robot.joints, strict=True):
        low, high = sorted((column(ends[0][column.at]), column(ends[1][column.at])))
        if joint.name != robot.gripper and (one := said.joints.get(joint.name, RecordedJoint())).units in (None, "degrees"):
            moves.append(high - low if (one.units or said.units) == "degrees" else STILL_RAD)
        out = max(joint.low_rad - low, high - joint.high_rad)
        if isfinite(out) and out > TOLD_RAD:
            refused = out > REFUSED * (joint.high_rad - joint.low_rad)
            why = (
                f"joint `{joint.name}` was recorded from {low:.2f} to {high:.2f} rad, as `data` says, and the robot's goes "
                f"from {joint.low_rad:.2f} to {joint.high_rad:.2f}"
            )
            found.append((f"data.joints.{joint.name}" if joint.name in said.joints else "data.units", refused, why))
    if moves and max(moves) < STILL_RAD:
        why = f"no joint of the arm moves by more than {max(moves) * 180 / pi:.1f} degrees: they look like radians"
        found.append(("data.units", True, why))
    return found


def read_keys(said: FoundDataset) -> tuple[str, ...]:
    """The rows of numbers that are read as joints."""
    return (STATE,) if said.action in ("next_state", "ee") else (STATE, ACTION)
