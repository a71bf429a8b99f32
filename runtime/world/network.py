"""The network of the world model: eyes that find objects, an ensemble that predicts states, and a painter of pictures.

The state of the world is explicit where it is known what it is (joints, and where objects stand and how they are turned) and a
recurrent code where it is not. What is predicted of the future is a change: joints go part of the way to their targets, objects
stay unless something happens. The painter gives layers over a known backdrop (`runtime.world.windows`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from runtime.world.each import Each
from runtime.world.loose import CM, PLANE_M, Closer, Fingers, Hand, Handling, near
from runtime.world.skeleton import Skeleton, View

QUARTERS = 4
"""Turns are known up to a quarter: a box looks the same after it."""


@dataclass(frozen=True)
class Sizes:
    """How large the network is. `cell` is the edge in pixels of the squares that the painter paints at once; next to nothing is
    left of an object's step of less than about `still_mm` (0 for no such thing). Of `loose` objects, and `fingers` that handle
    them, see `runtime.world.loose`. Success and reward are told by heads of what foretells states (`joint_reward`), or by a model
    of their own (`Rewarder`); where `related`, they are shown how objects lie to each other as well."""

    joints: int
    objects: int
    height: int
    width: int
    members: int = 3
    code: int = 96
    keypoints: int = 12
    channels: int = 16
    paint: int = 96
    cell: int = 4
    still_mm: float = 0.0
    loose: bool = False
    joint_reward: bool = True
    related: bool = False
    fingers: bool = False

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Pairs of objects of which is told how they lie to each other."""
        return list(combinations(range(self.objects), 2)) if self.related else []


@dataclass(frozen=True)
class World:
    """States of B worlds of each of M members."""

    joints: Tensor  # [M, B, J] rad
    objects: Tensor  # [M, B, K, 3] metres
    turns: Tensor  # [M, B, K, 2] cosine and sine of four times the angle
    code: Tensor  # [M, B, C]
    last: Tensor  # [M, B, J] the action before
    hand: Hand  # where the joints put it

    @property
    def tip(self) -> Tensor:
        """Of the hand [M, B, 3], metres."""
        return self.hand.tip


@dataclass(frozen=True)
class Said:
    """What members say of the step that led to a world."""

    success: Tensor  # [M, B] logit that it is done now
    contact: Tensor  # [M, B] logit
    reward: Tensor  # [M, B]
    log_sd: Tensor  # [M, B, 2] of the error of tip and objects, in centimetres
    log_force: Tensor  # [M, B] logarithm of 1 + newtons with which the robot presses on objects


class Eyes(nn.Module):
    """Picture and backdrop -> where objects are and how they are turned. Keypoints as in `runtime.learn.small.network`."""

    cells: Tensor

    def __init__(self, s: Sizes, view: View) -> None:
        super().__init__()
        c = s.channels
        self.conv1, self.conv2 = nn.Conv2d(6, c, 5, stride=2, padding=2), nn.Conv2d(c, c, 3, padding=1)
        self.conv3, self.maps = nn.Conv2d(c, c, 3, padding=2, dilation=2), nn.Conv2d(c, s.keypoints, 1)
        self.log_sharpness = nn.Parameter(torch.zeros(s.keypoints, 1))
        h, w = -(-s.height // 2), -(-s.width // 2)
        # stride 2 with padding 2 looks at pixels 0, 2, ...: their middles, in -1..1 of the picture
        x, y = (torch.arange(w) * 2 + 0.5) / s.width * 2 - 1, (torch.arange(h) * 2 + 0.5) / s.height * 2 - 1
        self.register_buffer("cells", torch.stack([x.repeat(h), y.repeat_interleave(w)]), persistent=False)
        self.view = view
        self.read = nn.Sequential(nn.Linear(5 * s.keypoints + s.joints, 96), nn.ReLU(), nn.Linear(96, 5 * s.objects))
        self.pick = nn.Parameter(torch.randn(s.objects, s.keypoints) * 0.1)
        self.objects = s.objects

    def forward(self, picture: Tensor, behind: Tensor, joints: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures and backdrops [B, 3, H, W] in 0..1, joints [B, J] -> objects [B, K, 3] and turns [B, K, 2]."""
        x = torch.cat([(picture - behind) * 4, picture * 2 - 1], 1)
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = F.relu(self.conv3(x))
        logits = self.maps(x).flatten(2) * (self.log_sharpness.exp() * 3)
        weight = torch.softmax(logits, 2)
        places = torch.einsum("bkp,dp->bkd", weight, self.cells)
        sharp = (weight * weight).sum(2)
        ground = self.view.on_plane(places, PLANE_M)
        raw = self.read(torch.cat([places.flatten(1), ground.flatten(1) * 5, sharp, joints], 1)).view(-1, self.objects, 5)
        rough = torch.einsum("ok,bkd->bod", torch.softmax(self.pick * 10, 1), ground)
        at = torch.cat([rough + raw[..., :2] * 2 * CM, PLANE_M + raw[..., 2:3] * CM], -1)
        return at, F.normalize(raw[..., 3:] + torch.tensor([0.3, 0.0]), dim=-1)


class Rewarder(nn.Module):
    """What was looked at before and after a step -> success and reward, knowing nothing else of what foretells states: no code,
    no layer, and, in training, no gradient into it."""

    def __init__(self, members: int, inputs: int, width: int) -> None:
        super().__init__()
        self.enter, self.mid, self.tell = Each(members, 2 * inputs, width), Each(members, width, width), Each(members, width, 2)

    def forward(self, before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
        """Features [M, B, I] -> success (a logit) and reward, [M, B] each."""
        both = torch.cat([before, after], 2)
        both = both.detach() if self.training else both
        return self.tell(torch.relu(self.mid(torch.relu(self.enter(both))))).unbind(-1)


class Ensemble(nn.Module):
    """World and action -> the world after it; all members at once, each with weights of its own."""

    def __init__(self, s: Sizes, skeleton: Skeleton) -> None:
        super().__init__()
        self.s, self.skeleton = s, skeleton
        inputs, m, c = 3 * s.joints + 3 + s.objects * 8, s.members, s.code
        self.enter, self.gates, self.again = Each(m, inputs, c), Each(m, c, 3 * c), Each(m, c, 3 * c)
        moved = s.joints + (0 if s.loose else 4 * s.objects)
        told = inputs + 6 * len(s.pairs)
        self.move, self.say, self.tell = Each(m, 2 * c, moved, 0.1), Each(m, 2 * c + told, c), Each(m, c, 6)
        self.gain, self.trust = nn.Parameter(torch.ones(m, 1, s.joints)), Each(m, c, 2)
        self.handling = Handling(m, s.joints, s.objects, 2 * c, c) if s.loose and not s.fingers else None
        points = 1 + 2 * len(skeleton.grasping())
        self.fingers = Fingers(m, s.joints, s.objects, 2 * c, 2 * c, points) if s.loose and s.fingers else None
        self.rewarder = None if s.joint_reward else Rewarder(m, told, c)

    def reach(self, joints: Tensor) -> Hand:
        """Where joints [M, B, J] put the hand."""
        flat, shape = joints.flatten(0, 1), joints.shape[:2]
        if self.fingers is None:
            tip, turned = self.skeleton.hand_of(flat)
            points = tip.view(*shape, 1, 3)[:, :, :0]
        else:
            tip, turned, points = self.skeleton.grasp_of(flat)
            points = points.unflatten(0, shape)
        return Hand(tip.unflatten(0, shape), turned.unflatten(0, shape), points)

    def features(self, w: World, action: Tensor) -> Tensor:
        """What is looked at [M, B, I]: nearness in units of about 3 cm, servo errors in tenths of a radian."""
        away = (w.objects - w.tip[..., None, :]) / (3 * CM)
        near = torch.cat([torch.tanh(away), torch.tanh(away / 6)], -1)
        servo = (action - w.joints) * 10, (w.last - w.joints) * 10
        return torch.cat([w.joints, *servo, w.tip * 5, near.flatten(2), w.turns.flatten(2)], 2)

    def told(self, w: World, seen: Tensor) -> Tensor:
        """What success is said from: features of a world [M, B, I], and how its objects lie to each other."""
        return torch.cat([seen, *(near(w.objects[:, :, b] - w.objects[:, :, a]) for a, b in self.s.pairs)], 2)

    def step(self, w: World, action: Tensor) -> tuple[World, Said]:
        """The world after an action [M, B, J], and what is said of it."""
        before = self.features(w, action)
        entered = torch.tanh(self.enter(before))
        reset, update, new = self.gates(entered).chunk(3, 2)
        own_reset, own_update, own_new = self.again(w.code).chunk(3, 2)
        update = torch.sigmoid(update + own_update)
        code = (1 - update) * torch.tanh(new + torch.sigmoid(reset + own_reset) * own_new) + update * w.code
        moved = self.move(torch.cat([code, entered], 2))
        j, k = self.s.joints, self.s.objects
        joints = w.joints + torch.sigmoid(self.gain) * (action - w.joints) + moved[..., :j] * 0.05
        hand, told = self.reach(joints), torch.cat([code, entered], 2)
        if self.fingers is not None:
            joints, hand, (ridden, own, by) = self.fingers(
                w.hand, hand, w.objects, w.turns, (w.joints, joints, action), told, self.reach
            )
            objects = w.objects + ridden + self.moved(own)
        elif self.handling is None:
            own, by = moved[..., j : j + 3 * k].unflatten(2, (k, 3)) * CM, moved[..., j + 3 * k :] * 0.2
            objects = w.objects + self.moved(own)
        else:
            ridden, own, by = self.handling(w.hand, hand, w.objects, w.turns, joints, told)
            objects = w.objects + ridden + self.moved(own)
        c, s = torch.cos(by), torch.sin(by)
        turns = torch.stack([c * w.turns[..., 0] - s * w.turns[..., 1], s * w.turns[..., 0] + c * w.turns[..., 1]], -1)
        after = World(joints, objects, turns, code, action, hand)
        seen = self.told(after, self.features(after, action))
        said = self.tell(torch.relu(self.say(torch.cat([code, entered, seen], 2))))
        success, reward = (said[..., 0], said[..., 2]) if self.rewarder is None else self.rewarder(self.told(w, before), seen)
        return after, Said(success - 3, said[..., 1], reward, said[..., 3:5], said[..., 5])

    def moved(self, step: Tensor) -> Tensor:
        """Steps of objects [M, B, K, 3], metres, without their drift: what nobody touches stays where it is, and the small steps
        that a linear layer gives add up to millimetres over a window."""
        if not self.s.still_mm:
            return step
        square = (step * step).sum(-1, keepdim=True)
        return step * (square / (square + (self.s.still_mm / 1000) ** 2))

    def settle(self, found: Sequence[Tensor], joints: Tensor, actions: Tensor) -> World:
        """The world after k looks [M, B, k, J], with actions [M, B, k - 1, J] between them, from what eyes found: objects
        [M, B, k, K, 3] and turns [M, B, k, K, 2]. After the first look eyes are believed as far as they are trusted."""
        objects, turns = found
        code = torch.zeros(*joints.shape[:2], self.s.code)
        w = World(joints[:, :, 0], objects[:, :, 0], turns[:, :, 0], code, joints[:, :, 0], self.reach(joints[:, :, 0]))
        for i in range(1, joints.shape[2]):
            w, _ = self.step(w, actions[:, :, i - 1])
            trust = torch.sigmoid(self.trust(w.code))[..., None, :]
            at = w.objects + trust[..., :1] * (objects[:, :, i] - w.objects)
            turned = F.normalize(w.turns + trust[..., 1:] * (turns[:, :, i] - w.turns), dim=-1)
            w = replace(w, joints=joints[:, :, i], hand=self.reach(joints[:, :, i]), objects=at, turns=turned)
        return w


class Painter(nn.Module):
    """States -> layers. Each square of pixels is painted by one perceptron that knows where it lies to every part of the robot
    and every object: how far from its axis, on which side, how far along."""

    grid: Tensor
    powers: Tensor

    def __init__(self, s: Sizes, skeleton: Skeleton, view: View) -> None:
        super().__init__()
        self.s, self.skeleton, self.view = s, skeleton, view
        lines = len(skeleton.owners) - 1
        self.rows, self.columns = s.height // s.cell, s.width // s.cell
        x, y = ((torch.arange(n) + 0.5) / n * 2 - 1 for n in (self.columns, self.rows))
        aspect = s.width / s.height
        self.register_buffer(
            "grid", torch.stack([x.repeat(self.rows) * aspect, y.repeat_interleave(self.columns)], 1), persistent=False
        )
        self.aspect = aspect
        ones, square = torch.ones(len(self.grid), 1), (self.grid**2).sum(1, keepdim=True)
        self.register_buffer("powers", torch.cat([ones, self.grid, square], 1), persistent=False)
        self.log_width = nn.Parameter(torch.full((2, lines + s.objects), 0.0))
        whole = s.joints * 3 + lines * 2 + s.objects * 6
        self.whole = nn.Sequential(nn.Linear(whole, 96), nn.ReLU(), nn.Linear(96, 2 * s.paint))
        self.near = nn.Linear(3 * lines + 4 * s.objects + 2, s.paint)
        self.mid, self.out = nn.Linear(s.paint, s.paint), nn.Linear(s.paint, 5 * s.cell**2)
        with torch.no_grad():
            self.out.bias.view(5, -1)[3:] = 2.0
            self.out.bias.view(5, -1)[:3] = -2.0

    def forward(self, joints: Tensor, objects: Tensor, turns: Tensor) -> Tensor:
        """[B, J], [B, K, 3], [B, K, 2] -> layers [B, 5, H, W] in 0..1."""
        s = self.s
        _, ends = self.skeleton(joints)
        flat, depth = self.view(ends)
        flat = flat * torch.tensor([self.aspect, 1.0])
        a, along = flat[:, :, 0], flat[:, :, 1] - flat[:, :, 0]  # [B, S, 2]
        reach = (along * along).sum(-1)  # [B, S]
        length = reach.clamp_min(1e-4)
        across = torch.stack([-along[..., 1], along[..., 0]], -1) / length.sqrt()[..., None]
        # of all squares alike, and linear in 1, x, y and x^2 + y^2 but for the ends: products of matrices, [B, P, S]
        ahead = self._on_grid(-(a * along).sum(-1), along)
        side = self._on_grid(-(a * across).sum(-1), across)
        t = (ahead / length[:, None]).clamp(0, 1)
        away = self._on_grid((a * a).sum(-1), -2 * a, 1.0) - t * (2 * ahead - t * reach[:, None])
        width = self.log_width.exp()
        lines = along.shape[1]
        close = torch.exp(away * (-30 * width[0, :lines]))
        middle, object_depth = self.view(objects)
        middle = middle * torch.tensor([self.aspect, 1.0])
        ox, oy = self.grid[:, 0, None] - middle[:, None, :, 0], self.grid[:, 1, None] - middle[:, None, :, 1]
        square = ox * ox + oy * oy
        wide, tight = torch.exp(-square * (10 * width[0, lines:])), torch.exp(-square * (80 * width[1, lines:]))
        seen = torch.cat(
            [close, close * side * 8, close * t, wide, tight, wide * ox * 5, wide * oy * 5, self.grid.expand(len(joints), -1, 2)],
            -1,
        )
        told = torch.cat(
            [
                torch.sin(joints),
                torch.cos(joints),
                joints,
                (depth * 2).flatten(1),
                (objects * 5).flatten(1),
                turns.flatten(1),
                object_depth * 2,
            ],
            1,
        )
        shift, again = self.whole(told)[:, None].chunk(2, -1)
        x = self.near(seen).add_(shift).relu_()
        x = self.mid(x).add_(again).relu_()
        # squares of pixels beside each other are channels that stand last: they are shuffled without a copy of their own
        squares = self.out(x).sigmoid_().view(-1, self.rows, self.columns, 5 * s.cell**2).permute(0, 3, 1, 2)
        return F.pixel_shuffle(squares, s.cell)

    def _on_grid(self, flat: Tensor, slope: Tensor, square: float = 0.0) -> Tensor:
        """`flat` [B, S] + `slope` [B, S, 2] times x and y + `square` times x^2 + y^2, of all squares: [B, P, S]."""
        terms = torch.cat([flat[..., None], slope, torch.full_like(flat, square)[..., None]], -1)
        return self.powers @ terms.transpose(1, 2)


class Network(nn.Module):
    """All of it. The ensemble has members of its own; eyes and painter are shared."""

    def __init__(self, sizes: Sizes, skeleton: Skeleton, view: View) -> None:
        super().__init__()
        self.sizes, self.skeleton, self.view = sizes, skeleton, view
        self.eyes, self.painter = Eyes(sizes, view), Painter(sizes, skeleton, view)
        self.ensemble = Ensemble(sizes, skeleton)
        self.closer = Closer(sizes.objects, sizes.joints, (sizes.height, sizes.width), skeleton, view) if sizes.loose else None

    def see(self, picture: Tensor, behind: Tensor, joints: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures and backdrops [B, 3, H, W] in 0..1, joints [B, J] -> objects [B, K, 3] and turns [B, K, 2], as well as eyes
        can tell."""
        at, turns = self.eyes(picture, behind, joints)
        return (at, turns) if self.closer is None else (self.closer(picture, behind, joints, at), turns)

    def facts(self) -> dict[str, Any]:
        """What is needed to make it again, besides its weights."""
        return {
            "sizes": asdict(self.sizes),
            "skeleton": self.skeleton.facts(),
            "bodies": len(self.skeleton.pos),
            "segments": len(self.skeleton.ends),
        }


def quarters(turns: Tensor) -> Tensor:
    """Angles [...] -> [..., 2], which do not know quarters of a turn."""
    return torch.stack([torch.cos(QUARTERS * turns), torch.sin(QUARTERS * turns)], -1)


def over(layers: Tensor, behind: Tensor, shadow: float) -> Tensor:
    """Layers [B, 5, H, W] over backdrops [B, 3, H, W] -> pictures [B, 3, H, W]."""
    return layers[:, :3] + behind * ((1 - shadow) * layers[:, 3:4] + shadow * layers[:, 4:5])
