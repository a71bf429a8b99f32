"""Geometry of the forest plot: where bands, estimates and prior ranges lie on one axis, in percent of its width."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.report.drawing import Drawn


@dataclass(frozen=True)
class Axis:
    """A linear axis from `low` to `high` with ticks, all in points."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Position in percent, held within the axis."""
        return round(100 * (min(max(value, self.low), self.high) - self.low) / (self.high - self.low), 3)

    def ticked(self) -> dict[str, list[dict[str, float]]]:
        """What a template draws of the axis itself: where its ticks lie."""
        return {"ticks": [{"x": self.at(tick), "value": tick} for tick in self.ticks]}


RATES = Axis(-2.0, 102.0, (0, 25, 50, 75, 100))
"""Axis of success rates, with room for a dot at either end."""


def axis_of(rows: Iterable[Mapping[str, Any]]) -> Axis:
    """An axis for uplift: all estimates, the bands of pooled rows, the prior ranges and zero.

    Bands of single locations may run off the axis (they are drawn with an open end), so that a wide one doesn't squash
    the rest.
    """
    values = [-5.0, 5.0]
    rows = list(rows)
    has_pooled = any(row["location"] is None for row in rows)
    for row in rows:
        values.append(row["value"])
        if row["location"] is None or not has_pooled:
            values += row["band"]
        if row["prior"]:
            values += row["prior"]["range"]
    low, high = max(min(values), -100.0), min(max(values), 100.0)
    room = 0.06 * (high - low)
    low, high = low - room, high + room
    step = next(s for s in (1, 2, 5, 10, 20, 25, 50) if (high - low) / s <= 8 or s == 50)
    first = math.ceil(low / step)
    return Axis(low, high, tuple(float(step * i) for i in range(first, math.floor(high / step) + 1)))


def strip(axis: Axis, value: float, band: Sequence[float], prior: Sequence[float] | None = None) -> Drawn:
    """One row's marks: positions in percent. A cap marks an end of the band that lies on the axis;
    `off` tells on which side the estimate itself runs off it."""
    return {
        "dot": axis.at(value),
        "low": axis.at(band[0]),
        "high": axis.at(band[1]),
        "cap_low": axis.low <= band[0] <= axis.high,
        "cap_high": axis.low <= band[1] <= axis.high,
        "off": "low" if value < axis.low else "high" if value > axis.high else None,
        "zero": axis.at(0.0),
        "grid": [axis.at(t) for t in axis.ticks],
        "prior": prior and {"x": axis.at(prior[0]), "width": round(max(axis.at(prior[1]) - axis.at(prior[0]), 0.4), 3)},
    }


def band_marks(row: Mapping[str, Any], y: Callable[[float], float]) -> Drawn:
    """Where a row's estimate and the ends of its band lie on a vertical axis."""
    return {"y": y(row["value"]), "low": y(row["band"][0]), "high": y(row["band"][1])}


def curve(points: Sequence[Drawn]) -> Drawn:
    """A `line` through points and the `area` of their bands, as corners."""
    around = [(p["x"], p["high"]) for p in points] + [(p["x"], p["low"]) for p in reversed(points)]
    return {"line": " ".join(f"{p['x']},{p['y']}" for p in points), "area": " ".join(f"{x},{y}" for x, y in around)}
