"""Laws over one location of each kind say just what they say over all of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.laws import alike
from compiler.laws.check import check
from compiler.project.load import load_project
from runtime.contract import Contract
from runtime.stage import REGISTRY, load_stages
from tests.errors.cases import base

OWN = ["", "stages: {twin: {control_hz: 5}}\n", "stages: {twin: {control_hz: 20}}\n", "stages: {splat: {iterations: 900}}\n"]
PLACES = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([40, 41, 60]), st.sampled_from(OWN)), min_size=2, max_size=7)


def written(root: Path, places: list[tuple[int, int, str]], more: str) -> None:
    """A project with these places: seed and photos of the hidden site, and a section of its own."""
    base().write(root)
    for i, (seed, photos, own) in enumerate(places):
        seed += 10 * i  # each is a place of its own
        text = f"title: A place\nsource: {{kind: hidden_site, seed: {seed}, photos: {photos}}}\n{own}"
        (root / f"specs/locations/place-{i}.yaml").write_text(text)
    study = root / "specs/study.yaml"
    names = ", ".join(f"place-{i}" for i in range(len(places)))
    study.write_text(study.read_text().replace("[cellar]", f"[{names}]") + more)


def told(monkeypatch: pytest.MonkeyPatch, root: Path, worthwhile: int) -> list[Diagnostic]:
    monkeypatch.setattr(alike, "WORTHWHILE", worthwhile)
    return check(load_project(root))


@settings(max_examples=60, deadline=None)
@given(places=PLACES, budget=st.booleans(), asks=st.booleans())
@example(places=[(0, 40, ""), (1, 40, ""), (2, 41, ""), (0, 40, ""), (1, 40, "")], budget=False, asks=True)
@example(places=[(0, 40, ""), (1, 40, OWN[3]), (1, 40, ""), (2, 60, ""), (1, 41, OWN[3])], budget=True, asks=False)
@example(places=[(0, 40, ""), (1, 40, ""), (0, 41, ""), (1, 41, OWN[1])], budget=False, asks=False)
def test_one_of_each_kind_is_enough(
    places: list[tuple[int, int, str]], budget: bool, asks: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("places")
    written(
        root,
        places,
        "budget: {cpu_hours: 0.1, money: 0.01}\nrates: {currency: EUR, cpu_hour: 1, gpu_hour: 0}\n" if budget else "",
    )
    stages = load_stages()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike, "_READ", {})
        if asks:  # a contract that says how many photos a site has, and a reader that wants 40
            made = replace(stages["capture"], offers=lambda p, _: Contract(frames=p.source.photos))
            patch.setitem(REGISTRY, "capture", made)
            wanting = replace(stages["splat"], expects=lambda _: {"capture": Contract(frames=40)})
            patch.setitem(REGISTRY, "splat", wanting)
        assert told(patch, root, 1) == told(patch, root, 10**6)


def test_of_sites_that_differ_in_nothing_that_is_asked_one_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, [(i, 40 + i, OWN[3] if i == 2 else "") for i in range(9)], "")
    monkeypatch.setattr(alike, "WORTHWHILE", 1)
    monkeypatch.setattr(alike, "_READ", {})

    def places(ask: Any) -> set[str | None]:
        monkeypatch.setitem(REGISTRY, "capture", replace(load_stages()["capture"], cost=ask))
        nodes = alike.graph_for_laws(load_project(tmp_path), "study").nodes.values()
        return {node.scope.location for node in nodes} - {None}

    plain = load_stages()["capture"].cost
    assert places(plain) == {"place-0", "place-2"}
    assert places(lambda p: (p.source.kind, plain(p))[1]) == {"place-0", "place-2"}
    whole = (lambda p: repr(p), lambda p: p.source == 1, lambda p: p.model_dump(), lambda p: p.source.at, lambda p: f"{p.source}")
    for ask in (lambda p: p.source.photos, *whole):
        monkeypatch.setattr(alike, "_READ", {})
        assert len(places(lambda p, ask=ask: (ask(p), plain(p))[1])) == 9
