"""CPU seconds that the laws take over a project of many locations, reading the specs and expanding left out.

python -m benchmarks.laws --nodes 100000
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.scale_project import make_project
from compiler.graph.expand import expand
from compiler.laws.check import LAWS
from compiler.laws.expanded import GRAPH_LAWS
from compiler.laws.subject import Subject
from compiler.plan.study import open_project
from compiler.project.collector import without_gc
from runtime.stage import load_stages


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def name_of(law: object) -> str:
    """The function's name."""
    return getattr(law, "__name__", str(law))


def main() -> None:
    """Print a line for each group of laws, and the slowest three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=100_000)
    given = parser.parse_args()
    load_stages()
    with tempfile.TemporaryDirectory() as folder, without_gc():
        project = open_project(make_project(Path(folder) / "project", given.nodes))
        subject = Subject(project, "study")
        over_specs = {name_of(law): seconds(lambda law=law: list(law(subject))) for law in LAWS}
        graph = expand(project, "study")
        over_nodes = {name_of(law): seconds(lambda law=law: list(law(subject, "study", graph))) for law in GRAPH_LAWS}
    print(f"{len(project.locations):,} locations, {len(graph.nodes):,} nodes")
    print(f"{len(over_specs)} laws over specs: {sum(over_specs.values()):.2f} CPU-s")
    print(f"{len(over_nodes)} laws over nodes: {sum(over_nodes.values()):.2f} CPU-s")
    every = over_specs | over_nodes
    print("slowest: " + ", ".join(f"{n} {every[n]:.2f}" for n in sorted(every, key=lambda n: -every[n])[:3]))


if __name__ == "__main__":
    main()
