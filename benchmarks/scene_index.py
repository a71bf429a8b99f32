"""Nearest views among 100,000, and what reducing looks to their principal axes loses.

    OMP_NUM_THREADS=1 python -m benchmarks.scene_index [--views N] [--queries N]

Photos of hidden sites, four seeds. First every tenth photo of a site asks among the others: recall of the ten that are nearest
by all numbers of a look. Then so many looks and poses as are asked for are drawn round the photos', and the search is held
against comparing each query with every view in float64.
"""

import argparse
import time
from dataclasses import replace

import numpy as np

from benchmarks.scenes import table
from runtime.bound.source import HiddenSite
from runtime.scene_index.descriptor import describe
from runtime.scene_index.index import SceneIndex
from runtime.sim.site.photograph import photograph

K = 10
PHOTOS = 100


def recall(found: np.ndarray, truth: np.ndarray) -> float:
    """Share of the true nearest that were found."""
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.tolist(), truth.tolist(), strict=True)]))


def nearest(views: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The oracle: [Q, K] by all distances in float64."""
    return np.stack([np.argsort(((views - one) ** 2).sum(1), kind="stable")[:K] for one in queries.astype(np.float64)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=30)
    options = parser.parse_args()
    found: dict[int, list[tuple[float, float, float, float]]] = {}
    for seed in range(4):
        rng = np.random.default_rng(seed)
        shot = photograph(HiddenSite(kind="hidden_site", seed=seed, style="lab"), 96, 72, PHOTOS)
        looks, asking = np.stack([describe(photo) for photo in shot.photos]), np.arange(PHOTOS) % 10 == 0
        truth = nearest(looks[~asking], looks[asking])
        for dimension in (16, 64):
            index = SceneIndex.of(looks[~asking], shot.c2w[~asking], 1.0, dimension)
            kept = recall(index.nearest(K, index.reduced(looks[asking]))[0], truth)
            drawn = rng.integers(len(index), size=options.views)
            many = index.looks[drawn] + rng.normal(0, 0.1 * index.looks.std(), (len(drawn), index.looks.shape[1])).astype(
                np.float32
            )
            poses = index.c2w[drawn]
            poses[:, :3, 3] += rng.normal(0, 0.1, (len(drawn), 3))
            large, some = replace(index, looks=many, c2w=poses), rng.integers(len(drawn), size=options.queries)
            queries = many[some] + rng.normal(0, 0.05 * many.std(), (len(some), many.shape[1])).astype(np.float32)
            begin = time.process_time()
            by_look, _ = large.nearest(K, queries)
            middle = time.process_time()
            large.nearest(K, queries, poses[some])
            rates = options.queries / (middle - begin), options.queries / (time.process_time() - middle)
            found.setdefault(dimension, []).append((kept, recall(by_look[:10], nearest(many, queries[:10])), *rates))
    rows = [("numbers", "kept recall@10", "search recall@10", "queries/CPU-s by look", "by look and pose")]
    for dimension, runs in found.items():
        means, spreads = np.mean(runs, axis=0), np.std(runs, axis=0, ddof=1)
        kept, exact, *rates = (f"{m:.3g} (sd {s:.2g})" for m, s in zip(means, spreads, strict=True))
        rows.append((str(dimension), kept, exact, rates[0], rates[1]))
    table(rows)


if __name__ == "__main__":
    main()
