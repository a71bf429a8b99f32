"""A robot of one's own: which MJCF or URDF it is, and which of its joints act."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound, FilePath

Name = Annotated[str, Field(min_length=1, max_length=200)]
Offset = Annotated[float, Field(ge=-2, le=2)]


class TipPlace(Bound):
    """A tip that the model has no site for: a place in the frame of one of its bodies."""

    body: Name
    """The body (in URDF: the link)."""
    at_m: tuple[Offset, Offset, Offset] = (0.0, 0.0, 0.0)
    """The place in its frame, metres."""


class RobotModel(Bound):
    """A robot of one's own, in place of the built-in arm: MJCF or URDF with its meshes below a root."""

    root: Name
    """Name of the root that it lies below; its folder is given by `simkiln.local.yaml` or `--root NAME=DIR`."""
    path: FilePath
    """The MJCF (`.xml`) or URDF (`.urdf`), relative to the root."""
    joints: tuple[Name, ...] = Field(min_length=2, max_length=32)
    """Joints that act, as the model calls them, in the order of an action; the gripper's among them."""
    names: tuple[Name, ...] = ()
    """What datasets call them, where that is something else."""
    home: tuple[float, ...]
    """Where they are when a trial begins, radians (metres of a slide): the hand over the work area, turned as it is to work."""
    gripper: Name
    """The one of `joints` that opens the hand."""
    closed: float | None = None
    """Where the gripper is closed, in its joint's unit; the lower end of its range by default."""
    open: float | None = None
    """Where it is open; the upper end by default."""
    tip: Name | TipPlace
    """The place between the fingertips: a site of the model, or a place of a body."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(set(self.joints)) != len(self.joints):
            raise ValueError("`joints` names a joint twice")
        if self.gripper not in self.joints:
            raise ValueError(f"`gripper` is `{self.gripper}`, which is none of `joints`")
        if len(self.home) != len(self.joints):
            raise ValueError(f"`home` has {len(self.home)} numbers for {len(self.joints)} joints")
        if self.names and (len(self.names) != len(self.joints) or len(set(self.names)) != len(self.names)):
            raise ValueError("`names` gives each of `joints` a name of its own")
        if self.closed is not None and self.closed == self.open:
            raise ValueError("`closed` and `open` are the same")
        return self

    @property
    def called(self) -> tuple[str, ...]:
        """Names of the joints in datasets."""
        return self.names or self.joints


class FoundRobot(RobotModel):
    """The same, as it was found on this machine."""

    content: str = ""
    """SHA-256 over names and bytes of its files."""
