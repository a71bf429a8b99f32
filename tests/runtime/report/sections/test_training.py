"""How training went, in the report: a line for each run, an unfinished one told, policies that are shared told once."""

import json
from pathlib import Path

from tests.runtime.synthetic_study import RATES, synthetic_study


def test_an_unfinished_run_shows_beside_the_others(tmp_path: Path) -> None:
    rates = {a: RATES[a] for a in ("baseline", "enriched", "untrained")} | {"aligned": RATES["enriched"]}
    folder = synthetic_study(tmp_path / "store", rates=rates, curves=False, reinforced=("enriched",)).report()
    said = json.loads((folder / "report.json").read_text())["reinforcement"]
    assert {row["approach"] for row in said} == {"enriched"}
    assert [run["control_steps"] for run in said[0]["runs"]] == [[1000, 2000, 3000]] * len(said[0]["runs"])
    assert said[0]["runs"][0]["clone_kl"] == [0.0, None, 2.5]
    rows = json.loads((folder / "report.json").read_text())["training"]
    assert {row["approach"] for row in rows} == {"baseline", "enriched"}  # nothing of an untrained one; aligned is the baseline's
    for row in rows:
        assert row["shared_with"] == (["aligned"] if row["approach"] == "baseline" else [])
        assert [run["steps"] for run in row["runs"]] == [[100, 200, 400]] * len(row["runs"])
    worst = max((run for row in rows for run in row["runs"]), key=lambda run: run["to_median"])
    assert worst["seed"] == 1
    assert worst["to_median"] > 1.9
    page = (folder / "report.html").read_text()
    section = page[page.index('<section id="training">') :].partition("</section>")[0]
    assert section.count('class="run"') == sum(len(row["runs"]) for row in rows)
    assert "worst run: seed 1" in section
    assert 'download="study-training.csv"' in section
    curves = page[page.index('<section id="reinforcement">') :].partition("</section>")[0]
    assert curves.count('class="run"') == sum(len(row["runs"]) for row in said)
    assert "ended by: patience" in curves
