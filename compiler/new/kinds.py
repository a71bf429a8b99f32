"""What a new spec of each kind must know, in the order in which it is asked."""

from collections.abc import Callable
from typing import Any, get_args

from compiler.new.field import Answers, Asking, Field, counts, setting, text, value, values, word, words, yes
from compiler.project.load import Project
from compiler.spec.approach import Row
from runtime.bound.cell import Domain
from runtime.bound.gate import TRIAL_METRICS, Comparator, GateRule
from runtime.bound.source import HiddenSite, Photos
from runtime.bound.task import Task

FEW = 5
"""A new study takes every location by default where there are no more than this."""


def _title(asking: Asking) -> str:
    return asking.id.replace("-", " ").capitalize()


def _always(found: Any) -> Callable[[Asking], Any]:
    return lambda asking: found


def _of(kind: str) -> Callable[[Project], list[str]]:
    return lambda project: project.ids(kind)


def _known(*words: str) -> Callable[[Project], tuple[str, ...]]:
    return lambda project: words


def _literals(model: Any, name: str) -> Callable[[Project], tuple[str, ...]]:
    return _known(*get_args(model.model_fields[name].annotation))


def _is(*kinds: str) -> Callable[[Answers], bool]:
    return lambda answers: answers.get("kind") in kinds


def _root(asking: Asking) -> str:
    return next(iter(sorted(asking.project.capture_roots)), "captures")


TITLE = Field("title", "title for people", ("title",), text, _title)

LOCATION = (
    TITLE,
    Field(
        "kind",
        "what the capture is",
        ("source", "kind"),
        text,
        _always("photos"),
        choices=_known("photos", "splat", "hidden_site"),
    ),
    Field("root", "name of the capture root", ("source", "root"), text, _root, _is("photos", "splat")),
    Field(
        "path",
        "folder (photos) or PLY file (splat) below the root",
        ("source", "path"),
        text,
        lambda a: a.id if a.answers.get("kind") == "photos" else f"{a.id}.ply",
        _is("photos", "splat"),
    ),
    Field(
        "poses",
        "where camera poses come from",
        ("source", "poses"),
        text,
        _always("none"),
        _is("photos"),
        _literals(Photos, "poses"),
    ),
    Field("up", "world up in the splat's coordinates, such as 0,0,1", ("source", "up"), values, _always([0, 0, 1]), _is("splat")),
    Field(
        "scale-m-per-unit",
        "metres per unit of the capture (empty: not known)",
        ("source", "scale_m_per_unit"),
        value,
        lambda a: 1.0 if a.answers.get("kind") == "splat" else None,
        _is("photos", "splat"),
    ),
    Field("seed", "seed of the site", ("source", "seed"), value, _always(0), _is("hidden_site")),
    Field(
        "style",
        "what the site is like",
        ("source", "style"),
        text,
        _always("workshop"),
        _is("hidden_site"),
        _literals(HiddenSite, "style"),
    ),
)

TASK = (
    TITLE,
    Field("kind", "kind of task", ("kind",), text, _always("press_button"), choices=_literals(Task, "kind")),
    Field(
        "instruction", "what the robot is told", ("instruction",), text, lambda a: str(a.answers.get("title", _title(a))).lower()
    ),
    Field("horizon-s", "seconds after which a trial has failed", ("horizon_s",), value, _always(4.0)),
)


def _parent(asking: Asking) -> str | None:
    return "baseline" if "baseline" in asking.project.ids("approach") and asking.id != "baseline" else None


APPROACH = (
    TITLE,
    Field("extends", "approach that this one is a delta of (empty: none)", ("extends",), word, _parent, choices=_of("approach")),
    Field("set", "a parameter that differs, as STAGE.NAME=VALUE", ("stages",), setting, _always({}), many=True),
    Field("input", "an input that differs, as STAGE.PORT=STAGE", ("inputs",), setting, _always({}), many=True),
    Field("available", "is its code available now", ("row", "available"), yes, _always(True)),
    Field("no-new-real-data", "does it do without new real recordings", ("row", "no_new_real_data"), yes, _always(True)),
    Field("no-teleoperation", "does it do without people steering robots", ("row", "no_teleoperation"), yes, _always(True)),
    Field(
        "stack-change",
        "how much of the stack must change",
        ("row", "stack_change"),
        text,
        _always("none"),
        choices=_literals(Row, "stack_change"),
    ),
    Field(
        "prior-world-model",
        "uplift expected in a world model, as LOW,HIGH (empty: not stated)",
        ("row", "prior", "world_model"),
        values,
        _always([]),
    ),
    Field(
        "prior-irl",
        "uplift expected on the real robot, as LOW,HIGH (empty: not stated)",
        ("row", "prior", "irl"),
        values,
        _always([]),
    ),
)


def _from_trials(answers: Answers) -> bool:
    return answers.get("metric") in TRIAL_METRICS


def _from_stage(answers: Answers) -> bool:
    return not _from_trials(answers)


def _judged(asking: Asking) -> str | None:
    ids = [name for name in asking.project.ids("approach") if name != "baseline"]
    return next(iter(ids or asking.project.ids("approach")), None)


GATE = (
    TITLE,
    Field("metric", "`uplift`, `success_rate`, or a metric that a stage records", ("metric",), text, _always("uplift")),
    Field("approach", "approach that is judged", ("approach",), word, _judged, _from_trials, _of("approach")),
    Field("domain", "where the trials ran", ("domain",), text, _always("twin"), _from_trials, _known(*get_args(Domain))),
    Field("stage", "stage that records the metric", ("stage",), word, _always("splat"), _from_stage),
    Field("scope", "what is judged by itself", ("scope",), text, _always("study"), choices=_literals(GateRule, "scope")),
    Field(
        "comparator",
        "how the band must lie to the threshold",
        ("comparator",),
        text,
        _always("above"),
        choices=_known(*get_args(Comparator)),
    ),
    Field(
        "threshold",
        "threshold: a number, or LOW,HIGH with `between`",
        ("threshold",),
        lambda given: found if len(found := values(given)) != 1 else found[0],
        lambda a: [20, 80] if a.answers.get("comparator") == "between" else 0,
    ),
)


def _few(kind: str) -> Callable[[Asking], list[str]]:
    return lambda asking: ids if len(ids := asking.project.ids(kind)) <= FEW else []


def _baseline(asking: Asking) -> str | None:
    listed = asking.answers.get("approaches", [])
    return "baseline" if "baseline" in listed else next(iter(listed), None)


def _compared(answers: Answers) -> bool:
    return bool(answers.get("approaches"))


STUDY = (
    TITLE,
    Field("locations", "locations", ("locations",), words, _few("location"), choices=_of("location")),
    Field("tasks", "tasks (empty: no trials)", ("tasks",), words, _few("task"), choices=_of("task")),
    Field(
        "approaches",
        "approaches (empty: no trials)",
        ("approaches",),
        words,
        _few("approach"),
        lambda answers: bool(answers.get("tasks")),
        _of("approach"),
    ),
    Field("baseline", "approach that the others are compared with", ("baseline",), word, _baseline, _compared),
    Field("seeds", "training seeds, the unit of inference", ("seeds",), values, _always([0, 1, 2]), _compared),
    Field("trials", "trials per cell, as DOMAIN=NUMBER", ("trials",), counts, _always({"twin": 20}), _compared),
    Field(
        "no-new-real-data",
        "must every approach do without new real recordings",
        ("constraints", "no_new_real_data"),
        yes,
        _always(False),
        _compared,
    ),
    Field(
        "no-teleoperation",
        "must every approach do without people steering robots",
        ("constraints", "no_teleoperation"),
        yes,
        _always(False),
        _compared,
    ),
    Field("gates", "gates (empty: none)", ("gates",), words, _always([]), choices=_of("gate")),
    Field(
        "targets",
        "further stages to build at every location",
        ("targets",),
        words,
        lambda a: [] if a.answers.get("approaches") else ["coverage"],
    ),
)

FIELDS: dict[str, tuple[Field, ...]] = {"location": LOCATION, "task": TASK, "approach": APPROACH, "gate": GATE, "study": STUDY}
