"""Stage `recover`: exact returns to before a failure, the expert's way on from there, rounds that add up, and as many by lot."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.build.testing import run_stage
from runtime.sim.episodes.practice import Drill, starts_of
from runtime.sim.episodes.recovery import Recovery, Rewound, chosen, shown_on
from runtime.sim.twin.twin import read_model, read_twin

Inputs = dict[str, Path | list[Path]]
FEW = {"rollouts": 5, "steps": 2, "batch_size": 4, "held_out": 1, "spacing_m": 0.02, "seed": 0}


@pytest.fixture(scope="module")
def inputs(sim_policy: Path, sim_demos: Path, sim_twin: Path, sim_captured: tuple[Path, Path]) -> Inputs:
    return {"policy": sim_policy, "demos": sim_demos, "twin": sim_twin, "scene": sim_captured[1]}


def recovered(store: Path, inputs: Inputs, **params: Any) -> tuple[Path, dict[str, Any]]:
    made = run_stage("recover", FEW | params, inputs, store)
    return made, json.loads((made / "manifest.json").read_text())["metrics"]


def test_a_trial_goes_on_bit_for_bit_from_where_it_is_put_back(sim_twin: Path) -> None:
    twin, model = read_twin(sim_twin), read_model(sim_twin)
    starts = starts_of(twin, Drill(0.0, 0.0, 3, (0,)), range(2))
    bench = Rewound(model, twin.physics, twin.task, twin.control_hz, starts, robot=twin.robot)
    rng, kept = np.random.default_rng(0), []
    actions = twin.robot.home_rad + rng.normal(0, 0.3, (12, 2, twin.robot.action_dim))
    for t, action in enumerate(actions):
        if t == 5:
            kept = [bench.kept(i) for i in range(2)]
        bench.step(action)
    ended = [bench.kept(i) for i in range(2)]
    other = Rewound(model, twin.physics, twin.task, twin.control_hz, starts[::-1], robot=twin.robot)
    for _ in range(2):  # twice, in a bench where the trials stand in other rows
        for i in range(2):
            other.go_back(1 - i, kept[i])
        for action in actions[5:]:
            other.step(action[::-1])
        for i in range(2):
            again = other.kept(1 - i)
            assert np.array_equal(again.physics, ended[i].physics)
            assert np.array_equal(again.targets, ended[i].targets)
            assert vars(again.judge) == vars(ended[i].judge)


def test_failures_are_gone_back_from_and_others_by_lot_as_often() -> None:
    lengths, drill = [30, 8, 30, 2], Drill(0.0, 0.0, 3, (0,))
    near = chosen([0, 2, 3], lengths, Recovery("failures", (5, 10), drill), np.random.default_rng(0))
    assert [i for i, _ in near] == [0, 2, 3]
    assert all(20 <= t <= 25 for i, t in near if i != 3)
    assert near[2][1] == 0  # it was shorter than that
    lot = chosen([0, 2, 3], lengths, Recovery("random", (5, 10), drill), np.random.default_rng(0))
    assert len(lot) == len(near)
    assert all(0 <= t < lengths[i] for i, t in lot)


def test_only_what_the_expert_brings_to_success_is_a_label(sim_twin: Path) -> None:
    twin, model = read_twin(sim_twin), read_model(sim_twin)
    starts = starts_of(twin, Drill(0.0, 0.0, 3, (0,)), range(2))
    bench = Rewound(model, twin.physics, twin.task, twin.control_hz, starts, robot=twin.robot)
    moments = [bench.kept(0), bench.kept(1)]
    away = moments[1].physics.copy()
    bench.datas[1].mocap_pos[0] = (5.0, 0.0, 0.0)  # out of reach
    moments[1] = bench.kept(1)
    assert not np.array_equal(moments[1].physics, away)
    shown = shown_on(model, twin, starts, moments, 3)
    assert [episode.start_index for episode in shown] == [starts[0].index]


def test_rounds_add_up_and_count_what_they_took(sim_store: Path, inputs: Inputs) -> None:
    first, one = recovered(sim_store, inputs)
    assert one["failed"] == one["asked"] == 5  # a policy that has hardly been trained fails
    assert 0 < one["labels"] + one["left_out"] <= one["asked"]
    assert one["expert_success"] == pytest.approx((one["labels"] + one["left_out"]) / 5, abs=1e-4)
    _, two = recovered(sim_store, inputs | {"before": first})
    assert two["round"] == 2
    assert two["frames"] == one["frames"] + two["shown_frames"]
    assert two["weights_digest"] != one["weights_digest"]


def test_the_controls_have_as_many_labels_by_lot_or_none(sim_store: Path, inputs: Inputs) -> None:
    _, lot = recovered(sim_store, inputs, states="random", draw="meshes")
    assert lot["asked"] == lot["failed"] == 5
    _, none = recovered(sim_store, inputs, rollouts=0)
    assert none["labels"] == none["rollouts"] == 0
