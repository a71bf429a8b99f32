"""Environments of others: what is refused of them before any policy is tried, and that trials are judged by what they report."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime import backend
from runtime.backend import info, load
from runtime.benchmarks.conditions import draw, replay
from runtime.benchmarks.trials import Idle, Rules, run_trials
from runtime.bound.benchmark import BenchmarkSuite, BenchmarkTask, FoundBenchmark
from runtime.build.testing import run_stage
from runtime.problem import InputError
from tests.runtime.benchmarks.tinybench import DESCRIPTION, write


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, here and in processes that this starts."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    forget()
    yield tmp_path / "site"
    forget()


def forget() -> None:
    backend._others.cache_clear()
    backend.info.cache_clear()
    for name in [n for n in sys.modules if n.startswith("tinykit")]:
        del sys.modules[name]


def found_of(suite: str) -> FoundBenchmark:
    facts = info("benchmark", suite).benchmark
    assert facts is not None
    return FoundBenchmark.of(BenchmarkSuite(kind="benchmark", suite=suite), facts)


def task_of(environment: str, **said: Any) -> BenchmarkTask:
    return BenchmarkTask(kind="benchmark", environment=environment, instruction="do it", **said)


def drawn(suite: str, task: BenchmarkTask, store: Path, states: int = 3, **params: Any) -> Path:
    """The artifact of `resets`."""
    given = {"benchmark": found_of(suite).model_dump(), "task": task.model_dump(), "states": states, **params}
    return run_stage("resets", given, {}, store, backends={"benchmark": suite})


class Goes(Idle):
    """Goes on by one a step, if it may: looks at pictures, which show where it is."""

    looks = True

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        assert images["image"].shape[1:] == (20, 32, 3)
        assert instruction == "do it"
        assert (images["image"][:, 0].argmax(1)[:, 0] // 3 == state[:, 0].astype(int)).all(), "each its own picture"
        return np.ones((len(state), 2), np.float32)


def test_trials_begin_from_the_recorded_resets_and_are_judged_by_the_environment(site: Path, tmp_path: Path) -> None:
    write(site)
    folder, found, task = drawn("tiny", task_of("Line-v0"), tmp_path / "store", 5), found_of("tiny"), task_of("Line-v0")
    resets, _ = replay(folder, 0, 5)
    assert [one.seed for one in resets] == [1000, 1001, 1002, 1003, 1004]
    goals = [one.state[1] for one in resets]
    rules = Rules.of(found, task.max_steps, task.success)
    with load("benchmark", "tiny")().open(found, "Line-v0", rules.max_steps, 2) as environments:
        went = run_trials(environments, Goes(found), resets, rules, task.instruction, 2)
        stood = run_trials(environments, Idle(found), resets, rules, task.instruction, 2)
        short = run_trials(environments, Goes(found), resets, Rules(2, "is_success", 1.0), task.instruction, 2)
    assert [(t.success, t.score, t.steps) for t in went] == [(True, 1.0, int(np.ceil(goal))) for goal in goals]
    assert [(t.success, t.score, t.steps, t.failure_mode) for t in stood] == [(False, 0.0, 12, "not reached in time")] * 5
    assert [t.score for t in short] == [pytest.approx(min(2 / goal, 1.0), abs=1e-3) for goal in goals]
    assert [one.film().shape[0] for one in went] == [one.steps + 1 for one in went]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"info": "'succeed': bool(there)"}, "R292: .* there is no `is_success`"),
        ({"info": "'is_success': 0.5"}, "R292: .* `is_success` is 0.5"),
        ({"info": "'is_success': True"}, "R293: whoever does nothing succeeds after 1 steps"),
        ({"goal": "float(np.random.default_rng().uniform(2, 8))"}, "R294: two resets with seed 1000"),
        ({"goal": "3.0"}, "R294: resets with seeds 1000 and 1001 begin from one and the same state"),
        ({"description": DESCRIPTION.replace("[32, 20]", "[20, 32]")}, "R291: .* its pictures are"),
        ({"description": DESCRIPTION.replace("action_dim = 2", "action_dim = 3")}, "R291: .* takes actions of 2 numbers"),
        ({"description": DESCRIPTION.replace("state_dim = 2", "state_dim = 9")}, "R291: .* its state has 2 numbers"),
        ({"top": "import never_heard_of\n"}, "R290: .* No module named 'never_heard_of'"),
        ({"top": "import os\nos._exit(3)\n"}, "R290: .* its process ended: exit code 3"),
        ({"top": "input()\n"}, "R290: .* EOFError"),
    ],
)
def test_what_would_judge_nothing_is_refused(site: Path, tmp_path: Path, changes: dict[str, str], said: str) -> None:
    write(site, **changes)
    with pytest.raises(InputError, match=said):
        drawn("tiny", task_of("Line-v0"), tmp_path / "store")


def test_success_may_be_named_by_the_task_and_a_name_is_all_that_a_spec_says(site: Path, tmp_path: Path) -> None:
    write(site, info="'won': bool(there)")
    assert drawn("tiny", task_of("Line-v0", success="won"), tmp_path / "store").is_dir()
    with pytest.raises(InputError, match=r"R290: .*Square"):
        drawn("tiny", task_of("Square-v0", success="won"), tmp_path / "store")
    with pytest.raises(InputError, match=r"R291: .* has no environment `os:system`"):
        drawn("tiny", task_of("os:system", success="won"), tmp_path / "store")


def test_a_changed_condition_set_is_refused(site: Path, tmp_path: Path) -> None:
    write(site)
    folder = drawn("tiny", task_of("Line-v0"), tmp_path / "store")
    said = json.loads((folder / "resets.json").read_text())
    said["resets"][0]["seed"] = 5
    (tmp_path / "resets.json").write_text(json.dumps(said))
    with pytest.raises(InputError, match="R273"):
        replay(tmp_path, 0, 2)


def test_in_pusht_whoever_does_nothing_scores_nothing() -> None:
    pytest.importorskip("gym_pusht")
    found = found_of("pusht")
    rules = Rules.of(found, 30, None)
    with load("benchmark", "pusht")().open(found, "PushT-v0", 30, 3) as environments:
        resets = draw(environments, range(1000, 1006))
        done = run_trials(environments, Idle(found), resets, rules, "push the T", 3)
    assert len({one.thumbs["image"] for one in resets}) == 6
    assert [t.success for t in done] == [False] * 6
    assert all(0 <= t.score < 1 for t in done)
