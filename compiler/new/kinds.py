"""What a new spec of each kind must know, in the order in which it is asked."""

from collections.abc import Callable
from typing import get_args

from pydantic import BaseModel

from compiler.new.field import Answers, Asking, Field, counts, setting, text, value, values, word, words, yes
from compiler.project.project import Project
from compiler.spec.approach import Row
from runtime.bound.domain import DOMAINS
from runtime.bound.gate import TRIAL_METRICS, Comparator, GateRule
from runtime.bound.lab import LAB, Lab
from runtime.bound.source import HiddenSite, Photos
from runtime.sim.tasks import kinds

FEW = 5
"""A new study takes every location by default where there are no more than this."""


def _title(asking: Asking) -> str:
    return asking.id.replace("-", " ").capitalize()


def _of(kind: str) -> Callable[[Project], list[str]]:
    return lambda project: project.ids(kind)


def _literals(model: type[BaseModel], name: str) -> tuple[str, ...]:
    return get_args(model.model_fields[name].annotation)


def _is(*kinds: str) -> Callable[[Answers], bool]:
    return lambda answers: answers.get("kind") in kinds


def _root(asking: Asking) -> str:
    return next(iter(sorted(asking.project.capture_roots)), "captures")


def _path(asking: Asking) -> str:
    return asking.id if asking.answers.get("kind") == "photos" else f"{asking.id}.ply"


def _scale(asking: Asking) -> float | None:
    return 1.0 if asking.answers.get("kind") == "splat" else None


TITLE = Field("title", "title for people", text, _title)

LOCATION = (
    TITLE,
    Field("source.kind", "what the capture is", text, "photos", known=("photos", "splat", "hidden_site")),
    Field("source.root", "name of the capture root", text, _root, _is("photos", "splat")),
    Field("source.path", "folder (photos) or PLY file (splat) below the root", text, _path, _is("photos", "splat")),
    Field("source.poses", "where camera poses come from", text, "none", _is("photos"), _literals(Photos, "poses")),
    Field("source.up", "world up in the splat's coordinates, such as 0,0,1", values, [0, 0, 1], _is("splat")),
    Field("source.scale_m_per_unit", "metres per unit of the capture (empty: not known)", value, _scale, _is("photos", "splat")),
    Field("source.seed", "seed of the site", value, 0, _is("hidden_site")),
    Field("source.style", "what the site is like", text, "workshop", _is("hidden_site"), _literals(HiddenSite, "style")),
)


def _instruction(asking: Asking) -> str:
    return str(asking.answers.get("title", _title(asking))).lower()


TASK = (
    TITLE,
    Field("kind", "kind of task", text, "press_button", known=tuple(kinds())),
    Field("instruction", "what the robot is told", text, _instruction),
    Field("horizon_s", "seconds after which a trial has failed", value, 4.0),
)


def _parent(asking: Asking) -> str | None:
    return "baseline" if "baseline" in asking.project.ids("approach") and asking.id != "baseline" else None


_PRIOR = "uplift expected {}, as LOW,HIGH (empty: not stated)"
APPROACH = (
    TITLE,
    Field("extends", "approach that this one is a delta of (empty: none)", word, _parent, known=_of("approach")),
    Field("stages", "a parameter that differs, as STAGE.NAME=VALUE", setting, {}, flag="set", many=True),
    Field("inputs", "an input that differs, as STAGE.PORT=STAGE", setting, {}, flag="input", many=True),
    Field("row.available", "is its code available now", yes, True),
    Field("row.no_new_real_data", "does it do without new real recordings", yes, True),
    Field("row.no_teleoperation", "does it do without people steering robots", yes, True),
    Field("row.stack_change", "how much of the stack must change", text, "none", known=_literals(Row, "stack_change")),
    Field("row.prior.world_model", _PRIOR.format("in a world model"), values, [], flag="prior-world-model"),
    Field("row.prior.irl", _PRIOR.format("on the real robot"), values, [], flag="prior-irl"),
)


def _from_trials(answers: Answers) -> bool:
    return answers.get("metric") in TRIAL_METRICS


def _from_stage(answers: Answers) -> bool:
    return not _from_trials(answers)


def _tried_ones(project: Project) -> list[str]:
    return [*project.ids("approach"), *project.arms]


def _judged(asking: Asking) -> str | None:
    ids = [name for name in asking.project.ids("approach") if name != "baseline"]
    return next(iter(ids or asking.project.ids("approach")), None)


def _one_or_more(given: str) -> object:
    return found if len(found := values(given)) != 1 else found[0]


def _threshold(asking: Asking) -> object:
    return [20, 80] if asking.answers.get("comparator") == "between" else 0


GATE = (
    TITLE,
    Field("metric", "`uplift`, `success_rate`, or a metric that a stage records", text, "uplift"),
    Field("approach", "approach that is judged", word, _judged, _from_trials, _tried_ones),
    Field("domain", "where the trials ran", text, "twin", _from_trials, tuple(DOMAINS)),
    Field("stage", "stage that records the metric", word, "splat", _from_stage),
    Field("scope", "what is judged by itself", text, "study", known=_literals(GateRule, "scope")),
    Field("comparator", "how the band must lie to the threshold", text, "above", known=get_args(Comparator)),
    Field("threshold", "threshold: a number, or LOW,HIGH with `between`", _one_or_more, _threshold),
)


def _few(kind: str) -> Callable[[Asking], list[str]]:
    return lambda asking: ids if len(ids := asking.project.ids(kind)) <= FEW else []


def _places(asking: Asking) -> list[str]:
    """Those that tasks may be tried at, or all where there is none."""
    ids, known = _few("location")(asking), asking.project.locations
    return [name for name in ids if name in known and known[name].source.is_metric] or ids


def _tasks(asking: Asking) -> list[str]:
    known, tasks = asking.project.locations, asking.project.tasks
    places = [known[name].source for name in asking.answers.get("locations", []) if name in known]
    lab = any(isinstance(place, Lab) for place in places)
    fit = [name for name in _few("task")(asking) if name not in tasks or (tasks[name].kind == LAB) == lab]
    return fit if all(place.is_metric for place in places) else []


def _baseline(asking: Asking) -> str | None:
    listed = asking.answers.get("approaches", [])
    return "baseline" if "baseline" in listed else next(iter(listed), None)


def _targets(asking: Asking) -> list[str]:
    return [] if _compared(asking.answers) else ["coverage"]


def _tried(answers: Answers) -> bool:
    return bool(answers.get("tasks"))


def _compared(answers: Answers) -> bool:
    return bool(answers.get("approaches"))


_WITHOUT = "must every approach do without {}"
STUDY = (
    TITLE,
    Field("locations", "locations", words, _places, known=_of("location")),
    Field("tasks", "tasks (empty: no trials)", words, _tasks, known=_of("task")),
    Field("approaches", "approaches (empty: no trials)", words, _few("approach"), _tried, _of("approach")),
    Field("baseline", "approach that the others are compared with", word, _baseline, _compared),
    Field("seeds", "training seeds, the unit of inference", values, [0, 1, 2], _compared),
    Field("trials", "trials per cell, as DOMAIN=NUMBER", counts, {"twin": 20}, _compared),
    Field("constraints.no_new_real_data", _WITHOUT.format("new real recordings"), yes, False, _compared),
    Field("constraints.no_teleoperation", _WITHOUT.format("people steering robots"), yes, False, _compared),
    Field("gates", "gates (empty: none)", words, [], known=_of("gate")),
    Field("targets", "further stages to build at every location", words, _targets),
)

FIELDS: dict[str, tuple[Field, ...]] = {"location": LOCATION, "task": TASK, "approach": APPROACH, "gate": GATE, "study": STUDY}
