"""What stages that train a world model for a place, or for many, have in common. Nothing heavy is imported here."""

from typing import Self

from pydantic import Field, model_validator

from runtime.bound.base import later
from runtime.stage import Params


class WorldTraining(Params):
    """What a world model is made of, and what it is shown; how long, each stage says. What begins from a pre-trained model has
    its `members`, `still_mm`, `loose`, `joint_reward`, `related` and `fingers`."""

    batch_size: int = Field(32, ge=2)
    """Windows per step and member."""
    pictures: int = Field(64, ge=2)
    """Single pictures per step, for eyes and painter."""
    looks: int = Field(4, ge=1, le=16)
    """Most pictures that a prediction begins with; windows have from one to so many."""
    members: int = Field(3, ge=1, le=9)
    """Members of the ensemble, whose disagreement tells what is unknown."""
    still_mm: float = later(born=0.0, since=3, ge=0, le=20)
    """Steps of objects that are smaller than about this, millimetres, come to next to nothing: for tasks whose objects move, and
    mostly do not. 0 for no such thing."""
    loose: bool = later(born=False, since=3)
    """Whether objects are pushed and carried: each is looked at a second time and closely; what is held rides with the hand."""
    joint_reward: bool = later(born=True, since=3)
    """Whether success and reward are told by heads of what foretells states, or else by a model of their own."""
    related: bool = later(born=False, since=3)
    """Whether success and reward are told from how objects lie to each other as well, not from how each lies to the hand alone:
    for tasks that bring one to another."""
    fingers: bool = later(born=False, since=3)
    """Whether `loose` objects see the fingers, each in its own frame, and hold them back: for tasks with a grip."""
    frame_noise: float = later(born=0.0, since=3, ge=0, lt=1)
    """Noise in pictures and states that it learns to foretell from, as a share of how these spread: so that it takes errors such
    as its own back. WMPO's is 0.05."""
    world_seed: int = Field(0, ge=0)
    """Seed of weights and windows."""

    @model_validator(mode="after")
    def _who_sees_fingers(self) -> Self:
        if self.fingers and not self.loose:
            raise ValueError("`fingers` are seen by `loose` objects alone: set `loose: true` as well")
        return self


NETWORK = "still_mm", "loose", "joint_reward", "related", "fingers"
"""Of these, what the network is made by, besides its members."""
