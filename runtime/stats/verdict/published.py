"""Claims held against success rates that others published: one training run each, so bands know nothing of other seeds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import hypot
from typing import Any

from runtime.bound.claim import Alike, Composed, Falling, Simple
from runtime.stats.band import Band
from runtime.stats.inference.rate import wilson
from runtime.stats.verdict.claim import band_level, clearance, judge_band
from runtime.stats.verdict.claim_verdict import Link, judged_links, wanted


@dataclass(frozen=True)
class Published:
    """Successes of so many trials."""

    successes: int
    trials: int

    @property
    def rate(self) -> float:
        """In points."""
        return 100 * self.successes / self.trials


def newcombe(one: Published, other: Published, level: float) -> Band:
    """Band of the difference of two rates, in points, from Wilson's interval of each: method 10 of Newcombe, "Interval estimation
    for the difference between independent proportions" (1998). Nothing is known of pairs."""
    (a, b), rates = (wilson(x.successes, x.trials, level) for x in (one, other)), (one.rate, other.rate)
    apart = rates[0] - rates[1]
    low, high = hypot(rates[0] - a.low, b.high - rates[1]), hypot(a.high - rates[0], rates[1] - b.low)
    return Band(apart - low, apart + high)


def of_published(
    claim: Simple | Composed, found: Mapping[str, Published], baseline: str | None, level: float = 0.95
) -> dict[str, Any]:
    """The verdict, as `claim_verdict.of_claim` gives it of trials. What nobody published is not run."""

    def compared(name: str, part: Simple, pair: tuple[str, str]) -> Link:
        approach, over = pair
        text = f"{name}: {approach} over {over}" if name else f"{approach} over {over}"
        margin, own = getattr(part, "margin", None), band_level(part, level)
        link = Link(name or None, part.kind, approach, over, part.domain, text, wanted(part), margin, round(own, 6))
        if isinstance(part, Alike | Falling) or part.where or not {approach, over} <= found.keys():
            return replace(link, reason=f"`{approach}` and `{over}` were not both published")
        one, other = found[approach], found[over]
        band, value = newcombe(one, other, own), round(one.rate - other.rate, 4)
        shown = f"{value:+.1f} [{band.low:.1f}, {band.high:.1f}]".replace("-", "−")
        return replace(
            link,
            status=judge_band(part, band).status,
            value=value,
            band=band.to_json(),
            clearance=clearance(part, band),
            n=min(one.trials, other.trials),
            reason=f"{text}: {shown}, wanted {link.wanted}; one training run each",
        )

    return judged_links(claim, baseline, compared)
