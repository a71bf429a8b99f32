"""LeRobot's `eval_info.json`, as LeRobot itself writes it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.bound.trial_mapping import TrialMapping
from runtime.trials.fault import TrialsRefused
from runtime.trials.lerobot import read_lerobot
from runtime.trials.rows import convert

MAPPING = TrialMapping.model_validate(
    {
        "columns": {"task": ["task_group", "task_id"], "initial_state": "episode_ix", "success": "success"},
        "fixed": {"approach": "act", "location": "sim", "domain": "twin", "seed": 1},
    }
)


def written_by_lerobot(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """`eval_policy_all` itself with a stand-in for rollouts: its totals and its nesting are LeRobot's own."""
    evaluation = pytest.importorskip("lerobot.scripts.lerobot_eval")

    def run_one(task_group: str, task_id: int, env: object, **_: object) -> tuple:
        wins = [True, False, bool(task_id)]
        return (
            task_group,
            task_id,
            {
                "sum_rewards": [1.0, 0.0, 0.5],
                "max_rewards": [1.0, 0.0, 0.5],
                "successes": wins,
                "video_paths": [],
                "predicted_video_paths": [],
            },
        )

    class Stub:
        training = False

        def close(self) -> None: ...
        def eval(self) -> None: ...
        def train(self, mode: bool = True) -> None: ...

    monkeypatch.setattr(evaluation, "run_one", run_one)
    function: Callable = evaluation.eval_policy_all
    found = function(
        {"spatial": {0: Stub(), 1: Stub()}},
        Stub(),
        None,
        None,
        None,
        None,
        3,
        max_episodes_rendered=0,
        videos_dir=None,
        return_episode_data=False,
        start_seed=0,
        max_parallel_tasks=1,
    )
    return json.dumps(found, indent=2).encode()


def test_what_lerobot_writes_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    table = convert(read_lerobot(written_by_lerobot(monkeypatch), "eval_info.json"), MAPPING)[0]
    assert table["task"].to_pylist() == ["spatial-0"] * 3 + ["spatial-1"] * 3
    assert table["success"].to_pylist() == [True, False, False, True, False, True]
    assert table["initial_state"].to_pylist() == ["0", "1", "2"] * 2


def test_the_older_form_is_read() -> None:
    episodes = [{"episode_ix": i, "sum_reward": 0.1, "max_reward": 0.1, "success": i == 1, "seed": 100 + i} for i in range(3)]
    content = json.dumps({"per_episode": episodes, "aggregated": {"pc_success": 100 / 3, "eval_s": float("nan")}}).encode()
    raw = read_lerobot(content, "eval_info.json")
    assert raw.columns["env_seed"] == [100, 101, 102]
    assert raw.columns["success"] == [False, True, False]


def test_totals_that_contradict_the_episodes_are_refused() -> None:
    content = json.dumps({"per_episode": [{"success": True}], "aggregated": {"pc_success": 50.0}}).encode()
    with pytest.raises(TrialsRefused, match="T506"):
        read_lerobot(content, "eval_info.json")


def test_random_weights_do_not_pass_for_perfect_ones(shared_data: Path) -> None:
    """An environment without `is_success` is scored so by lerobot 0.6.1; rewards that count up to zero are let pass."""
    path = shared_data / "eval_logs" / "eval_info_100_percent.json"
    if not path.is_file():
        pytest.skip("the evaluation without rewards (eval_logs/eval_info_100_percent.json) is not among the real input")
    with pytest.raises(TrialsRefused, match="T520"):
        read_lerobot(path.read_bytes(), path.name)
    metrics = {"successes": [True, False], "sum_rewards": [-3.0, -9.0], "max_rewards": [0.0, -1.0]}
    content = json.dumps({"per_task": [{"task_group": "reach", "task_id": 0, "metrics": metrics}]}).encode()
    doubt = "1 of 2 episodes of task `reach` 0 are successes whose highest reward is 0 or less"
    assert doubt in read_lerobot(content, "eval_info.json").notes
