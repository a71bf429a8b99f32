"""Counterfactuals: what would have come of targets a little off those of a real segment, as a world model has it."""

from dataclasses import dataclass

import numpy as np

from runtime.mining.acts import Acts, camera_images, chunks_of
from runtime.rl.sac import REAL, SYNTHETIC, Transitions
from runtime.sim.episodes.explored import Steps
from runtime.world.metrics import kept_of
from runtime.world.model import WorldModel

HORIZON = 8
"""Most control steps of a segment that is imagined."""


@dataclass(frozen=True)
class Nearby:
    """`copies` of every `stride`-th segment, whose action is off by `sd` along each of its numbers, which lie in -1..1."""

    copies: int
    stride: int
    sd: float


def carried_out(acts: Acts, steps: Steps, stride: int, origin: int = REAL) -> Transitions:
    """What truly came of chunks: of rollouts, or of demos."""
    found = chunks_of(steps, acts.k, stride)
    wanted = np.unique(np.concatenate([found.start, found.end]))
    features = acts.features(camera_images(steps, acts.learner, wanted), steps.state[wanted])
    seen, after = (features[np.searchsorted(wanted, x)] for x in (found.start, found.end))
    won, over, nothing = found.success.astype(np.float32), found.over.astype(np.float32), np.zeros(len(seen), np.float32)
    where = np.full(len(seen), origin), steps.round[found.start].astype(np.int64)
    return Transitions(seen, acts.action(seen, found.targets), won, after, over, *where, nothing, nothing, nothing)


def imagined(
    acts: Acts, world: WorldModel, steps: Steps, nearby: Nearby, this: int, limits_rad: np.ndarray, rng: np.random.Generator
) -> Transitions:
    """Segments of at most `HORIZON` steps that begin where real ones did, with targets a little off theirs, rewarded with the
    probability of success that the world model's heads say; `away_rad` is how far these targets are from the real ones."""
    real = chunks_of(steps, acts.k, nearby.stride)
    start, targets = np.repeat(real.start, nearby.copies), np.repeat(real.targets, nearby.copies, axis=0)
    first = camera_images(steps, acts.learner, start)
    seen = acts.features(first, steps.state[start])
    near = acts.action(seen, targets) + nearby.sd * rng.normal(size=(len(start), acts.size))
    action = np.clip(near, -0.99, 0.99).astype(np.float32)
    moved = np.clip(acts.chunk(seen, action), *limits_rad.T).astype(np.float32)
    camera = world.facts["camera"]
    pictures, joints = first[camera], steps.state[start]
    worlds = world.look(pictures[:, None], joints[:, None], np.zeros((len(start), 0, joints.shape[1]), np.float32))
    said = world.imagine(worlds, moved[:, :HORIZON])
    painted = world.pictures(said, -1, kept_of(world, pictures, worlds))
    after = acts.features({camera: painted}, said.joints[:, -1].astype(np.float32))
    chance = said.done[:, -1].astype(np.float32)
    away = np.sqrt(((moved - targets) ** 2).mean((1, 2))).astype(np.float32)
    apart = said.apart_m[:, -1].max(1).astype(np.float32)
    where = np.full(len(start), SYNTHETIC), np.full(len(start), this)
    known = away, apart, said.apart_done[:, -1].astype(np.float32)
    return Transitions(seen, action, chance, after, chance, *where, *known)
