"""Claims against bands: supported, refuted, undecided or not run, with the weakest link."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from runtime.spec.claim import Equivalent, NonInferior, Ordered, Superior
from runtime.stats.band import Band


class Verdict(StrEnum):
    """Outcome of a claim. Not run is never support."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    NOT_RUN = "not run"


_WORST_FIRST = (Verdict.REFUTED, Verdict.NOT_RUN, Verdict.UNDECIDED, Verdict.SUPPORTED)


@dataclass(frozen=True)
class Judgement:
    """A claim's verdict; `weakest` is the index of the comparison that decided it."""

    verdict: Verdict
    weakest: int


def band_level(claim: Superior | Equivalent | NonInferior | Ordered, level: float) -> float:
    """Level of the two-sided band that the claim is judged by, given the study's level.

    Equivalence by two one-sided tests at 1 - level each (Schuirmann 1987) is the band at 2 level - 1 inside the margin.
    Every other claim takes the band at the level itself.
    """
    level = claim.level or level
    return 2 * level - 1 if isinstance(claim, Equivalent) else level


def judge_claim(claim: Superior | Equivalent | NonInferior | Ordered, uplifts: Sequence[Band | None]) -> Judgement:
    """The verdict on a claim.

    Args:
        claim: what is claimed.
        uplifts: the band of uplift at `band_level` of each comparison of `runtime.spec.claim.comparisons`, in its order
            and in points; None for one that was not measured.
    """
    verdicts = [_judge(claim, band) for band in uplifts]
    if not verdicts:
        return Judgement(Verdict.NOT_RUN, 0)
    weakest = min(range(len(verdicts)), key=lambda i: _WORST_FIRST.index(verdicts[i]))
    return Judgement(verdicts[weakest], weakest)


def _judge(claim: Superior | Equivalent | NonInferior | Ordered, band: Band | None) -> Verdict:
    if band is None:
        return Verdict.NOT_RUN
    match claim:
        case Equivalent(margin=margin):
            supported, refuted = -margin < band.low and band.high < margin, band.low >= margin or band.high <= -margin
        case NonInferior(margin=margin):
            supported, refuted = band.low > -margin, band.high <= -margin
        case Superior(margin=margin):
            supported, refuted = band.low > margin, band.high <= margin
        case _:
            supported, refuted = band.low > 0, band.high <= 0
    if supported:
        return Verdict.SUPPORTED
    return Verdict.REFUTED if refuted else Verdict.UNDECIDED
