"""Repeating one location's pattern for others gives the same nodes as making each by itself."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.graph import expand as expansion
from compiler.graph.expand import expand
from compiler.graph.graph import Graph
from compiler.project.load import load_project
from tests.errors.cases import base

SEEDS = st.integers(0, 3)  # few, so that places share their source and with it their artifacts
OWN = st.sampled_from(["", "stages: {splat: {iterations: 900}}\n", "stages: {policy: {steps: 50}}\n"])


def written(root: Path, places: list[tuple[int, str]]) -> Path:
    """A project with these places: seed of the hidden site, and a section of its own."""
    base().write(root)
    names = [f"place-{i}" for i in range(len(places))]
    for name, (seed, own) in zip(names, places, strict=True):
        path = root / "specs/locations" / f"{name}.yaml"
        path.write_text(f"title: A place\nsource: {{kind: hidden_site, seed: {seed}}}\n{own}")
    study = root / "specs/study.yaml"
    study.write_text(study.read_text().replace("[cellar]", f"[{', '.join(names)}]"))
    return root


def content(graph: Graph) -> dict[tuple[str, str], object]:
    """All that the rest of the compiler sees of a graph."""
    return {
        address: (
            node.params,
            {port: [p.address for p in found] for port, found in node.inputs.items()},
            node.contract,
            node.backends,
            sorted(map(str, node.scopes())),
            {key: str(span) for key, span in node.origins.items()},
        )
        for address, node in graph.nodes.items()
    }


@settings(max_examples=25, deadline=None)
@given(places=st.lists(st.tuples(SEEDS, OWN), min_size=1, max_size=5))
def test_the_pattern_changes_nothing(places: list[tuple[int, str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    root = written(tmp_path_factory.mktemp("places"), places)
    repeated = expand(load_project(root), "study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expansion, "record", lambda *_: None)
        alone = expand(load_project(root), "study")
    assert content(repeated) == content(alone)
    assert [t.address for t in repeated.targets] == [t.address for t in alone.targets]


def test_parents_stand_before_their_children(tmp_path: Path) -> None:
    graph = expand(load_project(written(tmp_path, [(0, ""), (1, ""), (0, "")])), "study")
    seen = set()
    for address, node in graph.nodes.items():
        assert all(parent.address in seen for parent in node.parents())
        seen.add(address)


def test_places_with_one_source_share_artifacts(tmp_path: Path) -> None:
    graph = expand(load_project(written(tmp_path, [(7, ""), (7, "")])), "study")
    (capture,) = [node for node in graph.nodes.values() if node.stage.name == "capture"]
    assert graph.find("capture/place-0") == graph.find("capture/place-1") == [capture]
