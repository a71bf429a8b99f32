"""Parameters whose keys name parts of the task, such as those of its reward."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, did_you_mean
from compiler.laws.subject import Subject
from compiler.project.layers import layer
from runtime.stage import load_stages, marked_fields


def parts_that_tasks_have(subject: Subject) -> Iterator[Diagnostic]:
    """X504: a parameter names a part that a task of the study does not have."""
    stages, project = load_stages(), subject.project
    marked = {name: marks for name, stage in stages.items() if (marks := marked_fields(stage.params, "parts_of_task"))}
    told: set[tuple[str, ...]] = set()
    for name, study in subject.studies():
        tasks = [task for task in study.tasks if task in project.tasks]
        chain = [link for approach in study.approaches if subject.in_shape(approach) for link in subject.chain(approach)]
        places = [place for _, place in subject.places(study) if place in project.locations]
        speak = [("study", name), *(("location", place) for place in places), *(("approach", link) for link in chain)]
        for kind, owner in dict.fromkeys([*speak, *(("task", task) for task in tasks)]):
            for stage, given in layer(project, kind, owner).stages.items():
                for field, attribute in marked.get(stage, {}).items():
                    value = given.get(field)
                    for task in [owner] if kind == "task" else tasks:
                        parts = getattr(project.tasks[task], attribute, ())
                        for key in value if isinstance(value, dict) and parts else ():
                            if key in parts or (at := (kind, owner, stage, field, key)) in told:
                                continue
                            told.add(at)
                            message = f"`{field}` of task `{task}` has no part `{key}`"
                            path = ("stages", stage, field, key)
                            yield subject.at(kind, owner, path, "X504", message, did_you_mean(key, parts, "parts"), key=True)
