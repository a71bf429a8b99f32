"""The evaluation harness vla-eval: `NAME_aggregate.json`, which `vla-eval merge` makes of a run (docs/systems/vla-eval.md).

`tasks` is a list of {task, episodes, num_episodes, mean_METRIC}; an episode has `episode_id`, `metrics`, `steps`, what its task
says of itself (`suite`, `task_id`, `episode_idx` ...), and `failure_reason` where the program and not the policy ended it.
Benchmarks begin an episode by its number, so episodes of one task, number and `seed` pair.
"""

import re
from typing import Any

from runtime.trials.again import numbered
from runtime.trials.fault import Fault, TrialsRefused, Where, refusal
from runtime.trials.raw import Raw
from runtime.trials.records import load_json

NAMED = re.compile(r".+_aggregate\.json")
KEPT = ("suite", "task_id", "episode_id", "episode_idx", "steps", "elapsed_sec", "failure_reason")
SAME_NUMBER = "vla-eval's episodes pair by task and number: every evaluation must have been started with the same `seed`"


def read_vla_eval(data: bytes, name: str, encoding: str = "utf-8") -> Raw:
    """Episodes with the columns `KEPT`, `benchmark`, `task`, `seed`, `success`, `condition` and `metrics.NAME` of each metric.

    Raises:
        TrialsRefused: T501 no episodes; T502 of another shape; T506 totals that its episodes contradict.
    """
    if data.startswith(b"SQLite format 3\0"):
        raise refusal(
            "T502",
            "this is vla-eval's recording, which holds films' steps as well",
            "run `vla-eval merge` on it, and import the `…_aggregate.json`",
            Where(name),
        )
    found = load_json(data, name, encoding)
    tasks = found.get("tasks") if isinstance(found, dict) else None
    if not isinstance(tasks, list):
        raise TrialsRefused(_shape(name, "it has no list of `tasks`"))
    rows: list[dict[str, Any]] = []
    for i, task in enumerate(tasks):
        episodes = task.get("episodes") if isinstance(task, dict) else None
        if not isinstance(episodes, list) or not isinstance(task.get("task"), str):
            raise TrialsRefused(_shape(name, f"`tasks[{i}]` lacks its name or a list of `episodes`"))
        odd = next((n for n, e in enumerate(episodes) if not isinstance(e, dict) or not isinstance(e.get("metrics"), dict)), None)
        if odd is not None or any("episode_id" not in e for e in episodes):
            raise TrialsRefused(_shape(name, f"an episode of `tasks[{i}]` lacks `episode_id` or `metrics`"))
        _agree(task, episodes, name)
        own = [{key: e.get(key) for key in KEPT} | {f"metrics.{k}": v for k, v in e["metrics"].items()} for e in episodes]
        begun = [str(e["episode_id"] if e["episode_idx"] is None else e["episode_idx"]) for e in own]
        rows += [
            e | {"task": task["task"], "success": e.get("metrics.success"), "condition": c}
            for e, c in zip(own, numbered(begun), strict=True)
        ]
    if not rows:
        raise refusal("T501", "the file has no episodes", "evaluate again", Where(name))
    whole = {"benchmark": found.get("benchmark"), "seed": found.get("seed")}
    names = dict.fromkeys(key for row in rows for key in row)
    columns = {key: [row.get(key) for row in rows] for key in names} | {key: [value] * len(rows) for key, value in whole.items()}
    notes = [SAME_NUMBER]
    if found.get("partial"):
        notes.append(f"`{name}` is of a run that ended early: its last tasks are missing")
    if isinstance(shard := found.get("shard"), dict):
        notes.append(f"`{name}` is shard {shard.get('id')} of {shard.get('total')}")
    for told in ("success", "seed"):
        if all(value is None for value in columns[told]):
            del columns[told]
    return Raw(name, columns, range(1, len(rows) + 1), "row", notes=tuple(notes))


def _agree(task: dict[str, Any], episodes: list[dict[str, Any]], name: str) -> None:
    """Refuse a file whose totals speak of other episodes: it was cut or edited."""
    count, mean = task.get("num_episodes"), task.get("mean_success")
    if isinstance(count, int) and count != len(episodes):
        message = f"`{task['task'][:80]}` counts {count} episodes, but {len(episodes)} are listed"
        raise refusal("T506", message, "merge again, or find the whole file", Where(name))
    won = [e["metrics"]["success"] for e in episodes if isinstance(e["metrics"].get("success"), bool | int | float)]
    if won and isinstance(mean, int | float) and abs(sum(won) / len(won) - mean) > 1e-4:
        message = f"`{task['task'][:80]}` speaks of {mean:.2%} success, but its episodes make {sum(won) / len(won):.2%}"
        raise refusal("T506", message, "merge again, or find the whole file", Where(name))


def _shape(name: str, why: str) -> Fault:
    return Fault("T502", f"this is no result of vla-eval: {why}", "say the file's `form` in the mapping", Where(name))
