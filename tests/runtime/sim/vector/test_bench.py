"""Rows of a vectorised bench: those of evaluation number for number, begun anew singly, varied and rewarded each by itself."""

from typing import Any

import numpy as np
import pytest

from runtime.bound.randomise import Randomise
from runtime.bound.task import Task
from runtime.problem import InputError
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.solid import COLLISION_GROUP
from runtime.sim.pixels.eye import Look
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.scene import build_scene
from runtime.sim.tasks import kinds
from runtime.sim.tasks.reward import parts_of
from runtime.sim.twin.twin import Snap, Twin
from runtime.sim.vector.bench import VectorBench
from tests.runtime.sim.tasks.test_manipulation import SUPPORT, task_of

ALL = ("press_button", "pick_place", "push_to_zone", "stack", "open_drawer")


def bench_of(task: Task, rows: int, seed: int = 0, **kwargs: Any) -> VectorBench:
    twin = Twin(task, 10.0, [], np.eye(4), Physics(), Look(), 0.35, 2, Snap(0.01, 0.02))
    return VectorBench(twin, build_scene(task, twin.physics, [SUPPORT], COLLISION_GROUP).compile(), rows, seed, **kwargs)


def test_a_row_is_a_trial_of_evaluation_number_for_number() -> None:
    rows = bench_of(task_of("press_button"), 3)
    plain = Bench(rows.bench.model, Physics(), rows.task, 10.0, rows.bench.starts)
    for _ in range(rows.horizon):
        assert np.array_equal(rows.state(), plain.measured())
        actions = rows.expert(range(3))
        plain.step(actions, ~np.array([judge.success for judge in plain.judges]))
        stepped = rows.step(actions)
        assert stepped.success.tolist() == [judge.success for judge in plain.judges]
        assert np.array_equal(rows.final.state, plain.measured())
        if stepped.done.any():
            break
    assert stepped.success.any()
    assert not stepped.timed_out.any()


def test_an_unknown_part_of_a_reward_is_refused() -> None:
    with pytest.raises(InputError, match="R380.*no part `jump`"):
        parts_of(task_of("press_button"), {"jump": 1.0})
    assert set(kinds()) >= set(ALL)
    assert "smooth" not in parts_of(task_of("stack"), {"smooth": 0.0})


@pytest.mark.parametrize("kind", ALL)
def test_rows_that_vary_begin_anew_by_themselves_and_repeat(kind: str) -> None:
    def run() -> list[np.ndarray]:
        rows = bench_of(task_of(kind, horizon_s=0.5), 3, 1, randomise=Randomise())
        rng, found = np.random.default_rng(0), []
        for _ in range(7):
            stepped = rows.step(rows.state() + rng.uniform(-0.2, 0.2, (3, rows.actions)))
            found += [stepped.privileged, stepped.reward[:, None], stepped.done[:, None]]
            assert np.isfinite(stepped.privileged).all()
            assert np.abs(stepped.reward).max() < 10
        assert rows.episodes.tolist() == [1, 1, 1]
        return found

    assert all(np.array_equal(a, b) for a, b in zip(run(), run(), strict=True))
