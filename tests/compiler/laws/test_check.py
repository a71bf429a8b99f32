"""Laws that Markdown cases cannot reach, and properties of all of them."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.diagnostics.pages import codes
from compiler.laws.backends import forbids_sale
from compiler.laws.check import check
from compiler.project.load import load_project
from compiler.render.text import render_text
from runtime.backend import BackendInfo
from runtime.backend import info as described
from runtime.stage import REGISTRY, load_stages
from tests import REPOSITORY
from tests.errors.cases import base

OURS = [p.read_text(encoding="utf-8") for p in sorted((REPOSITORY / "specs").rglob("*.yaml"))]
NOISE = ("¦\t¦: ¦- ¦{¦}¦[¦]¦\"¦'¦&a ¦*a¦!!x ¦<<: ¦\n¦\u2028¦null¦-1¦1e999¦.nan¦hidden_site¦../../etc¦{{ x }}¦$(id)¦%s¦<b>").split(
    "¦"
)


@pytest.mark.parametrize("licence", ["Apache-2.0", "MIT", "BSD-3-Clause", "CC-BY-4.0", "MIT OR CC-BY-NC-4.0"])
def test_licences_to_sell(licence: str) -> None:
    assert not forbids_sale(licence)


NOT_TO_SELL = ["CC-BY-NC-4.0", "CC-BY-NC", "MIT AND CC-BY-NC-4.0", "NONE", "", "MIT AND NONE"]
REFERENCES = [f"LicenseRef-{name}" for name in ("Inria-gaussian-splatting", "NVIDIA-NonCommercial", "research-only")]


@pytest.mark.parametrize("licence", NOT_TO_SELL + REFERENCES)
def test_licences_that_forbid_it(licence: str) -> None:
    assert forbids_sale(licence)


def test_a_licence_that_forbids_the_study_s_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base().write(tmp_path)
    study = tmp_path / "specs/study.yaml"
    study.write_text(study.read_text() + "use: commercial\nbackends: {renderer: inria}\n")
    terms = {"numba": "Apache-2.0", "inria": "LicenseRef-Inria-NonCommercial"}
    info = {name: BackendInfo("renderer", name, "1", licence, False) for name, licence in terms.items()}
    monkeypatch.setattr("compiler.laws.backends.available", lambda: {"renderer": sorted(terms)})
    monkeypatch.setattr("compiler.graph.identity.Identities.digests", defaultdict(str))  # they are not there
    monkeypatch.setattr("compiler.graph.identity.Identities.changed", [])
    for module in ("compiler.laws.backends", "compiler.graph.identity"):
        monkeypatch.setattr(f"{module}.info", lambda role, name: info[name] if role == "renderer" else described(role, name))
    (found,) = check(load_project(tmp_path))
    assert (found.code, str(found.span)) == ("B303", "specs/study.yaml:13:22")
    assert found.help == "use `numba` (Apache-2.0) instead"
    study.write_text(study.read_text().replace("inria", "numba"))
    assert check(load_project(tmp_path)) == []


def test_only_capture_and_evaluate_are_given_a_site() -> None:
    load_stages()
    assert [s.name for s in REGISTRY.values() if "hidden_site" in s.bound.values()] == ["evaluate"]
    assert [s.name for s in REGISTRY.values() if "location.source" in s.bound.values()] == ["capture"]


def test_contracts_that_do_not_meet_are_named_at_both_lines(tmp_path: Path) -> None:
    base().write(tmp_path)
    bold = tmp_path / "specs/approaches/bold.yaml"
    bold.write_text(bold.read_text().replace("{steps: 7}", "{camera_keys: [wrist]}"))
    (found,) = check(load_project(tmp_path))
    assert (found.code, str(found.span)) == ("X409", "specs/approaches/bold.yaml:4:25")
    assert "camera_keys `wrist`" in found.message
    assert "`demos` offers `front`" in found.message


def test_an_input_that_is_made_more_often_than_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base().write(tmp_path)
    bold = tmp_path / "specs/approaches/bold.yaml"
    bold.write_text(bold.read_text() + "inputs:\n  twin: {scene: splats_by_seed}\n")
    often = replace(load_stages()["splat"], name="splats_by_seed", per=("location", "seed"))
    monkeypatch.setitem(REGISTRY, "splats_by_seed", often)
    (found,) = check(load_project(tmp_path))
    assert (found.code, str(found.span)) == ("X415", "specs/approaches/bold.yaml:7:17")
    assert found.message == "`splats_by_seed` is made for each seed, but `twin` is not"


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 20), st.sampled_from(NOISE)), max_size=4), st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_mutated_specs_never_raise(tmp_path: Path, edits: list[tuple[int, int, str]], data: st.DataObject) -> None:
    base().write(tmp_path)
    places = [p for p in sorted(tmp_path.rglob("*.yaml")) if p.is_file()]
    path = data.draw(st.sampled_from(places))
    text = data.draw(st.sampled_from([path.read_text(encoding="utf-8"), *OURS]))
    for at, length, noise in edits:
        at %= len(text) + 1
        text = text[:at] + noise + text[at + length :]
    path.write_text(text, encoding="utf-8", newline="")
    project = load_project(tmp_path)
    found = check(project)
    assert found == check(load_project(tmp_path))
    for diagnostic in found:
        assert diagnostic.code in codes()
        assert diagnostic.help
        assert render_text(diagnostic, project.lines(diagnostic.span.file), colour=False)


def test_a_surrogate_back_end_carries_no_claim_about_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base().write(tmp_path)
    study = tmp_path / "specs/study.yaml"
    claim = "claims:\n  same: {kind: equivalent, approach: bold, domain: irl_proxy, margin: 90, about: transfer}\n"
    study.write_text(study.read_text() + claim + "backends: {renderer: numba}\n")
    assert check(load_project(tmp_path)) == []
    stand_in = BackendInfo("renderer", "numba", "1", "Apache-2.0", False, surrogate=True)
    monkeypatch.setattr(
        "compiler.laws.backends.info", lambda role, name: stand_in if role == "renderer" else described(role, name)
    )
    (found,) = check(load_project(tmp_path))
    assert (found.code, str(found.span)) == ("X434", "specs/study.yaml:14:22")
    study.write_text(study.read_text().replace(", about: transfer", ""))
    assert check(load_project(tmp_path)) == []


@pytest.mark.parametrize("wired", [False, True])
def test_a_gate_over_a_stage_that_no_approach_reads_would_never_run(tmp_path: Path, wired: bool) -> None:
    base().write(tmp_path)
    specs = tmp_path / "specs"
    (specs / "gates").mkdir()
    rule = "metric: kept_round\nstage: keep\ncomparator: at_least\nthreshold: 2\n"
    (specs / "gates" / "kept.yaml").write_text(f"title: Kept\n{rule}")
    (specs / "study.yaml").write_text((specs / "study.yaml").read_text() + "gates: [kept]\n")
    bold = specs / "approaches" / "bold.yaml"
    bold.write_text(bold.read_text() + ("rounds: 2\ninputs: {evaluate: {policy: keep}}\n" if wired else ""))
    assert [d.code for d in check(load_project(tmp_path)) if d.severity == "error"] == ([] if wired else ["X411"])


def test_a_capture_root_whose_folder_is_not_there_is_a_warning_without_a_study(tmp_path: Path) -> None:
    base().write(tmp_path)
    cellar = tmp_path / "specs" / "locations" / "cellar.yaml"
    cellar.write_text("title: Cellar\nsource: {kind: photos, root: captures, path: cellar, scale: {kind: poses}}\n")
    study = tmp_path / "specs" / "study.yaml"
    study.write_text(study.read_text().replace(", irl_proxy: 10", ""))
    found = check(load_project(tmp_path, {"captures": tmp_path / "absent"}))
    assert [(d.code, d.severity) for d in found] == [("R206", "warning")]
