"""The mean of the parameters over the last iterations: steps that go to and fro cancel (Polyak and Juditsky 1992)."""

import numpy as np

DECAY = 0.998  # of an exponential moving average
FROM = 0.7  # of the iterations


class Average:
    """A moving average of arrays; it starts anew when their sizes change."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.values: list[np.ndarray] = []

    def state(self) -> dict[str, np.ndarray]:
        """Arrays that it is restored from."""
        return {str(i): value for i, value in enumerate(self.values)}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a `state`."""
        self.values = [state[str(i)] for i in range(len(state))]

    def add(self, values: list[np.ndarray]) -> None:
        """One more iteration's values."""
        if [v.shape for v in values] != [v.shape for v in self.values]:
            self.values = [v.copy() for v in values]
        for mean, value in zip(self.values, values, strict=True):
            mean += np.float32(1 - DECAY) * (value - mean)
