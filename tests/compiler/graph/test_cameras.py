"""Cameras of a study and its locations: what twins and policies get of them, and which lines are to blame."""

from pathlib import Path

from compiler.graph.expand import expand
from compiler.graph.node import Node
from compiler.laws.check import check
from compiler.project.load import load_project
from tests.errors.cases import base

SAID = "\ncameras:\n  front: {}\n  wrist: {on: wrist, size: [64, 48]}\n"


def nodes(root: Path) -> dict[str, Node]:
    project = load_project(root)
    assert not [found for found in check(project) if found.severity == "error"]
    return {node.label: node for node in expand(project, "study").nodes.values()}


def test_policies_see_all_cameras_unless_they_say_which(tmp_path: Path) -> None:
    base().write(tmp_path)
    bold = tmp_path / "specs/approaches/bold.yaml"
    study, place = tmp_path / "specs/study.yaml", tmp_path / "specs/locations/cellar.yaml"
    before = nodes(tmp_path)
    assert before["policy/cellar/press/baseline/0"].setting.params["camera_keys"] == ["front"]
    assert before["twin/cellar/press"].setting.params["cameras"] == {}
    study.write_text(study.read_text() + SAID)
    bold.write_text(bold.read_text().replace("{steps: 7}", "{camera_keys: [front]}"))
    after = nodes(tmp_path)
    assert after["policy/cellar/press/baseline/0"].setting.params["camera_keys"] == ["front", "wrist"]
    assert after["policy/cellar/press/bold/0"].setting.params["camera_keys"] == ["front"]
    twin = after["twin/cellar/press"]
    assert twin.contract.camera_keys == ("front", "wrist")
    assert twin.address != before["twin/cellar/press"].address
    assert after["splat/cellar"].address == before["splat/cellar"].address
    assert (twin.origins["cameras.wrist.on"].file, twin.origins["cameras.wrist.on"].line) == ("specs/study.yaml", 15)
    place.write_text(place.read_text() + "\ncameras: {wrist: {on: wrist, fov_y_deg: 90}, top: {position_m: [0.2, 0, 0.6]}}\n")
    moved = nodes(tmp_path)["twin/cellar/press"]
    assert [moved.setting.params["cameras"][name]["fov_y_deg"] for name in ("front", "wrist", "top")] == [None, 90, None]
    assert moved.contract.camera_keys == ("front", "wrist", "top")
    assert moved.origins["cameras.wrist.fov_y_deg"].file == "specs/locations/cellar.yaml"
