"""`simkiln diff --results`: numbers of two reports that moved beyond their bands."""

import json
from pathlib import Path

import pytest
from scipy import stats

from compiler.cli import main


def report(path: str, success: float, uplift: float, status: str = "passed", level: float = 0.95) -> None:
    """A report of one approach with 8 degrees of freedom, bands 10 points to both sides."""

    def row(value: float) -> dict:
        at = {"approach": "mine", "domain": "twin", "location": None, "task": None}
        return {**at, "value": value, "band": [value - 10, value + 10], "level": level, "units": 10, "degrees": 8.0}

    evidence = {"level": level, "rates": [row(success)], "uplift": [row(uplift)], "scores": []}
    Path(path).write_text(json.dumps({"evidence": evidence, "gates": [{"id": "helps", "status": status}], "claims": []}))


def test_what_moved_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    Path("specs").mkdir()
    report("a.json", 40, 0)
    report("b.json", 70, 14.5, "failed")
    assert main(["diff", "a.json", "b.json", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    success, uplift = said["numbers"]
    # Two numbers at once: each half-width grows as t does at half of the error, and both studies' add up as squares do.
    wider = 10 * stats.t.ppf(1 - 0.0125, 8) / stats.t.ppf(0.975, 8) * 2**0.5
    assert success["band"] == pytest.approx([30 - wider, 30 + wider], abs=1e-3)
    assert (success["measure"], success["way"], uplift["way"]) == ("success", "moved", "perhaps")
    assert 10 * 2**0.5 < 14.5 < wider
    assert said["verdicts"] == [["gate `helps`", "passed", "failed"]]
    assert main(["diff", "a.json", "b.json"]) == 0
    told = capsys.readouterr().out
    assert "gate `helps`: passed -> failed" in told
    assert "2 numbers in both: 1 moved, 1 perhaps" in told
    assert main(["diff", "a.json", "a.json"]) == 0
    assert "no number moved beyond its band" in capsys.readouterr().out

    report("c.json", 40, 0, level=0.9)
    Path("d.json").write_text('{"evidence": {"level": 0.95, "rates": [{}], "uplift": [], "scores": []}}')
    hurt = json.loads(Path("a.json").read_text())
    for number, wrong in enumerate(({"value": "x"}, {"value": 1e9}, {"band": None}, {"degrees": None}, {"approach": []})):
        hurt["evidence"]["rates"] = [{**hurt["evidence"]["uplift"][0], **wrong}]
        Path(f"hurt-{number}.json").write_text(json.dumps(hurt))
    Path("hurt-5.json").write_text(Path("a.json").read_text().replace('"gates": [', '"gates": [1, '))
    for names, message in (
        *((["a.json", f"hurt-{number}.json"], f"`hurt-{number}.json` is no report of a study") for number in range(6)),
        (["a.json", "c.json"], "bands of one have a level of 0.95, of the other 0.9"),
        (["a.json", "d.json"], "`d.json` is no report of a study"),
        (["a.json", "gone.json"], "`gone.json` cannot be read"),
        (["a.json", "study", "--results"], "`study` is neither a study of this project nor a report's `.json`"),
    ):
        assert main(["diff", *names]) != 0
        assert message in capsys.readouterr().err
