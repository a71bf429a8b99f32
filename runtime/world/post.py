"""Post-training: a world model learns from rollouts at its place, of which pictures, joints, targets and success are all that
is known;
and how well it foretells others of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from runtime.learn.optimiser import AdamW
from runtime.sim.episodes.explored import Steps
from runtime.splat.metrics import ssim
from runtime.world.metrics import HORIZONS, auc, decibels, kept_of, state_errors
from runtime.world.model import WorldModel
from runtime.world.network import over, quarters
from runtime.world.train import Recipe, Windows, future
from runtime.world.windows import Attempts

SENSED = ("joints", "success")
"""Losses over what a robot knows of itself at its place: nobody says there where objects truly are, or how hard it presses."""
HELD_OUT_EACH = 5
"""Of rollouts at the place every so many-th, the first of them, is kept out of post-training."""
MADE_UP = ("ensemble.move", "ensemble.tell", "painter.out")
"""What a hallucinating world model has noise in: what moves, what is said of it, and what is painted."""
_STREAM = 97


@dataclass(frozen=True)
class AtPlace:
    """Rollouts at a place as its world model's eyes see them."""

    attempts: Attempts  # without layers; touch, force and reward are not known
    pictures: np.ndarray  # u8 [F, H, W, 3] of its camera
    behind: np.ndarray  # u8 [H, W, 3] the empty picture: the median of all

    def held_out(self) -> np.ndarray:
        """Which frames no post-training learns from [F]."""
        return self.attempts.episode % HELD_OUT_EACH == 0


@torch.no_grad()
def at_place(world: WorldModel, steps: Steps) -> AtPlace:
    """What eyes find in the pictures of rollouts, over their median as the empty picture."""
    pictures = steps.images[world.facts["camera"]]
    behind = np.median(pictures[:: max(1, len(pictures) // 200)], axis=0).astype(np.uint8)
    state, back = torch.from_numpy(steps.state), torch.from_numpy(behind).permute(2, 0, 1)[None].float() / 255
    found = []
    for rows in torch.arange(len(steps)).split(128):
        seen = torch.from_numpy(pictures[rows.numpy()]).permute(0, 3, 1, 2).float() / 255
        found.append(world.network.see(seen, back.expand_as(seen), state[rows]))
    objects, turns = (torch.cat(x).numpy() for x in zip(*found, strict=True))
    tip = world.network.skeleton.tip_of(state).numpy()
    none, nothing = np.zeros(len(steps), bool), np.zeros(len(steps), np.float32)
    angles = (np.arctan2(turns[..., 1], turns[..., 0]) / 4).astype(np.float32)
    blank, zeros = np.zeros((len(steps), 5, 1, 1), np.uint8), np.zeros(len(steps), np.int64)
    known = (steps.state, steps.action, tip, objects, angles, steps.success, nothing, none, nothing, ~none, steps.episode)
    films = np.zeros((0, *pictures.shape[1:]), np.uint8)
    return AtPlace(Attempts(blank, *known, zeros, zeros - 1, behind[None], films), pictures, behind)


def post_train(
    world: WorldModel, twin: Attempts, there: AtPlace, recipe: Recipe, progress: Callable[[float, str], None]
) -> tuple[WorldModel, dict[str, float]]:
    """Train on in place: members on windows of the twin's rollouts, and of those at the place as far as these know; the painter
    on pictures of the place. The world model of the place, and the means of losses over the last tenth of steps."""
    net, numbers = world.network.train(), np.random.default_rng([_STREAM, recipe.seed])
    rng = torch.Generator().manual_seed(recipe.seed)
    shadow, free = float(world.facts["shadow"]), ~there.held_out()
    both = [(Windows(one), one.starts(recipe.looks - 1 + recipe.horizon)) for one in (twin, there.attempts)]
    starts = [both[0][1], both[1][1][free[both[1][1]]]]
    frames, members = np.flatnonzero(free), net.sizes.members
    behind = torch.from_numpy(there.behind).permute(2, 0, 1)[None].float() / 255
    optimiser, kept = AdamW(net.parameters(), 1e-4, 5.0), []
    for step in range(recipe.steps):
        some = torch.from_numpy(numbers.choice(frames, recipe.pictures))
        parts: dict[str, Tensor] = {"pictures": _photometric(net, both[1][0], there, some, behind, shadow)}
        for name, (w, _), own in zip(("twin", "place"), both, starts, strict=True):
            if len(own):
                drawn = torch.from_numpy(numbers.choice(own, (members, recipe.batch)))
                losses = future(net, w, drawn, recipe, rng)
                parts |= {f"{name}_{k}": v for k, v in losses.items() if name == "twin" or k in SENSED}
        optimiser.zero_grad()
        torch.stack(list(parts.values())).sum().backward()
        optimiser.step(recipe.learning_rate * 0.5 * (1 + float(np.cos(np.pi * step / recipe.steps))))
        if step >= 0.9 * recipe.steps - 1:
            kept.append({name: float(loss.detach()) for name, loss in parts.items()})
        progress((step + 1) / recipe.steps, "post-training the world model")
    means = {name: round(float(np.mean([k[name] for k in kept])), 5) for name in kept[0]} if kept else {}
    return WorldModel(net, there.behind, world.facts), means


def _photometric(net, w: Windows, there: AtPlace, frames: Tensor, behind: Tensor, shadow: float) -> Tensor:
    """How far what is painted of the place is from its pictures; what is not as the empty picture counts more."""
    picture = torch.from_numpy(there.pictures[frames.numpy()]).permute(0, 3, 1, 2).float() / 255
    painted = over(net.painter(w.state[frames], w.objects[frames], w.turns[frames]), behind, shadow)
    weight = 0.2 + ((picture - behind).abs().amax(1, keepdim=True) > 0.06)
    return 20 * ((painted - picture) ** 2 * weight).mean()


@torch.no_grad()
def hallucinating(world: WorldModel, much: float, seed: int) -> WorldModel:
    """Noise in the weights of `MADE_UP`, `much` times the root mean square of each; another draw for each member."""
    rng = torch.Generator().manual_seed(seed)
    for name, weight in world.network.named_parameters():
        if name.startswith(MADE_UP):
            weight += much * weight.square().mean().sqrt() * torch.randn(weight.shape, generator=rng)
    return world


def fidelity(world: WorldModel, there: AtPlace, windows: int, seed: int = 0) -> dict[str, float]:
    """From one picture of rollouts that were kept out, what was carried out afterwards foretold: PSNR and SSIM of all pixels,
    and how far the tip is from where measured joints put it, 1, 4, 8 and 16 steps ahead; and how success is told. Empty without
    windows."""
    a, longest = there.attempts, HORIZONS[-1]
    starts = a.starts(longest)
    starts = starts[there.held_out()[starts]]
    if not len(starts):
        return {}
    now = np.random.default_rng([_STREAM, seed]).permutation(starts)[:windows]
    pictures = there.pictures[now]
    worlds = world.look(pictures[:, None], a.state[now][:, None], np.zeros((len(now), 0, a.state.shape[1]), np.float32))
    found, kept = world.imagine(worlds, a.action[now[:, None] + np.arange(longest)]), kept_of(world, pictures, worlds)
    out: dict[str, float] = {}
    for h in HORIZONS:
        guess, true = world.pictures(found, h - 1, kept).astype(np.float32), there.pictures[now + h].astype(np.float32)
        out[f"psnr_{h}"] = decibels(((guess - true) ** 2).mean())
        out[f"ssim_{h}"] = round(float(np.mean([ssim(g / 255, t / 255) for g, t in zip(guess[:40], true[:40], strict=True)])), 4)
        out[f"tip_mm_{h}"] = round(1000 * float(np.linalg.norm(found.tip[:, h - 1] - a.tip[now + h], axis=1).mean()), 3)
    ends = a.success[now + longest]
    return out | {"auc_place": round(auc(found.done[:, -1], ends), 4), "windows": len(now)}


def told(world: WorldModel, held: Attempts, windows: int, seed: int = 0) -> dict[str, float]:
    """Errors of states, turns, touch and force that members foretell in the twin's rollouts, from where it truly began."""
    longest = HORIZONS[-1]
    now = np.random.default_rng([_STREAM, seed, 1]).permutation(held.starts(longest))[:windows]
    m = world.members
    first = [
        torch.from_numpy(x[now])[None, :, None].expand(m, *x[now][:, None].shape) for x in (held.objects, held.turns, held.state)
    ]
    with torch.no_grad():
        none = torch.zeros(m, len(now), 0, held.state.shape[1])
        worlds = world.network.ensemble.settle([first[0], quarters(first[1])], first[2], none)
    found = world.imagine(worlds, held.action[now[:, None] + np.arange(longest)])
    return {k: v for h in HORIZONS for k, v in state_errors({"model": found}, held, now, now + h, h).items()}
