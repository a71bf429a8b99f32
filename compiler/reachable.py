"""Which artifacts studies plan: what no study plans is an orphan."""

from collections.abc import Iterable

from compiler.load import Project

Address = tuple[str, str]


def planned_addresses(project: Project, studies: Iterable[str]) -> tuple[set[Address], list[str]]:
    """Addresses of all nodes of the studies named, and those studies that cannot be told, as they have errors."""
    from compiler.check import check
    from compiler.expand import expand

    found: set[Address] = set()
    refused: list[str] = []
    for study in studies:
        if any(d.severity == "error" for d in check(project, study)):
            refused.append(study)
        else:
            found |= set(expand(project, study).nodes)
    return found, refused
