"""The parameters that training changes: Gaussians with logarithms of scales and logits of opacities, each with Adam."""

from dataclasses import dataclass

import numpy as np

from runtime.splat.adam import Adam
from runtime.splat.backward import Gradients
from runtime.splat.checkpoint import nested, part
from runtime.splat.gaussians import Gaussians


@dataclass(frozen=True)
class Rates:
    """Learning rates. The one of the means is in scene units; `shading` is for the degrees above zero."""

    means: float
    scales: float = 0.01
    quats: float = 0.002
    opacities: float = 0.05
    color: float = 0.005
    shading: float = 0.0005


def logit(p: np.ndarray) -> np.ndarray:
    """Inverse of the logistic function, finite at 0 and 1."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p)).astype(np.float32)


class Model:
    """Trainable Gaussians. `gaussians()` is what to render; `step` takes that render's gradients."""

    def __init__(self, start: Gaussians) -> None:
        """Begin at `start`."""
        self._means = Adam(start.means.copy())
        self._quats = Adam(start.quats.copy())
        self._scales = Adam(np.log(start.scales))
        self._opacities = Adam(logit(start.opacities))
        self._color = Adam(np.ascontiguousarray(start.sh[:, :1]))
        self._shading = Adam(np.ascontiguousarray(start.sh[:, 1:]))
        self._all = (self._means, self._quats, self._scales, self._opacities, self._color, self._shading)

    def state(self) -> dict[str, np.ndarray]:
        """Arrays that it is restored from."""
        return nested({str(i): adam for i, adam in enumerate(self._all)})

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a `state`."""
        for i, adam in enumerate(self._all):
            adam.restore(part(state, str(i)))

    def move(self, offsets: np.ndarray) -> None:
        """Shift all centres by offsets [N, 3]."""
        self._means.value += offsets

    def __len__(self) -> int:
        return len(self._means.value)

    def values(self) -> list[np.ndarray]:
        """The current parameters, which the next step changes in place."""
        return [adam.value for adam in self._all]

    def gaussians(self, values: list[np.ndarray] | None = None) -> Gaussians:
        """The current Gaussians, or those of other `values`; a copy except for means and quats."""
        means, quats, scales, opacities, color, shading = values or self.values()
        sh = np.concatenate([color, shading], axis=1)
        return Gaussians(means, quats, np.exp(scales), 1 / (1 + np.exp(-opacities)), sh)

    def step(self, now: Gaussians, gradients: Gradients, rates: Rates, reach: np.ndarray) -> None:
        """One Adam step of every parameter, from the gradients with respect to `now`, the current Gaussians; each centre
        moves by the rate of the means times its `reach` [N, 1]."""
        g = gradients
        self._scales.step(g.scales * now.scales, rates.scales)
        self._opacities.step(g.opacities * now.opacities * (1 - now.opacities), rates.opacities)
        self._quats.step(g.quats, rates.quats)
        self._color.step(np.ascontiguousarray(g.colors[:, :1]), rates.color)
        if g.colors.shape[1] > 1:
            self._shading.step(np.ascontiguousarray(g.colors[:, 1:]), rates.shading)
        before = self._means.value.copy()
        self._means.step(g.means, rates.means)
        self._means.value[:] = before + (self._means.value - before) * reach

    def replace(self, keep: np.ndarray, added: Gaussians) -> None:
        """Keep the Gaussians of the mask [N] and append others, whose moments start at zero."""
        new = Model(added)
        for mine, theirs in zip(self._all, new._all, strict=True):
            mine.rows(keep, theirs.value)
