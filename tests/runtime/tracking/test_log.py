"""Every build is logged; W&B's own files, read back, hold groups, history, metrics, the artifact and the table."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime.build.execute import execute
from runtime.job import Job, Parent
from runtime.stage import load_stages
from runtime.store.store import Store
from runtime.tracking.build import Build, Made
from runtime.tracking.log import Log, tracked
from tests import REPOSITORY
from tests.runtime.synthetic_study import PRIORS, Synthetic, synthetic_study

SCOPE = {"study": "study", "location": "cellar-workbench", "approach": "enriched", "seed": "0"}


def uplift_job(study: Synthetic, fingerprint: str = "a" * 32, scope: Mapping[str, str] = SCOPE) -> Job:
    params = {"cells": study.dumped_cells(), "study": study.frame.model_dump(mode="json"), "priors": PRIORS}
    return Job(
        stage="uplift",
        version=load_stages()["uplift"].version,
        fingerprint=fingerprint,
        label="uplift/study",
        scope=dict(scope),
        params=params,
        inputs={"trials": [Parent(p.parent.name, p.name) for p in study.trials]},
        backends={},
        origins={},
    )


@pytest.fixture
def study(tmp_path: Path) -> Synthetic:
    return synthetic_study(tmp_path / "store", trials=8, seeds=(0, 1))


def events(folder: Path, stage: str = "uplift", fingerprint: str = "a" * 32) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / stage / f"{fingerprint}.jsonl").read_text().splitlines()]


def built(job: Job, store: Store, folder: Path) -> None:
    with tracked(job, "study", folder) as log:
        log.measure(3, {"loss": 0.5})
        execute(job, store, quiet=True, log=log)


def test_a_build_is_logged_from_begin_to_end_and_later_ones_below_it(study: Synthetic, tmp_path: Path) -> None:
    job, store = uplift_job(study), Store(study.store)
    built(job, store, tmp_path / "track")
    built(job, store, tmp_path / "track")
    found = events(tmp_path / "track")
    assert [e["event"] for e in found] == ["begin", "measure", "end"] * 2
    begin, measure, end = found[:3]
    assert (begin["study"], begin["group"]) == ("study", "study/cellar-workbench/enriched")
    assert begin["fingerprint"] == job.fingerprint
    assert begin["parents"]["trials"] == [f"evaluate/{p.name}" for p in study.trials]
    assert (measure["step"], measure["values"]) == (3, {"loss": 0.5})
    manifest = store.manifest("uplift", job.fingerprint)
    assert (end["status"], end["metrics"], end["cost"]) == ("built", manifest["metrics"], manifest["cost"])
    assert found[5]["status"] == "reused"
    assert len({e["id"] for e in found}) == 2


def test_the_artifact_is_the_same_with_and_without_a_tracker(
    study: Synthetic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = []
    for name in ("DATA_DIR", "CACHE_DIR", "CONFIG_DIR"):
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / "wandb-files"))
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    for name, choice in (("b" * 32, ""), ("c" * 32, "wandb")):
        monkeypatch.setenv("SIMKILN_TRACK", choice)
        built(uplift_job(study, name), Store(study.store), tmp_path / "track")
        files.append(Store(study.store).manifest("uplift", name)["files"])
    assert files[0] == files[1]


def test_what_is_refused_or_fails_says_why(study: Synthetic, tmp_path: Path) -> None:
    job = uplift_job(study)
    with pytest.raises(ZeroDivisionError), tracked(job, "study", tmp_path):
        _ = 1 / 0
    assert events(tmp_path)[-1] | {"time": 0, "id": ""} == {
        "event": "end",
        "time": 0,
        "id": "",
        "status": "failed",
        "problem": "ZeroDivisionError: division by zero",
    }


def test_the_job_logs_a_refusal(study: Synthetic, tmp_path: Path) -> None:
    job = uplift_job(study)
    job.params["cells"].pop()
    job.write(tmp_path / "jobs")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "runtime",
            "uplift",
            job.fingerprint,
            "--store",
            study.store,
            "--jobs",
            tmp_path / "jobs",
            "--track",
            tmp_path / "track",
            "--study",
            "elsewhere",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    begin, end = events(tmp_path / "track")
    assert begin["study"] == "elsewhere"
    assert end["status"] == "refused"
    assert end["problem"] in done.stderr


def test_no_build_fails_by_its_tracking(
    study: Synthetic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def measure(self, step: int, values: Mapping[str, float]) -> None:
            raise OSError("disk full")

        def end(self, made: Made) -> None:
            raise AssertionError("left out before")

    log = Log([Broken()])
    log.measure(1, {})
    log.end(Made("built"))
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("SIMKILN_TRACK", "carrier pigeon")
    built(uplift_job(study), Store(study.store), tmp_path / "file")
    said = capfd.readouterr().err
    assert "Broken is left out: disk full" in said
    assert "`carrier pigeon`" in said


def test_ordinary_jobs_do_not_load_wandb() -> None:
    program = "import sys, runtime.build.execute, runtime.tracking.log; print('wandb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def records(folder: Path) -> list[Any]:
    """W&B's own reader over its own file."""
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal.datastore import DataStore

    (path,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    data = DataStore()
    data.open_for_scan(str(path))
    found = []
    while (chunk := data.scan_data()) is not None:
        record = wandb_internal_pb2.Record()  # ty: ignore[missing-attribute]
        record.ParseFromString(chunk)
        found.append(record)
    return found


def merged(items: list[Any]) -> dict[str, Any]:
    return {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in items}


def test_wandb_offline_holds_it_all(study: Synthetic, tmp_path: Path) -> None:
    job = uplift_job(study)
    job.write(tmp_path / "jobs")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WANDB_")} | {
        "SIMKILN_TRACK": "wandb-online",
        "HOME": str(tmp_path / "home"),
        "NETRC": str(tmp_path / "no-netrc"),
    }
    program = (
        "import sys; from pathlib import Path; from runtime.job import Job; from runtime.store.store import Store;"
        "from tests.runtime.tracking.test_log import built;"
        f"built(Job.read(Path({str(tmp_path / 'jobs')!r}), 'uplift', {job.fingerprint!r}),"
        f" Store(Path({str(study.store)!r})), Path({str(tmp_path / 'track')!r}))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "not logged in" in done.stderr  # asked to be online, and nobody is: offline it is
    found = records(tmp_path / "track")
    by_kind: dict[str, list[Any]] = {}
    for record in found:
        kind = record.WhichOneof("record_type")
        by_kind.setdefault(kind, []).append(getattr(record, kind))
    (run,) = by_kind["run"]
    assert (run.project, run.run_group, run.job_type) == ("simkiln", "study/cellar-workbench/enriched", "uplift")
    assert set(run.tags) == {"study:study", "location:cellar-workbench", "approach:enriched", "seed:0"}
    settings = merged(list(run.config.update))
    assert settings["fingerprint"] == job.fingerprint
    assert settings["params"]["study"]["baseline"] == "baseline"
    history = [merged(list(h.item)) for h in by_kind["history"]]
    assert any(h.get("loss") == 0.5 and h["_step"] == 3 for h in history)
    summary: dict[str, Any] = {}
    for record in by_kind["summary"]:
        summary |= merged(list(record.update))
    manifest = Store(study.store).manifest("uplift", job.fingerprint)
    assert summary["metrics"] == manifest["metrics"]
    assert summary["cost"] == manifest["cost"]
    assert summary["status"] == "built"
    artifact = next(a for a in by_kind["artifact"] if a.type == "uplift")
    assert artifact.name == f"uplift-{job.fingerprint}"
    assert job.fingerprint in artifact.aliases
    assert json.loads(artifact.metadata)["parents"] == manifest["parents"]
    (path,) = (tmp_path / "track").glob("wandb/offline-run-*/files/media/table/*.json")
    table = json.loads(path.read_text())
    evidence = json.loads((study.store / "uplift" / job.fingerprint / "uplift.json").read_text())["uplift"]
    assert [[row[0], row[1], row[4], row[5]] for row in table["data"]] == [
        [row["approach"], row["domain"], row["value"], row["band"][0]] for row in evidence
    ]
    left = [path.relative_to(tmp_path / "home") for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert [path for path in left if path.parts[:2] != (".cache", "simkiln")] == []  # ours: digests of parents that were read


def test_a_group_names_what_the_artifact_stands_for(study: Synthetic) -> None:
    assert Build(uplift_job(study, scope={"study": "study"}), "study").group() == "study"
