"""A location: a physical place and where its capture comes from."""

from functools import cached_property

from pydantic import Field

from compiler.spec.base import Id, Spec, StageParameters
from runtime.bound.asset import Asset
from runtime.bound.dataset import Dataset
from runtime.bound.footage import Footage, Physion
from runtime.bound.known_scene import KnownScene
from runtime.bound.source import Source
from runtime.bound.twin_camera import CameraName, TwinCamera


class Location(Spec):
    """A physical place."""

    source: Source
    """Where the capture comes from: `kind` is photos, splat or hidden_site."""
    scene: KnownScene | None = None
    """What is known of the place that photos do not tell: lamp, light, friction. It replaces what its twin would assume."""
    assets: dict[Id, Asset] = Field(default_factory=dict, max_length=50)
    """Models of things (OBJ, STL, MJCF) that stand in its twin, by name."""
    data: Dataset | None = None
    """Demos that people recorded here, which `recorded_demos` makes of them."""
    footage: Footage | None = None
    """Videos that people brought, which an eye may be trained on (`docs/nsca.md`)."""
    physion: Physion | None = None
    """The folder of Physion's videos, which `contact` asks an eye about."""
    cameras: dict[CameraName, TwinCamera] = Field(default_factory=dict, max_length=8)
    """Cameras that stand here otherwise than the study says, or further ones, by name."""
    held_out: bool = False
    """True for a location that policies may never be trained at."""
    stages: StageParameters = Field(default_factory=dict)
    """Stage parameters for this location only."""

    @cached_property
    def sets(self) -> str:
        """These as one text, by which locations that set the same are told."""
        return repr(self.stages)

    def says(self, section: str) -> bool:
        """Whether a section, such as `scene`, `assets`, `data` or `cameras`, holds anything."""
        return getattr(self, section) not in (None, {}, KnownScene())
