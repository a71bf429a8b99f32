"""The plan as Snakemake's rules look it up. Main process and children read the same file, so they cannot differ."""

import json
from pathlib import Path
from typing import Any


class FrozenPlan:
    """Look-ups on an emitted `plan.json`."""

    def __init__(self, path: Path) -> None:
        self._plan = json.loads(path.read_text())
        self.study: str = self._plan["study"]
        self.run: str = self._plan["run"]
        self.store: str = self._plan["store"]
        self.rules: str = f"{self.run}/stages.smk"

    def marker(self, stage: str, fingerprint: str) -> str:
        """The file that says, within this run only, that a job ended well."""
        return f"{self.run}/done/{stage}/{fingerprint}"

    def log(self, stage: str, fingerprint: str) -> str:
        """Where a job's messages go."""
        return f"{self.run}/logs/{stage}/{fingerprint}.log"

    def entry(self, stage: str, fingerprint: str) -> dict[str, Any]:
        """What is planned for one node."""
        return self._plan["nodes"][stage][fingerprint]

    def inputs(self, stage: str, fingerprint: str) -> list[str]:
        """Markers of the parents that this run builds; those in the store are not Snakemake's business."""
        return [self.marker(*parent) for parent in self.entry(stage, fingerprint)["inputs"]]

    def targets(self) -> list[str]:
        """Markers of all that is wanted and missing; when nothing is, a file that is there (or the rule would run)."""
        return [self.marker(*target) for target in self._plan["targets"]] or [f"{self.run}/plan.json"]

    def planned(self) -> list[tuple[str, str]]:
        """Addresses of all that this run builds."""
        return [(stage, fingerprint) for stage, nodes in self._plan["nodes"].items() for fingerprint in nodes]

    def unpublished(self, root: Path) -> list[str]:
        """Labels of planned nodes that are not in the store: empty after a run that did what was planned."""
        return [
            self.entry(*address)["label"] for address in self.planned()
            if not (root / self.store / address[0] / address[1] / "manifest.json").is_file()
        ]  # fmt: skip
