"""The folder of one run, `build/runs/RUN/`: the plan and the rules that Snakemake reads. Standard library only."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

KEEP_RUNS_S = 7 * 86400


def page_of(study: str) -> str:
    """Where people look for a study's report, relative to the project."""
    return f"build/report/{study}.html"


def write_run(root: Path, study: str, store: str, content: dict[str, Any], rules: str) -> Path:
    """Write a run's plan and rules, with the newest also below `build/`, and return the path of the plan.

    Args:
        root: the project's folder.
        study: id of the study.
        store: the store's folder, relative to `root`.
        content: `counts`, `targets`, `nodes`, `jobs` and `page`, as `compiler.run.frozen_plan` reads them.
        rules: text of the rules.
    """
    build = root / "build"
    _forget_old(build / "runs")
    unique = os.urandom(4).hex()  # not the process: hosts that share the project may have the same number at once
    run = build / "runs" / f"{time.strftime('%Y%m%dT%H%M%S')}-{unique}"
    run.mkdir(parents=True)
    frozen = {"study": study, "root": ".", "run": os.path.relpath(run, root), "store": store, **content}
    (run / "plan.json").write_text(json.dumps(frozen, indent=1))
    (run / "stages.smk").write_text(rules)
    for name in ("plan.json", "stages.smk"):
        temporary = build / f".{name}.{unique}"
        shutil.copyfile(run / name, temporary)
        temporary.replace(build / name)
    return run / "plan.json"


def _forget_old(runs: Path) -> None:
    if runs.is_dir():
        for entry in runs.iterdir():
            if time.time() - entry.stat().st_mtime > KEEP_RUNS_S:
                shutil.rmtree(entry, ignore_errors=True)
