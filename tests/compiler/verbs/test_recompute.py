"""`simkiln recompute`: nothing built is not success, and artifacts under a stranger's address are refused."""

import json
import shutil
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.graph.expand import expand
from compiler.project.load import load_project
from compiler.store.verify import strangers
from runtime.problem import InputError
from runtime.store.store import MANIFEST, Store
from tests.compiler.built import Built


def test_a_report_that_is_not_built_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Built(tmp_path).root)
    assert main(["recompute"]) == 4
    assert "is not built: run `simkiln run study`" in capsys.readouterr().err


def test_an_artifact_of_another_plan_is_refused(tmp_path: Path) -> None:
    built = Built(tmp_path)
    built.publish()
    project = load_project(tmp_path)
    node = next(n for n in expand(project, "study").nodes.values() if n.stage.name == "uplift")
    store = Store(project.store)
    strangers(store, node)
    policy, other = [n for n in expand(project, "study").nodes.values() if n.stage.name == "policy"][:2]
    facts = json.loads((store.path(*policy.address) / MANIFEST).read_text())
    shutil.rmtree(store.path(*other.address))
    with store.building(*other.address) as folder:
        for name in facts["files"]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(store.path(*policy.address) / name, folder / name)
        store.publish(*other.address, folder, facts)
    with pytest.raises(InputError, match=f"X444: mixed provenance: policy/{other.fingerprint[:12]} was made from"):
        strangers(store, node)
