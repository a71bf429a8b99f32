"""An initial state in words, for people who set it up beside a real robot."""

from runtime.bound.task import Task
from runtime.sim.parts.start import Start
from runtime.sim.tasks import kind_of


def describe_start(start: Start) -> str:
    """Where the objects stand, in millimetres ahead of the robot's base and to its left, and the joints in degrees."""
    places = [f"{1000 * x:.0f} mm ahead, {1000 * y:+.0f} mm left" for x, y, _ in start.objects_m]
    joints = ", ".join(f"{57.29577951 * q:.0f}" for q in start.joints_rad)
    return f"object {'; object '.join(places)}; joints {joints} deg".replace("-0 ", "0 ")


def starts_of(task: Task, count: int, first: int = 0, trial_seed: int = 0) -> dict[str, str]:
    """Initial state -> words, of those that trials in a twin start from as well."""
    kind = kind_of(task)
    return {str(i): describe_start(kind.draw_start(task, i, "trial", trial_seed)) for i in range(first, first + count)}
