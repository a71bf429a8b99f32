"""A policy of one's own: which checkpoint folder it is, and how its cameras, joints, units and rate are ours."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound, FilePath
from runtime.bound.dataset import Name, RecordedJoint, Unit, camera_key


class LeRobotPolicy(Bound):
    """A checkpoint of LeRobot, as its `save_pretrained` and `lerobot-train` write it, in the place of a policy made here.

    `cameras`, `units`, `joints` and `fps` are those of the dataset that it was trained on, as `data` of a location has them.
    """

    kind: Literal["lerobot"]
    """A folder with `config.json`, `model.safetensors` and the processors that the policy was trained with."""
    root: Name
    """Name of the root that it lies below; its folder is given by `simkiln.local.yaml` or `--root NAME=DIR`."""
    path: Annotated[FilePath, Field(json_schema_extra={"fact": "action_dim architecture camera_sizes"})]
    """The folder, relative to the root, such as `act/checkpoints/last/pretrained_model`."""
    cameras: dict[Name, Name] = Field(min_length=1, max_length=16)
    """Camera of the twin -> the policy's key, with or without `observation.images.`."""
    resize: bool = False
    """Whether pictures of another size than the policy's are brought to it; otherwise they are refused."""
    units: Unit | Literal["native"] = Field(json_schema_extra={"fact": "units"})
    """What joints count in. `native`: states and actions are what a benchmark's environment gives and takes, for trials there."""
    joints: dict[Name, RecordedJoint] = Field(default_factory=dict, max_length=64)
    """Joint of the robot -> how the policy counts it, where that differs."""
    order: tuple[Name, ...] = Field((), max_length=64)
    """The robot's joints in the policy's order; by default in the robot's own, and all."""
    action: Literal["absolute", "delta"] = "absolute"
    """Whether an action is a target, or what is added to the joints as they are."""
    fps: int = Field(ge=1, le=240)
    """Actions per second."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(map(camera_key, self.cameras.values()))) != len(self.cameras):
            raise ValueError("`cameras` gives two cameras of the twin the same one")
        if len(set(self.order)) != len(self.order):
            raise ValueError("`order` names a joint twice")
        if self.units == "native" and (self.order or self.joints or self.action != "absolute"):
            raise ValueError("with `units: native` nothing is counted another way: leave `order`, `joints` and `action` out")
        if named := next((joint for joint, one in self.joints.items() if one.name), None):
            raise ValueError(f"a checkpoint holds no names of joints, so `name` of `{named}` finds nothing: list them in `order`")
        return self


class FoundPolicy(LeRobotPolicy):
    """The same, as it was found on this machine; empty where its root is not known there."""

    content: str = ""
    """SHA-256 over names and bytes of its files."""
    action_dim: int | None = None
    """Numbers in an action, as its config says."""
    found_sizes: dict[Name, tuple[int, int]] = Field(default_factory=dict)
    """Camera of the twin -> width and height of the pictures that the policy takes, pixels."""
