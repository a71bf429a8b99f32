"""Results of evaluation harnesses: vla-eval, Isaac Lab Arena's layouts, PolaRiS with what its episodes began from."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from compiler.cli import main
from tests import REPOSITORY

DOCS = REPOSITORY / "docs" / "trials"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def kept(mapping: str, *words: str) -> list[dict]:
    assert main(["trials", "import", *words, "--mapping", str(DOCS / mapping), "--name", "set", "--replace"]) == 0
    return pq.read_table("trials/set/trials.parquet").to_pylist()


def refused(capsys: pytest.CaptureFixture, mapping: str, *words: str) -> str:
    assert main(["trials", "import", *words, "--mapping", str(DOCS / mapping), "--name", "bad"]) == 1
    return capsys.readouterr().err


def merged(policy: str, wins: list[bool], **changed: Any) -> str:
    """What `vla-eval merge` writes of one task, by `_build_aggregate` and `_build_task_result` of its commit e1ee9ad."""
    context = {"name": "open the drawer", "suite": "libero_goal", "task_id": 3}
    episodes: list[dict[str, Any]] = [
        {"sid": "s", "eid": str(i), "episode_id": i, "metrics": {"success": w}, "steps": 90 + i, "elapsed_sec": 1.5}
        | context
        | {"episode_idx": i % 2}
        for i, w in enumerate(wins)
    ]
    episodes[-1] |= {"metrics": {"success": False}, "failure_reason": "timeout", "failure_detail": "timeout=30.0s: "}
    mean = round(sum(e["metrics"]["success"] for e in episodes) / len(episodes), 4)
    task = {"task": "open the drawer", "episodes": episodes, "num_episodes": len(wins), "avg_steps": 90.0, "num_errors": 1}
    task |= {"mean_success": mean}
    body: dict[str, Any] = {
        "benchmark": "LIBEROBenchmark",
        "mode": "sync",
        "harness_version": "0.8.0",
        "created_at": "2026-11-29T10:00:00+00:00",
    }
    body |= {"tasks": [task], "config": {"params": {"seed": 7}}, "eval_id": "e", "seed": 7, "metric_keys": {"success": "mean"}}
    path = Path(policy, "libero_goal_aggregate.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(body | {"num_episodes_total": len(wins)} | changed, indent=2))
    return str(path)


def test_vla_eval(capsys: pytest.CaptureFixture) -> None:
    rows = kept("vla-eval.yaml", merged("base", [True, False, True, True]), merged("mine", [True] * 4, partial=True))
    assert [(r["approach"], r["location"], r["task"], r["initial_state"], r["success"], r["failure_mode"]) for r in rows] == [
        (policy, "libero_goal", "open the drawer", state, won, mode)
        for policy, wins in (("base", [True, False, True]), ("mine", [True] * 3))
        for state, won, mode in zip(
            ("0", "1", "0 again 1", "1 again 1"), [*wins, False], ["", "", "", "invalid: timeout"], strict=True
        )
    ]
    assert rows[1]["steps"] == 91
    assert "of a run that ended early" in capsys.readouterr().out
    text = json.loads(Path(merged("base", [True, False])).read_text())
    text["tasks"][0]["episodes"].pop()
    Path("base/libero_goal_aggregate.json").write_text(json.dumps(text))
    assert "counts 2 episodes, but 1 are listed" in refused(capsys, "vla-eval.yaml", "base/libero_goal_aggregate.json")
    for odd, said in (
        ({"tasks": {}}, "no list of `tasks`"),
        ({"tasks": [{"task": "t", "episodes": [{}]}]}, "lacks `episode_id`"),
        ({"tasks": []}, "no episodes"),
    ):
        assert said in refused(capsys, "vla-eval.yaml", merged("odd", [True, True], **odd))
    Path("base/libero_goal_aggregate.json").write_bytes(b"SQLite format 3\0" + bytes(90))
    assert "vla-eval merge" in refused(capsys, "vla-eval.yaml", "base/libero_goal_aggregate.json")


def test_vla_eval_s_own_writer(tmp_path: Path) -> None:
    """A recording filled and merged by vla-eval itself."""
    checkout = os.environ.get("VLA_EVAL_CHECKOUT")
    if not checkout:
        pytest.skip("VLA_EVAL_CHECKOUT names no checkout of vla-eval")
    script = """
import importlib, pathlib, sys, types
sys.path.insert(0, sys.argv[1] + "/src")
package = types.ModuleType("vla_eval"); package.__path__ = [sys.argv[1] + "/src/vla_eval"]; package.__version__ = "0"
sys.modules["vla_eval"] = package
from vla_eval.recording import RecordingStore, db_path_for_eval
from vla_eval.results.merge import merge_eval
out = pathlib.Path("mine"); out.mkdir()
store = RecordingStore(db_path_for_eval(out, "e"))
about = {"benchmark": "B", "mode": "sync", "config": {"params": {"seed": 7}}, "metric_keys": {"success": "mean"}}
store.upsert_eval_metadata("e", "libero_goal", about)
for i, won in enumerate([True, False, False]):
    store.upsert_episode_result(
        sid="s", eid=str(i), eval_id="e", task_name="t", episode_id=i, status="success" if won else "fail",
        metrics={"success": won}, steps=5, elapsed_sec=1.0, context={"episode_idx": i}, jsonl_path="",
        failure_reason="exception" if i == 2 else None, failure_detail=None)
store.close()
merge_eval(out, "e")
"""
    subprocess.run([sys.executable, "-c", script, checkout], check=True, cwd=tmp_path)
    rows = kept("vla-eval.yaml", "mine/libero_goal_aggregate.json")
    assert [(r["task"], r["initial_state"], r["success"], r["failure_mode"]) for r in rows] == [
        ("t", "0", True, ""),
        ("t", "1", False, ""),
        ("t", "2", False, "invalid: exception"),
    ]


def test_layouts_of_isaac_lab_arena(capsys: pytest.CaptureFixture) -> None:
    """What a layout says counts for pairing, under its old and its new name; replays that go round are told apart."""

    def write(policy: str, *rows: dict[str, Any]) -> str:
        path = Path(policy, "episode_results_rebuild0.jsonl")
        path.parent.mkdir(exist_ok=True)
        common = {"env_id": 0, "success": True, "episode_length": 9, "language_instruction": "lift", "timestamp": "2026-11-03T10"}
        path.write_text("".join(json.dumps({**common, "episode_in_env": i} | row) + "\n" for i, row in enumerate(rows)))
        return str(path)

    def layout(x: float) -> dict[str, Any]:
        half = math.radians(15)
        pose = {"position_xyz": [x, 0.1, 0.02], "rotation_xyzw": [0.0, 0.0, math.sin(half), math.cos(half)]}
        return {"layout_id": "layout_000000", "source": "settled", "poses": {"Cube 1": pose}, "validation": {}}

    old = write("old", {"variations": {"scene.relation_placement": layout(0.3), "light": 1}}, {"variations": {}})
    new = write("new", {"placement": layout(0.3), "variations": {"light": 1}}, {"placement": layout(0.4)})
    rows = kept("arena.yaml", old, new)
    stood = {"cube_1_turn_deg": 30, "cube_1_x_m": 0.3, "cube_1_y_m": 0.1, "light": 1}
    assert json.loads(rows[0]["factors"]) == pytest.approx(stood)
    assert rows[0]["initial_state"] == rows[2]["initial_state"]
    assert rows[1]["initial_state"] != rows[3]["initial_state"]
    replayed = [
        {"replay_source_record_index": i % 2, "replay_condition_occurrence": i, "success": i < 2, "env_id": i}
        for i in (3, 0, 2, 1)
    ]
    rows = kept("arena.yaml", write("replay", *replayed))
    assert {r["initial_state"]: r["success"] for r in rows} == {
        "record 0": True,
        "record 1": True,
        "record 0 again 1": False,
        "record 1 again 1": False,
    }
    bad = write("bad", {"placement": {"poses": {"cube": {"position_xyz": [1, 2], "rotation_xyzw": [0, 0, 0, 1]}}}})
    assert "`placement` is no layout" in refused(capsys, "arena.yaml", bad)


def test_polaris(capsys: pytest.CaptureFixture) -> None:
    """`eval_results.csv` of its commit 2af4937, whose episodes begin one pose late."""
    poses = [
        {"bus": [0.1 * i, 0.2, 0.0, math.cos(0.1 * i), 0, 0, math.sin(0.1 * i)], "static_bowl": [0, 0, 0, 1, 0, 0, 0]}
        for i in range(3)
    ]
    Path("initial_conditions.json").write_text(json.dumps({"instruction": "put all foods in the bowl", "poses": poses}))
    files = []
    for policy, progress in (("pi0", [1.0, 0.5, 0.0]), ("pi05", [1.0, 1.0, 0.25])):
        path = Path("DROID-FoodBussing", policy, "eval_results.csv")
        path.parent.mkdir(parents=True)
        lines = [f"{i},{200 + i},{p == 1.0},{p}" for i, p in enumerate(progress)]
        path.write_text("\n".join(["episode,episode_length,success,progress", *lines, ""]))
        files.append(str(path))
    rows = kept("polaris.yaml", *files, "--conditions", "initial_conditions.json")
    assert "began episode K from pose K - 1" in capsys.readouterr().out
    assert [(r["approach"], r["task"], r["success"], r["score"], r["steps"]) for r in rows][1:3] == [
        ("pi0", "put all foods in the bowl", False, 0.5, 201),
        ("pi0", "put all foods in the bowl", False, 0.0, 202),
    ]
    first, again, second = (r["initial_state"] for r in rows[:3])
    assert [r["initial_state"] for r in rows[3:]] == [first, again, second]
    assert again == f"{first} again 1"
    assert first != second
    assert [json.loads(r["factors"])["bus_x_m"] for r in rows[:3]] == [0, 0, 0.1]
    assert json.loads(rows[2]["factors"])["bus_turn_deg"] == pytest.approx(math.degrees(0.2))
    Path(files[0]).write_text("episode,episode_length,success,progress\n0,9,False,-1.0\n9,9,True,1.0\n")
    assert "began from pose 8, and there are 3" in refused(
        capsys, "polaris.yaml", files[0], "--conditions", "initial_conditions.json"
    )
    Path(files[0]).write_text("episode,episode_length,success,progress\n0,9,False,-1.0\n")
    assert "score -1" in refused(capsys, "polaris.yaml", files[0], "--conditions", "initial_conditions.json")
    for odd in ({"poses": poses}, {"instruction": "x", "poses": [{"bus": [1]}]}, {"instruction": "x", "poses": [3]}):
        Path("odd.json").write_text(json.dumps(odd))
        assert "no initial conditions of PolaRiS" in refused(capsys, "polaris.yaml", files[0], "--conditions", "odd.json")
