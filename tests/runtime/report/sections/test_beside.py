"""What stands beside rates and ranks: invalid trials, clean twins, people's preferences."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests import REPOSITORY
from tests.runtime.report.test_downloads import rows, saved
from tests.runtime.synthetic_study import LOCATIONS, RATES, synthetic_study


def drawn_with_all(store: Path) -> Path:
    """A report with invalid trials, clean twins and preferences: its folder."""
    rates = {a: {"twin": RATES.get(a, RATES["baseline"])["twin"]} for a in ("baseline", "aligned", "enriched")}
    study = synthetic_study(store, LOCATIONS, rates, 20, gates=("enriched-helps",), curves=False, invalid={"enriched": 4})
    study.clean_of["aligned"] = "baseline"
    chosen = [["enriched", "baseline", 1, None]] * 9 + [["baseline", "aligned", 0, None], ["enriched", "aligned", -1, None]]
    return study.report(preferences={"rows": chosen})


def test_invalid_trials_twins_and_preferences_are_told_and_saved(tmp_path: Path) -> None:
    folder = drawn_with_all(tmp_path / "store")
    said, files = json.loads((folder / "report.json").read_text()), saved(folder)
    page = (folder / "report.html").read_text()
    schema = json.loads((REPOSITORY / "schema" / "report.schema.json").read_text())
    assert not list(Draft202012Validator(schema).iter_errors(said))
    assert [(r["approach"], r["invalid"], r["trials"]) for r in said["evidence"]["invalid"]] == [("enriched", 12, 60)] * 2
    assert "24 trials were invalid (of 120 at those places)" in page.partition('id="uplift"')[0]
    table = rows(files["study-invalid.csv"])
    assert [(r["invalid"], r["why"]) for r in table] == [("12", "arm stuck 12")] * 2
    assert all(float(r["success_as_failures"]) < float(r["success_of_valid"]) for r in table)
    twins = rows(files["study-twins.csv"])
    assert [(r["location"], r["seed"]) for r in twins[:2]] == [("all", ""), ("atrium-counter", "")]
    assert len(twins) == 1 + 2 * (1 + 3)
    assert sum(int(r["pairs"]) for r in twins if r["seed"]) == int(twins[0]["pairs"]) == 120
    assert rows(files["study-preferred.csv"])[0]["approach"] == "enriched"
    assert "By people's preferences" in page
    assert len(re.findall('<details class="fold">', page)) >= 8
    assert sum(r["trials"] for r in said["drivers"]["shifts"] if (r["approach"], r["word"]) == ("enriched", None)) == 96
    assert {r["direction"] for r in said["drivers"]["shifts"] if r["approach"] == "baseline"} == {None}


@pytest.mark.parametrize("content", ['{"rows": [["a", "b", 2, null]]}', "not json"])
def test_preferences_that_were_changed_are_refused(tmp_path: Path, content: str) -> None:
    from runtime.bound.audit import preferred
    from runtime.problem import InputError

    (tmp_path / "preferences").mkdir()
    (tmp_path / "preferences" / "study.json").write_text(content)
    with pytest.raises(InputError, match="R400"):
        preferred(tmp_path, "study")
    assert preferred(tmp_path, "other") is None
