"""Seeds of one approach, and placebos as part of the baseline: what nobody says changes no address, what is said is planned."""

from dataclasses import replace
from pathlib import Path

import pytest

from compiler.graph.expand import expand
from compiler.graph.graph import Graph
from compiler.laws.power.power import Design
from compiler.laws.power.questions import shared_baseline
from compiler.project.load import load_project
from runtime.bound.cell import CellGrid
from tests.errors.cases import base

PLACEBO = "title: Placebo\nextends: baseline\ntraining_seed_offset: 1000\nrow: {available: true, no_new_real_data: true, "
PLACEBO += "no_teleoperation: true, stack_change: none}\n"


def graph_of(root: Path, more: str = "", approaches: str = "baseline, bold, placebo") -> Graph:
    base().write(root)
    (root / "specs/approaches/placebo.yaml").write_text(PLACEBO)
    study = root / "specs/study.yaml"
    study.write_text(study.read_text().replace("[baseline, bold]", f"[{approaches}]") + more)
    return expand(load_project(root), "study")


def test_only_what_is_said_is_planned(tmp_path: Path) -> None:
    plain = graph_of(tmp_path)
    (uplift,) = plain.find("uplift")
    more = graph_of(tmp_path, "more_seeds: {baseline: [7]}\nplacebos: reference\n")
    (found,) = more.find("uplift")
    policies = {node.label for node in more.nodes.values()} - {node.label for node in plain.nodes.values()}
    assert {label.split("/")[0] for label in policies} >= {"policy", "evaluate"}
    assert all("/7" in label for label in policies)
    assert found.params["placebos"] == ["placebo"]
    cells = CellGrid.model_validate(found.params["cells"]).cells()
    assert [c.seed for c in cells if c.approach == "baseline" and c.domain == "twin"][-1] == 7
    assert len(cells) == len(found.inputs["trials"])
    assert uplift.fingerprint != found.fingerprint
    # Overlapping runs would count twice.
    (apart,) = graph_of(tmp_path, "more_seeds: {baseline: [1000]}\nplacebos: reference\n").find("uplift")
    assert apart.params["placebos"] == []


def test_advice_is_the_root_of_the_number_of_comparisons(tmp_path: Path) -> None:
    graph_of(tmp_path)
    project = load_project(tmp_path)
    study = project.studies["study"]
    assert shared_baseline(project, study) is None
    many = study.model_copy(update={"approaches": ["baseline", "a", "b", "c", "d"], "seeds": [0, 1, 2]})
    said = shared_baseline(project, many)
    assert said is not None
    assert said.startswith("4 approaches are compared with `baseline`: 3 more seeds of it")
    assert shared_baseline(project, many.model_copy(update={"more_seeds": {"baseline": [3]}})) is None
    design = Design("uplift", seeds=3, trials=40, groups=2, level=0.95)
    pooled = replace(design, reference=6)
    assert pooled.degrees == 14
    assert pooled.standard_error == pytest.approx(design.standard_error * 0.75**0.5)
