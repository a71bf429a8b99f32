"""Claims decide only where the whole band does."""

import pytest
from pydantic import TypeAdapter

from runtime.bound.claim import Simple, comparisons
from runtime.stats.band import Band
from runtime.stats.verdict.claim import Verdict, band_level, judge_claim

CLAIM = TypeAdapter[Simple](Simple)
ABOUT = {"approach": "bold", "domain": "twin"}


def verdict(kind: str, margin: float, low: float, high: float) -> Verdict:
    claim = CLAIM.validate_python({"kind": kind, "margin": margin, **ABOUT})
    return judge_claim(claim, [Band(low, high)]).verdict


@pytest.mark.parametrize(
    ("kind", "margin", "low", "high", "wanted"),
    [
        ("superior", 0, 0.1, 9, Verdict.SUPPORTED),
        ("superior", 0, 0, 9, Verdict.UNDECIDED),
        ("superior", 0, -9, 0, Verdict.REFUTED),
        ("superior", 5, 1, 9, Verdict.UNDECIDED),
        ("superior", 5, 1, 5, Verdict.REFUTED),
        ("equivalent", 5, -4.9, 4.9, Verdict.SUPPORTED),
        ("equivalent", 5, -7.4, 5.3, Verdict.UNDECIDED),  # published as "equal within noise"
        ("equivalent", 5, 0.1, 9, Verdict.UNDECIDED),
        ("equivalent", 5, 5, 9, Verdict.REFUTED),
        ("equivalent", 5, -9, -5, Verdict.REFUTED),
        ("non_inferior", 5, -4.9, 1, Verdict.SUPPORTED),
        ("non_inferior", 5, -5, 1, Verdict.UNDECIDED),
        ("non_inferior", 5, -9, -5, Verdict.REFUTED),
    ],
)
def test_verdicts(kind: str, margin: float, low: float, high: float, wanted: Verdict) -> None:
    assert verdict(kind, margin, low, high) is wanted


def test_an_order_is_as_strong_as_its_weakest_link() -> None:
    claim = CLAIM.validate_python({"kind": "ordered", "order": ["oracle", "bold", "baseline"], "domain": "twin"})
    assert comparisons(claim, None) == [("oracle", "bold"), ("bold", "baseline")]
    sure, open_, against = Band(1, 5), Band(-1, 5), Band(-5, -1)
    assert judge_claim(claim, [sure, sure]).verdict is Verdict.SUPPORTED
    found = judge_claim(claim, [sure, open_])
    assert (found.verdict, found.weakest) == (Verdict.UNDECIDED, 1)
    assert judge_claim(claim, [against, open_]).verdict is Verdict.REFUTED
    assert judge_claim(claim, [None, sure]).verdict is Verdict.NOT_RUN
    assert judge_claim(claim, []).verdict is Verdict.NOT_RUN


def test_what_is_compared_and_at_which_level() -> None:
    same = CLAIM.validate_python({"kind": "equivalent", "margin": 3, **ABOUT})
    better = CLAIM.validate_python({"kind": "superior", "level": 0.9, "over": "placebo", **ABOUT})
    assert comparisons(same, "baseline") == [("bold", "baseline")]
    assert comparisons(same, None) == []
    assert comparisons(better, "baseline") == [("bold", "placebo")]
    assert band_level(same, 0.95) == pytest.approx(0.9)
    assert band_level(better, 0.95) == 0.9
