"""A small project that goes through the whole loop in a minute: this repository's own specs with smaller parameters."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from runtime.store.store import Store
from tests import REPOSITORY

SMALL = {
    "capture": {"width_px": 80},
    "splat": {"iterations": 40},
    "twin": {"width_px": 32, "height_px": 24},
    "demos": {"episodes": 4},
    "enrichment": {"variants_per_demo": 1},
    "policy": {"steps": 4},
}
STUDY = {
    "title": "A small study",
    "locations": ["place"],
    "tasks": ["press-button"],
    "approaches": ["baseline", "enriched"],
    "baseline": "baseline",
    "seeds": [0, 1],
    "trials": {"twin": 3, "irl_proxy": 3},
    "targets": ["coverage"],
    "stages": SMALL,
    "standing_gates": False,
}
LEARNING = {"learning": {"at": [0.5, 1.0], "trials": 2}}
PLACE = {"title": "A place", "source": {"kind": "hidden_site", "seed": 5, "photos": 12}}


class SmallProject:
    """A project folder, and the commands that a user would type in it."""

    def __init__(self, root: Path, study: dict | None = None, locations: dict | None = None) -> None:
        self.root = root
        for name in ("Snakefile", "profiles"):
            source = REPOSITORY / name
            shutil.copytree(source, root / name) if source.is_dir() else shutil.copy(source, root / name)
        for name in ("tasks", "approaches", "gates"):
            shutil.copytree(REPOSITORY / "specs" / name, root / "specs" / name)
        self.write("study", {**STUDY, **(study or {})})
        for name, spec in (locations or {"place": PLACE}).items():
            self.write(f"locations/{name}", spec)
        self.store = Store(root / "store")

    def write(self, name: str, spec: dict) -> Path:
        path = self.root / "specs" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(spec, sort_keys=False))
        return path

    def environment(self) -> dict[str, str]:
        return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY), "NO_COLOR": "1"}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--cores", "2", *words]

    def snakemake(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), cwd=self.root, env=self.environment(), capture_output=True, text=True, check=False
        )

    def simkiln(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "compiler.cli", *words]
        return subprocess.run(command, cwd=self.root, env=self.environment(), capture_output=True, text=True, check=False)

    def plan(self, study: str = "study") -> dict[str, dict[str, str]]:
        """Label -> node, as `simkiln plan --json` tells."""
        done = self.simkiln("plan", study, "--json")
        assert done.returncode == 0, done.stderr
        return {node["label"]: node for node in json.loads(done.stdout)["nodes"]}

    def to_build(self, study: str = "study") -> set[str]:
        """Labels of what is to be built, again or for the first time."""
        return {label for label, node in self.plan(study).items() if node["state"] in ("build", "rebuild")}

    def verify(self) -> int:
        """Check every digest in the store; return how many artifacts there are."""
        number = 0
        for stage, names in self.store.listing().items():
            for name in names:
                self.store.check(stage, name)
                number += 1
        return number
