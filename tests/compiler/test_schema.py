"""The committed schemas are those of the models, and both accept and refuse the same specs."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from benchmarks.reference import reference
from compiler.project.load import load_project
from compiler.project.project import MODELS
from compiler.reading.source import read_source
from compiler.reading.spec_files import FOLDERS
from compiler.schema import forms, render, schema_of, schemas, write_schemas
from compiler.shape.sections import check_sections
from compiler.shape.validate import validate
from runtime.stage import load_stages
from tests import REPOSITORY

SITE = {"kind": "hidden_site", "seed": 1}
ROW = {"available": True, "no_new_real_data": True, "no_teleoperation": True, "stack_change": "none"}
GOOD: dict[str, dict[str, Any]] = {
    "location": {"title": "Cellar", "source": SITE, "held_out": True, "stages": {"capture": {"width_px": 64}}},
    "task": {"title": "Press", "kind": "press_button", "instruction": "press it", "area": {"half_x_m": 0.02}},
    "approach": {
        "title": "Bold",
        "extends": "baseline",
        "training_seed_offset": 3,
        "stages": {"policy": {"steps": 0}},
        "inputs": {"policy": {"demos": "demos"}},
        "changes": ["policy.demos"],
        "row": ROW | {"prior": {"irl": [1, 2.5], "world_model": None}, "licence": "MIT", "evidence": "surrogate"},
    },
    "gate": {
        "title": "Floor",
        "metric": "success_rate",
        "approach": "bold",
        "domain": "twin",
        "comparator": "between",
        "threshold": [1, 20],
    },
    "study": {
        "title": "Base",
        "locations": ["a"],
        "tasks": ["t"],
        "approaches": ["b"],
        "baseline": "b",
        "seeds": [0, 1],
        "trials": {"twin": 4},
        "level": 0.9,
        "constraints": {"no_teleoperation": True},
        "gates": ["g"],
        "targets": ["coverage"],
        "stages": {"policy": {"learning_rate": 1}},
        "backends": {"renderer": "numba"},
        "use": "commercial",
        "target_uplift": {"irl": 3},
        "claims": {
            "better": {"kind": "superior", "approach": "c", "domain": "twin", "controls": {"placebo": "p"}},
            "same": {"kind": "equivalent", "approach": "c", "over": "b", "domain": "irl", "margin": 2},
            "rising": {"kind": "ordered", "order": ["c", "b"], "domain": "irl", "about": "transfer"},
        },
    },
}
BAD_LEAVES: list[Any] = [None, "text", "", -1, 0.5, 2.0, True, [], [1], {}, {"a": 1}, [1, "x"], "Not An Id", 1_000_000]


def accepted_by_model(kind: str, value: Any) -> bool:
    source = read_source(json.dumps(value), "f.yaml")
    assert source.diagnostics == ()
    spec, found = validate(MODELS[kind], source)
    return spec is not None and not found + check_sections(source)


def variants(value: Any) -> list[Any]:
    """The value with one key added, removed, or one leaf replaced, at every place."""
    found: list[Any] = []
    if isinstance(value, dict):
        found.append(value | {"unheard_of": 1})
        for key, child in value.items():
            found.append({k: v for k, v in value.items() if k != key})
            found += [value | {key: other} for other in [*BAD_LEAVES, *variants(child)]]
    elif isinstance(value, list):
        found += [[*value, value[0]], value[:-1]]
        found += [[other, *value[1:]] for other in [*BAD_LEAVES, *variants(value[0])]]
    return found


def test_committed_schemas_are_in_sync() -> None:
    for kind, schema in (schemas() | forms()).items():
        Draft202012Validator.check_schema(schema)
        path = REPOSITORY / "schema" / f"{kind}.schema.json"
        assert path.read_text(encoding="utf-8") == render(schema), "call `simkiln schema`"
    assert {p.name for p in (REPOSITORY / "schema").iterdir()} == {f"{kind}.schema.json" for kind in (*MODELS, *forms())}


def test_writing_schemas_changes_only_what_differs(tmp_path: Path) -> None:
    assert len(write_schemas(tmp_path)) == len(MODELS) + len(forms())
    (tmp_path / "gate.schema.json").write_text("{}")
    assert [p.name for p in write_schemas(tmp_path)] == ["gate.schema.json"]


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_models_and_schemas_agree(kind: str) -> None:
    validator = Draft202012Validator(schema_of(kind))
    assert accepted_by_model(kind, GOOD[kind])
    assert validator.is_valid(GOOD[kind]), [e.message for e in validator.iter_errors(GOOD[kind])]
    disagreements = []
    refused = 0
    for value in variants(copy.deepcopy(GOOD[kind])):
        model, schema = accepted_by_model(kind, value), validator.is_valid(value)
        refused += not model
        if model != schema and not _only_the_model_knows(kind, value, model):
            disagreements.append((value, "model accepts" if model else "model refuses"))
    assert disagreements == []
    assert refused > 20


def _only_the_model_knows(kind: str, value: Any, accepted: bool) -> bool:
    """Rules over several keys of a gate are in the model alone, and names of stages in `inputs:` are `check`'s."""
    if kind == "gate":
        return not accepted
    return kind == "approach" and accepted and value.get("inputs") != GOOD["approach"]["inputs"]


def test_bound_parameters_are_not_offered() -> None:
    sections = schema_of("approach")["properties"]["stages"]["properties"]
    assert set(sections) == set(load_stages())
    assert "steps" in sections["policy"]["properties"]
    assert "seed" not in sections["policy"]["properties"]
    assert "source" not in sections["capture"]["properties"]
    assert sections["policy"]["properties"]["steps"]["description"]


def test_every_spec_begins_with_its_modeline() -> None:
    project = load_project(REPOSITORY)
    assert project.sources
    for (kind, _), source in project.sources.items():
        up = "../" * (len(Path(source.name).parts) - 1)
        assert source.text.startswith(f"# yaml-language-server: $schema={up}schema/{kind}.schema.json\n"), source.name
    assert set(FOLDERS) == set(MODELS)


def test_every_committed_spec_is_accepted_by_its_schema() -> None:
    project = load_project(REPOSITORY)
    for (kind, name), source in project.sources.items():
        if "~" in name:  # a control, which stands in its approach's file
            continue
        errors = [e.message for e in Draft202012Validator(schema_of(kind)).iter_errors(source.value)]
        assert errors == [], source.name


def test_the_reference_is_that_of_the_program() -> None:
    assert (REPOSITORY / "docs/reference.md").read_text(encoding="utf-8") == reference(), "`python -m benchmarks.reference`"
