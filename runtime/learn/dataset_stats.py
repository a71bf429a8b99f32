"""Statistics of a dataset as LeRobot's `compute_stats` makes them, to the last bit, from arrays in memory.

LeRobot writes pictures to files, reads them back, and sorts all their values for each histogram; eight bits have 256 values.
A test holds every number to LeRobot's own.
"""

import numpy as np

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
BINS = 5000
SMALL_PX, SIDE_PX = 300, 150  # pictures of SMALL_PX or more are thinned to about SIDE_PX

type Stats = dict[str, np.ndarray]


def of_pictures(film: np.ndarray) -> Stats:
    """Statistics over the pictures u8 [T, H, W, 3] of an episode, by channel [3, 1, 1], in 0..1; of many pictures over some."""
    wanted = max(min(len(film), 100), min(int(len(film) ** 0.75), 10_000))
    film = film[np.round(np.linspace(0, len(film) - 1, wanted)).astype(int)]
    height, width = film.shape[1:3]
    if max(width, height) >= SMALL_PX:
        step = int(width / SIDE_PX) if width > height else int(height / SIDE_PX)
        film = film[:, ::step, ::step]
    found = _stats(film.reshape(-1, 3), len(film))
    return {name: value if name == "count" else value.reshape(3, 1, 1) / 255.0 for name, value in found.items()}


def of_rows(rows: np.ndarray) -> Stats:
    """Statistics over the rows of an episode [T, D], by column [D]; of [T] numbers, [1]."""
    return _stats(rows.reshape(len(rows), -1), len(rows))


def _stats(values: np.ndarray, count: int) -> Stats:
    """By column of [N, D]: moments in the precision of the values, quantiles from a histogram of BINS bins."""
    many = np.array([count])
    if len(values) < 2:
        found = {"min": values.min(0), "max": values.max(0), "mean": values.mean(0), "std": values.std(0), "count": many}
        return found | {name: found["mean"].copy() for name in QUANTILES}
    real = values.astype(np.result_type(values.dtype, np.float32), copy=False)
    mean = np.mean(real, axis=0)
    spread = np.sqrt(np.maximum(0, np.mean(real**2, axis=0) - mean**2))
    if values.dtype == np.uint8:
        counts = [np.bincount(column, minlength=256) for column in values.T]
        levels, there = np.arange(256, dtype=real.dtype), [np.flatnonzero(c) for c in counts]
        low, high = (np.array([levels[t[end]] for t in there]) for end in (0, -1))
    else:
        counts, levels, low, high = None, np.empty(0), real.min(0), real.max(0)
    edges = [np.linspace(a - 1e-10, b + 1e-10, BINS + 1) for a, b in zip(low, high, strict=True)]
    sums = []
    for i, at in enumerate(edges):
        filled = np.histogram(real[:, i], at)[0] if counts is None else np.histogram(levels, at, weights=counts[i])[0]
        sums.append(np.cumsum(filled))
    found = {"min": low, "max": high, "mean": mean, "std": spread, "count": many}
    for name, share in QUANTILES.items():
        found[name] = np.array([_quantile(one, at, share * len(real)) for one, at in zip(sums, edges, strict=True)])
    return found


def _quantile(sums: np.ndarray, edges: np.ndarray, target: float) -> float:
    at = int(np.searchsorted(sums, target))
    if at == 0 or at >= len(sums):
        return edges[0] if at == 0 else edges[-1]
    inside = sums[at] - sums[at - 1]
    return edges[at] if inside == 0 else edges[at] + (target - sums[at - 1]) / inside * (edges[at + 1] - edges[at])


def joined(all_before: Stats, one: Stats) -> Stats:
    """Statistics over all episodes so far and one more; quantiles are means of quantiles, weighted by how many there are."""
    counts = all_before["count"], one["count"]
    total = counts[0] + counts[1]

    def mean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a * counts[0] + b * counts[1]) / total

    middle = mean(all_before["mean"], one["mean"])
    parts = [s["std"] ** 2 + (s["mean"] - middle) ** 2 for s in (all_before, one)]
    return {
        "min": np.minimum(all_before["min"], one["min"]),
        "max": np.maximum(all_before["max"], one["max"]),
        "mean": middle,
        "std": np.sqrt(mean(parts[0], parts[1])),
        "count": total,
        **{name: mean(all_before[name], one[name]) for name in QUANTILES},
    }
