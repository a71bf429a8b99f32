"""Whether a world model uses what it saw before: its error with past looks in another order, less that in theirs."""

import numpy as np

from runtime.scene_index.band import band_of
from runtime.world.model import WorldModel
from runtime.world.windows import Attempts, composed

AHEAD = 4
"""Steps ahead at which it is measured."""
LEAST = 3
"""Looks of which the first ones can change places: the last always stays."""
_STREAM = 92


def history_gain(world: WorldModel, held: Attempts, looks: int, windows: int, seed: int = 0) -> dict[str, float]:
    """What past looks are worth, millimetres of tip and objects together: the mean over attempts and its band (95%, Student's t);
    empty where too few looks or attempts are there."""
    rng = np.random.default_rng([_STREAM, seed])
    starts = rng.permutation(held.starts(looks - 1 + AHEAD))[:windows]
    if looks < LEAST or len(np.unique(held.episode[starts])) < 2:
        return {}
    seen = starts[:, None] + np.arange(looks)
    noise, shadow = float(world.facts["noise_sd"]), float(world.facts["shadow"])
    layers = [
        composed(held.layers[seen[:, i]], held.backdrops[held.behind[seen[:, i]]].astype(np.float32), shadow)
        for i in range(looks)
    ]
    pictures = np.stack([np.clip(x + rng.normal(0, noise, x.shape) + 0.5, 0, 255).astype(np.uint8) for x in layers], 1)
    states, actions, truth = held.state[seen], held.action[seen[:, :-1]], seen[:, -1] + AHEAD
    ahead = held.action[seen[:, -1:] + np.arange(AHEAD)]
    moved = np.stack([_moved(rng, looks - 1) for _ in starts])
    errors = []
    for order in (np.tile(np.arange(looks - 1), (len(starts), 1)), moved):
        rows = np.arange(len(starts))[:, None]
        whole = np.concatenate([order, np.full((len(starts), 1), looks - 1)], 1)
        found = world.imagine(world.look(pictures[rows, whole], states[rows, whole], actions[rows, order]), ahead)
        tip = np.linalg.norm(found.tip[:, -1] - held.tip[truth], axis=1)
        errors.append(1000 * (tip + np.sqrt(((found.objects[:, -1] - held.objects[truth]) ** 2).sum(2).mean(1))))
    episodes = held.episode[starts]
    apart = np.array([(errors[1] - errors[0])[episodes == e].mean() for e in np.unique(episodes)])
    gain, low, high = (round(float(x), 4) for x in band_of(apart))
    return {"history_gain_mm": gain, "history_low_mm": low, "history_high_mm": high, "history_used": float(low > 0)}


def _moved(rng: np.random.Generator, count: int) -> np.ndarray:
    """An order of chance of so many, but not the one in which they are."""
    order = rng.permutation(count)
    return order if (order != np.arange(count)).any() else np.roll(order, 1)
