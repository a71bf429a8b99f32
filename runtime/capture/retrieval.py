"""Which photos are worth matching with each other, by what they show: names and their order say nothing.

A photo's SIFT descriptors are pooled into one vector: residuals to the nearest of some visual words, which are the means
of this capture's own descriptors. Source: Jegou et al., Aggregating local descriptors into a compact image
representation, CVPR 2010; normalised within words and by signed root as in Arandjelovic and Zisserman, All about VLAD,
CVPR 2013.
"""

from collections.abc import Sequence

import numpy as np

WORDS = 64
SAMPLED = 20_000
"""Descriptors that the words are found from."""
ROUNDS = 8
"""Of k-means: words need not have settled."""


def pairs_to_match(descriptors: Sequence[np.ndarray], nearest: int, seed: int) -> list[tuple[int, int]]:
    """Pairs (a < b) of photos: each with those `nearest` to it in looks, and what joins all of them to one graph.

    Args:
        descriptors: of each photo [n, 128], n may be 0. nearest: photos that each is matched with. seed: of the words.
    """
    likeness = _likeness(descriptors, seed)
    count = len(likeness)
    np.fill_diagonal(likeness, -np.inf)
    order = np.argsort(-likeness, axis=1, kind="stable")[:, : min(nearest, count - 1)]
    chosen = {(min(a, int(b)), max(a, int(b))) for a in range(count) for b in order[a]}
    return sorted(chosen | _spanning(likeness))


def _likeness(descriptors: Sequence[np.ndarray], seed: int) -> np.ndarray:
    """Cosine [N, N] of the photos' vectors."""
    rng = np.random.default_rng(seed)
    each = max(SAMPLED // max(len(descriptors), 1), 1)
    sample = [d[rng.permutation(len(d))[:each]].astype(np.float32) for d in descriptors]
    words = _words(np.concatenate(sample), rng)
    vectors = np.stack([_pooled(d.astype(np.float32), words) for d in descriptors])
    return vectors @ vectors.T


def _words(sample: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    words = sample[rng.permutation(len(sample))[:WORDS]]
    for _ in range(ROUNDS):
        nearest = _nearest(sample, words)
        sums = np.zeros_like(words)
        np.add.at(sums, nearest, sample)
        counts = np.bincount(nearest, minlength=len(words))
        words = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], words)
    return words


def _pooled(descriptors: np.ndarray, words: np.ndarray) -> np.ndarray:
    pooled = np.zeros_like(words)
    nearest = _nearest(descriptors, words)
    np.add.at(pooled, nearest, descriptors - words[nearest])
    pooled = np.sign(pooled) * np.sqrt(np.abs(pooled))
    pooled /= np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-9)
    return pooled.ravel() / max(float(np.linalg.norm(pooled)), 1e-9)


def _nearest(descriptors: np.ndarray, words: np.ndarray) -> np.ndarray:
    return np.argmax(descriptors @ words.T - 0.5 * (words**2).sum(1), axis=1)


def _spanning(likeness: np.ndarray) -> set[tuple[int, int]]:
    """The pairs of a tree of greatest likeness over all photos (Prim)."""
    best, parent = likeness[0].copy(), np.zeros(len(likeness), int)
    out, found = np.zeros(len(likeness), bool), set()
    out[0] = True
    for _ in range(len(likeness) - 1):
        new = int(np.argmax(np.where(out, -np.inf, best)))
        found.add((min(new, int(parent[new])), max(new, int(parent[new]))))
        out[new] = True
        closer = likeness[new] > best
        best[closer], parent[closer] = likeness[new][closer], new
    return found
