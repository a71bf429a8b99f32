"""The content of a study's report, where it is built."""

import json
from typing import Any

from compiler.load import Project
from compiler.node import Graph
from runtime.problem import InputError, Problem
from runtime.store import Store


def built_report(project: Project, graph: Graph) -> dict[str, Any] | None:
    """`report.json` of the planned report; None when it is not in the store.

    Raises:
        InputError: X443 when it is there and cannot be read.
    """
    store = Store(project.store)
    node = next((n for n in graph.targets if n.stage.name == "report" and store.has(*n.address)), None)
    if node is None:
        return None
    try:
        return json.loads((store.path(*node.address) / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"the report of `{graph.study}` cannot be read: {str(error).splitlines()[0]}"
        raise InputError(Problem("X443", message, "run `simkiln verify`, then build again")) from error
