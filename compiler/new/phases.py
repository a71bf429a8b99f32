"""The playbook's phases: what each is after, and what a study of it says under the playbook's headings."""

from typing import Any, NamedTuple

from compiler.new.field import Answers
from compiler.project.project import Project
from compiler.spec.approach import Approach
from compiler.spec.task import OBJECTS, Task
from runtime.bound.lab import LAB


class Phase(NamedTuple):
    """A phase: its objective, and the uplift that is hoped for, in absolute points from least to most."""

    objective: str
    world_model: tuple[int, int]
    irl: tuple[int, int]


PHASES = {
    1: Phase("what is there already, used to the full", (4, 10), (2, 5)),
    2: Phase("training in a closed loop of synthetic rollouts", (6, 14), (3, 8)),
    3: Phase("one photo-realistic simulator more, over phase 2", (4, 12), (3, 10)),
}


def first_answers(project: Project) -> dict[str, Any]:
    """Answers that the template starts from: the playbook's constraints, a comparison with a placebo, and tasks, none of a lab,
    of which some hold out things or words."""
    rows = project.approaches
    arms = [name for name in ("baseline", "placebo") if name in rows]
    arms += [name for name in project.ids("approach") if name in rows and _changes(rows[name])][:1]
    metric = [name for name, place in project.locations.items() if place.source.is_metric and place.data is None]
    known = [name for name in project.ids("task") if name not in project.tasks or project.tasks[name].kind != LAB]
    unseen = [name for name in known if name in project.tasks and _held_out(project.tasks[name])]
    seen = [name for name in known if name not in unseen]
    tasks = [*seen[:1], *unseen[:1]]
    places = sorted(metric, key=lambda name: project.locations[name].source.kind != "hidden_site")[:2]
    return {"no-new-real-data": True, "no-teleoperation": True, "approaches": arms, "tasks": tasks, "locations": places}


def _changes(approach: Approach) -> bool:
    row = approach.row
    fits = row.available and row.no_new_real_data and row.no_teleoperation and approach.policy is None
    return fits and bool(approach.extends and (approach.stages or approach.inputs)) and row.prior.irl is not None


def _held_out(task: Task) -> bool:
    return task.held_out or any(getattr(task, f"held_out_{own}s", ()) for own in ("wording", *OBJECTS))


def of_phase(phase: int, answers: Answers) -> dict[str, Any]:
    """What the template's text says besides answers; the target is the range's low end, where evidence begins to count."""
    known = PHASES[phase]
    approaches, trials = answers.get("approaches") or [], answers.get("trials") or {}
    judged = next((name for name in approaches if name not in (answers.get("baseline"), "placebo")), None)
    return {
        "phase": phase,
        "objective": known.objective,
        "hopes": "{}..{} in a world model, {}..{} at the real place".format(*known.world_model, *known.irl),
        "target": {"world_model": known.world_model[0], "irl": known.irl[0]},
        "judged": judged if "placebo" in approaches else None,
        "domain": next((domain for domain in ("irl", "irl_proxy", "twin") if domain in trials), next(iter(trials), "twin")),
    }
