"""Laws stay linear: what a clean project of many locations makes them do is counted, not timed."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from compiler.laws import contracts, parameters_together
from compiler.laws.check import LAWS, check
from compiler.laws.subject import Subject
from compiler.project.load import load_project
from compiler.project.project import Project
from compiler.reading import source
from tests.errors.cases import base

LOCATION = "title: A place\nsource: {{kind: hidden_site, seed: {seed}}}\n"
SECTION = "stages:\n  splat: {iterations: 900}\n"


def project_of(root: Path, locations: int) -> Project:
    """A clean project; every third location sets a parameter of its own."""
    base().write(root)
    ids = [f"place-{i:04}" for i in range(locations)]
    for i, name in enumerate(ids):
        text = LOCATION.format(seed=i) + (SECTION if i % 3 == 0 else "")
        (root / "specs/locations" / f"{name}.yaml").write_text(text)
    study = root / "specs/study.yaml"
    study.write_text(study.read_text().replace("[cellar]", f"[{', '.join(ids)}]"))
    return load_project(root)


def counted(monkeypatch: pytest.MonkeyPatch, project: Project, only: str | None) -> Counter[str]:
    """What the laws did: YAML composed for spans, listings of all ids, merged parameters validated, study look-ups."""
    counts: Counter[str] = Counter()

    def count(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def wrapper(*args: Any, **more: Any) -> Any:
            counts[name] += 1
            return original(*args, **more)

        monkeypatch.setattr(owner, name, wrapper)

    with monkeypatch.context():
        count(source, "read_document")
        count(Project, "ids")
        count(Subject, "named")
        count(parameters_together, "_broken_rules")
        assert [d for law in LAWS for d in law(Subject(project, only))] == []
    return counts


@pytest.mark.parametrize("only", [None, "study"])
def test_a_clean_project_of_many_locations_composes_no_spans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only: str | None
) -> None:
    few, many = project_of(tmp_path / "few", 6), project_of(tmp_path / "many", 300)
    assert few.diagnostics == many.diagnostics == []
    done = counted(monkeypatch, many, only)
    monkeypatch.undo()
    assert done["read_document"] == 0
    assert done == counted(monkeypatch, few, only)


def test_nor_do_the_laws_over_its_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_of(tmp_path, 40)
    study = project.studies["study"]
    project.studies["study"] = study.model_copy(update={"budget": study.budget.model_copy(update={"cpu_hours": 1e6})})
    composed = []
    compose = source.read_document
    monkeypatch.setattr(source, "read_document", lambda *given: composed.append(given) or compose(*given))
    compared = []
    compare = contracts.mismatches
    monkeypatch.setattr(contracts, "mismatches", lambda a, b: compared.append((a, b)) or compare(a, b))
    assert check(project, "study") == []
    assert composed == []
    sites = 40 * 2 * 3 * 2  # evaluate at a hidden site has parameters of its own: port by port, and both parents
    assert len(compared) < sites + 60
