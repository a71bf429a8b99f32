"""LeRobot's `eval_info.json`: what `lerobot-eval` 0.6 writes, and the form of its predecessors.

0.6: `per_task` is a list of {task_group, task_id, metrics: {sum_rewards, max_rewards, successes}}, with `per_group` and
`overall` totals. Before: `per_episode` is a list of {episode_ix, sum_reward, max_reward, success, seed}, with
`aggregated`. Episode I starts from environment seed `seed + I`; 0.6 no longer writes it, so that two evaluations pair
by the episode's number if, and only if, both were started with the same `--seed`.

An environment that never reports `is_success` comes out of 0.6.1 as 100 % success, whatever its policy did: a task whose
every episode succeeded without any reward at all is refused.
"""

from typing import Any

from runtime.trials.fault import Fault, TrialsRefused, Where, refusal
from runtime.trials.raw import Raw
from runtime.trials.records import load_json

COLUMNS = ("task_group", "task_id", "episode_ix", "env_seed", "success", "sum_reward", "max_reward")
SAME_SEED = "LeRobot's episodes pair by number: every evaluation must have been started with the same `--seed`"


def read_lerobot(data: bytes, name: str, encoding: str = "utf-8") -> Raw:
    """Episodes with the columns `COLUMNS`; `env_seed` is None where the file does not hold it.

    Raises:
        TrialsRefused: T501 no episodes; T502 of another shape; T506 totals that its episodes contradict; T520 success
            without any reward.
    """
    found = load_json(data, name, encoding)
    if not isinstance(found, dict):
        raise TrialsRefused(_shape(name, "the top is not an object"))
    rows = _per_task(found["per_task"], name) if "per_task" in found else _per_episode(found, name)
    if not rows:
        raise refusal("T501", "the file has no episodes", "evaluate again", Where(name))
    _agree(found.get("overall") or found.get("aggregated") or {}, rows, name)
    doubts = _unrewarded(rows, name)
    columns = {column: [row[i] for row in rows] for i, column in enumerate(COLUMNS)}
    if all(seed is None for seed in columns["env_seed"]):
        del columns["env_seed"]
    return Raw(name, columns, range(1, len(rows) + 1), "row", notes=(SAME_SEED, *doubts))


def _per_task(tasks: Any, name: str) -> list[tuple]:
    if not isinstance(tasks, list):
        raise TrialsRefused(_shape(name, "`per_task` is not a list"))
    rows: list[tuple] = []
    for i, task in enumerate(tasks):
        metrics = task.get("metrics") if isinstance(task, dict) else None
        lists = [metrics.get(key) for key in ("successes", "sum_rewards", "max_rewards")] if isinstance(metrics, dict) else []
        if not lists or not all(isinstance(values, list) for values in lists):
            raise TrialsRefused(
                _shape(name, f"`per_task[{i}].metrics` lacks a list of `successes`, `sum_rewards` or `max_rewards`")
            )
        if len({len(values) for values in lists}) > 1:
            raise TrialsRefused(_shape(name, f"the lists of `per_task[{i}].metrics` differ in length"))
        group, task_id = task.get("task_group", ""), task.get("task_id", i)
        rows += [(group, task_id, n, None, *values) for n, values in enumerate(zip(*lists, strict=True))]
    return rows


def _per_episode(found: dict, name: str) -> list[tuple]:
    episodes = found.get("per_episode")
    if not isinstance(episodes, list):
        raise TrialsRefused(_shape(name, "it has neither `per_task` nor `per_episode`"))
    odd = next((i for i, e in enumerate(episodes) if not isinstance(e, dict) or "success" not in e), None)
    if odd is not None:
        raise TrialsRefused(_shape(name, f"`per_episode[{odd}]` has no `success`"))
    return [
        ("", 0, e.get("episode_ix", i), e.get("seed"), e["success"], e.get("sum_reward"), e.get("max_reward"))
        for i, e in enumerate(episodes)
    ]


def _agree(totals: Any, rows: list[tuple], name: str) -> None:
    """Refuse a file whose totals speak of other episodes: it was cut or edited."""
    if not isinstance(totals, dict):
        return
    count, percent = totals.get("n_episodes"), totals.get("pc_success")
    if isinstance(count, int) and count != len(rows):
        message = f"the totals speak of {count} episodes, but {len(rows)} are listed"
        raise refusal("T506", message, "evaluate again, or find the whole file", Where(name))
    won = [row[4] for row in rows]
    if isinstance(percent, int | float) and percent == percent and all(isinstance(w, bool | int) for w in won):
        found = 100 * sum(won) / len(won)
        if abs(found - percent) > 0.01:
            message = f"the totals speak of {percent:.2f} % success, but the episodes make {found:.2f} %"
            raise refusal("T506", message, "evaluate again, or find the whole file", Where(name))


def _unrewarded(rows: list[tuple], name: str) -> list[str]:
    """What is to be said of successes whose highest reward is zero or less; refused where nothing else is in a task."""
    tasks: dict[tuple, list[tuple]] = {}
    for row in rows:
        tasks.setdefault(row[:2], []).append(row)
    doubts = []
    for (group, task_id), own in tasks.items():
        odd = [row for row in own if row[4] and isinstance(row[6], int | float) and row[6] <= 0]
        task = f"task `{group}` {task_id}" if group else f"task {task_id}"
        if len(odd) == len(own) and not any(row[5] or row[6] for row in own):
            message = f"all {len(own)} episodes of {task} are successes, and none had any reward"
            hint = (
                "an environment that never reports `is_success` is scored so by lerobot 0.6; make it report, and evaluate again"
            )
            raise refusal("T520", message, hint, Where(name))
        if odd:
            doubts.append(f"{len(odd)} of {len(own)} episodes of {task} are successes whose highest reward is 0 or less")
    return doubts


def _shape(name: str, why: str) -> Fault:
    return Fault("T502", f"this is not LeRobot's `eval_info.json`: {why}", "say the file's `form` in the mapping", Where(name))
