"""What is kept of imagined rollouts, and how far a judge of them is right."""

import numpy as np
import pytest
from pydantic import ValidationError

from runtime.mining.agreement import agreement
from runtime.mining.mix import ranked, select
from runtime.stages.mine import Mix
from runtime.world.judge import Said, Seen, progress

SCORE = np.array([0.9, 0.8, 0.6, 0.45, 0.3, 0.2, 0.1, 0.05, 0.0, 0.0])
PROXY = np.array([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.1, 0.2, 0.05, 0.0])
APART = np.array([0.0, 0.0, 0.1, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.4])


def test_failures_are_ranked_by_judge_proxy_and_disagreement() -> None:
    found = ranked(SCORE, PROXY, APART, 0.5, 0.35)
    assert found.kind.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]
    assert np.isnan(found.badness[:3]).all()
    assert np.nanargmax(found.badness) == 9
    assert np.nanargmin(found.badness) == 4  # judged a little worse than 3, but the members agree about it
    same = ranked(SCORE, PROXY, np.zeros(10), 0.5, 0.35)
    assert np.nanargmin(same.badness) == 3


def test_the_mix_is_what_was_stated_and_hard_failures_stand_in_last() -> None:
    rng, found = np.random.default_rng(0), ranked(SCORE, PROXY, APART, 0.5, 0.35)
    kept = select(found, SCORE, (0.25, 0.25, 0.5), 4, "hardest", rng)
    assert found.kind[kept].tolist() == [0, 1, 2, 2]
    assert kept.tolist()[1:] == [4, 9, 8]
    assert select(found, SCORE, (0.25, 0.25, 0.5), 4, "successes", rng).tolist() == [0, 1, 2, 3]
    lots = {tuple(sorted(select(found, SCORE, (0.25, 0.25, 0.5), 4, "random", np.random.default_rng(s)))) for s in range(8)}
    assert len(lots) > 1
    assert all(len(one) == 4 and sum(found.kind[list(one)] == 0) == 1 for one in lots)
    poor = ranked(np.zeros(9), np.zeros(9), np.zeros(9), 0.5, 0.35)
    assert len(select(poor, np.zeros(9), (0.3, 0.3, 0.4), 6, "hardest", rng)) == 6  # as many as in every arm; the gate stops it


def test_a_mix_of_hard_failures_alone_cannot_be_stated() -> None:
    with pytest.raises(ValidationError, match="less than or equal to"):
        Mix(success=0.0, near=1 / 81, hard=80 / 81)
    with pytest.raises(ValidationError, match="sum to 1"):
        Mix(success=0.5, near=0.5, hard=0.5)


def test_a_judge_at_its_floor_or_ceiling_is_told_from_one_that_sees() -> None:
    truth = np.arange(40) % 4 == 0
    sees = agreement(Said(np.where(truth, 0.8, 0.1)), truth)
    assert (sees["auc"], sees["stuck"], sees["agrees"]) == (1, 0, 1)
    assert sees["ece"] == pytest.approx(0.25 * 0.2 + 0.75 * 0.1)
    floor, ceiling = (agreement(Said(np.full(40, value)), truth) for value in (0.01, 0.99))
    assert (floor["auc"], floor["stuck"], floor["floor_share"]) == (0.5, 1, 1)
    assert (ceiling["stuck"], ceiling["ceiling_share"]) == (1, 1)
    words = agreement(Said(np.where(truth, 0.8, 0.1), np.ones(40, bool)), truth)
    assert (words["text_against_score"], words["text_agrees"]) == (0.25, 0.25)
    assert "text_agrees" not in sees


def test_progress_is_the_best_that_was_held_for_three_steps_beside_success() -> None:
    reward, done = np.zeros((3, 9)), np.zeros((3, 9))
    reward[0, 4] = 3.0  # one step of noise
    reward[1, 3:6] = 2.0
    reward[2, 5:], done[2, 5:] = 1 + 10 * 0.8, 0.8  # halfway, and likely done: success is no progress
    found = progress(Seen([], done, reward, 2.0, 10.0, "press"))
    assert found == pytest.approx([0.5, 1.0, 0.5])
