"""Training the world model: windows of attempts; each member has its own windows, and predicts from what it predicted itself.

Noisy-frame conditioning, as WMPO has it (arXiv 2511.09515; past frames are noised to step 50 of 1000, here `Recipe.frame_noise`
of 0.05): pictures and states that are looked at are noised, and what was foretold so far is before each further step, by a
random walk that comes to as much over a window (Sanchez-Gonzalez et al., "Learning to Simulate", 2020). What comes of it is
held against the truth, so that members learn to take errors such as their own back.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from runtime.learn.optimiser import AdamW
from runtime.world.loose import CM
from runtime.world.network import Ensemble, Network, World, over, quarters
from runtime.world.windows import Attempts

WARM_UP = 0.05
SEEN_M = 0.0008
"""Standard deviation along each axis of where objects are taken to be, with `fingers`: in all looks alike, and in each. About
what a closer look errs by; with more it cannot be learned whether a finger touches."""


@dataclass(frozen=True)
class Recipe:
    """How to train. A step draws `batch` windows for each member, and `pictures` frames for eyes and painter."""

    steps: int
    batch: int
    pictures: int
    horizon: int
    looks: int
    learning_rate: float
    seed: int
    noise: float = 2.0 / 255
    shadow: float = 0.45
    frame_noise: float = 0.0
    """Noise in pictures and states that are learned from, as a share of how they spread over the data."""


class Windows:
    """Frames of attempts as tensors."""

    def __init__(self, a: Attempts) -> None:
        self.a = a
        self.layers, self.backdrops = torch.from_numpy(a.layers), torch.from_numpy(a.backdrops)
        self.state, self.action, self.tip, self.objects = (torch.from_numpy(x) for x in (a.state, a.action, a.tip, a.objects))
        self.turns = quarters(torch.from_numpy(a.turns))
        self.success, self.reward, self.contact, self.log_force = (
            torch.from_numpy(x.astype(np.float32)) for x in (a.success, a.reward, a.contact, np.log1p(a.force_n))
        )
        done = np.concatenate([[False], a.success[:-1] & (a.episode[1:] == a.episode[:-1])])
        self.open = torch.from_numpy(~done).float()  # where success could still come
        self.behind, self.filmed, self.films = (torch.from_numpy(x) for x in (a.behind, a.filmed, a.films))
        self.contrast = float((a.backdrops[0] / 255).std())
        self.spread = {"joints": self.state.std(0), "objects": self.objects.std(0), "turns": torch.ones(())}

    def noised(self, share: float, rng: torch.Generator, **true: Tensor) -> dict[str, Tensor]:
        """Joints [..., J], objects [..., K, 3] and turns [..., K, 2], off by a share of how each spreads over the data."""
        found = {name: x + share * self.spread[name] * torch.randn(x.shape, generator=rng) for name, x in true.items()}
        return found | {"turns": F.normalize(found["turns"], dim=-1)}

    def picture(
        self, frames: Tensor, shadow: float, noise: float, rng: torch.Generator, others: float = 0.0
    ) -> tuple[Tensor, Tensor]:
        """Pictures and backdrops [B, 3, H, W] in 0..1, a share of them with another backdrop or another light than their own."""
        which = self.behind[frames]
        if others:
            swapped = torch.randint(len(self.backdrops), which.shape, generator=rng)
            which = torch.where(torch.rand(which.shape, generator=rng) < others, swapped, which)
        behind = self.backdrops[which].permute(0, 3, 1, 2).float() / 255
        seen = over(self.layers[frames].float() / 255, behind, shadow)
        if others and len(self.films):
            film = self.filmed[frames]
            shown = self.films[film.clamp_min(0)].permute(0, 3, 1, 2).float() / 255
            seen = torch.where((film >= 0)[:, None, None, None], shown, seen)
        if others:
            seen = seen * (1 + 0.1 * torch.randn(len(frames), 1, 1, 1, generator=rng))
        return (seen + noise * torch.randn(seen.shape, generator=rng)).clamp(0, 1), behind


def train(
    net: Network, data: Attempts, r: Recipe, progress: Callable[[float, str], None] = lambda f, n: None
) -> dict[str, float]:
    """Train in place; returns the mean of each loss over the last tenth of the steps, and the CPU seconds that it took."""
    w, rng, numbers = Windows(data), torch.Generator().manual_seed(r.seed), np.random.default_rng([81, r.seed])
    starts = data.starts(r.looks - 1 + r.horizon)
    # windows in which it is done are rare and decide: half of all are drawn among them and those before a touch
    ahead = starts[:, None] + np.arange(r.looks, r.looks + r.horizon)
    telling = starts[(data.success[ahead] | data.contact[ahead]).any(1)]
    members = net.sizes.members
    optimiser = AdamW(net.parameters(), 1e-4, 5.0)
    kept: list[dict[str, float]] = []
    began = time.process_time()
    for step in range(r.steps):
        warm = max(1, int(WARM_UP * r.steps))
        rate = (step + 1) / warm if step < warm else 0.5 * (1 + float(np.cos(np.pi * (step - warm) / max(1, r.steps - warm))))
        parts = _pictures(net, w, torch.from_numpy(numbers.integers(len(data), size=r.pictures)), r, rng)
        some, rest = (numbers.choice(x if len(x) else starts, (members, r.batch // 2)) for x in (telling, starts))
        parts |= future(net, w, torch.from_numpy(np.concatenate([some, rest], 1)), r, rng)
        optimiser.zero_grad()
        torch.stack(list(parts.values())).sum().backward()
        optimiser.step(rate * r.learning_rate)
        if step >= 0.9 * r.steps - 1:
            kept.append({name: float(loss.detach()) for name, loss in parts.items()})
        progress((step + 1) / r.steps, "training the world model")
    means = {name: round(float(np.mean([k[name] for k in kept])), 5) for name in kept[0]} if kept else {}
    return means | {"train_cpu_s": round(time.process_time() - began, 2)}


def _pictures(net: Network, w: Windows, frames: Tensor, r: Recipe, rng: torch.Generator) -> dict[str, Tensor]:
    """Losses of eyes and painter on single frames. The painter is shown true states, a little off, as predicted ones will be."""
    noise = r.noise + r.frame_noise * w.contrast if r.frame_noise else r.noise
    picture, behind = w.picture(frames, r.shadow, noise, rng, others=0.5)
    at, turned = net.eyes(picture, behind, w.state[frames])
    painted = net.painter(w.state[frames], w.objects[frames], w.turns[frames])
    wanted = w.layers[frames].float() / 255
    # what is empty everywhere is most of the picture: what the foreground covers counts more, or all of it fades to the backdrop
    weight = 0.2 + (wanted[:, 3:4] < 0.98) + 0.5 * (wanted[:, 4:5] < 0.98)
    seen = {}
    if net.closer is not None:  # absolute from 1 mm on: a quadratic loss hardly minds the last millimetres
        closer = net.closer(picture, behind, w.state[frames], at)
        seen["closer"] = 0.3 * F.smooth_l1_loss(closer / CM, w.objects[frames] / CM, beta=0.1)
    return seen | {
        "eyes": 0.3 * F.smooth_l1_loss(at / CM, w.objects[frames] / CM),
        "eyes_turn": 0.1 * F.mse_loss(turned, w.turns[frames]),
        "layers": 20 * ((painted - wanted) ** 2 * weight).mean(),
    }


def future(net: Network, w: Windows, starts: Tensor, r: Recipe, rng: torch.Generator) -> dict[str, Tensor]:
    """Losses of the members over windows that begin at `starts` [M, B]: looks at up to `looks` frames, then none."""
    one = net.ensemble
    looks = int(torch.randint(1, r.looks + 1, (), generator=rng))
    first = starts[..., None] + r.looks - looks + torch.arange(looks)
    # what eyes will find, without looking: the truth and an error such as theirs (they learn from single frames)
    spread = SEEN_M if one.fingers is not None else 0.002
    error = (
        torch.randn(*starts.shape, 1, *w.objects.shape[1:], generator=rng) * spread
        + torch.randn(w.objects[first].shape, generator=rng) * spread
    )
    seen = {"joints": w.state[first], "objects": w.objects[first] + error, "turns": w.turns[first]}
    if r.frame_noise:
        seen = w.noised(r.frame_noise, rng, **seen)
    now = one.settle([seen["objects"], seen["turns"]], seen["joints"], w.action[first[..., :-1]])
    losses: dict[str, list[Tensor]] = {name: [] for name in "joints objects turn success contact force reward sd".split()}
    for t in range(r.horizon):
        frame = first[..., -1] + t
        if r.frame_noise:
            now = _astray(one, w, now, r.frame_noise / r.horizon**0.5, rng)
        now, said = one.step(now, w.action[frame])
        frame = frame + 1
        losses["joints"].append(5 * F.smooth_l1_loss(now.joints / 0.05, w.state[frame] / 0.05, beta=0.2))
        losses["objects"].append(F.smooth_l1_loss(now.objects / CM, w.objects[frame] / CM, beta=0.2))
        losses["turn"].append(0.3 * F.mse_loss(now.turns, w.turns[frame]))
        losses["success"].append(
            (F.binary_cross_entropy_with_logits(said.success, w.success[frame], reduction="none") * w.open[frame]).mean()
        )
        losses["contact"].append(0.2 * F.binary_cross_entropy_with_logits(said.contact, w.contact[frame]))
        losses["force"].append(0.1 * F.smooth_l1_loss(said.log_force, w.log_force[frame], beta=0.2))
        losses["reward"].append(0.05 * F.smooth_l1_loss(said.reward, w.reward[frame]))
        with torch.no_grad():
            squares = (
                torch.stack(
                    [((now.tip - w.tip[frame]) ** 2).sum(-1), ((now.objects - w.objects[frame]) ** 2).sum(-1).mean(-1)], -1
                )
                / CM**2
            )
        losses["sd"].append(0.02 * (said.log_sd + 0.5 * (squares + 1e-4) * torch.exp(-2 * said.log_sd)).mean())
    return {name: torch.stack(found).mean() for name, found in losses.items()}


def _astray(one: Ensemble, w: Windows, now: World, share: float, rng: torch.Generator) -> World:
    """Worlds a little off, as those that are foretold from what was foretold will be."""
    off = w.noised(share, rng, joints=now.joints, objects=now.objects, turns=now.turns)
    return replace(now, **off, hand=one.reach(off["joints"]))
