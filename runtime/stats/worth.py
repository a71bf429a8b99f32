"""What uplift cost, and which approach to try next for the most expected uplift per GPU-hour."""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from runtime.stats.band import Band
from runtime.stats.prior import Belief


def cost_per_point(cost: float, bands: Sequence[Band]) -> float | None:
    """Cost over all confirmed points: of each band above zero, its lower end. None where nothing is confirmed.

    Args:
        cost: what all comparisons together cost, in any unit, those included that confirmed nothing.
        bands: uplift of each comparison, in points.
    """
    confirmed = sum(max(band.low, 0.0) for band in bands)
    return cost / confirmed if confirmed > 0 else None


@dataclass(frozen=True)
class Candidate:
    """An approach that could be tried (again): what is believed of it, and the GPU-hours that it would take."""

    approach: str
    belief: Belief
    gpu_hours: float


@dataclass(frozen=True)
class Suggestion:
    """`gain`: points that trying it adds on average if it is kept only where it helps; `per_hour`: over its cost."""

    approach: str
    gain: float
    per_hour: float


def expected_gain(belief: Belief, best: float = 0.0) -> float:
    """Mean of what the uplift exceeds `best` by, and nothing where it does not (expected improvement)."""
    away = (belief.mean - best) / belief.sd
    return float(belief.sd * (stats.norm.pdf(away) + away * stats.norm.cdf(away)))


def next_best(candidates: Sequence[Candidate], best: float = 0.0) -> list[Suggestion]:
    """Candidates by expected gain per GPU-hour, most first; those that cost nothing are ahead of all others.

    Args:
        candidates: what could be tried.
        best: uplift of the approach in use, in points.
    """
    found = [
        Suggestion(c.approach, gain, gain / c.gpu_hours if c.gpu_hours > 0 else float("inf"))
        for c in candidates
        for gain in [expected_gain(c.belief, best)]
    ]
    return sorted(found, key=lambda s: (-s.per_hour, -s.gain, s.approach))
