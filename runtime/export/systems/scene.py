"""A twin as other simulators with splats take it: Gaussians of the place, and of each body in its own frame."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from runtime.problem import InputError, Problem
from runtime.sim.episodes.episodes import Episode, load_episodes, place
from runtime.sim.parts.mj import Data, Model, mujoco
from runtime.sim.pixels.raycast import lambert
from runtime.sim.pixels.splat_eye import OPACITY, shell_of
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import Twin, read_model, read_twin
from runtime.splat.gaussians import Gaussians, rgb_to_sh
from runtime.splat.ply import read_ply
from runtime.splat.sh import basis

SPACING_M = 0.004
"""Longest edge of the triangles of robot and objects that get a Gaussian each, as in `splat_demos`."""


@dataclass(frozen=True)
class Scene:
    """Artifacts that an export is made of: a twin, the splat that it stands in, and demos of it."""

    twin_folder: Path
    splat: Path
    demos: Path

    @cached_property
    def twin(self) -> Twin:
        """What is assumed of the place."""
        return read_twin(self.twin_folder)

    @cached_property
    def model(self) -> Model:
        """The compiled scene."""
        return read_model(self.twin_folder)

    @cached_property
    def episodes(self) -> list[Episode]:
        """The demos' states and actions."""
        return load_episodes(self.demos / "episodes.npz")

    @cached_property
    def place(self) -> Gaussians:
        """The place, in its splat's own coordinates."""
        return read_ply(self.splat)

    @property
    def objects(self) -> tuple[str, ...]:
        """Bodies of the task's objects."""
        return tuple(kind_of(self.twin.task).OBJECTS)

    def at(self, episode: Episode, step: int) -> Data:
        """The scene at a step of an episode, geometry alone."""
        data = mujoco.MjData(self.model)
        place(self.model, data, episode.qpos[step], episode.objects_m, episode.turns)
        return data

    @cached_property
    def bodies(self) -> dict[str, Gaussians]:
        """Body -> its Gaussians in its own frame, metres; lit as where the first demo begins, without shadows, as a scan is.

        Raises:
            InputError: R278 when something drawn has no surface that ends.
        """
        shell, data = shell_of(self.model, SPACING_M), self.at(self.episodes[0], 0)
        means, quats, normals = shell.placed(data)
        albedo = np.clip(shell.albedo * np.array(self.twin.look.color_gain), 0, 1)
        sh = rgb_to_sh(albedo * lambert(self.twin.look.lamp, means, normals, np.ones(len(means), bool)))[:, None]
        of, found = self.model.geom_bodyid[shell.geom], {}
        world = Gaussians(means, quats, shell.scales, np.full(len(means), OPACITY), sh)
        for body in np.unique(of):
            pose = np.eye(4)
            pose[:3, :3], pose[:3, 3] = data.xmat[body].reshape(3, 3), data.xpos[body]
            found[self.model.body(body).name] = moved(world.select(of == body), np.linalg.inv(pose))
        return found

    def joint_positions(self, qpos: np.ndarray) -> np.ndarray:
        """Angles [..., J] of the robot's joints in states [..., nq]."""
        return qpos[..., [self.model.joint(name).qposadr[0] for name in self.twin.robot.model_names]]


def moved(gaussians: Gaussians, similarity: np.ndarray) -> Gaussians:
    """Gaussians under a rotation, a scale and a shift [4, 4]; their harmonics turn with them, exactly up to rounding."""
    scale = float(np.linalg.norm(similarity[:3, 0]))
    turn, by = similarity[:3, :3] / scale, np.empty(4)
    mujoco.mju_mat2Quat(by, np.ascontiguousarray(turn).ravel())
    means = gaussians.means.astype(np.float64) @ similarity[:3, :3].T + similarity[:3, 3]
    quats = np.empty_like(gaussians.quats, np.float64)
    for made, quat in zip(quats, gaussians.quats.astype(np.float64), strict=True):
        mujoco.mju_mulQuat(made, by, quat)
    sh, count = gaussians.sh, gaussians.sh.shape[1]
    if count > 1:
        seen = np.random.default_rng(0).standard_normal((200, 3))
        seen /= np.linalg.norm(seen, axis=1, keepdims=True)
        ours, theirs = _basis(gaussians.sh_degree, seen), _basis(gaussians.sh_degree, seen @ turn)
        sh = np.einsum("ij,njc->nic", np.linalg.lstsq(ours, theirs, rcond=None)[0], sh)
    return Gaussians(means, quats, gaussians.scales * scale, gaussians.opacities, sh)


def refused(why: str, help: str, key: str = "FILE") -> InputError:
    """R428: what another program is to take, or gave, is not what it says."""
    return InputError(Problem("R428", why, help, key))


def numbers_of(rows: Mapping[str, object], key: str, where: str) -> np.ndarray:
    """A table [T, D] of finite numbers among what a program wrote.

    Raises:
        InputError: R428 when it is none.
    """
    try:
        found = np.array(rows[key], np.float64)
        fit = found.ndim == 2 and found.size > 0 and bool(np.isfinite(found).all())
    except (KeyError, TypeError, ValueError):
        fit, found = False, np.empty((0, 0))
    if not fit:
        raise refused(f"`{key}` of `{where}` is no table of numbers", "record it again")
    return found


def _basis(degree: int, directions: np.ndarray) -> np.ndarray:
    found = np.zeros((len(directions), 16))
    for row, (x, y, z) in zip(found, directions, strict=True):
        _fill(degree, x, y, z, row)
    return found[:, : (degree + 1) ** 2]


def _fill(degree: int, x: float, y: float, z: float, row: np.ndarray) -> None:
    getattr(basis, "py_func", basis)(degree, x, y, z, row)
