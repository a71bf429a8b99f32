"""The measured matrix: of committed trials alone, as it stands in the docs; priors that held, were refuted, or had no room."""

import sys
from pathlib import Path

import pytest

from benchmarks.matrix import main, verdict_on
from runtime.stats.band import Band
from tests import REPOSITORY

COMMITTED = REPOSITORY / "docs" / "results"


def test_the_page_is_what_committed_trials_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["matrix", "--results", str(COMMITTED), "--to", str(tmp_path)])
    main()
    for name in ("README.md", "matrix.csv"):
        assert (tmp_path / name).read_text() == (COMMITTED / "matrix" / name).read_text(), f"make {name} again: benchmarks.matrix"
    page = (tmp_path / "README.md").read_text()
    assert "| D, `hard-negatives` (phase-1) | 3..8 | +5.7 [−1.9, 13.2] |" in page  # as docs/results/phase-1 has it
    assert "| J, `world-vla-loop` | none | not measured: blocked |" in page


@pytest.mark.parametrize(
    ("band", "room", "word"),
    [((5, 9), 50, "held"), ((12, 20), 50, "held"), ((-3, 3.9), 50, "refuted"), ((-3, 5), 50, "open"), ((-3, 1), 2, "no room")],
)
def test_a_prior_is_judged_by_the_whole_band(band: tuple[float, float], room: float, word: str) -> None:
    assert verdict_on(Band(*band), (4.0, 10.0), room) == word
