"""What uplift cost, and which approach to try next for the most expected uplift per GPU-hour."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.stats.band import Band


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
    """An approach that could be tried (again): its expected gain in points (`runtime.stats.prior.prior.Belief.gain`), and the
    GPU-hours that it would take."""

    approach: str
    gain: float
    gpu_hours: float


@dataclass(frozen=True)
class Suggestion:
    """`gain`: points that trying it adds on average if it is kept only where it helps; `per_hour`: over its cost."""

    approach: str
    gain: float
    per_hour: float


def next_best(candidates: Sequence[Candidate]) -> list[Suggestion]:
    """Candidates by expected gain per GPU-hour, most first; those that cost nothing are ahead of all others."""
    found = [Suggestion(c.approach, c.gain, c.gain / c.gpu_hours if c.gpu_hours > 0 else float("inf")) for c in candidates]
    return sorted(found, key=lambda s: (-s.per_hour, -s.gain, s.approach))
