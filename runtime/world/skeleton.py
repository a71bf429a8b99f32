"""Where a robot's parts are, as a differentiable function of its joints, and where a camera sees points."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.robot import FOREGROUND_GROUP, TIP_SITE, Robot
from runtime.sim.pixels.camera import Camera


class Skeleton(nn.Module):
    """The robot of a scene: joints [B, J] (rad, as measured) -> its tip, and the axis of each of its solids.

    Joints that nobody moves stay as the model has them. All constants are buffers, so that a saved model knows its robot.
    """

    pos: Tensor
    rot: Tensor
    axis: Tensor
    anchor: Tensor
    ends: Tensor
    tip: Tensor

    def __init__(
        self,
        bodies: int,
        segments: int,
        parents: Sequence[int],
        moved: Sequence[int],
        slides: Sequence[bool],
        owners: Sequence[int],
    ):
        super().__init__()
        self.parents, self.moved, self.slides, self.owners = list(parents), list(moved), list(slides), list(owners)
        for name, shape in {"pos": (bodies, 3), "rot": (bodies, 3, 3), "axis": (bodies, 3), "anchor": (bodies, 3)}.items():
            self.register_buffer(name, torch.zeros(shape))
        self.register_buffer("ends", torch.zeros(segments, 2, 3))
        self.register_buffer("tip", torch.zeros(3))

    def facts(self) -> dict[str, list[int] | list[bool]]:
        """What `__init__` takes besides numbers of bodies and segments."""
        return {"parents": self.parents, "moved": self.moved, "slides": self.slides, "owners": self.owners}

    def forward(self, joints: Tensor) -> tuple[Tensor, Tensor]:
        """Joints [B, J] -> tip [B, 3] and ends of segments [B, S, 2, 3], metres, in the robot's base frame."""
        turns, places = self._poses(joints, range(len(self.parents)))
        turn, place = (torch.stack([x[b] for b in sorted(x)], 1)[:, self.owners] for x in (turns, places))
        ends = torch.einsum("bsij,skj->bski", turn[:, 1:], self.ends) + place[:, 1:, None]
        return (turn[:, 0] @ self.tip) + place[:, 0], ends

    def tip_of(self, joints: Tensor) -> Tensor:
        """Joints [B, J] -> tip [B, 3] alone, which is less work."""
        return self.hand_of(joints)[0]

    def hand_of(self, joints: Tensor) -> tuple[Tensor, Tensor]:
        """Joints [B, J] -> tip [B, 3], and how the body that bears it is turned [B, 3, 3]."""
        turns, places = self._poses(joints, self._chain(self.owners[0]))
        turn = turns[self.owners[0]]
        return turn @ self.tip + places[self.owners[0]], turn

    def grasping(self) -> list[int]:
        """Segments of the body that bears the tip, and of those that joints move beneath it: hand and fingers."""
        return [i for i, b in enumerate(self.owners[1:]) if self.owners[0] in self._chain(b)]

    def grasp_of(self, joints: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `hand_of`, and points [B, 1 + 2 S, 3], metres: the tip, and ends of the segments of hand and fingers."""
        segments = self.grasping()
        own = [self.owners[0], *(self.owners[1 + i] for i in segments)]
        turns, places = self._poses(joints, sorted({b for o in own for b in self._chain(o)}), at_once=True)
        turn, place = (torch.stack([x[b] for b in own], 1) for x in (turns, places))
        tip = turn[:, 0] @ self.tip + place[:, 0]
        ends = torch.einsum("bsij,skj->bski", turn[:, 1:], self.ends[segments]) + place[:, 1:, None]
        return tip, turn[:, 0], torch.cat([tip[:, None], ends.flatten(1, 2)], 1)

    def _chain(self, body: int) -> list[int]:
        """A body and all that bear it, the root first."""
        chain = []
        while body >= 0:
            chain.append(body)
            body = self.parents[body]
        return chain[::-1]

    def _poses(self, joints: Tensor, bodies: Sequence[int], at_once: bool = False) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
        """Rotations [B, 3, 3] and places [B, 3] of bodies, parents first. `at_once` is quicker, and rounds otherwise."""
        turns: dict[int, Tensor] = {}
        places: dict[int, Tensor] = {}
        turned = [b for b in bodies if self.moved[b] >= 0 and not self.slides[b]]
        about = (
            {b: _about(self.axis[b], joints[:, self.moved[b]]) for b in turned}
            if not at_once
            else dict(zip(turned, _about(self.axis[turned], joints[:, [self.moved[b] for b in turned]]).unbind(1), strict=True))
        )
        for b in bodies:
            parent = self.parents[b]
            turn, place = self.rot[b].expand(len(joints), 3, 3), self.pos[b].expand(len(joints), 3)
            if (j := self.moved[b]) >= 0 and self.slides[b]:
                place = place + joints[:, j, None] * (self.rot[b] @ self.axis[b])
            elif j >= 0:
                own = about[b]
                place = place + (self.rot[b] @ (self.anchor[b] - (own @ self.anchor[b])).T).T
                turn = turn @ own
            if parent >= 0:
                place = places[parent] + (turns[parent] @ place[..., None])[..., 0]
                turn = turns[parent] @ turn
            turns[b], places[b] = turn, place
        return turns, places


def _about(axes: Tensor, angles: Tensor) -> Tensor:
    """Rotations [B, ..., 3, 3] about unit axes [..., 3] by angles [B, ...] (Rodrigues)."""
    x, y, z = axes.unbind(-1)
    zero = torch.zeros_like(x)
    k = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    s, c = torch.sin(angles)[..., None, None], torch.cos(angles)[..., None, None]
    return torch.eye(3) + s * k + (1 - c) * (k @ k)


def skeleton_of(model: Model, robot: Robot) -> Skeleton:
    """Read a scene's robot: the bodies under the tip's root, and of each solid that can be seen its longest axis."""
    tip = model.site(TIP_SITE).id
    own = [b for b in range(model.nbody) if model.body_rootid[b] == model.body_rootid[model.site_bodyid[tip]]]
    index = {b: i for i, b in enumerate(own)}
    geoms = [g for g in range(model.ngeom) if model.geom_bodyid[g] in index and model.geom_group[g] == FOREGROUND_GROUP]
    movers = {model.joint(name).id: j for j, name in enumerate(robot.model_names)}
    joint_of = {int(model.jnt_bodyid[j]): j for j in movers}
    moved = [movers[joint_of[b]] if b in joint_of else -1 for b in own]
    slides = [b in joint_of and model.jnt_type[joint_of[b]] == mujoco.mjtJoint.mjJNT_SLIDE for b in own]
    owners = [index[int(model.site_bodyid[tip])], *(index[int(model.geom_bodyid[g])] for g in geoms)]
    made = Skeleton(
        len(own), len(geoms), [index.get(int(model.body_parentid[b]), -1) for b in own], moved, [bool(s) for s in slides], owners
    )
    made.pos.copy_(torch.from_numpy(model.body_pos[own]))
    made.rot.copy_(torch.from_numpy(np.stack([_matrix(model.body_quat[b]) for b in own])))
    for i, b in enumerate(own):
        if b in joint_of:
            made.axis[i] = torch.from_numpy(model.jnt_axis[joint_of[b]])
            made.anchor[i] = torch.from_numpy(model.jnt_pos[joint_of[b]])
    for s, g in enumerate(geoms):
        half = model.geom_aabb[g, 3:]
        along = np.eye(3)[int(np.argmax(half))] * max(0.0, half.max() - np.sort(half)[1])
        middle = model.geom_pos[g] + _matrix(model.geom_quat[g]) @ model.geom_aabb[g, :3]
        reach = _matrix(model.geom_quat[g]) @ along
        made.ends[s] = torch.from_numpy(np.stack([middle - reach, middle + reach]))
    made.tip.copy_(torch.from_numpy(model.site_pos[tip]))
    return made


def _matrix(quat: np.ndarray) -> np.ndarray:
    found = np.empty(9)
    mujoco.mju_quat2Mat(found, quat)
    return found.reshape(3, 3)


class View(nn.Module):
    """A camera that stands still: points [..., 3] -> across and down in -1..1 of the picture, and depth in metres."""

    world: Tensor
    lens: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("world", torch.eye(4))
        self.register_buffer("lens", torch.ones(4))

    def look(self, camera: Camera) -> "View":
        """Stand where the camera stands."""
        k, wide, high = camera.K, camera.width, camera.height
        self.world.copy_(torch.from_numpy(np.linalg.inv(camera.c2w)))
        self.lens.copy_(torch.tensor([2 * k[0, 0] / wide, 2 * k[1, 1] / high, 2 * k[0, 2] / wide - 1, 2 * k[1, 2] / high - 1]))
        return self

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """[..., 3] -> [..., 2] and [...]."""
        seen = points @ self.world[:3, :3].T + self.world[:3, 3]
        depth = seen[..., 2].clamp_min(0.02)
        return seen[..., :2] / depth[..., None] * self.lens[:2] + self.lens[2:], depth

    def on_plane(self, places: Tensor, height_m: float | Tensor) -> Tensor:
        """Where rays through places [..., 2] of the picture meet the plane z = `height_m` (of all, or
        of each [..., 1]): x and y [..., 2], metres."""
        rays = torch.cat([(places - self.lens[2:]) / self.lens[:2], torch.ones_like(places[..., :1])], -1) @ self.world[:3, :3]
        eye = -self.world[:3, 3] @ self.world[:3, :3]
        return eye[:2] + rays[..., :2] * ((height_m - eye[2]) / rays[..., 2:].clamp_max(-0.05))
