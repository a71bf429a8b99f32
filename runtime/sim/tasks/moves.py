"""What experts have in common: steps of bounded speed, and how a hand takes hold of a thing."""

from dataclasses import dataclass

import numpy as np

from runtime.bound.thing import Thing

SIDEWAYS_M_S, DOWN_M_S, UP_M_S = 0.20, 0.14, 0.20


def toward(tip_m: np.ndarray, xy_m: np.ndarray, z_m: float, step_s: float, share: float = 1.0) -> np.ndarray:
    """The next place of the tip [3] on the way to `xy_m` [2] and height `z_m`, at `share` of full speed sideways."""
    away = xy_m - tip_m[:2]
    step = min(1.0, share * SIDEWAYS_M_S * step_s / max(float(np.hypot(*away)), 1e-6))
    height = tip_m[2] + np.clip(z_m - tip_m[2], -DOWN_M_S * step_s, UP_M_S * step_s)
    return np.array((*(tip_m[:2] + away * step), height))


def ramp(value: float, zero: float, one: float) -> float:
    """0 at `zero`, 1 at `one`, straight between, so that actions change smoothly where an expert changes its mind."""
    return float(np.clip((value - zero) / (one - zero), 0.0, 1.0))


GAPS = ((-0.15, 0.0039), (0.05, 0.0175), (0.25, 0.0309), (0.45, 0.0437), (0.65, 0.0553), (0.95, 0.0694))
PAN_X_M = 0.0388
STILL_M = 0.007
CLEAR_M = 0.006


def opening(gap_m: float) -> float:
    """The gripper's angle (rad) with `gap_m` between the fingers."""
    angle, gap = np.array(GAPS).T
    return float(np.interp(gap_m, gap, angle))


def sight_rad(place_m: np.ndarray) -> float:
    """The direction in which a place [3] lies from the axis that the arm turns about."""
    return float(np.arctan2(place_m[1], place_m[0] - PAN_X_M))


@dataclass(frozen=True)
class Hold:
    """How one thing is held: where the tip goes, how the hand is turned, and how far the gripper opens before and after."""

    tip_m: np.ndarray  # [3]
    turn_rad: float
    open_rad: float
    grip_rad: float  # just as wide as the thing


def hold(thing: Thing, place_m: np.ndarray, turn_rad: float) -> Hold:
    """The hold on a thing at `place_m` [3] that is turned by `turn_rad`: across the line of sight, on the pair of sides that is
    nearest to that for a box."""
    wanted = sight_rad(place_m) + np.pi / 2
    off = (turn_rad - wanted + np.pi / 4) % (np.pi / 2) - np.pi / 4
    turn = wanted + (off if thing.shape == "box" else 0.0)
    beside = STILL_M + CLEAR_M / 2 + thing.width_m / 2
    across = np.array((np.cos(turn), np.sin(turn)))
    height = place_m[2] - thing.height_m / 2 + max(0.006, thing.height_m - 0.026)
    return Hold(
        np.array((*(place_m[:2] - beside * across), height)), turn, opening(thing.width_m + 2 * CLEAR_M), opening(thing.width_m)
    )
