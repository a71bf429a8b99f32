"""Two memories: every step goes into a ring of episodes, and now and then what is in it into prototypes that last.

After McClelland, McNaughton and O'Reilly (1995): a quick store that forgets, and a slow one that keeps what recurs.
"""

import numpy as np


class Ring:
    """The last `size` outcomes with what they belong to; one a step."""

    def __init__(self, size: int, features: int) -> None:
        self.values, self.labels = np.zeros((size, features)), np.full(size, -1)
        self.written = 0

    def add(self, value: np.ndarray, label: int) -> None:
        """Take one in, in the place of the oldest."""
        at = self.written % len(self.values)
        self.values[at], self.labels[at] = value, label
        self.written += 1

    def held(self) -> tuple[np.ndarray, np.ndarray]:
        """What is there, [n, features] and [n]."""
        n = min(self.written, len(self.values))
        return self.values[:n], self.labels[:n]


class Prototypes:
    """One mean for each label, which moves the less the more it has seen."""

    def __init__(self, labels: int, features: int) -> None:
        self.means, self.count, self.consolidations = np.zeros((labels, features)), np.zeros(labels, int), 0

    def consolidate(self, values: np.ndarray, labels: np.ndarray) -> None:
        """Take in what happened since the last time."""
        for label in np.unique(labels):
            own = values[labels == label]
            self.count[label] += len(own)
            self.means[label] += (own - self.means[label]).sum(0) / self.count[label]
        self.consolidations += 1

    def nearest(self, values: np.ndarray) -> np.ndarray:
        """The label whose prototype is nearest to each value [n, features]; [n]."""
        known = np.flatnonzero(self.count)
        distances = ((values[:, None] - self.means[None, known]) ** 2).sum(2)
        return known[distances.argmin(1)]


def nearest_in(ring: Ring, values: np.ndarray) -> np.ndarray:
    """The label of the nearest episode; [n]."""
    held, labels = ring.held()
    return labels[((values[:, None] - held[None]) ** 2).sum(2).argmin(1)]
