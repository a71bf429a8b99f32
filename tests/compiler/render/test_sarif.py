"""SARIF: every field that code scanning reads, in units that it counts in; valid by the standard's own schema.

The standard's schema may not be redistributed under our licence, so it is not in this repository. Where a copy lies in
`../shared/data/schemas/` or SIMKILN_SARIF_SCHEMA names one, logs are held against it; everywhere they are held against
`WRITTEN`, the closed schema of just what we write.
"""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from compiler.diagnostics.diagnostic import Diagnostic, Fix, Note, Span
from compiler.laws.check import check
from compiler.project.load import load_project
from compiler.render.sarif import render_sarif
from tests.conftest import REPOSITORY
from tests.errors.cases import all_cases, base

POSITIVE, TEXT = {"type": "integer", "minimum": 1}, {"type": "string", "minLength": 1}


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    known = required | (optional or {})
    return {"type": "object", "properties": known, "required": list(required), "additionalProperties": False}


def every(item: dict[str, Any], least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": least}


MESSAGE = closed({"text": TEXT})
ARTIFACT = closed({"uri": {"type": "string", "pattern": r"^[\w./%~-]+$"}, "uriBaseId": {"const": "%SRCROOT%"}})
REGION = closed({"startLine": POSITIVE, "startColumn": POSITIVE, "endLine": POSITIVE, "endColumn": POSITIVE})
PLACE = closed({"artifactLocation": ARTIFACT, "region": REGION})
LEVEL = {"enum": ["error", "warning"]}
CHANGE = closed(
    {
        "artifactLocation": ARTIFACT,
        "replacements": every(closed({"deletedRegion": REGION, "insertedContent": closed({"text": {"type": "string"}})})),
    }
)
RESULT = closed(
    {
        "ruleId": {"type": "string", "pattern": "^[YSRBXT][0-9]{3}$"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": MESSAGE,
        "locations": every(closed({"physicalLocation": PLACE})),
        "partialFingerprints": closed({"simkiln/v1": {"type": "string", "pattern": r"^[0-9a-f]{32}:\d+$"}}),
    },
    {
        "relatedLocations": every(closed({"id": POSITIVE, "message": MESSAGE}, {"physicalLocation": PLACE})),
        "fixes": every(closed({"description": MESSAGE, "artifactChanges": every(CHANGE)})),
    },
)
RULE = closed(
    {
        "id": TEXT,
        "shortDescription": MESSAGE,
        "help": closed({"text": TEXT, "markdown": TEXT}),
        "defaultConfiguration": closed({"level": LEVEL}),
    },
    {"helpUri": {"type": "string", "pattern": "^https://"}},
)
RUN = closed(
    {
        "tool": closed({"driver": closed({"name": {"const": "simkiln"}, "rules": every(RULE, 0)})}),
        "columnKind": {"const": "utf16CodeUnits"},
        "originalUriBaseIds": closed({"%SRCROOT%": closed({"description": MESSAGE})}),
        "results": every(RESULT, 0),
    }
)
WRITTEN = closed({"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": {**every(RUN), "maxItems": 1}})


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """A log of every project among the diagnostics' own tests."""
    found = []
    for number, case in enumerate(all_cases()):
        root = tmp_path_factory.mktemp(f"case{number}")
        base().write(root)
        case.write(root)
        project = load_project(root)
        found.append(json.loads(render_sarif(check(project, case.study), project.lines)))
    return found


def test_logs_hold_what_they_must(logs: list[dict[str, Any]]) -> None:
    validator = jsonschema.Draft202012Validator(WRITTEN)
    for log in logs:
        validator.validate(log)
        (run,) = log["runs"]
        for result in run["results"]:
            assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
            region = result["locations"][0]["physicalLocation"]["region"]
            begin, end = (region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"])
            assert begin <= end
        prints = [result["partialFingerprints"]["simkiln/v1"] for result in run["results"]]
        assert len(set(prints)) == len(prints)


def test_logs_are_valid_by_the_standard(logs: list[dict[str, Any]]) -> None:
    beside = REPOSITORY.parent / "shared" / "data" / "schemas" / "sarif-schema-2.1.0.json"
    path = Path(os.environ.get("SIMKILN_SARIF_SCHEMA", beside))
    if not path.is_file():
        pytest.skip("the SARIF standard's schema is not beside this checkout")
    schema = json.loads(path.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    for log in logs:
        validator.validate(log)


def log_of(*diagnostics: Diagnostic, lines: list[str]) -> dict[str, Any]:
    (run,) = json.loads(render_sarif(list(diagnostics), lambda _: lines))["runs"]
    return run


def test_columns_count_utf16_code_units() -> None:
    line = "title: 🤖 {kind: wlak}"
    wrong = Diagnostic("S103", "x", Span("specs/ä b.yaml", 1, 17, 1, 21), fix=Fix("word", "walk", "wlak"))
    (result,) = log_of(wrong, lines=[line])["results"]
    place = result["locations"][0]["physicalLocation"]
    assert line[16:20] == "wlak"
    assert line.encode("utf-16-le")[17 * 2 : 21 * 2].decode("utf-16-le") == "wlak"
    assert place["region"] == {"startLine": 1, "startColumn": 18, "endLine": 1, "endColumn": 22}
    assert place["artifactLocation"]["uri"] == "specs/%C3%A4%20b.yaml"
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [{"deletedRegion": place["region"], "insertedContent": {"text": "walk"}}]


def test_notes_are_related_locations() -> None:
    other = Span("specs/b.yaml", 1, 1, 1, 2)
    wrong = Diagnostic("R202", "x", Span("specs/a.yaml", 1, 1, 1, 2), (Note("here", other), Note("a fact")))
    (result,) = log_of(wrong, lines=["ab"])["results"]
    assert [r["message"]["text"] for r in result["relatedLocations"]] == ["here", "a fact"]
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "specs/b.yaml"
    assert "physicalLocation" not in result["relatedLocations"][1]


def test_a_spec_cannot_put_links_or_placeholders_into_messages() -> None:
    wrong = Diagnostic("S101", "unknown key `[a](https://example.org){0}`", Span("a", 1, 1, 1, 2))
    (result,) = log_of(wrong, lines=["ab"])["results"]
    assert result["message"]["text"] == "unknown key `[a] (https://example.org){{0}}`"


def test_a_result_stays_the_same_when_lines_are_added_above() -> None:
    def prints(line: int, lines: list[str]) -> list[str]:
        wrong = Diagnostic("S101", "x", Span("a", line, 1, line, 2))
        return [r["partialFingerprints"]["simkiln/v1"] for r in log_of(wrong, wrong, lines=lines)["results"]]

    assert prints(1, ["abc"]) == prints(3, ["", "", "  abc"])
    assert prints(1, ["abc"]) != prints(1, ["abd"])


def test_the_page_has_an_address_where_a_workflow_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Diagnostic("S101", "x", Span("a"))
    for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA"):
        monkeypatch.delenv(name, raising=False)
    (rule,) = log_of(wrong, lines=[])["tool"]["driver"]["rules"]
    assert "helpUri" not in rule
    assert rule["help"]["markdown"] == (REPOSITORY / "docs" / "errors" / "S101.md").read_text(encoding="utf-8")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "us/lab")
    monkeypatch.setenv("GITHUB_SHA", "abc")
    (rule,) = log_of(wrong, lines=[])["tool"]["driver"]["rules"]
    assert rule["helpUri"] == "https://github.com/us/lab/blob/abc/docs/errors/S101.md"
