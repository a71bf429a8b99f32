"""`simkiln graph`: a picture that stays readable however many locations there are, with every text escaped."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.plan.study import plan_study
from compiler.project.load import load_project
from compiler.render.graph.boxes import by_stage
from compiler.render.graph.layout import LANE, WIDTH, arrange
from tests import REPOSITORY
from tests.compiler.built import Built

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    monkeypatch.chdir(tmp_path)
    return Built(tmp_path)


def drawn(path: Path) -> ElementTree.Element:
    return ElementTree.fromstring(path.read_text(encoding="utf-8"))


def boxes(picture: ElementTree.Element) -> list[str]:
    """The hover text of each box: stage, group, and counts by state."""
    found = (group.find(f"{SVG}title") for group in picture.iter(f"{SVG}g"))
    return [title.text or "" for title in found if title is not None]


def edges(picture: ElementTree.Element) -> list[str]:
    return [title.text or "" for path in picture.iter(f"{SVG}path") if (title := path.find(f"{SVG}title")) is not None]


def many(project: Built, count: int) -> None:
    for i in range(count):
        project.write(f"locations/l{i}.yaml", f"title: L\nsource: {{kind: hidden_site, seed: {i}}}\n")
    project.edit("study.yaml", "[cellar]", f"[{', '.join(f'l{i}' for i in range(count))}]")


def test_one_box_for_each_stage_and_group(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.publish("capture", "splat")
    assert main(["graph"]) == 0
    assert capsys.readouterr().out.strip() == "build/graph/study.svg"
    picture = drawn(project.root / "build/graph/study.svg")
    said = boxes(picture)
    assert [text.split(" (")[0] for text in said if text.startswith(("policy", "splat", "demos"))] == [
        "splat: 1 reuse",
        "demos: 1 build",
        "policy baseline: 2 build",
        "policy bold: 2 build",
    ]
    assert "2 of policy bold read demos at demos" in edges(picture)
    assert "1 of report read coverage at clips" in edges(picture)


def test_more_locations_make_no_more_boxes(project: Built) -> None:
    assert main(["graph"]) == 0
    few = boxes(drawn(project.root / "build/graph/study.svg"))
    many(project, 40)
    assert main(["graph", "--output", "out/many.svg"]) == 0
    picture = drawn(project.root / "out/many.svg")
    assert len(boxes(picture)) == len(few)
    assert any(text.startswith("evaluate bold: 160 build") for text in boxes(picture))
    assert (project.root / "out/many.svg").stat().st_size < 40_000


def test_boxes_and_lanes_do_not_overlap(project: Built) -> None:
    project.edit("approaches/bold.yaml", "stages:\n", "inputs:\n  policy: {demos: enrichment}\nstages:\n")
    plan = plan_study(load_project(project.root), "study")
    diagram = by_stage(plan.graph, plan.graph.nodes.values(), {a: str(s) for a, s in plan.states.items()})
    layout = arrange(diagram)
    stretches: dict[float, list[tuple[float, float]]] = {}
    for place in layout.places.values():
        assert 0 <= place.x <= layout.width - WIDTH
        assert 0 <= place.y <= layout.height - place.height
        stretches.setdefault(place.x, []).append((place.y, place.y + place.height))
    for x, y in {point for route in layout.routes.values() for point in route}:
        stretches[x].append((y - LANE / 2, y + LANE / 2))
    for column in stretches.values():
        column.sort()
        assert all(above[1] < below[0] for above, below in pairwise(column))
    for edge in diagram.edges:
        assert layout.places[edge.source].x < layout.places[edge.target].x


def test_the_lineage_of_a_node(project: Built) -> None:
    assert main(["graph", "--node", "policy/cellar/press/bold/0"]) == 0
    said = boxes(drawn(project.root / "build/graph/study.svg"))
    assert [text.split(":")[0] for text in said] == [
        "capture cellar",
        "splat cellar",
        "twin cellar/press",
        "demos cellar/press",
        "policy cellar/press/bold/0",
    ]


def test_one_location(project: Built) -> None:
    many(project, 3)
    assert main(["graph", "--location", "l1"]) == 0
    said = boxes(drawn(project.root / "build/graph/study.svg"))
    assert any(text.startswith("evaluate bold: 4 build") for text in said)
    assert not any(text.startswith("report") for text in said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--node", "policy"], "may mean 4 nodes"),
        (["--node", "splat/cellarr"], "did you mean `splat/cellar`"),
        (["--location", "cellarr"], "did you mean `cellar`"),
    ],
)
def test_what_is_not_there(words: list[str], said: str, project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", *words]) == 2
    assert said in capsys.readouterr().err
    assert not (project.root / "build/graph").exists()


def test_a_title_is_text(project: Built) -> None:
    hostile = "</title><script>alert(1)</script>&\\u0007\\uFFFE'\\\" {{ x }} %s"
    project.edit("study.yaml", "title: Base", f'title: "{hostile}"')
    assert main(["graph"]) == 0
    text = (project.root / "build/graph/study.svg").read_text()
    assert "<script" not in text
    title = drawn(project.root / "build/graph/study.svg").find(f"{SVG}title")
    assert title is not None
    assert title.text is not None
    assert title.text.startswith("</title><script>alert(1)</script>&")
    assert "{{ x }} %s" in title.text


def test_it_reads_in_light_and_dark_and_aloud(project: Built) -> None:
    assert main(["graph"]) == 0
    picture = drawn(project.root / "build/graph/study.svg")
    assert picture.get("role") == "img"
    assert picture.get("aria-labelledby") == "title desc"
    described = picture.find(f"{SVG}desc")
    assert described is not None
    assert "21 nodes in 12 boxes: 21 build" in (described.text or "")
    style = picture.find(f"{SVG}style")
    assert style is not None
    assert "prefers-color-scheme: dark" in (style.text or "")


def test_a_place_that_cannot_be_written(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "--output", "specs/study.yaml/x.svg"]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_the_command_by_itself(project: Built) -> None:
    command = [sys.executable, "-m", "compiler.cli", "graph"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=project.root, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "build/graph/study.svg\n", "")


def test_a_large_lineage_is_drawn_by_stage(project: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.verbs.graph.MOST_NODES", 5)
    assert main(["graph", "--node", "report"]) == 0
    said = boxes(drawn(project.root / "build/graph/study.svg"))
    assert any(text.startswith("evaluate bold: 4 build") for text in said)
