"""The report says by which protocol trials were made and judged, and whether they are of recorded code."""

import json
from pathlib import Path

from compiler.report.brief import render_brief
from runtime.report.drawing.csv import table_csv
from runtime.report.sections.provenance import protocol_rows
from tests.runtime.synthetic_study import synthetic_study


def test_each_task_and_domain_has_its_protocol_and_code_that_was_ignored_is_told(tmp_path: Path) -> None:
    protocols = {"twin": {"control_hz": 10, "max_steps": 200}, "irl_proxy": {"deed": "foretell"}}  # items are asked at no rate
    study = synthetic_study(tmp_path / "store", trials=6, protocols=protocols)
    folder = study.report(unrecorded=["policy", "renderer/numba"])
    said = json.loads((folder / "report.json").read_text())
    assert {(one["domain"], one["unit"]) for one in said["times"]} == {("twin", "s"), ("irl_proxy", "steps")}
    found = {row["domain"]: row for row in said["provenance"]["protocols"]}
    page = (folder / "report.html").read_text()
    assert found.keys() == {"twin", "irl_proxy"}
    for domain, row in found.items():
        assert row["protocol"] == f"{row['task']} in {domain}"
        assert f"<code>{row['protocol']}</code>" in page
    assert sum(row["trials"] for row in found.values()) == said["evidence"]["counts"]["trials"]
    assert "protocol" in table_csv(protocol_rows(said))
    assert said["provenance"]["unrecorded"] == ["policy", "renderer/numba"]
    words = "No version records the code of <code>policy</code>, <code>renderer/numba</code>"
    assert page.index("Made while developing") < page.index(words) < page.index('id="provenance"')
    assert "no version records the code of `policy`, `renderer/numba`" in render_brief(said)
