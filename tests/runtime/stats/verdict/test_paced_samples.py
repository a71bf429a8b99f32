"""What the figures published of WorldSample support, by the claims of a study: points, and never +28% as points."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from runtime.bound.claim import Claim
from runtime.stats.verdict.published import Published, newcombe, of_published

AVERAGES = {"worldsample": 82, "hil-serl": 56, "vlaw": 64, "wmpo": 69}
"""Success in percent, the mean of five tasks. Nobody says how many trials a task had."""


def better(over: str, margin: float) -> Any:
    claim = {"kind": "superior", "approach": "worldsample", "over": over, "domain": "twin", "margin": margin}
    return TypeAdapter(Claim).validate_python(claim)


def test_28_percent_is_relative_to_the_one_that_does_64() -> None:
    gains = {name: (AVERAGES["worldsample"] - rate, AVERAGES["worldsample"] / rate - 1) for name, rate in AVERAGES.items()}
    assert gains["vlaw"] == (18, pytest.approx(0.28, abs=0.005))
    assert gains["hil-serl"] == (26, pytest.approx(0.46, abs=0.005))
    assert gains["wmpo"] == (13, pytest.approx(0.19, abs=0.005))
    assert pytest.approx(0.59, abs=0.005) == 1 - 23 / 56


@pytest.mark.parametrize(("each", "verdict"), [(20, "supported"), (50, "supported")])
def test_published_figures(each: int, verdict: str) -> None:
    """Better than each of the three at 20 trials a task; more than 28 points better than none of them."""
    found = {name: Published(round(5 * each * rate / 100), 5 * each) for name, rate in AVERAGES.items()}
    for other in ("hil-serl", "vlaw"):
        assert of_published(better(other, 0), found, "hil-serl")["verdict"] == verdict
    for other in ("hil-serl", "vlaw", "wmpo"):
        band = newcombe(found["worldsample"], found[other], 0.95)
        assert (band.low + band.high) / 2 < 28
        said = of_published(better(other, 28), found, "hil-serl")
        assert said["verdict"] in ("refuted", "undecided")
    assert of_published(better("wmpo", 28), found, "hil-serl")["verdict"] == "refuted"
