"""What experts have in common: steps of bounded speed, and how a hand takes hold of a thing and carries it."""

from dataclasses import dataclass

import numpy as np

from runtime.bound.thing import Thing
from runtime.sim.tasks.kind import Reach, Seen

SIDEWAYS_M_S, DOWN_M_S, UP_M_S = 0.20, 0.14, 0.20
PAN_X_M = 0.0388  # where the axis stands that the arm turns about
GAPS = ((-0.15, 0.0039), (0.05, 0.0175), (0.25, 0.0309), (0.45, 0.0437), (0.65, 0.0553), (0.95, 0.0694))  # rad, m
SHUT_RAD = -0.1
FINGER_M = 0.007  # radius of a finger; the tip lies at the end of the one that stands still
CLEAR_M = 0.006  # room that a finger has beside a thing before it shuts
HOVER_M = 0.05  # height of the tip above its hold while it moves sideways
CARRY_M = 0.042  # height of a carried thing's underside above that of its goal
ALIGNED_M, LOST_M = 0.006, 0.014  # sideways errors below which an expert goes down, above which up
SQUEEZE_RAD = 0.06  # how far the gripper is asked to close beyond a thing's width


def toward(tip_m: np.ndarray, xy_m: np.ndarray, z_m: float, step_s: float, share: float = 1.0) -> np.ndarray:
    """The next place of the tip [3] on the way to `xy_m` [2] and height `z_m`, at `share` of full speed sideways."""
    away = xy_m - tip_m[:2]
    step = min(1.0, share * SIDEWAYS_M_S * step_s / max(float(np.hypot(*away)), 1e-6))
    height = tip_m[2] + np.clip(z_m - tip_m[2], -DOWN_M_S * step_s, UP_M_S * step_s)
    return np.array((*(tip_m[:2] + away * step), height))


def ramp(value: float, zero: float, one: float) -> float:
    """0 at `zero`, 1 at `one`, straight between, so that actions change smoothly where an expert changes its mind."""
    return float(np.clip((value - zero) / (one - zero), 0.0, 1.0))


def opening(gap_m: float) -> float:
    """The gripper's angle (rad) with `gap_m` between the fingers."""
    angle, gap = np.array(GAPS).T
    return float(np.interp(gap_m, gap, angle))


def shut_tip(middle_m: np.ndarray, turn_rad: float) -> np.ndarray:
    """Where the tip [2] is when both fingers, shut, have their middle at `middle_m` [2]."""
    beside = FINGER_M + float(np.interp(SHUT_RAD, *np.array(GAPS).T)) / 2
    return middle_m - beside * np.array((np.cos(turn_rad), np.sin(turn_rad)))


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
    """The hold on a thing at `place_m` [3] that is turned by `turn_rad`: across the line of sight, or for a box on the pair of
    sides that is nearest to that."""
    wanted = sight_rad(place_m) + np.pi / 2
    off = (turn_rad - wanted + np.pi / 4) % (np.pi / 2) - np.pi / 4
    turn = wanted + (off if thing.shape == "box" else 0.0)
    beside = FINGER_M + CLEAR_M / 2 + thing.width_m / 2
    across = np.array((np.cos(turn), np.sin(turn)))
    height = place_m[2] - thing.height_m / 2 + max(0.006, thing.height_m - 0.026)
    tip = np.array((*(place_m[:2] - beside * across), height))
    return Hold(tip, turn, opening(thing.width_m + 2 * CLEAR_M), opening(thing.width_m))


def pick_and_put(thing: Thing, seen: Seen, goal_m: np.ndarray, near_m: float) -> Reach:
    """Over the first object, down with the hand open, shut, up, over the goal [3], down, open, up: the phase is read off the
    state. `near_m` is how far from the goal's middle the thing may lie.
    """
    place_m, tip, step_s = seen.objects_m[0], seen.tip_m, seen.step_s
    h = hold(thing, place_m, float(seen.turns_rad[0]))
    off = h.tip_m - tip
    aside, width = float(np.hypot(*off[:2])), float(seen.joints_rad[-1])
    under = float(place_m[2]) - thing.height_m / 2 - goal_m[2]  # height of the thing's underside above its goal
    around = aside < LOST_M and abs(off[2]) < 0.012  # the hand is where it can shut
    away = goal_m[:2] - place_m[:2]
    over = float(np.hypot(*away))
    if over < near_m and under < 0.004:  # it lies there: let go, then leave
        loose = ramp(width, h.grip_rad, h.grip_rad + 0.06)
        return Reach(toward(tip, tip[:2], tip[2] + loose * HOVER_M, step_s), h.open_rad, h.turn_rad)
    shut = h.grip_rad - SQUEEZE_RAD
    if around and width < h.grip_rad + 0.025:  # in the hand
        high = ramp(under, 0.4 * CARRY_M, 0.8 * CARRY_M)
        there = over < 0.7 * near_m
        to = toward(tip, tip[:2] + away, tip[2] + (-0.002 if there else CARRY_M) - under, step_s, 1.0 if there else high)
        return Reach(to, shut, h.turn_rad + sight_rad(to) - sight_rad(tip))
    if around and aside < ALIGNED_M + 0.002 and off[2] > -0.005:
        return Reach(toward(tip, h.tip_m[:2], h.tip_m[2], step_s), shut, h.turn_rad)
    aimed = ramp(aside, LOST_M, ALIGNED_M)
    return Reach(toward(tip, h.tip_m[:2], h.tip_m[2] + (1 - aimed) * HOVER_M, step_s), h.open_rad, h.turn_rad)
