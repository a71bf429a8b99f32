"""Laws that need nodes. They run only where nothing else is wrong."""

from collections.abc import Callable, Iterator

from pydantic import ValidationError

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.graph.graph import Graph
from compiler.laws.alike import graph_for_laws
from compiler.laws.arms import idle_rounds, other_curve, same_arm
from compiler.laws.backends import licence_of_weights
from compiler.laws.budget import over_budget
from compiler.laws.cameras import of_one_size
from compiler.laws.continued import continued
from compiler.laws.contracts import contracts
from compiler.laws.footage import absent_videos
from compiler.laws.protocols import one_control_rate
from compiler.laws.recorded import absent_data
from compiler.laws.same_place import same_work
from compiler.laws.sets import empty_set, held_out_starts
from compiler.laws.sites import sites
from compiler.laws.subject import Subject
from runtime.problem import InputError

GRAPH_LAWS: tuple[Callable[[Subject, str, Graph], Iterator[Diagnostic]], ...] = (
    sites,
    empty_set,
    held_out_starts,
    same_arm,
    same_work,
    idle_rounds,
    other_curve,
    absent_data,
    absent_videos,
    contracts,
    continued,
    of_one_size,
    one_control_rate,
    over_budget,
    licence_of_weights,
)


def expanded(subject: Subject, name: str) -> Iterator[Diagnostic]:
    """Expand one study and hold its nodes against the laws; S109 or B301 where that cannot be done."""
    try:
        graph = graph_for_laws(subject.project, name)
    except (ValidationError, InputError) as error:
        yield from _not_expanded(subject, name, error)
        return
    for law in GRAPH_LAWS:
        yield from law(subject, name, graph)


def _not_expanded(subject: Subject, name: str, error: ValidationError | InputError) -> Iterator[Diagnostic]:
    """Why a study could not be expanded."""
    if isinstance(error, InputError):
        for problem in error.problems:
            path = tuple(problem.key.split("."))
            yield subject.at("study", name, path, problem.code, problem.message, problem.help)
        return
    first = error.errors(include_url=False)[0]
    reason = str(first.get("ctx", {}).get("error", first["msg"])).rstrip(".")
    where = ".".join(str(step) for step in first["loc"])
    message = f"the parameters of `{error.title}` do not go together{f' at `{where}`' if where else ''}: {reason}"
    yield subject.at("study", name, (), "S109", message, "compare the `stages:` sections of the specs that it names")
