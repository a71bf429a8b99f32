"""Back ends by role and name, found through entry points (group `simkiln.backends`, keys such as `renderer.numba`)."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from runtime.problem import InputError, Problem

GROUP = "simkiln.backends"
DEFAULTS = {"renderer": "numba"}


@dataclass(frozen=True)
class BackendInfo:
    """What is known of a back end without starting it. `licence` is an SPDX expression; `surrogate` marks one that only
    stands in for what its role is about, so that its results are no evidence of the real thing."""

    role: str
    name: str
    version: str
    licence: str
    needs_gpu: bool
    surrogate: bool = False


@cache
def _points() -> tuple[EntryPoint, ...]:
    """The entry points of the group; looking through every installed distribution takes 30 ms."""
    return tuple(entry_points(group=GROUP))


def available() -> dict[str, list[str]]:
    """Role -> names of the back ends that are installed, sorted."""
    found: dict[str, list[str]] = {}
    for point in _points():
        role, _, name = point.name.partition(".")
        found.setdefault(role, []).append(name)
    return {role: sorted(names) for role, names in found.items()}


def load(role: str, name: str) -> Any:
    """The back end's class; importing it must be light, using it may be heavy.

    Raises:
        InputError: B301 when there is no such back end.
    """
    for point in _points():
        if point.name == f"{role}.{name}":
            return point.load()
    known = ", ".join(f"`{n}`" for n in available().get(role, [])) or "none"
    raise InputError(Problem("B301", f"no back end `{name}` for role `{role}`", f"installed: {known}", f"backends.{role}"))


def info(role: str, name: str) -> BackendInfo:
    """Version, licence and needs of a back end."""
    cls = load(role, name)
    return BackendInfo(role, name, str(cls.version), cls.licence, cls.needs_gpu, getattr(cls, "surrogate", False))
