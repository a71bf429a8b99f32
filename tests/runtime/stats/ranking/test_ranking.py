"""Rankings and preferences: right values where there is a closed form, and what people see of them."""

import itertools
import json
from pathlib import Path

import pytest
from scipy.stats import studentized_range, t

from compiler.cli import main
from runtime.bound.audit import preferred
from runtime.stats.ranking.preferences import Compared, preferences
from runtime.stats.ranking.ranking import compact_letters, joint_level, rankings
from runtime.stats.table.outcomes import Trials


@pytest.mark.parametrize("count", [3, 6])
def test_many_runs_have_the_level_of_the_studentized_range(count: int) -> None:
    """Equal spreads known to 2 x 60 degrees: Tukey's honestly significant difference."""
    quantile = studentized_range.ppf(0.95, count, 120) / 2**0.5
    assert joint_level([(4.0, 60.0)] * count, 0.95) == pytest.approx(1 - 2 * t.sf(quantile, 120), abs=8e-4)


def test_two_approaches_are_one_pair() -> None:
    assert joint_level([(4.0, 2.0), (1.0, 5.0)], 0.9) == 0.9


def test_letters_are_those_of_piepho() -> None:
    # Four in a row, of which only those two or more places apart differ: three overlapping pairs.
    chain = {("a", "c"), ("a", "d"), ("b", "d")}
    assert compact_letters("abcd", chain) == {"a": "a", "b": "ab", "c": "bc", "d": "c"}
    assert compact_letters("abc", set()) == dict.fromkeys("abc", "a")


def test_ranks_leave_open_what_pairs_leave_open() -> None:
    """The last one never succeeds; the first two are the same run by run."""
    wins = {"one": 30, "two": 30, "none": 0}
    runs = {a: {s: {str(i): float((i + 3 * s) % 40 < n) for i in range(40)} for s in range(4)} for a, n in wins.items()}
    (found,) = rankings(Trials({(a, "twin"): {("here", "task"): own} for a, own in runs.items()}), 0.95)
    assert {r["approach"]: (r["rank"], r["best"], r["letters"]) for r in found["rows"]} == {
        "one": ((1, 2), True, "a"),
        "two": ((1, 2), True, "a"),
        "none": ((3, 3), False, "b"),
    }
    assert {(p["first"], p["second"]): p["direction"] for p in found["pairs"]} == {
        ("one", "two"): "undecided",
        ("one", "none"): "helps",
        ("two", "none"): "helps",
    }


def test_preferences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    """60 : 40 without ties is a chance of 60 % (but for half a comparison's pull), and so through a third one."""
    monkeypatch.chdir(tmp_path)
    Path("map.yaml").write_text("preferences: {first: left, second: right, preferred: choice}\nrename: {approach: {X: mine}}\n")
    rows = ["X,base,left"] * 600 + ["X,base,base"] * 400 + ["base,weak,a"] * 600 + ["base,weak,b"] * 400
    Path("log.csv").write_text("left,right,choice\n" + "\n".join(rows) + "\n")
    assert main(["trials", "prefer", "log.csv", "--mapping", "map.yaml", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    shares = {(p["first"], p["second"]): p["value"] for p in found["pairs"]}
    assert shares["mine", "base"] == pytest.approx(60, abs=0.1)
    assert shares["mine", "weak"] == pytest.approx(100 * 0.36 / (0.36 + 0.16), abs=0.1)
    # Independent pairs: the largest of |z| over mine-base, base-weak and their sum, 2.34 by the studentized range.
    low, high = next(p["band"] for p in found["pairs"] if (p["first"], p["second"]) == ("mine", "base"))
    assert (60 - low, high - 60) == (pytest.approx(100 * 2.34 * (0.24 / 1000) ** 0.5, rel=0.05),) * 2

    words = ["trials", "prefer", "log.csv", "--mapping", "map.yaml", "--study"]
    assert main([*words, "none"]) == 2
    assert "no study `none` in specs/" in capsys.readouterr().err
    Path("specs").mkdir()
    Path("specs/study.yaml").write_text("title: Base\n")
    assert main([*words, "study"]) == 0
    kept = preferred(tmp_path, "study")
    assert kept is not None
    assert (len(kept.rows), kept.rows[0]) == (2000, ("mine", "base", 1, None))

    Path("log.csv").write_text("left,right,choice\n" + "X,base,tie\n" * 30 + "X,base,a\nX,base,b\n" * 35)
    assert main(["trials", "prefer", "log.csv", "--mapping", "map.yaml"]) == 0
    said = capsys.readouterr().out
    assert "100 comparisons, 30 of them ties" in said
    assert "cannot be told from the best: `base`, `mine`" in said

    for text, message in (
        ("X,base,perhaps\n", "`perhaps` is none of a, b, tie, and neither `X` nor `base`"),
        ("X,mine,a\n", "`mine` is compared with itself"),
        ("X,base,a\nother,last,b\n", "nothing compares these groups with each other: `base`, `mine`; `last`, `other`"),
    ):
        Path("log.csv").write_text("left,right,choice\n" + text)
        assert main(["trials", "prefer", "log.csv", "--mapping", "map.yaml"]) == 1
        assert message in capsys.readouterr().err
    assert main(["trials", "import", "log.csv", "--mapping", "map.yaml"]) == 1
    assert "simkiln trials prefer" in capsys.readouterr().err


def test_judges_that_agree_by_chance_make_no_band_narrower() -> None:
    """Eight judges who each prefer one three times of four; and ten approaches, more than judges."""
    one_by_one = preferences([Compared("a", "b", won) for won in [1, 1, 1, -1] * 8], 0.95)
    clustered = preferences([Compared("a", "b", won, str(judge)) for judge in range(8) for won in (1, 1, 1, -1)], 0.95)
    assert (clustered["judges"], one_by_one["judges"]) == (8, None)
    assert clustered["pairs"][0]["band"] == pytest.approx(one_by_one["pairs"][0]["band"], abs=1e-3)
    both = list(itertools.combinations("abcdefghij", 2))
    ten = [Compared(a, b, won, str(judge)) for judge in range(8) for a, b in both for won in (1, -1)]
    widths = [pair["band"][1] - pair["band"][0] for pair in preferences(ten, 0.95)["pairs"]]
    assert min(widths) > 30


def test_judges_that_disagree_make_bands_wider() -> None:
    split = [Compared("a", "b", 1 if judge < 6 else -1, str(judge)) for judge in range(12) for _ in range(10)]
    low, high = preferences(split, 0.95)["pairs"][0]["band"]
    # Twelve opinions, not 120, whose band would end at 41 and 59.
    assert low < 30
    assert high > 70
