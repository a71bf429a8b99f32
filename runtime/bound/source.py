"""Where a location's capture comes from: one model per `source.kind`.

A source names a capture root and a path below it, never a folder of one machine. The root's folder is resolved outside
the spec (`simkiln.local.yaml` or `--root NAME=DIR`); `runtime.capture.files.locate` joins both.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound, Coordinate, FilePath, Length, later
from runtime.bound.benchmark import BenchmarkSuite
from runtime.bound.conditions import GAP_LEVELS, GapLevel
from runtime.bound.hidden_gap import HiddenGap
from runtime.bound.known_lens import KnownLens
from runtime.bound.lab import Lab
from runtime.bound.scale import Scale

Axis = Annotated[list[Coordinate], Field(min_length=3, max_length=3)]


class HiddenSite(Bound):
    """A procedurally made place that only `capture` and the `irl_proxy` domain may look at."""

    kind: Literal["hidden_site"]
    """A hidden stand-in for a real place."""
    seed: int = Field(ge=0)
    """Seed of the site: its looks, its hidden physics and its camera noise."""
    style: Literal["workshop", "kitchen", "lab"] = "workshop"
    """Family of surfaces, clutter and lights that the site is drawn from."""
    room: Literal["box", "kitchen", "workshop", "office"] = later("box", since=1)
    """What stands round the table: bare walls, or a room with windows and furniture that the seed lays out."""
    things: Literal["solids", "household"] = later("solids", since=1)
    """What stands at the table's edges: boxes, cylinders and balls, or bottles, cans, jars, bowls and cartons with labels."""
    photos: int = Field(40, ge=8, le=400)
    """Number of photos taken of the site."""
    gap: HiddenGap = HiddenGap()
    """How far the site is from what a twin assumes, when trials run there at level `medium` of a study's conditions."""
    is_metric: ClassVar[bool] = True

    def at(self, level: GapLevel) -> Self:
        """The same place with the gap of trials at that level.

        Raises:
            ValueError: when a deviation would be larger than it can be.
        """
        return self.model_copy(update={"gap": self.gap.times(GAP_LEVELS[level])})


METRIC_POSES = ("polycam", "record3d")
"""Poses that are always in metres."""


class Photos(Bound):
    """A folder of real photos, with or without camera poses."""

    kind: Literal["photos"]
    """Photos of a real place."""
    root: str = Field(min_length=1)
    """Name of the capture root; its folder is given by `simkiln.local.yaml` or `--root NAME=DIR`."""
    path: FilePath
    """Folder of the capture, relative to the root."""
    poses: Literal["transforms", "colmap", "polycam", "record3d", "metashape", "realityscan", "none"] = "none"
    """Where camera poses come from: a `transforms.json` (or `transforms_train.json` and its kin), a COLMAP model, what an
    app exported, or nowhere (they are then estimated)."""
    video: FilePath | None = later(born=None, since=2)
    """A video below `path` whose frames are the photos, instead of those in `images`; chosen by sharpness and motion."""
    frames: int = later(born=80, since=2, ge=8, le=1000)
    """Most frames that are taken from `video`."""
    images: FilePath = "images"
    """Folder of the photos below `path` (not used with `transforms`, `polycam` and `record3d`, which name their photos
    themselves)."""
    model: str | None = None
    """Pose file, COLMAP model folder or export folder below `path`; by default `transforms.json`, that of `sparse/0` (and `1`
    and so on), `sparse`, `colmap`, `colmap_text` and `path` itself that holds the model of most photos, or the only XML or
    CSV in `path`."""
    absent: Literal["refuse", "skip"] = later("refuse", since=1)
    """What becomes of photos that the pose file names and that are not there: an error, or they are left out."""
    lens: KnownLens | str | None = later(born=None, since=2)
    """The lens of all photos, or a calibration file of OpenCV or ROS below `path`; it is kept while poses are estimated."""
    masks: str | None = later(born=None, since=2)
    """Folder of masks below `path`, white where a photo counts: `x.jpg.png` or `x.png` for `x.jpg`."""
    depths: str | None = later(born=None, since=2)
    """Folder of depth maps below `path`, of the same names: 16-bit PNG in millimetres, NPY or EXR in metres."""
    points: str | None = later(born=None, since=2)
    """A point cloud (PLY) below `path`, in the coordinates of the poses; its points are added to the sparse ones."""
    paths: tuple[Annotated[str, Field(min_length=1)], ...] | None = later(born=None, since=2, max_length=16)
    """Files below `path` with camera paths, in the coordinates and axes of a `transforms.json`: its `frames`, or the
    `camera_path` of nerfstudio's viewer. `coverage` goes them by trajectories of the kind `file`."""
    up: Axis | None = None
    """World up in the coordinates of the poses; when absent it comes from level markers, the pose file or the gravity that phones
    note in Exif, or is estimated from the cameras."""
    scale_m_per_unit: Length | None = None
    """Metres per unit of the poses, where you know it. Without this and `scale` the scale is unknown: the place can be seen and
    rendered, but no robot can be put there."""
    scale: Scale | None = later(born=None, since=2)
    """What the scale is measured by: printed markers, a known distance, poses in metres, the height of the camera, or GPS."""

    @property
    def is_metric(self) -> bool:
        """Whether it will be known how many metres a unit is."""
        said = (self.scale_m_per_unit, self.scale, self.depths)
        return any(value is not None for value in said) or self.poses in METRIC_POSES

    @model_validator(mode="after")
    def _one_scale(self) -> Self:
        if self.scale_m_per_unit is not None and self.scale is not None:
            raise ValueError("`scale_m_per_unit` states what `scale` would measure: leave one of the two out")
        return self


class SplatFile(Bound):
    """An existing 3D Gaussian splat."""

    kind: Literal["splat"]
    """A splat that was made elsewhere."""
    root: str = Field(min_length=1)
    """Name of the capture root; its folder is given by `simkiln.local.yaml` or `--root NAME=DIR`."""
    path: FilePath
    """The file, relative to the root: PLY (also compressed), SPZ, .splat, or SOG (`.sog`, or its `meta.json`)."""
    up: Axis
    """World up in the coordinates of the file, which are kept: often -y in a PLY, +y in an SPZ."""
    scale_m_per_unit: Length
    """Metres per unit of the splat."""
    is_metric: ClassVar[bool] = True


Captured = HiddenSite | Photos | SplatFile
Source = Annotated[Captured | BenchmarkSuite | Lab, Field(discriminator="kind")]
WITHOUT_FILES = (HiddenSite, BenchmarkSuite, Lab)
"""Sources that read nothing from a capture root."""
UNCAPTURED = (BenchmarkSuite, Lab)
"""Those of which no capture is made at all."""
