"""What a world model knows of loose objects, which are pushed and carried: a closer look at each, and how they follow the hand.

A pixel of the twin's camera is about 10 mm wide where objects stand, and one camera hardly tells a high object from a far one;
but an object that is held is where the hand is.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from runtime.world.each import Each
from runtime.world.skeleton import Skeleton, View

CM = 0.01
PLANE_M = 0.02
"""Height of the plane on which eyes look for objects."""
WINDOW = 16
"""Edge in pixels of what is looked at closely."""
SHARP = 4.0
"""How much steeper than a plain sigmoid it is decided whether an object is held: of what is not held next to nothing rides."""


class Closer(nn.Module):
    """Pictures once more, around where eyes saw each object: how far aside of that it is, how high, and where in the hand if it
    is held. A perceptron on pixels: around a place that is nearly right, where an object is is all but linear in them."""

    offsets: Tensor
    pixel: Tensor

    def __init__(self, objects: int, joints: int, size: tuple[int, int], skeleton: Skeleton, view: View, width: int = 96) -> None:
        super().__init__()
        self.objects, self.skeleton, self.view = objects, skeleton, view
        y, x = torch.meshgrid(*2 * [torch.arange(WINDOW) - (WINDOW - 1) / 2], indexing="ij")
        self.register_buffer("pixel", torch.tensor([2 / size[1], 2 / size[0]]), persistent=False)
        self.register_buffer("offsets", torch.stack([x, y], -1) * self.pixel, persistent=False)
        self.enter, self.leave = Each(objects, 6 * WINDOW**2 + joints + 14, width), Each(objects, width, 7, 0.1)

    def forward(self, picture: Tensor, behind: Tensor, joints: Tensor, rough: Tensor) -> Tensor:
        """Pictures and backdrops [B, 3, H, W] in 0..1, joints [B, J], where eyes saw objects [B, K, 3] -> where they are
        [B, K, 3], metres."""
        k, rough = self.objects, rough.detach()
        middle, depth = self.view(rough)
        both = torch.cat([(picture - behind) * 4, picture * 2 - 1], 1)
        grid = (middle[:, :, None, None] + self.offsets).flatten(1, 2)  # the windows of all objects, one above another
        pixels = F.grid_sample(both, grid, align_corners=False, padding_mode="border").unflatten(2, (k, WINDOW))
        tip, hand = self.skeleton.hand_of(joints)
        local = ((rough - tip[:, None])[..., None, :] @ hand[:, None])[..., 0, :]
        told = [rough * 5, middle, depth[..., None] * 2, near(local)]
        told += [x[:, None].expand(-1, k, -1) for x in (hand[:, 2, :2], joints)]
        seen = torch.cat([pixels.transpose(1, 2).flatten(2), *told], -1).transpose(0, 1)
        raw = self.leave(torch.relu(self.enter(seen))).transpose(0, 1)
        high = PLANE_M + raw[..., 2:3] * CM
        aside = torch.cat([self.view.on_plane(middle + raw[..., :2] * self.pixel, high), high], -1)
        ridden = tip[:, None] + (hand[:, None] @ (raw[..., 3:6] * CM)[..., None])[..., 0]
        return torch.lerp(aside, ridden, torch.sigmoid(raw[..., 6:] * SHARP - 2))


class Hand(NamedTuple):
    """Where the hand is, in worlds of every member."""

    tip: Tensor  # [M, B, 3] metres
    turned: Tensor  # [M, B, 3, 3]
    points: Tensor  # [M, B, P, 3] the tip, and ends of the solids of hand and fingers; none where nobody looks


class Handling(nn.Module):
    """How objects move in a step, from where they are to the hand before and after it: what is held rides with the hand, what is
    pushed or falls goes its own way."""

    def __init__(self, members: int, joints: int, objects: int, told: int, width: int) -> None:
        super().__init__()
        self.objects = objects
        self.enter = Each(members, told + joints + 14 * objects, width)
        self.leave = Each(members, width, 8 * objects, 0.1)

    def forward(
        self, before: Hand, after: Hand, objects: Tensor, turns: Tensor, joints: Tensor, told: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The hand before and after, objects [M, B, K, 3] and turns [M, B, K, 2] before, joints [M, B, J] after, what else is
        known [M, B, C] -> steps [M, B, K, 3], metres, with the hand and of their own, and four times the turns made [M, B, K]."""
        local = to_hand(objects, before)
        left = to_hand(objects, after)  # where they would be to the hand if they stayed
        seen = torch.cat([near(local), near(left), turns], -1).flatten(2)
        raw = self.leave(torch.relu(self.enter(torch.cat([told, joints, seen], 2)))).unflatten(2, (self.objects, 8))
        return followed(raw, raw[..., 4:7], local, before, after, objects)


class Fingers(nn.Module):
    """As `Handling`, but fingers are seen from each object, in its own frame, before the step and after it if nothing were in
    their way; and what is in their way holds joints back, so that a grip that shuts upon an object does not go through it."""

    def __init__(self, members: int, joints: int, objects: int, told: int, width: int, points: int) -> None:
        super().__init__()
        self.joints, self.objects = joints, objects
        self.enter = Each(members, told + 3 * joints + (14 + 12 * points) * objects, width)
        self.mid, self.leave = Each(members, width, width), Each(members, width, joints + 8 * objects, 0.1)

    def forward(
        self,
        before: Hand,
        free: Hand,
        objects: Tensor,
        turns: Tensor,
        joints: tuple[Tensor, Tensor, Tensor],
        told: Tensor,
        reach: Callable[[Tensor], Hand],
    ) -> tuple[Tensor, Hand, tuple[Tensor, Tensor, Tensor]]:
        """The hand before, and after in a free way; joints before, after in a free way, and asked for, [M, B, J] each; `reach`
        tells where joints put the hand; else as `Handling` -> joints after, the hand after, and what `Handling` gives."""
        angle = torch.atan2(turns[..., 1], turns[..., 0]) / 4
        c, s = torch.cos(angle), torch.sin(angle)
        points = torch.cat([before.points, free.points], 2)[:, :, None] - objects[..., None, :]
        own = _upright(points, c[..., None], -s[..., None]) / CM
        own = torch.cat([torch.tanh(own / 1.5), torch.tanh(own / 4)], -1).flatten(3)
        local, left = to_hand(objects, before), to_hand(objects, free)
        seen = torch.cat([near(local), near(left), turns, own], -1).flatten(2)
        was, freely, asked = joints
        x = torch.relu(self.enter(torch.cat([told, freely, seen, (asked - freely) * 10, (freely - was) * 10], 2)))
        held_back, raw = self.leave(torch.relu(self.mid(x))).split([self.joints, 8 * self.objects], 2)
        raw, at = raw.unflatten(2, (self.objects, 8)), freely + held_back * 0.02
        after = reach(at)
        return at, after, followed(raw, _upright(raw[..., 4:7], c, s), local, before, after, objects)


def to_hand(objects: Tensor, hand: Hand) -> Tensor:
    """Where objects [M, B, K, 3] are in the hand's frame: rows times a rotation lead into it."""
    return (objects - hand.tip[..., None, :]) @ hand.turned


def followed(
    raw: Tensor, further: Tensor, local: Tensor, before: Hand, after: Hand, objects: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What was said of objects [M, B, K, 8] (whether each is held, its own step in the hand's frame, -, its own turn), a further
    step in centimetres, where they were to the hand -> steps with it and of their own, metres, and four times the turns."""
    held = torch.sigmoid(raw[..., :1] * SHARP - 2)
    ridden = after.tip[..., None, :] + local @ after.turned.transpose(-1, -2) - objects
    own = raw[..., 1:4] @ after.turned.transpose(-1, -2) + further
    rolled = after.turned @ before.turned.transpose(-1, -2)
    yaw = torch.atan2(rolled[..., 1, 0] - rolled[..., 0, 1], rolled[..., 0, 0] + rolled[..., 1, 1])
    return held * ridden, own * CM, 4 * held[..., 0] * yaw[..., None] + raw[..., 7] * 0.2


def _upright(away: Tensor, c: Tensor, s: Tensor) -> Tensor:
    """Vectors [..., 3] turned about the vertical by an angle of cosine and sine [...]."""
    x, y, z = away.unbind(-1)
    return torch.stack([c * x - s * y, s * x + c * y, z], -1)


def near(away: Tensor) -> Tensor:
    """Vectors [..., 3] in metres as [..., 6]: in units of about 3 cm, and of 18."""
    return torch.cat([torch.tanh(away / (3 * CM)), torch.tanh(away / (18 * CM))], -1)
