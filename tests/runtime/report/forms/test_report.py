"""`report.json` fits the committed schema, whatever a study lacks; and the schema says no to what is no report."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests import REPOSITORY
from tests.runtime.synthetic_study import CLAIMS, RATES, WAIVERS, synthetic_study, the_study

SCHEMA = json.loads((REPOSITORY / "schema" / "report.schema.json").read_text())


def problems(value: Any) -> list[str]:
    return [f"{e.json_path}: {e.message}" for e in Draft202012Validator(SCHEMA).iter_errors(value)]


def strict(text: str) -> Any:
    """JSON without NaN and Infinity, which Python writes and others refuse."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    folder = the_study().report(CLAIMS, WAIVERS)
    return strict((folder / "report.json").read_text())


def test_a_whole_report_fits(said: dict[str, Any]) -> None:
    assert problems(said) == []
    labelled = said | {"labels": {"approach:enriched": {"title": "Variants", "file": "specs/x.yaml", "line": 2}}}
    assert problems(labelled) == []


@pytest.mark.parametrize(
    "shape",
    [
        {"locations": ("one",), "seeds": (0,)},
        {"rates": {"enriched": RATES["enriched"]}, "gates": ()},
        {"rates": {a: {"irl": 0.0} for a in ("baseline", "enriched")}, "gates": (), "trials": 3},
    ],
    ids=["one seed at one place", "no baseline", "nothing but failures"],
)
def test_a_report_of_little_fits(tmp_path: Path, shape: dict[str, Any]) -> None:
    folder = synthetic_study(tmp_path / "store", **shape).report()
    assert problems(strict((folder / "report.json").read_text())) == []


def without(value: Any) -> Iterator[Any]:
    """The value without each required key in turn, at the first place of each list."""
    if isinstance(value, dict):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
            for inner in without(value[key]):
                yield value | {key: inner}
    elif isinstance(value, list) and value:
        for inner in without(value[0]):
            yield [inner, *value[1:]]


def test_what_is_no_report_is_refused(said: dict[str, Any]) -> None:
    for name in SCHEMA["required"]:
        assert problems({k: v for k, v in said.items() if k != name}), name
    small = {name: copy.deepcopy(said[name][:1]) for name in ("gates", "claims", "failures")}
    refused = sum(bool(problems(said | broken)) for broken in without(small))
    assert refused > 30
    assert problems(said | {"status": "success"})
