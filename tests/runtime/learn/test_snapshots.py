"""Which steps are kept, and that keeping them leaves training as it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.learn.dataset import read_arrays
from runtime.learn.learner import make_learner
from runtime.learn.snapshots import checkpoint_at, snapshot_steps
from runtime.learn.spec import Spec
from runtime.learn.train import Recipe, seed_everything, train, weights_digest
from tests.runtime.learn import reach

FRACTIONS = st.lists(st.floats(1e-6, 1), min_size=1, max_size=8, unique=True).map(sorted)


def test_steps_by_hand() -> None:
    assert snapshot_steps([0.25, 0.5, 1.0], 800) == (200, 400, 800)
    assert snapshot_steps([0.25, 0.3, 1.0], 4) == (1, 4)
    assert snapshot_steps([0.01, 1.0], 4) == (1, 4)
    assert snapshot_steps([0.5, 1.0], 0) == (0,)
    assert snapshot_steps([], 4) == ()


@given(fractions=FRACTIONS, steps=st.integers(0, 5000))
def test_steps_rise_and_stay_within_training(fractions: list[float], steps: int) -> None:
    found = snapshot_steps(fractions, steps)
    assert list(found) == sorted(set(found))
    assert min(1, steps) <= found[0]
    assert found[-1] <= steps
    assert (found[-1] == steps) or fractions[-1] < 1


def test_the_finished_checkpoint_is_kept_once(tmp_path: Path) -> None:
    assert checkpoint_at(tmp_path, 8, 8) == tmp_path / "checkpoint"
    assert checkpoint_at(tmp_path, 4, 8) == tmp_path / "snapshots" / "4"
    assert checkpoint_at(tmp_path, 0, 0) == tmp_path / "checkpoint"


@pytest.mark.parametrize(("architecture", "extra"), [("small", {}), ("act", {"dim_model": 32, "n_heads": 2})])
def test_training_is_the_same_bit_for_bit(demos: tuple[Path, list[dict]], tmp_path: Path, architecture: str, extra: dict) -> None:
    """ACT draws dropout from torch's generator, so that a save that drew from it would show."""
    dataset = demos[0] / "dataset"
    digests = []
    for keeping in (False, True):
        seed_everything(3)
        spec = Spec(architecture, ("front",), reach.HW, 6, 6, chunk=8, n_action_steps=4, extra=extra)
        learner = make_learner(spec, dataset)

        def keep(step: int, learner=learner) -> None:
            learner.save(tmp_path / "kept" / str(step))

        train(learner, read_arrays(dataset), Recipe(5, 4, 1e-3, 3, jitter=0.1), keep=keep if keeping else None)
        digests.append(weights_digest(learner))
    assert digests[0] == digests[1]
    assert sorted(p.name for p in (tmp_path / "kept").iterdir()) == ["1", "2", "3", "4", "5"]
