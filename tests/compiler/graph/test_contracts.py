"""Every fact of a port contract is compared, and a disagreement is told once, at the lines that specs set."""

from dataclasses import replace
from pathlib import Path

import pytest

from compiler.laws.check import check
from compiler.project.load import load_project
from runtime.contract import CHECKS, FACTS, Contract
from runtime.stage import REGISTRY, load_stages
from tests.errors.cases import base

VALUES = {
    "action_dim": (7, 384),
    "fps": (10.0, 30.0),
    "frames": (13, 3),
    "camera_keys": (("wrist",), ("front",)),
    "instruction_key": ("task", "language"),
    "normaliser_digest": ("aa", "bb"),
    "history": (2, 1),
    "joints": (("pan", "lift"), ("lift", "pan")),
    "units": ("radians", "degrees"),
    "action": ("absolute", "ee"),
    "camera_sizes": (("front 96x96",), ("front 64x48",)),
    "statistics": (("action", "observation.state"), ("observation.state",)),
    "recorded_in": ("twin", "real"),
    "architecture": ("small", "brought"),
    "checked": (CHECKS, CHECKS[:1]),
    "window": (4, 2),
    "offset": (8, 1),
    "suffix": ("world_m4", "vjepa2_m4"),
}


def stating(**facts: object) -> Contract:
    return Contract(**facts)  # ty: ignore[invalid-argument-type]


def offer(monkeypatch: pytest.MonkeyPatch, stage: str, **facts: object) -> None:
    made = replace(load_stages()[stage], offers=lambda p, inputs: stating(**facts))
    monkeypatch.setitem(REGISTRY, stage, made)


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_is_compared_on_an_edge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fact: str) -> None:
    wanted, offered = VALUES[fact]
    base().write(tmp_path)
    offer(monkeypatch, "demos", **{fact: offered})
    reader = replace(load_stages()["policy"], expects=lambda p: {"demos": stating(**{fact: wanted})})
    monkeypatch.setitem(REGISTRY, "policy", reader)
    offer(monkeypatch, "policy")
    (found,) = check(load_project(tmp_path))
    assert found.code == "X409"
    assert found.message.startswith(f"`policy` wants {fact} ")
    assert "but `demos` offers " in found.message


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_is_compared_between_parents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fact: str) -> None:
    wanted, offered = VALUES[fact]
    base().write(tmp_path)
    for name in ("demos", "policy", "evaluate"):
        monkeypatch.setitem(REGISTRY, name, replace(load_stages()[name], expects=lambda p: {}))
    offer(monkeypatch, "policy", **{fact: wanted})
    offer(monkeypatch, "twin", **{fact: offered})
    (found,) = check(load_project(tmp_path))
    assert found.message.startswith(f"`policy` wants {fact} ")
    assert "but `twin` offers " in found.message
    assert "which reads both" in found.notes[0].text


def test_fewer_cameras_than_on_offer_are_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base().write(tmp_path)
    offer(monkeypatch, "demos", camera_keys=("front", "wrist"), checked=CHECKS)
    offer(monkeypatch, "twin", camera_keys=("front", "wrist"))
    assert check(load_project(tmp_path)) == []


def test_history_is_traced_to_the_architecture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base().write(tmp_path)
    bold = tmp_path / "specs/approaches/bold.yaml"
    bold.write_text(bold.read_text().replace("{steps: 7}", "{architecture: diffusion}"))
    offer(monkeypatch, "twin", history=1)
    (found,) = check(load_project(tmp_path))
    assert found.message == "`policy` wants history `2`, but `twin` offers `1`"
    assert str(found.span) == "specs/approaches/bold.yaml:4:26"
