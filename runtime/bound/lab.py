"""A lab: a bench with objects to play with, made from a seed. Nothing of it was captured, and nothing is hidden."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from runtime.bound.base import Bound

LAB = "lab"
"""The kind of such locations."""


class Lab(Bound):
    """A bench, a hand and two sets of objects: A to learn with, B that nothing is learned from."""

    kind: Literal["lab"]
    """A bench without a capture."""
    seed: int = Field(ge=0)
    """Seed of the objects: their shapes, sizes, masses and materials."""
    objects_a: int = Field(20, ge=4, le=200)
    """Objects of set A, which are played with."""
    objects_b: int = Field(10, ge=2, le=200)
    """Objects of set B, which are novel: they are tried, and never learned from."""
    audio: Literal["off", "on"] = "off"
    """Whether impacts are heard: modal synthesis from contact impulses."""
    noise: float = Field(0.02, ge=0, le=1)
    """Standard deviation of what is sensed of an outcome, as a share of each sense's own spread."""
    is_metric: ClassVar[bool] = True


Deed = Literal["reach", "push", "pick_place", "foretell", "compare"]
"""What an agent does at a bench. The first three move the hand; `foretell` asks whether a thing will go or bounce beyond a line,
`compare` which of two things has more of a property."""
DRIVEN: tuple[Deed, ...] = ("reach", "push", "pick_place")
"""Those that move the hand, in the order in which they are learned."""


class LabTask(Bound):
    """What is tried at a bench."""

    kind: Literal["lab"]
    """A task of a lab."""
    deed: Deed
    """What is done."""
    instruction: Annotated[str, Field(min_length=3, max_length=200)]
    """The same in words."""
    held_out: bool = False
    """True for a task that may be evaluated but never trained on."""
