"""Numbers that a spec states of a place have both ends: what overflows, or divides by next to nothing, is refused by `check`."""

from collections.abc import Iterator
from typing import Any

import pytest

from compiler.cli import main
from runtime.stage import load_stages
from tests.compiler.published import base_project

SEEDS = {"seed", "demo_seed", "id"}  # whole numbers of any size are seeds


def _open_ends(schema: dict[str, Any], whole: dict[str, Any], where: str, seen: set[str]) -> Iterator[str]:
    """Where a number below a JSON schema has no least or no greatest value, or a list no greatest length."""
    if name := schema.get("$ref", "").rpartition("/")[2]:
        if name not in seen:
            yield from _open_ends(whole["$defs"][name], whole, name, seen | {name})
        return
    ends = all(any(key in schema for key in keys) for keys in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")))
    if schema.get("type") in ("number", "integer") and not ends and where.rpartition(".")[2] not in SEEDS:
        yield where
    if schema.get("type") == "array" and "maxItems" not in schema:
        yield where
    inner = [(where, s) for key in ("anyOf", "oneOf", "allOf", "prefixItems") for s in schema.get(key, ())]
    inner += [(f"{where}.{key}", s) for key, s in schema.get("properties", {}).items()]
    inner += [(f"{where}[]", schema["items"])] if isinstance(schema.get("items"), dict) else []
    for place, part in inner:
        yield from _open_ends(part, whole, place, seen)


@pytest.mark.parametrize("stage", ["capture", "splat", "twin", "coverage", "index"])
def test_every_number_has_two_ends(stage: str) -> None:
    schema = load_stages()[stage].params.model_json_schema()
    assert [*_open_ends(schema, schema, stage, set())] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("source: {kind: photos, root: c, path: p, up: [1e308, 1e308, 1e308]}", "`up`"),
        ("source: {kind: photos, root: c, path: p, scale_m_per_unit: 1e-308}", "scale_m_per_unit"),
        ("source: {kind: photos, root: c, path: p, lens: {width: 64, height: 48, fx: 1e308, fy: 9, cx: 9, cy: 9}}", "fx"),
        ("source: {kind: hidden_site, seed: 1}\nstages: {twin: {camera_target_m: [0.56, 0.22, 0.4]}}", "same"),
    ],
)
def test_it_is_told(line: str, said: str, tmp_path, monkeypatch, capsys) -> None:
    base_project(tmp_path)
    (tmp_path / "specs/locations/cellar.yaml").write_text(f"title: Cellar\n{line}\n")
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 1
    assert said in capsys.readouterr().err
