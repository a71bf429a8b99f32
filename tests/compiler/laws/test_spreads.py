"""The table that power reads, made of an export whose runs differ as it was told."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import spreads
from tests.runtime.trials.small_export import export_of

SPREAD, CORRELATION = 12.0, 0.4


def trials(rng: np.random.Generator, seeds: int = 40, states: int = 60) -> list[tuple]:
    """Runs whose rates differ by `SPREAD`, from states of which each decides a share of outcomes."""
    rows, difficulty = [], rng.random(states)
    for approach in ("baseline", "bold"):
        for seed, rate in enumerate(0.5 + SPREAD / 100 * rng.standard_normal(seeds)):
            won = np.where(rng.random(states) < CORRELATION**0.5, difficulty, rng.random(states)) < rate
            names = "lab", "press-button", approach, seed, "twin"
            rows += [(*names, str(i), bool(w), float(w), "", 9, None) for i, w in enumerate(won)]
    return rows


def test_spread_and_correlation_are_found_in_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, file, out = trials(np.random.default_rng(7)), tmp_path / "trials.parquet", tmp_path / "spreads.csv"

    def made(**facts: Any) -> dict[str, dict[str, str]]:
        file.write_bytes(export_of(rows, **facts))
        monkeypatch.setattr("sys.argv", ["spreads", str(file), "--out", str(out)])
        spreads.main()
        return {row["what"]: row for row in csv.DictReader(out.read_text().splitlines()) if row["domain"] == "twin"}

    found = made()
    for what, true in (("seed_spread", SPREAD), ("state_correlation", CORRELATION)):
        assert float(found[what]["low"]) < true < float(found[what]["high"])
        assert found[what]["source"].startswith("trials.parquet ")
    assert float(found["seed_spread"]["high"]) < SPREAD + 5
    assert int(found["seed_spread"]["units"]) == 2 * 39
    copies = tuple(("twin", "lab", "press-button", seed, ("baseline", "bold")) for seed in range(40))
    assert int(made(same_policies=copies)["seed_spread"]["units"]) == 39, "the very same policies count once"
    assert made(fixed=(("baseline", "twin"), ("bold", "twin"))) == {}, "one policy tells nothing of training"
