"""Run Snakemake behind a progress display fed by its marker files and the jobs' own messages."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.run.failures import SNAKEMAKE_LOG
from compiler.run.frozen_plan import FrozenPlan

if TYPE_CHECKING:
    from rich.console import Console

LOOK_S = 0.5
"""How often the run is looked at."""
GRACE_S = 5.0
"""From an interruption until Snakemake is told of it, if no terminal has done so."""
RUNNING = 6
"""Running jobs that are shown; more are counted."""

type Address = tuple[str, str]


class Followed:
    """The next run of a project, or the newest that there is: what is built, what is being built and what comes next."""

    def __init__(self, root: Path, newest: bool = False) -> None:
        self._root, self._runs = root, root / "build" / "runs"
        names = self._names()
        self._old = names - {max(names)} if newest and names else names  # a name begins with the time
        self._plan: FrozenPlan | None = None
        self._told: set[Address] = set()
        self._pictured: set[str] = set()

    @property
    def plan(self) -> FrozenPlan | None:
        """The run's plan, once there is one."""
        if self._plan is None:
            new = [self._runs / name / "stages.smk" for name in self._names() - self._old]
            complete = [path for path in new if path.is_file()]  # written after the plan beside it
            self._plan = FrozenPlan(complete[0].with_name("plan.json")) if complete else None
        return self._plan

    def _names(self) -> set[str]:
        return set(os.listdir(self._runs)) if self._runs.is_dir() else set()

    def built(self) -> set[Address]:
        """Addresses of what jobs that ended were to build."""
        if (plan := self.plan) is None:
            return set()
        ended = _listed(self._root / plan.run / "done")
        return {(stage, member) for stage, job in ended for member in plan.job(stage, job)["members"]}

    def _begun(self) -> set[Address]:
        """Addresses that have a log."""
        found = _listed(self._root / self.plan.run / "logs") if self.plan else ()
        return {(stage, name.removesuffix(".log")) for stage, name in found}

    def news(self) -> Iterator[str]:
        """A line for each artifact built since the last call: which of how many, where, what the job said last, and the first
        picture of each stage."""
        if (plan := self.plan) is None:
            return
        total, new = len(plan.planned()), self.built() - self._told
        for address in plan.planned() if new else ():
            if address in new:
                self._told.add(address)
                yield f"[{len(self._told)}/{total}] {self._words(address)}"
                if address[0] not in self._pictured and (picture := self._picture(address)) is not None:
                    self._pictured.add(address[0])
                    yield f"    picture: {picture}"

    def running(self) -> list[str]:
        """What each running job said last; a job that has a log and no marker runs, or has failed. Of a chunk, which builds one
        artifact after another, the last one that has a log."""
        if (plan := self.plan) is None:
            return ["planning"]
        ended, begun = set(_listed(self._root / plan.run / "done")), self._begun()
        jobs = ((stage, entry["members"]) for stage, name, entry in plan.jobs() if (stage, name) not in ended)
        members = ([(stage, one) for one in found if (stage, one) in begun] for stage, found in jobs)
        at_work = [mine[-1] for mine in members if mine]
        more = [f"and {len(at_work) - RUNNING} more"] if len(at_work) > RUNNING else []
        return [self._words(address) for address in at_work[:RUNNING]] + more

    def next(self) -> str:
        """What has not begun, by stage in the order of the plan, such as `10 policy, 40 evaluate`."""
        if (plan := self.plan) is None:
            return ""
        begun = self._begun() | self.built()
        left = Counter(address[0] for address in plan.planned() if address not in begun)
        return ", ".join(f"{count} {stage}" for stage, count in left.items())

    def _words(self, address: Address) -> str:
        """Its name, and its log's last line, which begins with the name as well; of a failed one the line that says why."""
        assert self.plan is not None
        label, log = self.plan.label(*address), self._root / self.plan.log(*address)
        try:
            lines = log.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        last = next((line for line in lines if line.startswith("error[")), lines[-1] if lines else "")
        return last if last.startswith(label) else f"{label} {last}".rstrip()

    def _picture(self, address: Address) -> str | None:
        assert self.plan is not None
        folder = self._root / self.plan.store
        found = sorted(folder.joinpath(*address).rglob("*.png")) if address[0] != "capture" else []
        first = next((p for p in found if p.parent.name != "images"), None)
        return None if first is None else os.path.relpath(first, self._root)


def _listed(folder: Path) -> list[tuple[str, str]]:
    """(Stage, name) of the files of a run; one listing a stage, for there may be many."""
    stages = [stage for stage in os.listdir(folder) if not stage.startswith(".")] if folder.is_dir() else []
    return [(stage, name) for stage in stages for name in os.listdir(folder / stage) if not name.startswith(".")]


def watch(command: list[str], environment: dict[str, str], root: Path, total: int) -> int:
    """Run `command` in `root`; show what is built of `total` artifacts, what each running job last said, and what comes next.
    Where nobody watches, a line for each artifact.

    Returns:
        The exit code of the command, whose output is in `build/snakemake.log`; 130 when somebody interrupted it.
    """
    from rich.console import Console

    console = Console(stderr=True)
    followed = Followed(root)
    log = root / SNAKEMAKE_LOG
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as sink:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=sink, stderr=subprocess.STDOUT)
        try:
            (_shown if console.is_terminal and total else _told)(process, followed, total, console)
        except KeyboardInterrupt:  # a terminal tells Snakemake as well; SIGTERM would let running jobs come to their end
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
                process.wait()
            sys.stderr.write(
                f"interrupted: {len(followed.built())} of {total} are built and kept; the same command goes on there\n"
            )
            return 130
    return process.returncode


def _told(process: subprocess.Popen[bytes], followed: Followed, total: int, console: "Console") -> None:
    while True:
        ended = process.poll() is not None
        for line in followed.news():
            sys.stderr.write(line + "\n")
        sys.stderr.flush()
        if ended:
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_S)


def _shown(process: subprocess.Popen[bytes], followed: Followed, total: int, console: "Console") -> None:
    from rich.console import Group
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    progress = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    task = progress.add_task("building", total=total)
    with Live(progress, console=console, refresh_per_second=2) as live:
        while True:
            ended = process.poll() is not None
            for line in followed.news():
                if line.startswith(" "):  # the display says the rest
                    live.console.print(line.strip(), markup=False, highlight=False, overflow="ignore", no_wrap=True)
            progress.update(task, completed=len(followed.built()))
            now = [Text(f"  now   {words}", no_wrap=True, overflow="ellipsis") for words in followed.running()]
            later = (
                [Text(f"  next  {words}", no_wrap=True, overflow="ellipsis", style="dim")] if (words := followed.next()) else []
            )
            live.update(Group(progress, *([] if ended else [*now, *later])))
            if ended:
                return
            time.sleep(LOOK_S)
