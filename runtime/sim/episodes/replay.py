"""The same targets played in a twin and at its place: how far joints, tip and pictures come apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from runtime.bound.dataset import FoundDataset
from runtime.bound.source import HiddenSite
from runtime.problem import InputError, Problem
from runtime.recorded.files import fit
from runtime.recorded.info import Unfit, read_info
from runtime.recorded.read import episodes
from runtime.sim.episodes.episodes import Film
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.start import Start
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.site.install import install
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import Twin
from runtime.splat.metrics import psnr, ssim

SEEN = int(mujoco.mjtState.mjSTATE_QPOS | mujoco.mjtState.mjSTATE_MOCAP_POS | mujoco.mjtState.mjSTATE_MOCAP_QUAT)
"""What of a state a picture depends on."""
_STREAM = 61
CHANGED = 8 / 255
"""A pixel of the twin's picture that is farther than this from the empty one shows robot, objects or their shadow."""


class Drive(NamedTuple):
    """What is played: where an episode begins, and its joint targets [T, J], rad."""

    start: Start
    actions: np.ndarray


@dataclass(frozen=True)
class Played:
    """What came of a drive: reported joints [T + 1, J] in rad, places of the tip [T + 1, 3] in metres, and every so many steps
    a picture of each camera and the state that it shows."""

    joints: np.ndarray
    tips: np.ndarray
    films: Film
    states: list[np.ndarray]


def drives(model: Model, twin: Twin, count: int, seconds: float, noise_rad: float, seed: int) -> list[Drive]:
    """What the scripted expert does in the twin from starts of development, disturbed by noise of `noise_rad` that stays for a
    while, so that the joints are excited; at most `seconds` of it, and no longer than the task's time."""
    kind, robot = kind_of(twin.task), twin.robot
    starts = [kind.draw_start(twin.task, i, "development", seed, robot) for i in range(count)]
    bench = Bench(model, twin.physics, twin.task, twin.control_hz, starts, robot=robot)
    rng, drift, done = np.random.default_rng([_STREAM, seed]), np.zeros((count, robot.action_dim)), []
    for _ in range(max(1, round(min(seconds, twin.task.horizon_s) * twin.control_hz))):
        drift = 0.6 * drift + 0.8 * rng.normal(0, noise_rad, drift.shape) * robot.of_arm
        done.append(np.stack([expert_action(twin.task, bench.seen(i), robot) for i in range(count)]) + drift)
        bench.step(done[-1])
    return [Drive(start, np.stack(done, 1)[i]) for i, start in enumerate(starts)]


def play(bench: Bench, actions: Sequence[np.ndarray], eyes: Mapping[str, Eye], every: int = 10, seed: int = 0) -> list[Played]:
    """Play targets [T, J] in each row of the bench, open loop. Without eyes nothing is drawn."""
    n, most = len(bench), max(map(len, actions))
    joints, tips = [bench.measured()], [bench.tips()]
    films = [{name: list[np.ndarray]() for name in eyes} for _ in range(n)]
    states = [list[np.ndarray]() for _ in range(n)]

    def pictured(step: int) -> None:
        for i in range(n) if step % every == 0 else ():
            if step <= len(actions[i]):
                states[i].append(state_of(bench, i))
                for name, eye in eyes.items():
                    films[i][name].append(eye.see(bench.datas[i], np.random.default_rng([_STREAM, seed, i, step])))

    pictured(0)
    for step in range(most):
        active = np.array([step < len(one) for one in actions])
        bench.step(np.stack([one[min(step, len(one) - 1)] for one in actions]), active)
        joints.append(bench.measured())
        tips.append(bench.tips())
        pictured(step + 1)
    return [
        Played(
            np.stack(joints)[: len(actions[i]) + 1, i],
            np.stack(tips)[: len(actions[i]) + 1, i],
            {name: np.stack(film) for name, film in films[i].items()},
            states[i],
        )
        for i in range(n)
    ]


def state_of(bench: Bench, row: int) -> np.ndarray:
    """All that a picture of a row depends on."""
    state = np.empty(mujoco.mj_stateSize(bench.model, SEEN))
    mujoco.mj_getState(bench.model, bench.datas[row], state, SEEN)
    return state


def shown_as(eye: Eye, states: Sequence[np.ndarray]) -> np.ndarray:
    """The pictures u8 [K, H, W, 3] of states of `state_of`."""
    data, frames = mujoco.MjData(eye.model), []
    for state in states:
        mujoco.mj_setState(eye.model, data, state, SEEN)
        mujoco.mj_kinematics(eye.model, data)
        frames.append(eye.see(data, np.random.default_rng(0)))
    return np.stack(frames)


def recorded_at(
    site: HiddenSite | None,
    data: FoundDataset | None,
    folder: Path | None,
    model: Model,
    twin: Twin,
    count: int,
    how: tuple[float, float, int],
    every: int,
) -> tuple[list[Drive], list[Played]]:
    """Drives, and what came of them at the place: recordings where there are any, else what its hidden site does under drives of
    the twin (`how`: seconds, noise in rad, seed).

    Raises:
        InputError: R395 when there is neither.
    """
    if data is not None and folder is not None:
        pairs = list(recordings(data, folder, model, twin, count, every))
        return [drive for drive, _ in pairs], [played for _, played in pairs]
    if site is None:
        message = "the location has neither a hidden site nor recordings (`data`) to hold its twin against"
        raise InputError(Problem("R395", message, "name a dataset in `data` of the location or task", "data"))
    found = drives(model, twin, count, *how)
    return found, at_site(site, twin, found, every, how[2])


def at_site(site: HiddenSite, twin: Twin, found: Sequence[Drive], every: int, seed: int) -> list[Played]:
    """What the hidden site's robot reports and its cameras see under the drives. The tip is where it truly is."""
    real = install(site, twin)
    bench = Bench(real.model, real.physics, twin.task, twin.control_hz, [one.start for one in found], robot=twin.robot)
    return play(bench, [one.actions for one in found], real.eyes, every, seed)


def recordings(
    data: FoundDataset, folder: Path, model: Model, twin: Twin, most: int, every: int
) -> Iterator[tuple[Drive, Played]]:
    """The first episodes of a dataset that people recorded, as drives and what came of them. Where objects were is not known:
    they stand as at the task's first start. The tip is where the reported joints put it.

    Raises:
        InputError: R396 when the rate is not the twin's; what is wrong with the dataset else (`runtime.recorded`).
    """
    try:
        info = read_info(folder, data.path)
    except Unfit as unfit:
        raise InputError(unfit.problem) from unfit
    if wrong := [problem for problem in fit(data, info, twin.robot) if not problem.warning]:
        raise InputError(*wrong)
    if abs((data.fps or info.fps) - twin.control_hz) > 1e-6:
        message = f"recordings have {data.fps or info.fps} frames a second, and the twin acts {twin.control_hz:g} times"
        raise InputError(Problem("R396", message, "set `fps` of `data` to the twin's `control_hz`", "data.fps"))
    first = kind_of(twin.task).draw_start(twin.task, 0, "development", robot=twin.robot)
    bench = Bench(model, twin.physics, twin.task, twin.control_hz, [first], robot=twin.robot)
    known = {camera.name for camera in twin.cameras}
    for episode in islice(episodes(data, folder, info, twin.robot), most):
        joints, tips = np.asarray(episode["state"], float), []
        for pose in joints:
            bench.reset([0], [replace(first, joints_rad=pose)])
            tips.append(bench.tips()[0])
        films = {name: film[::every] for name, film in episode["images"].items() if name in known}
        yield (
            Drive(replace(first, joints_rad=joints[0]), np.asarray(episode["action"], float)[:-1]),
            Played(joints, np.stack(tips), films, []),
        )


def difference(
    twin: Sequence[Played], place: Sequence[Played], empty: Mapping[str, np.ndarray], names: Sequence[str]
) -> dict[str, object]:
    """How far two playings of the same drives are apart, as metrics.

    `joint_rmse_deg`: root of the mean squared difference of reported joints, over steps and joints, and of each joint by itself;
    `tip_error_mm`: mean distance of the tips. `ssim`: mean structural similarity of pictures (Wang et al. 2004), all pixels;
    `psnr_background_db`: over pixels at which the twin shows neither robot nor objects nor their shadow (farther than 8 levels
    from the `empty` picture u8 [1, H, W, 3] of its camera), of cameras that stand still.
    """
    apart = np.degrees(np.concatenate([a.joints[1:] - b.joints[1:] for a, b in zip(twin, place, strict=True)]))
    tips = np.concatenate([np.linalg.norm(a.tips[1:] - b.tips[1:], axis=1) for a, b in zip(twin, place, strict=True)])
    found: dict[str, object] = {
        "joint_rmse_deg": round(float(np.sqrt(np.mean(apart**2))), 3),
        "joint_rmse": {name: round(float(np.sqrt(np.mean(apart[:, j] ** 2))), 3) for j, name in enumerate(names)},
        "tip_error_mm": round(1000 * float(tips.mean()), 2),
    }
    alike, noise = [], []
    for a, b in zip(twin, place, strict=True):
        for camera in a.films.keys() & b.films.keys():
            for ours, theirs in zip(a.films[camera], b.films[camera], strict=False):
                mine, real = ours.astype(np.float32) / 255, theirs.astype(np.float32) / 255
                alike.append(ssim(mine, real))
                if camera in empty:
                    still = np.abs(mine - empty[camera][0].astype(np.float32) / 255).max(axis=2) < CHANGED
                    noise.append(psnr(mine[still], real[still]) if still.any() else np.nan)
    pictures = {"ssim": alike, "psnr_background_db": [x for x in noise if np.isfinite(x)]}
    return found | {name: round(float(np.mean(values)), 3) for name, values in pictures.items() if values}
