"""What a world model knows of loose objects, which are pushed and carried: a closer look at each, and how they follow the hand.

A pixel of the twin's camera is about 10 mm wide where objects stand, and one camera hardly tells a high object from a far one;
but an object that is held is where the hand is.
"""

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


class Handling(nn.Module):
    """How objects move in a step, from where they are to the hand before and after it: what is held rides with the hand, what is
    pushed or falls goes its own way."""

    def __init__(self, members: int, joints: int, objects: int, told: int, width: int) -> None:
        super().__init__()
        self.objects = objects
        self.enter = Each(members, told + joints + 14 * objects, width)
        self.leave = Each(members, width, 8 * objects, 0.1)

    def forward(
        self,
        before: tuple[Tensor, Tensor],
        after: tuple[Tensor, Tensor],
        objects: Tensor,
        turns: Tensor,
        joints: Tensor,
        told: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tip [M, B, 3] and how it is turned [M, B, 3, 3] before and after, objects [M, B, K, 3] and turns [M, B, K, 2] before,
        joints [M, B, J] after, what else is known [M, B, C] -> steps [M, B, K, 3], metres, with
        the hand and of their own, and four times the turns made [M, B, K]."""
        (tip, hand), (then, turned) = before, after
        local = (objects - tip[..., None, :]) @ hand  # rows times a rotation: into its frame
        left = (objects - then[..., None, :]) @ turned  # where they would be to the hand if they stayed
        seen = torch.cat([near(local), near(left), turns], -1).flatten(2)
        raw = self.leave(torch.relu(self.enter(torch.cat([told, joints, seen], 2)))).unflatten(2, (self.objects, 8))
        held = torch.sigmoid(raw[..., :1] * SHARP - 2)
        ridden = then[..., None, :] + local @ turned.transpose(-1, -2) - objects
        own = raw[..., 1:4] @ turned.transpose(-1, -2) + raw[..., 4:7]
        rolled = turned @ hand.transpose(-1, -2)
        yaw = torch.atan2(rolled[..., 1, 0] - rolled[..., 0, 1], rolled[..., 0, 0] + rolled[..., 1, 1])
        return held * ridden, own * CM, 4 * held[..., 0] * yaw[..., None] + raw[..., 7] * 0.2


def near(away: Tensor) -> Tensor:
    """Vectors [..., 3] in metres as [..., 6]: in units of about 3 cm, and of 18."""
    return torch.cat([torch.tanh(away / (3 * CM)), torch.tanh(away / (18 * CM))], -1)
