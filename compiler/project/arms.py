"""Arms: the controls that approaches declare, and the rounds that are judged, as approaches of their own.

The arm `APPROACH~CONTROL` (or `APPROACH~round-N`) is an approach like any other from here on: it is checked, planned, paid
for and reported. Its lines are those that declare it. Nothing is made that is not declared.
"""

from compiler.project.layers import approach_chain, approach_rounds
from compiler.project.project import Project
from compiler.spec.approach import Approach, Control, Row
from compiler.spec.base import StageParameters
from compiler.spec.study import Study
from runtime.bound.claim import Superior
from runtime.bound.domain import DOMAINS
from runtime.bound.frame import PriorRange
from runtime.stage import load_stages, marked_fields

LONGEST_TITLE = 200
OTHER_SEEDS = 1000
"""Added to the training seeds of a placebo, where its approach says nothing else."""


def add_arms(project: Project) -> None:
    """Add every declared control to the project's approaches, and to the studies that hold its approach."""
    for name, spec in list(project.approaches.items()):
        for control, said in spec.controls.items():
            arm = f"{name}~{control}"
            project.approaches[arm] = _arm(project, name, spec, control, said)
            project.sources["approach", arm] = project.sources["approach", name].below(("controls", control))
            project.arms[arm] = name
        for n in range(1, (approach_rounds(project, name) or 1) if spec.judge_rounds == "all" else 1):
            arm, title = f"{name}~round-{n}", _titled(spec.title, f"round {n}")
            project.approaches[arm] = Approach(title=title, extends=name, rounds=n, row=_row(spec))
            project.sources["approach", arm] = project.sources["approach", name].below(("judge_rounds",))
            project.arms[arm] = name
    written = dict(project.studies)
    for name, study in written.items():
        before = written.get(study.incremental_over or "")
        project.studies[name] = with_increment(project, with_arms(project, study) if project.arms else study, before)


def with_arms(project: Project, study: Study) -> Study:
    """The study with the arms of its approaches, and their claims."""
    if not study.controls:
        return study
    of: dict[str, list[str]] = {}
    for arm, approach in project.arms.items():
        of.setdefault(approach, []).append(arm)
    listed = [*study.approaches, *(arm for approach in study.approaches for arm in of.get(approach, ()))]
    claims = dict(study.claims)
    for arm in (name for name in listed if name in project.arms):
        control = arm.partition("~")[2] in project.approaches[project.arms[arm]].controls
        if control and study.trials and project.arms[arm] != study.baseline:
            domain = max(study.trials, key=list(DOMAINS).index)
            claims[arm] = Superior(kind="superior", approach=project.arms[arm], over=arm, domain=domain)
    return study.model_copy(update={"approaches": listed, "claims": claims})


def increments(project: Project, study: Study, before: Study) -> list[tuple[str, str]]:
    """Pairs of an approach that is new in a study, and one of the study that it goes on from; all of them have a prior."""
    known = project.approaches.keys() - project.arms.keys()
    theirs, ours = (
        [a for a in one.approaches if a in known and a != one.baseline and any(vars(project.approaches[a].row.prior).values())]
        for one in (before, study)
    )
    return [(new, old) for new in ours if new not in before.approaches for old in theirs]


def with_increment(project: Project, study: Study, before: Study | None) -> Study:
    """The study with the approaches that it goes on from, and a claim for what it brings beyond each; not their controls."""
    pairs = increments(project, study, before) if before else []
    if not pairs or not study.trials:
        return study
    domain = max(study.trials, key=list(DOMAINS).index)
    said = {f"{a}~over-{b}": Superior(kind="superior", approach=a, over=b, domain=domain) for a, b in pairs}
    more = [b for b in dict.fromkeys(b for _, b in pairs) if b not in study.approaches]
    return study.model_copy(update={"approaches": [*study.approaches, *more], "claims": {**study.claims, **said}})


def _arm(project: Project, name: str, spec: Approach, control: str, said: Control) -> Approach:
    """The control as an approach: a delta of its approach, or one of the standing kinds."""
    row = _row(spec)
    title = said.title or _titled(spec.title, control)
    if said.kind == "delta":
        delta = said.model_dump(include={"stages", "inputs", "rounds", "training_seed_offset"})
        return Approach(title=title, extends=name, row=row, **delta)
    base = spec.extends or name
    if said.kind == "placebo":
        return Approach(title=title, extends=base, row=row, training_seed_offset=OTHER_SEEDS)
    return Approach(title=title, extends=base, row=row, stages=_budget(project, name, base))


def _titled(title: str, arm: str) -> str:
    """The title of an arm, no longer than titles may be; the end, which tells arms apart, is kept."""
    room = LONGEST_TITLE - len(arm) - 2
    return f"{title if len(title) <= room else title[: room - 1] + '…'}: {arm}"


def _row(spec: Approach) -> Row:
    """The row of an arm: nothing was expected of it, and what rules its approach out is said of that one."""
    speaks_alone = {"available": True, "no_new_real_data": True, "no_teleoperation": True, "licence": "", "reason": ""}
    return spec.row.model_copy(update=speaks_alone | {"prior": PriorRange()})


def _budget(project: Project, name: str, base: str) -> StageParameters:
    """What an approach sets of steps, demos and capacity, beyond what it extends."""
    found: StageParameters = {}
    stages = load_stages()
    chain = approach_chain(project, name)
    for link in chain[chain.index(base) + 1 :] if base in chain else chain:
        for stage, section in project.approaches[link].stages.items():
            budget = marked_fields(stages[stage].params, "budget") if stage in stages else {}
            if kept := {key: value for key, value in section.items() if key in budget}:
                found[stage] = {**found.get(stage, {}), **kept}
    return found
