"""What a measurement leaves open, as a shape: the distribution whose central part, at the row's level, is its band.

Student's t with the band's degrees of freedom round the estimate, each side as wide as its end of the band says. It is what would
be believed by somebody who knew nothing before (a flat prior), so bands read off it are those of the table.
"""

from collections.abc import Mapping
from typing import Any

from runtime.report.drawing.axis import Axis

SHARES = (0.025, 0.05, *(round(0.1 * i, 1) for i in range(1, 10)), 0.95, 0.975)
"""Whose quantiles are told."""
HEIGHT, POINTS = 26, 40


def quantiles(row: Mapping[str, Any]) -> dict[float, float] | None:
    """Share -> the value below which that share of the distribution lies, points; None without a bounded band."""
    from scipy import stats

    if row["degrees"] <= 0:
        return None
    edge = float(stats.t.ppf((1 + row["level"]) / 2, row["degrees"]))
    found = {}
    for share in SHARES:
        z = float(stats.t.ppf(share, row["degrees"])) / edge
        side = row["value"] - row["band"][0] if z < 0 else row["band"][1] - row["value"]
        found[share] = min(max(row["value"] + z * side, -100.0), 100.0)
    return found


def violin(axis: Axis, row: Mapping[str, Any]) -> str | None:
    """The shape as an SVG path in a field 100 wide and `HEIGHT` tall; None without a bounded band."""
    from scipy import stats

    if row["degrees"] <= 0:
        return None
    edge = float(stats.t.ppf((1 + row["level"]) / 2, row["degrees"]))
    sides = [max(row["value"] - row["band"][0], 1e-6) / edge, max(row["band"][1] - row["value"], 1e-6) / edge]
    most, up, down = float(stats.t.pdf(0, row["degrees"])), [], []
    for i in range(-POINTS, POINTS + 1):
        z = 1.6 * edge * i / POINTS
        x = row["value"] + z * sides[i > 0]
        if axis.low <= x <= axis.high:
            reach = 0.46 * HEIGHT * float(stats.t.pdf(z, row["degrees"])) / most
            up.append(f"{axis.at(x):.1f} {HEIGHT / 2 - reach:.1f}")
            down.append(f"{axis.at(x):.1f} {HEIGHT / 2 + reach:.1f}")
    return f"M{'L'.join([*up, *reversed(down)])}Z" if len(up) > 1 else None
