"""The sheet of a study: its files, written beside each other, never over one that people filled in."""

from pathlib import Path
from typing import TYPE_CHECKING

from compiler.diagnostics.diagnostic import did_you_mean
from compiler.graph.grid import Grid
from compiler.graph.node import Scope
from compiler.graph.roles import having
from compiler.project.backends import benchmarks
from compiler.project.project import Project
from compiler.templates import template
from runtime.bound.benchmark import BENCHMARK
from runtime.trials.sheet import Sheet, draw_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compiler.spec.study import Study


def draw(
    project: Project, study: str, location: str, task: str | None, approaches: "Sequence[str]", states: int, first: int, seed: int
) -> tuple[Sheet, dict[str, str]]:
    """The sheet of a study at one of its locations, and how to set up each initial state (empty where that is unknown).

    Raises:
        ValueError: when the study knows no such location, task or approach, or there is nothing to compare.
    """
    spec: Study | None = project.studies.get(study)
    if spec is None:
        broken = "; it has errors, see `simkiln check`" if study in project.ids("study") else ""
        raise ValueError(f"no study `{study}`; {did_you_mean(study, project.ids('study'), 'studies')}{broken}")
    _known(location, spec.locations, "location")
    if task is None and len(spec.tasks) != 1:
        raise ValueError(f"the study has {len(spec.tasks)} tasks: say which with `--task`")
    task = task or spec.tasks[0]
    _known(task, spec.tasks, "task")
    for approach in approaches:
        _known(approach, spec.approaches, "approach", "approaches")
    if not 1 <= states <= 10_000 or first < 0:
        raise ValueError("`--states` is a number from 1 to 10,000, `--first` one from 0")
    policies = [(a, s) for a in approaches or spec.approaches for s in spec.seeds_of(a)]
    sheet = draw_sheet(study, location, task, policies, [str(i) for i in range(first, first + states)], seed)
    if benchmarks(project, spec):
        raise ValueError("a benchmark's trials run here: nobody fills in a sheet for them")
    (stage,) = (one for one in having("conditions") if BENCHMARK not in one.backends)
    # What is not among the specs (or has errors) has no initial states that are known: the sheet leaves them open.
    values = Grid(project, study).merged(stage.name, Scope(task=task))[0] if task in project.tasks else {}
    return sheet, _starts(project, task, states, first, values.get("trial_seed", 0))


def write(folder: Path, sheet: Sheet, starts: "Mapping[str, str]") -> list[Path]:
    """Write the CSV, the page to print and the key.

    Raises:
        ValueError: when one of them is there already.
        OSError: when the folder cannot be written.
    """
    stem = f"{sheet.study}-{sheet.location}-{sheet.task}-{sheet.seed}"
    texts = {
        folder / f"{stem}.csv": sheet.text(starts),
        folder / f"{stem}.html": template("sheet.html.j2", trim=True).render(sheet=sheet, starts=starts),
        folder / f"{stem}.key.json": sheet.key(),
    }
    there = [path for path in texts if path.exists()]
    if there:
        raise ValueError(f"{there[0]} is there already and may be filled in: take another `--seed` or `--out`")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    return list(texts)


def _starts(project: Project, task: str, states: int, first: int, trial_seed: int) -> dict[str, str]:
    spec = project.tasks.get(task)
    if spec is None:
        return {}
    try:
        from runtime.sim.scene.describe_start import starts_of
    except ModuleNotFoundError:  # a compiler-only install has no simulator
        return {}
    return starts_of(spec, states, first, trial_seed)


def _known(word: str, words: "Sequence[str]", kind: str, kinds: str = "") -> None:
    if word not in words:
        kinds = kinds or f"{kind}s"
        raise ValueError(f"the study has no {kind} `{word}`; {did_you_mean(word, words, kinds)}")
