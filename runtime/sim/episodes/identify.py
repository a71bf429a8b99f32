"""System identification: servos and latency from recorded joints, pose and exposure of cameras from recorded pictures.

Both are bounded non-linear least squares (trust region reflective, Branch, Coleman and Li 1999, as scipy has it) with steps of
finite differences that are larger than what the simulator's own steps hide.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.optimize import least_squares

from runtime.sim.episodes.replay import SEEN, Drive, Played, play
from runtime.sim.parts.mj import Model, Spec, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import Robot
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import Eye, Look
from runtime.sim.scene.bench import Bench
from runtime.sim.twin.twin import Twin

type Range = tuple[float, float]
COARSE = 0.1
"""Step of finite differences, of a range."""
PRIOR = 0.01
"""What a move of a camera by its whole range along an axis costs, in mean brightness: where pictures do not tell, it stays."""
FIT_SCALE = 0.05
"""Difference of brightness, white is 1, from which on a pixel counts less and less: it shows something else."""


def with_servos(model: Model | Spec, robot: Robot, kp_ratio: float, time_constant_s: float) -> None:
    """Change the gain and the lag of the robot's servos in place."""
    for name in robot.model_names:
        if isinstance(model, mujoco.MjSpec):
            servo = model.actuator(name)
            gain, bias, lag = servo.gainprm, servo.biasprm, servo.dynprm
        else:
            i = model.actuator(name).id
            gain, bias, lag = model.actuator_gainprm[i], model.actuator_biasprm[i], model.actuator_dynprm[i]
        gain[0] *= kp_ratio
        bias[1] *= kp_ratio
        lag[0] = time_constant_s


def fit_physics(
    model: Model, twin: Twin, drives: Sequence[Drive], recorded: Sequence[Played], ranges: dict[str, Range]
) -> tuple[Physics, float, float]:
    """The latency, gain and lag of servos, each within its range, under which the twin's joints go as they were recorded.

    Args:
        ranges: some of `latency_s`, `servo_kp_nm_per_rad`, `servo_time_constant_s`.

    Returns:
        The physics, and the root mean squared difference of reported joints before and after, in degrees.
    """
    names, before = list(ranges), twin.physics
    gains, biases = model.actuator_gainprm.copy(), model.actuator_biasprm.copy()
    truth = np.concatenate([played.joints[1:] for played in recorded])
    arm = np.array(twin.robot.of_arm, bool)  # the gripper's way depends on what it holds

    def physics_of(u: np.ndarray) -> Physics:
        said = {name: low + float(x - 1) * (high - low) for name, x, (low, high) in zip(names, u, ranges.values(), strict=True)}
        kp = said.get("servo_kp_nm_per_rad", before.servo.kp_nm_per_rad)
        lag = said.get("servo_time_constant_s", before.servo.time_constant_s)
        servo = replace(before.servo, kp_nm_per_rad=kp, time_constant_s=lag)
        return replace(before, servo=servo, latency_s=said.get("latency_s", before.latency_s))

    def residual(physics: Physics) -> np.ndarray:
        model.actuator_gainprm[:], model.actuator_biasprm[:] = gains, biases
        with_servos(model, twin.robot, physics.servo.kp_nm_per_rad / before.servo.kp_nm_per_rad, physics.servo.time_constant_s)
        bench = Bench(model, physics, twin.task, twin.control_hz, [one.start for one in drives], robot=twin.robot)
        played = play(bench, [one.actions for one in drives], {})
        return np.degrees(np.concatenate([one.joints[1:] for one in played]) - truth)[:, arm].ravel()

    def at(value: float, low: float, high: float) -> float:
        return float(np.clip((value - low) / (high - low), 0.05, 0.95)) + 1

    first = residual(before)
    now = {"latency_s": before.latency_s, **vars(before.servo)}
    now |= {"servo_kp_nm_per_rad": now.pop("kp_nm_per_rad"), "servo_time_constant_s": now.pop("time_constant_s")}
    begun = np.array([at(now[name], *ranges[name]) for name in names])
    found = least_squares(
        lambda u: residual(physics_of(u)), begun, bounds=(1, 2), diff_step=COARSE, loss="soft_l1", f_scale=2.0, max_nfev=12
    )
    best = physics_of(found.x)
    last = residual(best)
    return best, float(np.sqrt(np.mean(first**2))), float(np.sqrt(np.mean(last**2)))


@dataclass(frozen=True)
class Seen:
    """A camera as it was found: its pose, the gain [3] of its colours, and the mean difference of brightness before and after."""

    camera: Camera
    gain: tuple[float, ...]
    before: float
    after: float


def fit_camera(
    model: Model,
    camera: Camera,
    behind: Callable[[Camera], Backdrop],
    look: Look,
    samples: int,
    states: Sequence[np.ndarray],
    pictures: np.ndarray,
    shift_m: float,
    turn_deg: float,
    exposure: float,
) -> Seen:
    """The pose and the gains of a camera under which the twin, in the `states` of the pictures, looks most like them.

    Args:
        behind: what the splat shows a camera.
        states: as `runtime.sim.episodes.replay.state_of` has them, one for each picture.
        pictures: u8 [K, H, W, 3].
        shift_m: farthest move along each axis; 0 leaves the place.
        turn_deg: largest turn about each axis; 0 leaves the direction.
        exposure: largest relative change of each colour's gain; 0 leaves them. While the pose is looked for they are free.
    """
    real, data = _smooth(pictures.astype(np.float32) / 255), mujoco.MjData(model)
    reach = np.repeat((shift_m, np.radians(turn_deg)), 3)
    free = reach > 0

    def moved(u: np.ndarray) -> Camera:
        by = np.zeros(6)
        by[free] = (u - 1) * reach[free]
        return camera.moved(by[:3], by[3:])

    def drawn(at: Camera) -> np.ndarray:
        eye, found = Eye(model, at, behind(at), look, samples), []
        for state in states:
            mujoco.mj_setState(model, data, state, SEEN)
            mujoco.mj_kinematics(model, data)
            found.append(eye.light(data))
        return _smooth(np.stack(found))

    def gains(ours: np.ndarray, most: float) -> np.ndarray:
        """Of each colour, by the median ratio: what only one of both shows does not count."""
        lit = ours > 0.02
        ratio = [np.median(real[..., c][lit[..., c]] / ours[..., c][lit[..., c]]) if lit[..., c].any() else 1.0 for c in range(3)]
        return np.clip(ratio, 1 - most, 1 + most)

    def residual(u: np.ndarray) -> np.ndarray:
        ours = drawn(moved(u))
        apart = (np.clip(ours * gains(ours, 0.9), 0, 1) - real).ravel() / FIT_SCALE
        robust = np.sign(apart) * np.sqrt(2 * (np.sqrt(1 + apart**2) - 1)) * FIT_SCALE  # soft l1 (Charbonnier)
        return np.append(robust / np.sqrt(apart.size), PRIOR * (u - 1))

    begun = np.ones(int(free.sum()))
    at = begun
    if free.any():
        found = least_squares(residual, begun, bounds=(0, 2), diff_step=COARSE, max_nfev=10)
        at = found.x
    best, first = drawn(moved(at)), drawn(camera)
    gain = gains(best, exposure) if exposure else np.ones(3)
    before, after = (float(np.abs(np.clip(x, 0, 1) - real).mean()) for x in (first, best * gain))
    return Seen(moved(at), tuple(map(float, gain)), before, after)


def _smooth(pictures: np.ndarray) -> np.ndarray:
    return uniform_filter(pictures, (0, 3, 3, 0))
