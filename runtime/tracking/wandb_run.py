"""The log as a W&B run: one per build, grouped by study, location and approach; the artifact goes by its fingerprint.

Offline unless asked otherwise: nothing leaves the machine until somebody calls `wandb sync build/track/wandb/RUN`.
Everything that W&B writes stays below the given folder.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.bound.axis import AXES
from runtime.tracking.build import Build, Made

PROJECT = "simkiln"
PATIENT = {"x_service_wait": 180.0, "init_timeout": 180.0}  # seconds: a machine full of jobs starts it slowly
QUIET = "silent disable_git disable_code x_disable_meta x_disable_machine_info x_disable_stats".split()
CONFIG = ("stage", "version", "fingerprint", "params", "backends", "parents")
COLUMNS = "approach domain location task value low high level direction seeds trials prior_low prior_high".split()


class Wandb:
    """A W&B run. Its config holds the parameters, its summary the metrics and the cost."""

    def __init__(self, build: Build, folder: Path, online: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("DATA", "CACHE", "CONFIG"):  # read on import; else W&B writes into the home folder
            os.environ.setdefault(f"WANDB_{name}_DIR", str(folder.resolve() / "wandb-files"))
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # it would go to the makers of W&B, offline or not
        import wandb

        job = build.job
        self._wandb, self._job = wandb, job
        if online and not _logged_in(wandb):
            sys.stderr.write("tracking: not logged in to W&B (`wandb login`): this run is logged offline\n")
            online = False
        config = {name: getattr(job, name) for name in CONFIG} | {"study": build.study, "scopes": job.scopes or [job.scope]}
        shown = [f"{axis}:{job.scope[axis]}"[:64] for axis in AXES if axis in job.scope and axis != "study"]
        self._run = wandb.init(
            project=PROJECT,
            group=build.group()[:128],
            job_type=job.stage,
            name=job.label[:128],
            dir=str(folder),
            mode="online" if online else "offline",
            tags=[f"study:{build.study}"[:64], *shown],
            reinit="finish_previous",
            config=config,
            settings={"console": "off", "x_save_requirements": False, **PATIENT, **dict.fromkeys(QUIET, True)},
        )

    def measure(self, step: int, values: Mapping[str, float]) -> None:
        """A point of the run's history."""
        self._run.log(dict(values), step=step)

    def end(self, made: Made) -> None:
        """Metrics, the artifact by its fingerprint, the table of uplift where there is one; then close the run."""
        try:
            self._run.summary.update({"status": made.status, **({"problem": made.problem} if made.problem else {})})
            for name in ("metrics", "cost"):
                self._run.summary.update({name: made.manifest.get(name, {})})
            if made.folder is not None:
                if (made.folder / "uplift.json").is_file():
                    self._run.log({"uplift": self._table(made.folder / "uplift.json")})
                self._run.log_artifact(self._artifact(made.folder, made.manifest), aliases=[self._job.fingerprint])
        finally:
            self._run.finish(exit_code=0 if made.status in ("built", "reused") else 1)

    def _artifact(self, folder: Path, manifest: Mapping[str, Any]) -> Any:
        """The artifact's manifest, which lists the digest of every file; the files themselves stay in the store."""
        facts = {name: manifest.get(name) for name in ("stage", "fingerprint", "version", "parents", "metrics")}
        found = self._wandb.Artifact(f"{self._job.stage}-{self._job.fingerprint}", self._job.stage, metadata=facts)
        found.add_file(str(folder / "manifest.json"), policy="immutable")
        return found

    def _table(self, path: Path) -> Any:
        rows = []
        for row in json.loads(path.read_text())["uplift"]:
            prior = (row.get("prior") or {}).get("range") or (None, None)
            flat = {**row, "low": row["band"][0], "high": row["band"][1], "prior_low": prior[0], "prior_high": prior[1]}
            rows.append([flat.get(name) for name in COLUMNS])
        return self._wandb.Table(columns=COLUMNS, data=rows, allow_mixed_types=True)


def _logged_in(wandb: Any) -> bool:
    """Whether W&B finds an account on this machine. It may not ask for one: a job has nobody to answer."""
    terminal, sys.stdin = sys.stdin, None
    try:
        return bool(wandb.login(timeout=1))
    except Exception:
        return False
    finally:
        sys.stdin = terminal
