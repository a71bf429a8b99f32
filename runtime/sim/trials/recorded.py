"""What varied in a trial, as its row records it: names that end in their unit. At a hidden site with what is true of it."""

from collections.abc import Mapping

import numpy as np

from runtime.bound.source import HiddenSite
from runtime.sim.parts.robot import Robot
from runtime.sim.site.place import hidden_place
from runtime.sim.trials.conditions import Condition
from runtime.stats.table.factors import Value, packed


def recorded(found: Condition, robot: Robot, site: Mapping[str, Value]) -> str | None:
    """The factors of one trial as one cell of a table of trials.

    Args:
        found: what it begins from.
        robot: whose start pose the joints are off.
        site: `of_site` of the site at the condition's level of the gap; none in a twin.
    """
    start, factors = found.start, dict[str, Value]()
    for i, (x, y, *_) in enumerate(start.objects_m):
        name = "object" if i == 0 else f"object{i + 1}"
        factors |= {f"{name}_x_m": _short(x), f"{name}_y_m": _short(y)}
    for i, turn in enumerate(() if start.turns_rad is None else start.turns_rad):
        factors["object_turn_deg" if i == 0 else f"object{i + 1}_turn_deg"] = _short(np.degrees(turn))
    if start.joints_rad.shape == robot.home_rad.shape:
        factors["start_off_deg"] = _short(np.degrees(np.abs(start.joints_rad - robot.home_rad).max()))
    factors |= {name: value for name, value in start.settings.items() if isinstance(value, (str, float, int))}
    return packed(factors | ({"gap": found.gap} if found.gap is not None else {}) | dict(site))


def of_site(site: HiddenSite) -> dict[str, Value]:
    """What is true of a site while trials run there, beside what its twin assumes."""
    place = hidden_place(site)
    before, now = (np.array(lamp.position_m) for lamp in (place.photo_lamp, place.trial_lamp))
    turned = np.degrees(np.arctan2(now[1], now[0]) - np.arctan2(before[1], before[0]))
    physics = place.physics
    return {
        "light_turn_deg": _short((turned + 180) % 360 - 180),
        "light_change": _short(sum(place.trial_lamp.rgb) / sum(place.photo_lamp.rgb) - 1),
        "camera_shift_mm": _short(1000 * np.linalg.norm(place.camera_shift_m)),
        "camera_turn_deg": _short(np.degrees(np.linalg.norm(place.camera_turn_rad))),
        "exposure_gain": _short(place.sensor.gain[1]),
        "object_color_gain": _short(place.color_gain.mean()),
        "friction": _short(physics.friction),
        "stiffness_scale": _short(physics.stiffness_scale),
        "mass_scale": _short(physics.mass_scale),
        "latency_ms": _short(1000 * physics.latency_s),
        "servo_lag_ms": _short(1000 * physics.servo.time_constant_s),
        "joint_offset_deg": _short(np.degrees(max(map(abs, physics.joint_offset_rad), default=0.0))),
        "mount_shift_mm": _short(1000 * np.hypot(*physics.mount_offset_m)),
        "mount_turn_deg": _short(np.degrees(physics.mount_yaw_rad)),
        "clutter_things": float(place.clutter),
    }


def _short(value: float | np.floating) -> float:
    return float(f"{float(value):.5g}")
