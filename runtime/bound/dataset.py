"""Episodes that people recorded: which LeRobotDataset it is, and how its cameras, joints, units and rate are ours."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound, FilePath

Name = Annotated[str, Field(min_length=1, max_length=200)]
Unit = Literal["radians", "degrees", "0..100", "-100..100"]
"""`0..100` and `-100..100` are shares of a joint's range; of the gripper, from closed to open. Slides are in metres."""
ActionKind = Literal["absolute", "delta", "next_state", "ee"]


class RecordedJoint(Bound):
    """How one joint was recorded."""

    name: Name | None = None
    """What the dataset calls it, where that is not `JOINT`, `JOINT.pos` or `main_JOINT`."""
    units: Unit | None = None
    """What it counts in, where that differs from the others."""
    sign: Literal[1, -1] = 1
    """-1 where it counts the other way round."""
    offset: float = Field(0.0, ge=-1000, le=1000)
    """What it reads where the model's joint is at zero, in the dataset's own unit; of shares of a range, where the share is 0."""


class Dataset(Bound):
    """Demos that people recorded on a real robot, as a LeRobotDataset v3."""

    kind: Literal["lerobot"]
    """The form of the files."""
    root: Name
    """Name of the root that it lies below; its folder is given by `simkiln.local.yaml` or `--root NAME=DIR`."""
    path: FilePath
    """The dataset's folder, which holds `meta`, `data` and `videos`, relative to the root."""
    licence: Name | None = None
    """Its licence, an SPDX expression. One that forbids sale is refused in a study for commercial use."""
    recorded_before: date | None = None
    """All of it was recorded before this day. A study with `no_new_real_data` asks for it."""
    dates: Literal["files", "said"] = "files"
    """What bears that out: `files`, none of which was changed later, or nothing but your word (`said`), as of copies without
    their dates. A LeRobotDataset itself does not hold when it was recorded."""
    cameras: dict[Name, Name] = Field(min_length=1, max_length=16, json_schema_extra={"fact": "camera_keys"})
    """Camera of the twin -> the dataset's key, with or without `observation.images.`; others are not read."""
    size_px: tuple[Annotated[int, Field(ge=16, le=640)], Annotated[int, Field(ge=16, le=480)]] | None = Field(
        None, json_schema_extra={"fact": "camera_sizes"}
    )
    """Width and height that pictures are brought to, which is what the twin's cameras have; by default they stay as they are."""
    units: Unit = Field(json_schema_extra={"fact": "units"})
    """What joints count in."""
    joints: dict[Name, RecordedJoint] = Field(default_factory=dict, max_length=64, json_schema_extra={"fact": "joints"})
    """Joint of the robot -> how it was recorded, where that differs."""
    action: ActionKind = Field("absolute", json_schema_extra={"fact": "action"})
    """What actions are: targets of joints, changes of them (`delta`), or poses of the hand (`ee`), which no policy here acts in.
    With `next_state` they are not read: where the joints are at the next frame is the target."""
    fps: int | None = Field(None, ge=1, le=240, json_schema_extra={"fact": "fps"})
    """Frames per second that episodes are thinned to, which is the twin's `control_hz`; by default the dataset's own."""
    instruction: Annotated[str, Field(min_length=3, max_length=1000)] | None = None
    """What the robot was told, in place of what the dataset says."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        keys = [camera_key(key) for key in self.cameras.values()]
        if len(set(keys)) != len(keys):
            raise ValueError("`cameras` reads a camera of the dataset twice")
        return self


class FoundDataset(Dataset):
    """The same, as it was found on this machine; empty where its root is not known there."""

    found_fps: int | None = None
    """Frames per second of the files."""
    found_frames: int = 0
    """How many there are."""
    found_sizes: dict[Name, tuple[int, int]] = Field(default_factory=dict)
    """Camera of the twin -> width and height of its pictures, pixels."""


def camera_key(name: str) -> str:
    """The whole key of a camera."""
    return name if "." in name else f"observation.images.{name}"
