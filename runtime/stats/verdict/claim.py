"""Claims against bands: supported, refuted, undecided or not run, with the weakest link."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from runtime.bound.claim import Alike, Equivalent, NonInferior, Simple, Superior
from runtime.stats.band import Band
from runtime.stats.status import Status


class Verdict(StrEnum):
    """Outcome of a claim: the four of `Status`, in the words for claims. Not run is never support."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    NOT_RUN = "not run"

    @property
    def status(self) -> Status:
        """The same as everything else calls it."""
        return _STATUS[self]

    @classmethod
    def of(cls, status: Status) -> "Verdict":
        """A status in the words for claims."""
        return next(verdict for verdict, same in _STATUS.items() if same is status)


_STATUS = {
    Verdict.SUPPORTED: Status.PASSED,
    Verdict.REFUTED: Status.FAILED,
    Verdict.UNDECIDED: Status.UNDECIDED,
    Verdict.NOT_RUN: Status.NOT_RUN,
}


@dataclass(frozen=True)
class Judgement:
    """A claim's verdict; `weakest` is the index of the comparison that decided it."""

    verdict: Verdict
    weakest: int


def band_level(claim: Simple, level: float) -> float:
    """Level of the two-sided band that the claim is judged by, given the study's level.

    Equivalence by two one-sided tests at 1 - level each (Schuirmann 1987) is the band at 2 level - 1 inside the margin.
    Every other claim takes the band at the level itself.
    """
    level = claim.level or level
    return 2 * level - 1 if isinstance(claim, Equivalent | Alike) else level


def judge_claim(claim: Simple, uplifts: Sequence[Band | None]) -> Judgement:
    """The verdict on a claim.

    Args:
        claim: what is claimed.
        uplifts: the band of uplift at `band_level` of each comparison of `runtime.bound.claim.comparisons`, in its order
            and in points; None for one that was not measured.
    """
    verdicts = [judge_band(claim, band) for band in uplifts]
    if not verdicts:
        return Judgement(Verdict.NOT_RUN, 0)
    weakest = min(range(len(verdicts)), key=lambda i: (verdicts[i].status.rank, clearance(claim, uplifts[i])))
    return Judgement(verdicts[weakest], weakest)


def judge_band(claim: Simple, band: Band | None) -> Verdict:
    """The verdict on one comparison of a claim: supported when the whole band clears the threshold, refuted when the
    whole band lies on its other side."""
    if band is None:
        return Verdict.NOT_RUN
    if clearance(claim, band) > 0:
        return Verdict.SUPPORTED
    if isinstance(claim, Equivalent | Alike):
        refuted = band.low >= claim.margin or band.high <= -claim.margin
    else:
        refuted = band.high <= threshold(claim)
    return Verdict.REFUTED if refuted else Verdict.UNDECIDED


def threshold(claim: Simple) -> float:
    """Uplift in points that the claim's band must lie above; for an equivalence, the lower of its two."""
    match claim:
        case Equivalent(margin=margin) | Alike(margin=margin) | NonInferior(margin=margin):
            return -margin
        case Superior(margin=margin):
            return margin
        case _:
            return 0.0


def clearance(claim: Simple, band: Band | None) -> float:
    """Points between the band's nearest end and the threshold: above 0 the claim holds. -inf where nothing is known."""
    if band is None:
        return -inf
    above = band.low - threshold(claim)
    return min(above, claim.margin - band.high) if isinstance(claim, Equivalent | Alike) else above
