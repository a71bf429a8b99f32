"""A policy optimised on what a world model imagines of it, in groups of rollouts that begin alike, and with guards.

GRPO (Shao et al., "DeepSeekMath", 2024): what a rollout is paid is its success less its group's mean, over the group's standard
deviation; no critic. As in WMPO (arXiv 2511.09515) groups of 8, of which those count in which between a tenth and nine tenths
succeed, an upper clip wider than the lower one (DAPO; Yu et al. 2025) and no KL term; as in WoVR rollouts that begin at keyframes
of true ones, and end where the members of the ensemble come apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from runtime.learn.optimiser import AdamW
from runtime.rl.actor import Whole
from runtime.rl.ppo import Recipe, update
from runtime.rl.rollout import Experience, Noise
from runtime.sim.episodes.attempts import Attempt, replay
from runtime.sim.parts.mj import Model
from runtime.sim.pixels.eye import Eye
from runtime.world.model import Kept, WorldModel
from runtime.world.network import World


@dataclass(frozen=True)
class Keyframes:
    """Where imagined rollouts begin: a true picture u8 [N, H, W, 3], the joints [N, J] there in rad, and how many control steps
    are left [N]."""

    first: np.ndarray
    joints: np.ndarray
    left: np.ndarray

    def some(self, rows: np.ndarray) -> "Keyframes":
        """Those of some rows."""
        return Keyframes(self.first[rows], self.joints[rows], self.left[rows])


def keyframes(
    attempts: Sequence[Attempt], model: Model, eye: Eye, every: int, steps: int, count: int, rng: np.random.Generator
) -> Keyframes:
    """`count` moments by lot of true rollouts before they succeed, at multiples of `every` steps, as the camera saw them."""
    places = [(i, t) for i, one in enumerate(attempts) for t in range(0, _until(one), every)]
    picked = [places[k] for k in rng.integers(0, len(places), count)]
    shown, first, joints, left = dict[tuple[int, int], np.ndarray](), [], [], []
    for i in sorted({i for i, _ in picked}):
        wanted = {t for j, t in picked if j == i}
        for t, data in enumerate(replay(model, attempts[i])):
            if t in wanted:
                shown[i, t] = eye.see(data, rng)
    for i, t in picked:
        first.append(shown[i, t])
        joints.append(attempts[i].state[t])
        left.append(steps - t)
    return Keyframes(np.stack(first), np.stack(joints), np.array(left))


def _until(one: Attempt) -> int:
    """Steps before success, or all."""
    return max(1, int(np.argmax(one.success)) if one.success.any() else len(one))


def threshold_of(chance: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """The threshold on what the world model says of true rollouts [N] at which it tells success `truth` [N] best, and its F1
    there (0 where nothing succeeded)."""
    best = (0.5, 0.0)
    for at in np.unique(np.concatenate([[0.5], chance])):
        said = chance >= at
        right = int((said & truth).sum())
        f1 = 2 * right / max(1, int(said.sum()) + int(truth.sum()))
        if f1 > best[1] + 1e-12:
            best = (float(at), f1)
    return best


def told(world: WorldModel, attempts: Sequence[Attempt], first: np.ndarray) -> np.ndarray:
    """What the model says of true rollouts [N] when it is told their actions and their first picture u8 [N, H, W, 3] alone."""
    found = []
    for one, picture in zip(attempts, first, strict=True):
        seen = world.look(picture[None, None], one.state[None, :1], np.zeros((1, 0, one.state.shape[1])))
        found.append(world.imagine(seen, one.action[None]).done[0, -1])
    return np.array(found)


def advantages(reward: np.ndarray, group: int, accept: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """What each rollout is paid [N * G], and which groups count [N]: those whose share of successes lies within `accept` and
    which differ at all. All others, and so all of their rollouts, are paid nothing; within a group the pay sums to zero."""
    rows = reward.reshape(-1, group).astype(np.float64)
    mean, sd = rows.mean(1), rows.std(1)
    counts = (mean >= accept[0] - 1e-12) & (mean <= accept[1] + 1e-12) & (sd > 0)
    paid = np.where(counts[:, None], (rows - mean[:, None]) / np.where(sd > 0, sd, 1.0)[:, None], 0.0)
    return paid.ravel(), counts


@dataclass(frozen=True)
class Rules:
    """When an imagined rollout ends: with success, where the model says so by `threshold`; cut off, where members' objects are
    apart by more than `cut_m`; or as its time is over."""

    threshold: float
    cut_m: float
    limits_rad: np.ndarray  # [J, 2] of the robot


@dataclass(frozen=True)
class Imagined:
    """What was imagined: the decisions (`Experience.row` numbers rollouts), and of each rollout how it ended."""

    some: Experience
    won: np.ndarray  # [N]
    cut: np.ndarray  # [N]


@torch.no_grad()
def imagined(
    world: WorldModel, policy: Whole, begun: Keyframes, noise: Noise, rules: Rules, rng: np.random.Generator
) -> Imagined:
    """Roll a policy that explores out from keyframes. It sees what is painted of the members' mean, and all members are told the
    same actions, so that their being apart is what the model does not know."""
    n, k, camera = len(begun.first), policy.every, world.facts["camera"]
    worlds = world.look(begun.first[:, None], begun.joints[:, None], np.zeros((n, 0, begun.joints.shape[1])))
    kept = world.keep(begun.first, *_mean(worlds))
    left, alive, at = torch.ones(world.members, n), np.ones(n, bool), 0
    won, cut = np.zeros(n, bool), np.zeros(n, bool)
    low, high = rules.limits_rad.T
    parts: list[dict[str, np.ndarray]] = []
    chunk = np.zeros((n, k, begun.joints.shape[1]))
    while alive.any():
        rows = np.flatnonzero(alive)
        pictures = begun.first[rows] if at == 0 else _seen(world, worlds, rows, kept, rng)
        joints = worlds.joints.mean(0).numpy().astype(np.float32)[rows]
        mean = policy.mean({camera: pictures}, joints).numpy().astype(np.float64)
        chunk[rows] = mean + noise.draw(rng, mean.shape)
        done = np.zeros((len(rows), k), bool)
        for j in range(k):
            done[:, j] = alive[rows]
            action = torch.from_numpy(np.clip(chunk[:, j], low, high).astype(np.float32))
            worlds, said = world.network.ensemble.step(worlds, action.expand(world.members, *action.shape))
            left = left * (1 - torch.sigmoid(said.success))
            apart = ((worlds.objects - worlds.objects.mean(0)) ** 2).sum(-1).mean((0, 2)).sqrt().numpy()
            at += 1
            won |= alive & ((1 - left).mean(0).numpy() >= rules.threshold)
            cut |= alive & ~won & (apart > rules.cut_m)
            alive &= ~won & ~cut & (at < begun.left)
        parts.append(
            {"picture": pictures, "state": joints, "mean": mean, "action": chunk[rows].copy(), "done": done, "row": rows}
        )
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((np.arange(len(columns["row"])), columns["row"]))
    columns = {name: of[order] for name, of in columns.items()}
    return Imagined(_experience(camera, columns, n), won, cut)


def _experience(camera: str, columns: dict[str, np.ndarray], n: int) -> Experience:
    """Decisions without a critic: nothing is known of true states, and rollouts are paid as a whole."""
    size, k = columns["done"].shape
    images = {camera: columns.pop("picture")}
    columns |= {"privileged": np.zeros((size, k, 0), np.float32), "after": np.zeros((n, 0), np.float32)}
    return Experience(images, {}, reward=np.zeros((size, k)), ends=np.zeros(size, bool), **columns)


def _mean(worlds: World) -> tuple[Tensor, Tensor, Tensor]:
    return worlds.joints.mean(0), worlds.objects.mean(0), worlds.turns.mean(0)


def _seen(world: WorldModel, worlds: World, rows: np.ndarray, kept: Kept, rng: np.random.Generator) -> np.ndarray:
    """What the members' mean looks like in some rows, with the camera's noise, u8 [n, H, W, 3]."""
    own = Kept(kept.painted[rows], kept.rest[rows])
    clean = world.paint(*(x[rows] for x in _mean(worlds)), own).permute(0, 2, 3, 1).numpy() * 255
    noisy = clean + rng.standard_normal(clean.shape, dtype=np.float32) * float(world.facts["noise_sd"])
    return np.clip(noisy + 0.5, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Point:
    """One update: shares of imagined rollouts that succeeded and were cut off, of groups that counted, and what it did."""

    success: float
    cut: float
    counted: float
    kl: float
    gradient_steps: int


def optimise(
    world: WorldModel,
    policy: Whole,
    begin: Callable[[int], Keyframes],
    updates: int,
    groups: int,
    group: int,
    accept: tuple[float, float],
    noise: Noise,
    rules: Rules,
    recipe: Recipe,
    rng: np.random.Generator,
    progress: Callable[[float, str], None],
) -> list[Point]:
    """Train a policy in place; `begin` draws keyframes. Updates in which no group counts change nothing."""
    optimiser, points = AdamW(policy.parameters(), weight_decay=0.0, clip_norm=1.0), []
    for number in range(updates):
        begun = begin(groups).some(np.repeat(np.arange(groups), group))
        found = imagined(world, policy, begun, noise, rules, rng)
        paid, counts = advantages(found.won.astype(float), group, accept)
        rows = np.flatnonzero(np.repeat(counts, group)[found.some.row])
        kl, steps = 0.0, 0
        if len(rows):
            some = selected(found.some, rows)
            advantage = np.repeat(paid[some.row], some.done.sum(1))
            made = update(partial(policy.of, some), optimiser, some, advantage, None, noise, recipe, rng)
            kl, steps = made.kl, made.steps
        points.append(Point(float(found.won.mean()), float(found.cut.mean()), float(counts.mean()), kl, steps))
        progress((number + 1) / updates, f"imagined success {100 * points[-1].success:.0f}%")
    return points


def selected(some: Experience, rows: np.ndarray) -> Experience:
    """Some decisions of an experience."""
    names = ("state", "privileged", "mean", "action", "done", "reward", "ends", "row")
    images = {name: of[rows] for name, of in some.images.items()}
    return Experience(images, {}, after=some.after, **{name: getattr(some, name)[rows] for name in names})
