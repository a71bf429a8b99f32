"""A condition set is recorded to the last digit, known by a digest of all that trials depend on, and its splits share nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.bound.conditions import GAP_LEVELS, GapLevel
from runtime.bound.hidden_gap import HiddenGap
from runtime.bound.task import Area
from runtime.build.testing import run_stage
from runtime.problem import InputError
from runtime.sim.parts.start import Start
from runtime.sim.site.place import hidden_place
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.press_button.setup import Button, PressButton
from runtime.sim.trials import conditions as module
from runtime.sim.trials.conditions import Condition, draw, record, replay
from runtime.sim.trials.protocol import Protocol
from tests.runtime.stages.sim_chain import SITE, TASK


def same(a: Start, b: Start) -> bool:
    return a.index == b.index and np.array_equal(a.joints_rad, b.joints_rad) and np.array_equal(a.objects_m, b.objects_m)


def digest(found: list[Condition], split: str = "held_out") -> str:
    return record(found)["digests"][split]


@given(st.integers(0, 2**31), st.integers(1, 12), st.sampled_from([(), ("medium",), ("none", "large")]))
def test_the_same_conditions_have_the_same_digest(seed: int, count: int, gaps: tuple) -> None:
    assert digest(draw(TASK, "held_out", count, seed, gaps)) == digest(draw(TASK, "held_out", count, seed, gaps))


@given(st.integers(0, 3), st.sampled_from(["x", "y", "joint", "gap", "order", "less"]), st.sampled_from([1e-15, -1e-3]))
def test_any_changed_factor_has_another(i: int, what: str, by: float) -> None:
    before = draw(TASK, "held_out", 4, 0, ("medium",))
    after, one = list(before), before[i]
    moved, turned = one.start.objects_m.copy(), one.start.joints_rad.copy()
    match what:
        case "x" | "y":
            moved[0, "xy".index(what)] += by
        case "joint":
            turned[2] += by
        case "order":
            after[0], after[3] = after[3], after[0]
        case "less":
            del after[i]
    if what in ("x", "y", "joint", "gap"):
        start = Start(one.start.index, turned, moved)
        after[i] = replace(one, start=start, gap="small" if what == "gap" else one.gap)
    assert digest(after) != digest(before)


def test_what_a_level_means_is_part_of_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    found = draw(TASK, "held_out", 2, 0, ("medium",))
    before = digest(found)
    monkeypatch.setattr(module, "GAP_LEVELS", {**GAP_LEVELS, "medium": 1.1})
    assert digest(found) != before


def test_what_is_recorded_is_what_was_drawn(tmp_path: Path) -> None:
    """The file gives back, to the last digit and in the same order, what trials drew for themselves before there was one."""
    made = run_stage("conditions", {"task": TASK.model_dump(), "states": 40, "gap": ["medium"]}, {}, tmp_path / "store")
    found, said = replay(made, 0, 40)
    drawn = [kind_of(TASK).draw_start(TASK, i, "trial") for i in range(40)]
    assert all(same(one.start, start) for one, start in zip(found, drawn, strict=True))
    assert [one.start.index for one in replay(made, 10, 20)[0]] == list(range(10, 20))
    assert json.loads((made / "manifest.json").read_text())["metrics"]["digest"] == said == digest(found)
    demos, _ = replay(made, 0, 30, "train")
    assert all(same(one.start, kind_of(TASK).draw_start(TASK, i, "demo")) for i, one in enumerate(demos))
    with pytest.raises(InputError, match="R273: trials begin from 41 initial states, but 40"):
        replay(made, 0, 41)


def test_a_changed_file_is_found_out(tmp_path: Path) -> None:
    said = record(draw(TASK, "held_out", 3, 0))
    said["conditions"][1]["joints_rad"][0] += 1e-12
    (tmp_path / "conditions.json").write_text(json.dumps(said))
    with pytest.raises(InputError, match=r"R273: .* was changed"):
        replay(tmp_path, 0, 3)


@given(st.integers(0, 2**31))
def test_splits_are_disjoint_and_know_nothing_of_each_other(seed: int) -> None:
    splits = {split: draw(TASK, split, 10, seed) for split in ("held_out", "development", "train")}
    all_of_them = [one for found in splits.values() for one in found]
    assert len({one.start.objects_m.tobytes() for one in all_of_them}) == 30
    assert digest(all_of_them) == digest(splits["held_out"]), "states of other splits do not change what trials begin from"
    shared = replace(splits["train"][4], split="development")
    with pytest.raises(InputError, match="R274"):
        record([*all_of_them, shared])


def test_levels_take_turns() -> None:
    found = draw(TASK, "held_out", 5, 0, ("none", "medium", "large"))
    assert [one.gap for one in found] == ["none", "medium", "large", "none", "medium"]


def test_medium_is_today_and_none_is_nominal() -> None:
    assert tuple(GAP_LEVELS) == get_args(GapLevel)
    assert SITE.at("medium") == SITE
    assert set(dict(SITE.at("none").gap).values()) == {0.0}
    assert dict(SITE.at("large").gap) == {name: 2 * value for name, value in HiddenGap()}
    small, medium = hidden_place(SITE.at("small")), hidden_place(SITE)
    assert small.physics.latency_s == pytest.approx(medium.physics.latency_s / 2)
    assert np.allclose(small.camera_shift_m, medium.camera_shift_m / 2)


@pytest.mark.parametrize("level", GAP_LEVELS)
def test_levels_of_one_site_are_one_place(level: Any) -> None:
    here, there = hidden_place(SITE), hidden_place(SITE.at(level))
    assert there.solids == here.solids
    assert there.photo_lamp == here.photo_lamp
    assert np.array_equal(there.world_from_site, here.world_from_site)


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        (lambda p: replace(p, control_hz=20.0), True),
        (lambda p: replace(p, conditions="1" * 32), True),
        (lambda p: replace(p, task=TASK.model_copy(update={"horizon_s": 5.0})), True),
        (lambda p: replace(p, task=TASK.model_copy(update={"button": Button(press_m=0.007)})), True),
        (lambda p: replace(p, task=TASK.model_copy(update={"instruction": "push it"})), False),
        (lambda p: replace(p, task=TASK.model_copy(update={"area": Area(half_x_m=0.05)})), False),
    ],
)
def test_a_protocol_is_horizon_rate_rule_and_conditions(other: Callable[[Protocol], Protocol], differs: bool) -> None:
    """Area and jitter act through the condition set alone."""
    protocol = Protocol(PressButton.model_validate(TASK.model_dump()), 10.0, "0" * 32)
    assert (other(protocol).digest != protocol.digest) is differs
