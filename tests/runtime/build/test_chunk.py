"""One process that builds several artifacts: each has its own messages, and one that fails stops none of the rest."""

import subprocess
import sys
from pathlib import Path

from compiler.plan.study import open_project, plan_study
from compiler.run.emit import emit
from runtime.store.store import Store
from tests.loop.project import SmallProject


def test_one_that_fails_stops_none_of_the_rest(tmp_path: Path) -> None:
    site = {"kind": "hidden_site", "photos": 8}
    places = {f"p{i}": {"title": "A place", "source": {**site, "seed": i}} for i in range(3)}
    study = {"locations": list(places), "approaches": [], "seeds": [], "trials": {}, "targets": ["capture"]}
    stages = {"capture": {"width_px": 48}}
    small = SmallProject(tmp_path, {**study, "baseline": None, "tasks": [], "stages": stages}, places)
    project = open_project(tmp_path)
    plan = plan_study(project, "study")
    emit(project, plan)
    first, second, third = (n.fingerprint for n in plan.build() if n.stage.name == "capture")
    (tmp_path / "build/jobs/capture" / f"{second}.json").unlink()
    command = [sys.executable, "-m", "runtime", "capture", first, second, third, "--logs", "logs"]
    done = subprocess.run(command, cwd=tmp_path, env=small.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    store = Store(tmp_path / "store")
    assert [store.has("capture", f) for f in (first, second, third)] == [True, False, True]
    assert "B313" in (tmp_path / "logs" / f"{second}.log").read_text()
    assert "B313" not in (tmp_path / "logs" / f"{third}.log").read_text()
