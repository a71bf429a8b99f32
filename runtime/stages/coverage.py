"""Stage `coverage`: camera paths over the support and the clips rendered along them from a splat."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from runtime.contract import Contract
from runtime.libraries import minor
from runtime.out import Out
from runtime.splat.renderer import Renderer
from runtime.stage import Params, Resources, one, stage


class _Trajectory(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Orbit(_Trajectory):
    """A circle round the middle of the support, looking at it."""

    kind: Literal["orbit"]
    """A circle round the support."""
    radius_m: float | None = Field(None, gt=0)
    """Radius of the circle; 1.8 times half the support's shorter side when absent."""
    height_m: float | None = Field(None, gt=0)
    """Height above the support; 0.6 times the radius when absent."""
    turns: float = Field(1.0, gt=0, le=10)
    """How many times the camera goes round."""


class Walk(_Trajectory):
    """A straight way along the longer side of the support."""

    kind: Literal["walk"]
    """A straight way along the support."""
    length_m: float | None = Field(None, gt=0)
    """Length of the way; 0.8 times the longer side when absent."""
    eye_height_m: float | None = Field(None, gt=0)
    """Height of the camera above the support; follows from the shorter side when absent."""
    aside_m: float | None = None
    """Distance from the middle line; the middle of a long support, beside a compact one when absent."""


class Task(_Trajectory):
    """An approach to the middle of the support, as a robot's camera makes."""

    kind: Literal["task"]
    """An approach to the work area."""
    far_m: float | None = Field(None, gt=0)
    """Distance at the start; when absent 1.6 times half the shorter side, or more to stay outside of things."""
    near_m: float | None = Field(None, gt=0)
    """Distance at the end; when absent 0.7 times half the shorter side, or more to stay outside of things."""
    elevation_deg: float = Field(60.0, gt=0, lt=90)
    """Elevation at the end, half of it at the start."""


Trajectory = Annotated[Orbit | Walk | Task, Field(discriminator="kind")]


class Coverage(Params):
    """Parameters of `coverage`."""

    trajectories: list[Trajectory] = Field(
        [Orbit(kind="orbit"), Walk(kind="walk"), Task(kind="task")], min_length=1, max_length=16
    )
    """Camera paths; each becomes one clip, named by its kind and, when a kind repeats, a number."""
    frames: int = Field(24, ge=2, le=2000)
    """Frames of each clip."""
    fps: int = Field(12, ge=1, le=120)
    """Frames per second of each clip."""
    width_px: int = Field(160, ge=32, le=3840, multiple_of=2)
    """Width of the clips; video needs an even number."""
    height_px: int = Field(120, ge=32, le=2160, multiple_of=2)
    """Height of the clips; video needs an even number."""
    fov_y_deg: float = Field(55.0, gt=5, lt=140)
    """Vertical field of view."""
    background: list[Annotated[float, Field(ge=0, le=1)]] = Field([0.0, 0.0, 0.0], min_length=3, max_length=3)
    """RGB behind the splat, 0 to 1."""


def _cost(p: Coverage) -> Resources:
    megapixels = len(p.trajectories) * p.frames * p.width_px * p.height_px / 1e6
    return Resources(mem_gb=1.0 + 0.05 * megapixels, minutes=0.2 + 0.02 * megapixels)


@stage(
    version=1,
    libraries=minor("av", "numpy", "opencv-python-headless"),
    per=("location",),
    needs={"scene": one("splat")},
    makes={"clips": "clips/", "poses": "poses.json", "manifest": "clips.json", "contact": "contact.png"},
    backends=("renderer",),
    offers=lambda p, inputs: Contract(fps=p.fps, frames=p.frames),
    cost=_cost,
)
def coverage(p: Coverage, scene: Path, out: Out, renderer: Renderer) -> dict[str, Any]:
    """Render RGB and depth along every trajectory; write video, depth, poses, a manifest and a contact sheet."""
    import json

    import numpy as np

    from runtime.capture.artifact import write_photo
    from runtime.coverage import paths
    from runtime.coverage.clips import Lens, View, contact_sheet, render_clip, write_clip
    from runtime.coverage.frame import SceneFrame
    from runtime.splat.ply import read_ply

    gaussians = read_ply(scene / "splat.ply")
    frame = SceneFrame.from_json(json.loads((scene / "scene.json").read_text()))
    solid = frame.to_support(gaussians.means[gaussians.opacities > 0.5])
    clearance_m = paths.clearance(solid, frame)
    lens = Lens.from_fov(p.width_px, p.height_px, p.fov_y_deg)
    folder, entries, sheets, poses = out.path("clips"), [], [], {}
    total = len(p.trajectories) * p.frames

    def view(pose: np.ndarray) -> View:
        return renderer.render(gaussians, pose, lens.K, lens.width, lens.height, p.background)

    for i, (name, path) in enumerate(zip(_names(p.trajectories), p.trajectories, strict=True)):
        match path:
            case Orbit():
                c2w = paths.orbit(frame, p.frames, path.radius_m, path.height_m, path.turns)
            case Walk():
                c2w = paths.walk(frame, p.frames, path.length_m, path.eye_height_m, path.aside_m)
            case Task():
                c2w = paths.task(frame, p.frames, path.far_m, path.near_m, path.elevation_deg, clearance_m)

        def done(t: int, i: int = i, name: str = name) -> None:
            out.progress((i * p.frames + t + 1) / total, name)

        rgb, depth, alpha = render_clip(view, c2w, lens, done)
        entry = write_clip(folder, name, rgb, depth, alpha, c2w, frame.up, p.fps)
        entries.append(entry | {"kind": path.kind})
        sheets.append(rgb)
        poses[name] = {"kind": path.kind, "c2w": c2w.tolist()}
    K, place = lens.K, {"up": frame.up.tolist(), "scale_m_per_unit": frame.scale_m_per_unit}
    pinhole = {"width": lens.width, "height": lens.height, "fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
    out.path("poses").write_text(json.dumps(pinhole | place | {"clips": poses}))
    out.path("manifest").write_text(json.dumps({"clips": entries}, indent=1))
    write_photo(out.path("contact"), contact_sheet(sheets))
    out.contract(fps=_common(entries, "fps"), frames=_common(entries, "frames"))
    return {
        "clips": len(entries),
        "frames": sum(e["frames"] for e in entries),
        "duration_s": sum(e["duration_s"] for e in entries),
        **{name: float(np.mean([e[name] for e in entries])) for name in ("mean_alpha", "covered_fraction", "upright_fraction")},
        "video_error": max(e["video_error"] for e in entries),
    }


def _names(trajectories: list[Trajectory]) -> list[str]:
    kinds = [t.kind for t in trajectories]
    return [k if kinds.count(k) == 1 else f"{k}-{kinds[: i + 1].count(k)}" for i, k in enumerate(kinds)]


def _common(entries: list[dict[str, Any]], fact: str) -> Any:
    """The value that all clips share, None when they differ."""
    values = {e[fact] for e in entries}
    return values.pop() if len(values) == 1 else None
