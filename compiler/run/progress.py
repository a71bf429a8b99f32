"""Run Snakemake behind a progress display fed by its marker files and the jobs' own messages."""

import os
import subprocess
import time
from pathlib import Path


def watch(command: list[str], environment: dict[str, str], root: Path, total: int) -> int:
    """Run `command` in `root`; show how many of `total` jobs are done and what each running job last said.

    Returns:
        The exit code of the command. Its error output is shown when it fails, and always when nobody watches.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if total == 0 or not console.is_terminal:
        return subprocess.run(command, cwd=root, env=environment, check=False).returncode
    started = time.time()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    log = root / "build" / "snakemake.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as sink, Progress(*columns, console=console) as progress:
        task = progress.add_task("building", total=total)
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=sink, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                time.sleep(0.5)
                done, note = _state(root / "build" / "runs", started)
                progress.update(task, completed=done, description=note or "building")
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            return 130
        done, _ = _state(root / "build" / "runs", started)
        progress.update(task, completed=done)
    if process.returncode:
        console.print(log.read_text(), markup=False, highlight=False)
    return process.returncode


def _state(runs: Path, started: float) -> tuple[int, str]:
    """Jobs done in the newest run since `started`, and the last message of the job that spoke last."""
    new = [r for r in runs.iterdir() if r.stat().st_mtime >= started - 1] if runs.is_dir() else []
    if not new:
        return 0, "planning"
    run = max(new, key=lambda r: r.stat().st_mtime)
    done = sum(len(files) for _, _, files in os.walk(run / "done"))
    logs = [p for p in (run / "logs").rglob("*.log") if p.stat().st_size]
    if not logs:
        return done, "building"
    last = max(logs, key=lambda p: p.stat().st_mtime).read_text(errors="replace").strip().splitlines()
    return done, (last[-1][:60] if last else "building")
