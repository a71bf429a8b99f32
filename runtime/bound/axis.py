"""What an artifact may stand for: one row for each axis, in the order in which names of nodes spell them."""

from typing import NamedTuple


class Axis(NamedTuple):
    """`listed` is the key of a study that names the values; along a `numbered` axis each value has one before it, from 1 on."""

    name: str
    listed: str | None = None
    numbered: bool = False


AXES = {
    axis.name: axis
    for axis in (
        Axis("location", "locations"),
        Axis("set", "sets"),
        Axis("task", "tasks"),
        Axis("approach", "approaches"),
        Axis("seed", "seeds"),
        Axis("round", numbered=True),
        Axis("domain", "trials"),
        Axis("look", numbered=True),
        Axis("gate", "gates"),
        Axis("claim", "claims"),
        Axis("study"),
    )
}
