"""What a run is said to be doing, read off its logs and markers."""

import json
from pathlib import Path

from compiler.run.progress import Followed


def test_a_chunk_is_one_running_job_and_a_failed_one_says_why(tmp_path: Path) -> None:
    followed, run = Followed(tmp_path), tmp_path / "build" / "runs" / "1"
    nodes = {name: {"label": f"evaluate/{name}"} for name in "abcd"}
    jobs = {"a": {"members": ["a", "b", "c"]}, "d": {"members": ["d"]}}
    logs = {"a": "evaluate/a: 3 of 6 trials succeeded", "b": "evaluate/b: 40%", "d": "error[R275]: it moves\n  = help: more room"}
    for folder in ("done", "logs/evaluate"):
        (run / folder).mkdir(parents=True)
    for name, text in logs.items():
        (run / "logs" / "evaluate" / f"{name}.log").write_text(text + "\n")
    plan = {"study": "s", "run": "build/runs/1", "store": "store", "nodes": {"evaluate": nodes}, "jobs": {"evaluate": jobs}}
    (run / "plan.json").write_text(json.dumps(plan))
    (run / "stages.smk").touch()
    assert followed.running() == ["evaluate/b: 40%", "evaluate/d error[R275]: it moves"]
    assert followed.next() == "1 evaluate"
    (run / "done" / "evaluate").mkdir()
    (run / "done" / "evaluate" / "a").touch()
    assert followed.running() == ["evaluate/d error[R275]: it moves"]
    assert len(list(followed.news())) == 3
