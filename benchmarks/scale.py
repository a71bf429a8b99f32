"""How planning grows: `python -m benchmarks.scale [--nodes 100000] [--million] [--folder DIR]`.

One study over made-up locations (benchmarks/scale_project.py), its store filled, so that nothing is missing. CPU
seconds (user + system, children included; medians) and peak memory of whole commands. *Cold* has no cache in `build/`.
Beside it: plain Snakemake on the same number of up-to-date jobs, with one wildcard rule for each stage.
"""

import argparse
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.scale_project import fill_store, make_project, name_of, write_location, write_study
from compiler.graph.expand import expand
from compiler.plan.study import open_project

REPEATS = 5
SIMKILN = [sys.executable, "-m", "compiler.cli"]
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "all"]
PLAIN = """import json
NODES = json.load(open("nodes.json"))
rule all:
    input: [f"plain/{s}/{f}" for s, f in NODES["targets"]]
"""
RULE = """
rule {stage}:
    input: lambda w: [f"plain/{{s}}/{{f}}" for s, f in NODES["parents"]["{stage}/" + w.f]]
    output: "plain/{stage}/{{f}}"
    shell: "touch {{output}}"
"""


def measure(command: list[str], folder: Path) -> tuple[float, float, str]:
    """CPU seconds, peak megabytes and words of one command; it runs below `sh`, so that its peak is its own."""
    script = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "sys.stdout.write(f'{used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024} {done.returncode}\\n')\n"
        "sys.stdout.write(done.stdout + done.stderr)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", script, *command], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    figures, _, said = done.stdout.partition("\n")
    seconds, peak, code = figures.split()
    if code != "0":
        sys.exit(f"{' '.join(command)} failed:\n{said[-2000:]}")
    return float(seconds), float(peak), said


def row(
    name: str,
    command: list[str],
    folder: Path,
    before: Callable[[], object] = lambda: None,
    must: str = "",
    repeats: int = REPEATS,
) -> float:
    """Measure a command several times, print a line, and return its CPU seconds."""
    found = []
    for _ in range(repeats):
        before()
        seconds, peak, said = measure(command, folder)
        if must not in said:
            sys.exit(f"{name}: expected `{must}` in\n{said[-2000:]}")
        found.append((seconds, peak))
    seconds = statistics.median(s for s, _ in found)
    print(f"{name:<66} {seconds:8.2f} CPU-s {max(p for _, p in found):8.0f} MB", flush=True)
    return seconds


def forget(folder: Path) -> None:
    """Drop the caches."""
    shutil.rmtree(folder / "build" / "cache", ignore_errors=True)


def plain_project(folder: Path, source: Path) -> Path:
    """The same jobs for Snakemake alone: every output is there, parents are older than children."""
    graph = expand(open_project(source), "study")
    parents = {f"{s}/{f}": [list(p.address) for p in node.parents()] for (s, f), node in graph.nodes.items()}
    for number, (stage, fingerprint) in enumerate(graph.nodes):
        path = folder / "plain" / stage / fingerprint
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1.6e9 + number, 1.6e9 + number))
    stages = dict.fromkeys(stage for stage, _ in graph.nodes)
    content = {"targets": [list(t.address) for t in graph.targets], "parents": parents}
    (folder / "nodes.json").write_text(json.dumps(content))
    (folder / "Snakefile").write_text(PLAIN + "".join(RULE.format(stage=stage) for stage in stages))
    return folder


def project(folder: Path, nodes: int) -> Path:
    """A project of that size with nothing missing."""
    started = time.process_time()
    count = fill_store(make_project(folder / f"p{nodes}", nodes))
    print(f"-- {count:,} nodes made in {time.process_time() - started:.0f} CPU-s", flush=True)
    return folder / f"p{nodes}"


def table(folder: Path, nodes: int) -> None:
    """The rows of the design's table for one size."""
    root = project(folder, nodes)
    n = f"{nodes:,} nodes"
    idle = "nothing to build"
    row(f"simkiln plan, nothing missing, {n}, cold", [*SIMKILN, "plan"], root, lambda: forget(root), idle)
    row(f"simkiln plan, nothing missing, {n}, warm", [*SIMKILN, "plan"], root, must=idle)
    row(f"simkiln check, {n}, warm", [*SIMKILN, "check"], root)
    measure(SNAKEMAKE, root)
    ours = row(f"snakemake --cores all, nothing missing, {n}", SNAKEMAKE, root, must="Nothing to be done")
    row("snakemake --version", [*SNAKEMAKE[:3], "--version"], root)
    plain = plain_project(folder / "plain", root)
    theirs = row(f"plain Snakemake, one wildcard rule a stage, {n}", SNAKEMAKE, plain, must="Nothing to be done", repeats=1)
    print(f"plain Snakemake / ours: {theirs / ours:.0f}x")
    edits(root, n)


def edits(root: Path, n: str, many: bool = True) -> None:
    """Plans after one edit, each time another one, of a project whose last plan had nothing to build."""
    locations, place = root / "specs/locations", root / f"specs/locations/{name_of(17)}.yaml"
    approach, study = root / "specs/approaches/enriched.yaml", root / "specs/study.yaml"
    kept = {path: path.read_text() for path in (place, approach, study)}
    count = 0

    def edit(path: Path, old: str, new: str) -> Callable[[], None]:
        def change() -> None:
            nonlocal count
            for other, text in kept.items():
                other.write_text(text)
            for name in added:
                name.unlink(missing_ok=True)
            measure([*SIMKILN, "plan"], root)
            count += 1
            path.write_text(kept[path].replace(old, new.format(count), 1))

        return change

    added = [locations / f"{name_of(number)}.yaml" for number in range(10**6, 10**6 + 100)]
    plan = [*SIMKILN, "plan"]
    row(f"simkiln plan, one parameter of one spec edited, {n}", plan, root, edit(place, "photos: 40", "photos: 4{}"))
    if not many:
        return
    row(f"simkiln plan, one title of a location edited, {n}", plan, root, edit(place, 'title: "', 'title: "{}'))
    row(f"simkiln plan, the study's title edited, {n}", plan, root, edit(study, "title: ", "title: {} "))
    more = "stages:\n  enrichment: {{gamma: 0.2{}}}\ninputs:"
    row(f"simkiln plan, a parameter of one approach edited, {n}", plan, root, edit(approach, "inputs:", more), repeats=3)
    old, new = range(len(list(locations.iterdir()))), range(10**6, 10**6 + 100)

    def grow() -> None:
        edit(study, "", "{}")()
        for number in new:
            write_location(root, number)
        write_study(root, [*old, *new])

    row(f"simkiln plan, 100 new locations on {n}", plan, root, grow, repeats=3)
    row(f"snakemake --dry-run, 100 new locations on {n}", [*SNAKEMAKE, "--dry-run", "--quiet", "all"], root, grow, repeats=3)
    edit(study, "", "")()


def growth(folder: Path, sizes: list[int]) -> None:
    """Idle and cold plans of several sizes, and the exponent of a power law through them."""
    found: dict[str, list[float]] = {"warm": [], "cold": []}
    start = statistics.median(measure([*SIMKILN, "plan", "--help"], folder)[0] for _ in range(REPEATS))
    for nodes in sizes:
        root = folder / f"p{nodes}"
        if not root.exists():
            project(folder, nodes)
        repeats = 1 if nodes >= 10**6 else 3
        cold = row(f"simkiln plan, {nodes:,} nodes, cold", [*SIMKILN, "plan"], root, lambda r=root: forget(r), repeats=repeats)
        warm = row(f"simkiln plan, {nodes:,} nodes, warm", [*SIMKILN, "plan"], root, must="nothing to build", repeats=3)
        found["cold"].append(cold - start)
        found["warm"].append(warm - start)
    for name, seconds in found.items():
        slope = statistics.linear_regression([math.log(n) for n in sizes], [math.log(s) for s in seconds]).slope
        print(f"growth of {name} plans beyond start-up ({start:.2f} CPU-s): nodes ^ {slope:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--million", action="store_true", help="also growth up to a million nodes")
    parser.add_argument("--folder", type=Path, help="where the projects are made (removed at the end)")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        table(Path(folder), args.nodes)
        growth(Path(folder), [10_000, 30_000, 100_000, *([300_000, 1_000_000] if args.million else [])])
        if args.million:
            edits(Path(folder) / "p1000000", "1,000,000 nodes", many=False)


if __name__ == "__main__":
    main()
