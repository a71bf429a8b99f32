"""Adam (Kingma and Ba 2015) on plain float32 arrays, in place and in one pass."""

import math

import numpy as np

from runtime.splat.jit import kernel

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-15


@kernel
def _step(value, gradient, first, second, rate, correction):
    b1, b2 = np.float32(BETA1), np.float32(BETA2)
    rate, correction, tiny = np.float32(rate), np.float32(correction), np.float32(EPSILON)
    for i in range(value.size):
        g = gradient[i]
        m = b1 * first[i] + (np.float32(1.0) - b1) * g
        v = b2 * second[i] + (np.float32(1.0) - b2) * g * g
        first[i], second[i] = m, v
        value[i] -= rate * m / (math.sqrt(v) * correction + tiny)


class Adam:
    """Adam for one parameter array [N, ...]; keeps its moments in step when rows are added or removed."""

    def __init__(self, value: np.ndarray) -> None:
        """Moments of zero for a C-ordered float32 array, which `step` then changes in place."""
        self.value = value
        self._first, self._second = np.zeros_like(value), np.zeros_like(value)
        self._steps = 0

    def step(self, gradient: np.ndarray, rate: float) -> None:
        """One step with the gradient [N, ...] at the given learning rate."""
        self._steps += 1
        bias1, bias2 = 1 - BETA1**self._steps, 1 - BETA2**self._steps
        flat = (a.reshape(-1) for a in (self.value, gradient, self._first, self._second))
        _step(*flat, rate / bias1, 1 / math.sqrt(bias2))

    def rows(self, keep: np.ndarray, added: np.ndarray) -> None:
        """Keep the rows of the mask [N] and append new ones [A, ...] with moments of zero."""
        nothing = np.zeros_like(added)
        self.value = np.ascontiguousarray(np.concatenate([self.value[keep], added]))
        self._first = np.concatenate([self._first[keep], nothing])
        self._second = np.concatenate([self._second[keep], nothing])

    def state(self) -> dict[str, np.ndarray]:
        """Arrays that it is restored from."""
        return {"value": self.value, "first": self._first, "second": self._second, "steps": np.array(self._steps)}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a `state`."""
        self.value, self._first, self._second = state["value"], state["first"], state["second"]
        self._steps = int(state["steps"])
