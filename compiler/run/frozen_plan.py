"""The plan as Snakemake's rules look it up. Main process and children read the same file, so they cannot differ."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from runtime.job import JobPython

CAPTION = Path(__file__).resolve().parents[2] / "rules" / "report" / "caption.rst"

LEAST = {"threads": 1, "mem_mb": 500, "runtime": 5, "gpu": 0}
"""What it takes to start a job that does nothing: MB of 10^6 bytes, minutes."""


class JobEntry(JobPython):
    """What a job takes, the fingerprints of what it builds, and the addresses of the jobs before it."""

    inputs: list[list[str]]
    members: list[str]
    threads: int
    mem_mb: int
    runtime: int
    gpu: int


class FrozenPlan:
    """Look-ups on an emitted `plan.json`."""

    def __init__(self, path: Path) -> None:
        self._plan = json.loads(path.read_text())
        self.study: str = self._plan["study"]
        self.run: str = self._plan["run"]
        self.store: str = self._plan["store"]
        self.rules: str = f"{self.run}/stages.smk"
        self.caption: str = str(CAPTION)

    def marker(self, stage: str, job: str) -> str:
        """The file that says, within this run only, that a job ended well."""
        return f"{self.run}/done/{stage}/{job}"

    def log(self, stage: str, fingerprint: str) -> str:
        """Where the messages of building one artifact go; those of a job are in its first one's."""
        return f"{self.logs(stage)}/{fingerprint}.log"

    def logs(self, stage: str) -> str:
        """The folder of a stage's logs."""
        return f"{self.run}/logs/{stage}"

    def job(self, stage: str, job: str) -> JobEntry:
        """One job."""
        return self._plan["jobs"][stage][job]

    def jobs(self) -> Iterator[tuple[str, str, JobEntry]]:
        """Stage and name of each job, and the job."""
        return ((stage, name, job) for stage, found in self._plan["jobs"].items() for name, job in found.items())

    def refused(self, stage: str, job: str) -> str:
        """The file by which a job tells its next attempt, within this run only, that only a person can mend it."""
        return f"{self.run}/refused/{stage}/{job}"

    def amount(self, stage: str, job: str, what: Literal["threads", "mem_mb", "runtime", "gpu"], attempt: int) -> int:
        """What an attempt asks for: memory and time grow with each, as one that failed may have had too little of them.

        After an attempt that was refused the next one only says so: it asks for no more than that takes.
        """
        most = self.job(stage, job)[what]
        if attempt > 1 and Path(self.refused(stage, job)).exists():
            return min(most, LEAST[what])
        return most * attempt if what in ("mem_mb", "runtime") else most

    def python(self, stage: str, job: str, own: list[str]) -> list[str]:
        """The words that start the Python which builds a job: `own` unless a back end runs elsewhere."""
        return self.job(stage, job).get("python") or own

    def parent(self, stage: str, job: str) -> str:
        """How the shell tells a job whose end is its own; a container does not see processes outside of it."""
        return "" if self.job(stage, job).get("contained") else "--parent $PPID"

    def label(self, stage: str, fingerprint: str) -> str:
        """What people call one planned artifact."""
        return self._plan["nodes"][stage][fingerprint]["label"]

    def job_label(self, stage: str, job: str) -> str:
        """What a job builds: an artifact, and how many more in the same process."""
        first, *more = self.job(stage, job)["members"]
        return self.label(stage, first) + (f" and {len(more)} more" if more else "")

    def inputs(self, stage: str, job: str) -> list[str]:
        """Markers of the jobs of this run that build parents; those in the store are not Snakemake's business."""
        return [self.marker(*parent) for parent in self.job(stage, job)["inputs"]]

    def targets(self, touch: bool = False) -> list[str]:
        """Markers of all that is wanted and missing; when nothing is, a file that is there (or the rule would run).

        With `touch` nothing is wanted: `snakemake --touch` would make markers without building anything.
        """
        wanted = [] if touch else self._plan["targets"]
        return [self.marker(*target) for target in wanted] or [f"{self.run}/plan.json"]

    def pages(self) -> list[str]:
        """The study's page where people look for it, once nothing is missing; before that it is not of this plan."""
        page = self._plan.get("page")
        return [page] if page and not self._plan["targets"] and Path(page).is_file() else []

    def planned(self) -> list[tuple[str, str]]:
        """Addresses of all that this run builds."""
        return [(stage, fingerprint) for stage, nodes in self._plan["nodes"].items() for fingerprint in nodes]

    def ended(self, root: Path) -> set[tuple[str, str]]:
        """Addresses of what the jobs that ended well were to build; `--until` and the like leave jobs out."""
        ended = ((s, job) for s, name, job in self.jobs() if (root / self.marker(s, name)).exists())
        return {(stage, member) for stage, job in ended for member in job["members"]}

    def absent(self, root: Path) -> list[tuple[str, str]]:
        """Addresses of planned nodes that are not in the store."""
        store = root / self.store
        return [address for address in self.planned() if not store.joinpath(*address, "manifest.json").is_file()]
