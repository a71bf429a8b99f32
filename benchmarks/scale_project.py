"""A made-up project of any size: one study over many locations, each of which brings 24 nodes.

One location in ten sets parameters of its own. Its store can be filled with empty artifacts: then nothing is missing.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from compiler.plan.study import open_project, plan_study
from runtime.store.marker import claim

REPOSITORY = Path(__file__).resolve().parent.parent
NODES_PER_LOCATION = 24
APPROACHES = ("untrained", "baseline", "enriched")
STYLES = ("workshop", "kitchen")


def make_project(root: Path, nodes: int) -> Path:
    """Write a project whose study has at least so many nodes; return its folder."""
    for folder in ("specs/locations", "specs/tasks", "specs/approaches"):
        (root / folder).mkdir(parents=True)
    shutil.copy(REPOSITORY / "specs/tasks/press-button.yaml", root / "specs/tasks")
    for name in APPROACHES:
        shutil.copy(REPOSITORY / f"specs/approaches/{name}.yaml", root / "specs/approaches")
    shutil.copy(REPOSITORY / "Snakefile", root)
    shutil.copytree(REPOSITORY / "profiles/default", root / "profiles/default")
    numbers = range(-(-nodes // NODES_PER_LOCATION))
    for number in numbers:
        write_location(root, number)
    write_study(root, numbers)
    return root


def write_location(root: Path, number: int) -> None:
    """One hidden site, with the comments and sections that a spec of a kilobyte has."""
    own = f"  splat: {{iterations: {1800 + number % 7}}}\n" if number % 10 == 0 else ""
    (root / f"specs/locations/{name_of(number)}.yaml").write_text(
        "# yaml-language-server: $schema=../../schema/location.schema.json\n"
        f"# Place {number} of the fleet. Surveyed from photos; nobody has been there since.\n"
        f'title: "Place {number}: a hidden stand-in site"\n'
        "source:\n"
        "  kind: hidden_site\n"
        "  # The seed decides looks, clutter and physics.\n"
        f"  seed: {number}\n"
        f"  style: {STYLES[number % 2]}\n"
        "  photos: 40\n"
        "stages:\n"
        "  # What every place of this fleet has in common stands here, as people like to copy it.\n"
        "  capture:\n    width_px: 160\n"
        "  coverage:\n    fps: 12\n"
        "  twin:\n    width_px: 96\n    height_px: 72\n"
        f"{own}"
    )


def write_study(root: Path, numbers: Iterable[int]) -> None:
    """The study over these locations."""
    names = "".join(f"  - {name_of(number)}\n" for number in numbers)
    (root / "specs/study.yaml").write_text(
        f"title: A fleet\nlocations:\n{names}tasks: [press-button]\n"
        f"approaches: [{', '.join(APPROACHES)}]\nbaseline: baseline\nseeds: [0, 1]\n"
        "trials: {twin: 20, irl_proxy: 20}\ntargets: [coverage]\n"
    )


def name_of(number: int) -> str:
    """Id of a location."""
    return f"place-{number:06d}"


def fill_store(root: Path) -> int:
    """Publish an empty artifact for every node of the study and return how many there are."""
    project = open_project(root)
    nodes = plan_study(project, "study").graph.nodes
    claim(project.store)
    for stage, fingerprint in nodes:
        folder = project.store / stage / fingerprint
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.json").write_text("{}")
        if stage == "report":
            (folder / "report.html").write_text("<title>empty</title>")
    return len(nodes)
