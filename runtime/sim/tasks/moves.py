"""What experts have in common: steps of bounded speed, and how a hand takes hold of a thing and carries it."""

from dataclasses import dataclass

import numpy as np

from runtime.bound.thing import Thing
from runtime.sim.parts.hand import CLEAR_M, Hand
from runtime.sim.tasks.kind import Reach, Seen

SIDEWAYS_M_S, DOWN_M_S, UP_M_S = 0.20, 0.14, 0.20
PAN_X_M = 0.0388  # where the axis stands that the arm turns about
SHUT_M = 0.0073  # between fingers that push side by side
HOVER_M = 0.05  # height of the tip above its hold while it moves sideways
CARRY_M = 0.042  # height of a carried thing's underside above that of its goal
ALIGNED_M, LOST_M = 0.006, 0.014  # sideways errors below which an expert goes down, above which up
LOOSE_M, HELD_M = 0.004, 0.0016  # wider than a thing by more, the gripper has let go; by less, it holds
DEEP_M, LOW_M = 0.026, 0.006  # how far fingers reach past a thing's top at most, and stay above its underside


def toward(tip_m: np.ndarray, xy_m: np.ndarray, z_m: float, step_s: float, share: float = 1.0) -> np.ndarray:
    """The next place of the tip [3] on the way to `xy_m` [2] and height `z_m`, at `share` of full speed sideways."""
    away = xy_m - tip_m[:2]
    step = min(1.0, share * SIDEWAYS_M_S * step_s / max(float(np.hypot(*away)), 1e-6))
    height = tip_m[2] + np.clip(z_m - tip_m[2], -DOWN_M_S * step_s, UP_M_S * step_s)
    return np.array((*(tip_m[:2] + away * step), height))


def ramp(value: float, zero: float, one: float) -> float:
    """0 at `zero`, 1 at `one`, straight between, so that actions change smoothly where an expert changes its mind."""
    return float(np.clip((value - zero) / (one - zero), 0.0, 1.0))


def shut_tip(hand: Hand, middle_m: np.ndarray, turn_rad: float) -> np.ndarray:
    """Where the tip [2] is when both fingers, shut, have their middle at `middle_m` [2]."""
    return middle_m - hand.middle(SHUT_M) * np.array((np.cos(turn_rad), np.sin(turn_rad)))


def sight_rad(place_m: np.ndarray) -> float:
    """The direction in which a place [3] lies from the axis that the arm turns about."""
    return float(np.arctan2(place_m[1], place_m[0] - PAN_X_M))


@dataclass(frozen=True)
class Hold:
    """How one thing is held: where the tip goes, how the hand is turned, and how far the gripper opens before and after."""

    tip_m: np.ndarray  # [3]
    turn_rad: float
    open_m: float
    grip_m: float  # just as wide as the thing


def hold(hand: Hand, thing: Thing, place_m: np.ndarray, turn_rad: float) -> Hold:
    """The hold on a thing at `place_m` [3] that is turned by `turn_rad`: across the line of sight, or for a box on the pair of
    sides that is nearest to that."""
    wanted = sight_rad(place_m) + np.pi / 2
    off = (turn_rad - wanted + np.pi / 4) % (np.pi / 2) - np.pi / 4
    turn = wanted + (off if thing.shape == "box" else 0.0)
    grip, wide = thing.width_m, thing.width_m + 2 * CLEAR_M
    beside = (hand.middle(grip) + hand.middle(wide)) / 2
    across = np.array((np.cos(turn), np.sin(turn)))
    height = place_m[2] - thing.height_m / 2 + max(LOW_M, thing.height_m - DEEP_M) + max(hand.beyond(grip), hand.beyond(wide))
    tip = np.array((*(place_m[:2] - beside * across), height))
    return Hold(tip, turn, wide, grip)


def pick_and_put(thing: Thing, seen: Seen, goal_m: np.ndarray, near_m: float) -> Reach:
    """Over the first object, down with the hand open, shut, up, over the goal [3], down, open, up: the phase is read off the
    state. `near_m` is how far from the goal's middle the thing may lie.
    """
    place_m, tip, step_s = seen.objects_m[0], seen.tip_m, seen.step_s
    h = hold(seen.fingers, thing, place_m, float(seen.turns_rad[0]))
    off = h.tip_m - tip
    aside, width = float(np.hypot(*off[:2])), seen.gap_m
    under = float(place_m[2]) - thing.height_m / 2 - goal_m[2]  # height of the thing's underside above its goal
    around = aside < LOST_M and abs(off[2]) < 0.012  # the hand is where it can shut
    away = goal_m[:2] - place_m[:2]
    over = float(np.hypot(*away))
    if over < near_m and under < 0.004:  # it lies there: let go, then leave
        loose = ramp(width, h.grip_m, h.grip_m + LOOSE_M)
        return Reach(toward(tip, tip[:2], tip[2] + loose * HOVER_M, step_s), h.open_m, h.turn_rad)
    shut = h.grip_m - seen.fingers.squeeze_m
    if around and width < h.grip_m + HELD_M:  # in the hand
        high = ramp(under, 0.4 * CARRY_M, 0.8 * CARRY_M)
        there = over < 0.7 * near_m
        to = toward(tip, tip[:2] + away, tip[2] + (-0.002 if there else CARRY_M) - under, step_s, 1.0 if there else high)
        return Reach(to, shut, h.turn_rad + sight_rad(to) - sight_rad(tip))
    if around and aside < ALIGNED_M + 0.002 and off[2] > -0.005:
        return Reach(toward(tip, h.tip_m[:2], h.tip_m[2], step_s), shut, h.turn_rad)
    aimed = ramp(aside, LOST_M, ALIGNED_M)
    return Reach(toward(tip, h.tip_m[:2], h.tip_m[2] + (1 - aimed) * HOVER_M, step_s), h.open_m, h.turn_rad)
