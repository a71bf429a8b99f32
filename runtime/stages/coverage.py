"""Stage `coverage`: camera paths over the support and the clips rendered along them from a splat."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from runtime.contract import CHECKS, Contract
from runtime.libraries import minor
from runtime.out import Out
from runtime.splat.renderer import Renderer
from runtime.stage import Params, Resources, by_unit, one, stage

if TYPE_CHECKING:
    import numpy as np

    from runtime.coverage.paths import Way
    from runtime.coverage.plan import Scout

MAX_FRAMES = 2000
"""Of one path."""
MAX_M = 100_000.0
"""Longest length that a path may state; far beyond that, poses lose their precision, and no splat reaches so far."""
LEAST_SHOWN = 0.01
"""A clip of which less than this share of pixels shows the splat shows nothing."""
SEEN_PX = 20_000
"""So many pixels of each frame are asked whether photos saw them."""


class _Trajectory(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Orbit(_Trajectory):
    """A circle round the middle of the support, looking at it."""

    kind: Literal["orbit"]
    """A circle round the support."""
    radius_m: float | None = Field(None, gt=0, le=MAX_M)
    """Radius of the circle; 1.8 times half the support's shorter side when absent."""
    height_m: float | None = Field(None, gt=0, le=MAX_M)
    """Height above the support; 0.6 times the radius when absent."""
    turns: float = Field(1.0, gt=0, le=10)
    """How many times the camera goes round; where photos support a part of the circle alone, how often it goes over that."""


class Walk(_Trajectory):
    """A straight way along the longer side of the support."""

    kind: Literal["walk"]
    """A straight way along the support."""
    length_m: float | None = Field(None, gt=0, le=MAX_M)
    """Length of the way; 0.8 times the longer side, or less, when absent."""
    eye_height_m: float | None = Field(None, gt=0, le=MAX_M)
    """Height of the camera above the support; follows from the shorter side when absent."""
    aside_m: float | None = Field(None, ge=-MAX_M, le=MAX_M)
    """Distance from the middle line; the middle of a long support, beside a compact one when absent."""


class Task(_Trajectory):
    """An approach to the middle of the support, as a robot's camera makes."""

    kind: Literal["task"]
    """An approach to the work area."""
    far_m: float | None = Field(None, gt=0, le=MAX_M)
    """Distance at the start; when absent 1.6 times half the shorter side, or more to stay outside of things."""
    near_m: float | None = Field(None, gt=0, le=MAX_M)
    """Distance at the end; when absent 0.7 times half the shorter side, or more to stay outside of things."""
    elevation_deg: float = Field(60.0, gt=0, lt=90)
    """Elevation at the end, half of it at the start."""


class Grid(_Trajectory):
    """To and fro over the support in parallel lines, looking down ahead."""

    kind: Literal["grid"]
    """Parallel lines over the support."""
    rows: int = Field(4, ge=1, le=100)
    """Number of lines."""
    height_m: float | None = Field(None, gt=0, le=MAX_M)
    """Height above the support; half its shorter side, or a little less or more, when absent."""
    elevation_deg: float = Field(55.0, gt=0, le=75)
    """How far below the horizon the camera looks."""


class NextBest(_Trajectory):
    """Single views, each the one that adds the most to what of the work space is shown of what photos saw."""

    kind: Literal["next_best"]
    """Views chosen one after the other by what they add; `frames` says how many."""


class FilePath(_Trajectory):
    """A path that was brought along with the photos, pose by pose; it is gone as it is, or dropped."""

    kind: Literal["file"]
    """The poses of a file."""
    name: str = Field(min_length=1)
    """The file, as the location's `source.paths` names it."""


Trajectory = Annotated[Orbit | Walk | Task | Grid | NextBest | FilePath, Field(discriminator="kind")]


class Coverage(Params):
    """Parameters of `coverage`."""

    trajectories: list[Trajectory] = Field(
        [Orbit(kind="orbit"), Walk(kind="walk"), Task(kind="task")], min_length=1, max_length=16
    )
    """Camera paths; each becomes one clip, named by its kind and, when a kind repeats, a number."""
    stay: Literal["photos", "anywhere"] = "photos"
    """`photos`: where a path leaves something open, it goes where photos saw what it shows. `anywhere`: as the support alone
    says. Neither goes through things."""
    frames: int = Field(24, ge=2, le=MAX_FRAMES)
    """Frames of each path, where `frames_per_m` is absent."""
    frames_per_m: float | None = Field(None, gt=0, le=10_000)
    """Frames per metre of the way instead, so that long ways get more."""
    window_frames: int | None = Field(None, ge=2, le=MAX_FRAMES)
    """Paths are cut into clips of this many frames; what is left over at the end is dropped, shorter ones are made as long."""
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
    seen_within_deg: float = Field(30.0, gt=0, le=180)
    """A pixel counts as seen where a photo shows the same surface from within this angle."""
    seen_coarser: float = Field(2.0, ge=0.1, le=1000)
    """And where a pixel of that photo covers at most this many times the length there that the clip's does."""
    least_seen: float = Field(0.25, ge=0, le=1)
    """A clip of which photos saw less than this share is dropped; the metrics count them."""
    margin_m: float | None = Field(None, gt=0, le=100)
    """Least distance of the camera to things; a tenth of half the support's shorter side when absent."""
    next_photos: int = Field(6, ge=0, le=100)
    """For how many more photos `next_photos.json` says where they would add the most; 0 leaves it out."""


def _cost(p: Coverage) -> Resources:
    megapixels = len(p.trajectories) * p.frames * p.width_px * p.height_px / 1e6
    return Resources(mem_gb=1.0 + 0.05 * megapixels, minutes=0.07 + 0.02 * megapixels)


def _frames(p: Coverage) -> int | None:
    """Frames of each clip, as far as they are known before the scene is."""
    told = p.frames_per_m is None and not any(isinstance(t, FilePath) for t in p.trajectories)
    return p.window_frames or (p.frames if told else None)


@stage(
    version=4,
    metrics=by_unit(
        count="clips dropped frames",
        s="duration_s",
        share="seen_fraction seen_as_asked workspace_seen workspace_shown mean_alpha covered_fraction upright_fraction "
        "video_error pass_rate pass_orientation pass_duration pass_quality",
    ),
    libraries=minor("av", "numba", "numpy", "opencv-python-headless", "pillow", "scipy"),
    per=("location",),
    needs={"capture": one("capture"), "scene": one("splat")},
    makes={
        "clips": "clips/",
        "poses": "poses.json",
        "manifest": "clips.json",
        "contact": "contact.png",
        "seen?": "seen.png",
        "next?": "next_photos.json",
    },
    backends=("renderer",),
    offers=lambda p, inputs: Contract(fps=p.fps, frames=_frames(p), checked=CHECKS),
    cost=_cost,
)
def coverage(p: Coverage, capture: Path, scene: Path, out: Out, renderer: Renderer) -> dict[str, Any]:
    """Render RGB and depth along every trajectory; write video, depth, what photos saw, poses, a manifest and contact sheets.

    Metrics, all but the counts means over clips: `seen_fraction`, the share of pixels that show a surface which a photo (none
    that is held out) saw from about there; `seen_as_asked`, the same of the paths before they kept to the photos;
    `workspace_seen`, the share of pairs of a surface cell and a direction over the support that photos saw, and
    `workspace_shown` the share of those that clips show; all None without photos. `covered_fraction` is where the splat is
    opaque, seen or not.

    Raises:
        InputError: R255 when no clip is left (those that fail their visual checks are dropped), R256 when a path would have too
            many frames, R257 when the capture brought no path of that name.
    """
    import json

    import numpy as np

    from runtime.capture.artifact import write_photo
    from runtime.coverage.checks import shares
    from runtime.coverage.clips import View, contact_sheet, render_clip, tinted, write_clip
    from runtime.coverage.frame import SceneFrame
    from runtime.coverage.lens import Lens
    from runtime.coverage.next_views import Workspace, facing
    from runtime.coverage.plan import Scout
    from runtime.coverage.seen import Limits, Shots, photographed, seen_pixels
    from runtime.problem import InputError, Problem
    from runtime.splat.ply import read_ply

    gaussians = read_ply(scene / "splat.ply")
    frame = SceneFrame.from_json(json.loads((scene / "scene.json").read_text()))
    lens, limits = Lens.from_fov(p.width_px, p.height_px, p.fov_y_deg), Limits(p.seen_within_deg, p.seen_coarser)

    def render(pose: np.ndarray, through: Lens) -> View:
        return renderer.render(gaussians, pose, through.K, through.width, through.height, p.background)

    shots = photographed(capture, render)
    margin_m = p.margin_m if p.margin_m is not None else 0.1 * float(frame.half_m[1])
    scout = Scout(frame, gaussians, render, lens, shots, limits, margin_m)
    wanted = shots is not None and (p.next_photos or any(isinstance(t, NextBest) for t in p.trajectories))
    space = Workspace.of(scout) if wanted else None
    folder, entries, sheets, reds, poses, dropped, asked, checks = out.path("clips"), [], [], [], {}, {}, [], []
    step = max(1, round((p.width_px * p.height_px / SEEN_PX) ** 0.5))
    for i, (name, path) in enumerate(zip(_names(p.trajectories), p.trajectories, strict=True)):
        out.progress(i / len(p.trajectories), name)
        if isinstance(path, FilePath):
            ways, c2w = None, _of_file(path, capture)
            if scout.in_matter(c2w[:, :3, 3]).any():
                c2w = c2w[:0]
        elif isinstance(path, NextBest):
            ways = None
            c2w = space.to_render(p.frames) if space else np.zeros((0, 4, 4))
        else:
            ways, way = _ways(scout, path, p.stay == "photos")
            c2w = frame.cameras(*way.sampled(_count(p, name, way))) if way else np.zeros((0, 4, 4))
        if ways is not None and shots is not None:
            asked.append(scout.along(ways))
        if not len(c2w):
            dropped[name] = "no photos to choose views by" if isinstance(path, NextBest) else "goes through things"
            continue
        for part, cut in _windows(p, name, c2w):
            view = render_clip(lambda pose: render(pose, lens), cut, lens)
            if np.isfinite(view[1]).mean() < LEAST_SHOWN:
                dropped[part] = "shows nothing of the splat"
                continue
            seen = None
            if shots is not None:
                pairs = zip(view[1], cut, strict=True)
                seen = np.stack([seen_pixels(shots, depth, pose, lens, limits, step) for depth, pose in pairs])
                if seen.mean() < p.least_seen:
                    dropped[part] = f"photos saw {seen.mean():.0%} of it"
                    continue
            entry, passed = write_clip(folder, part, view, seen, cut, frame.up, p.fps)
            checks.append(passed)
            if not passed.passed:
                dropped[part] = f"fails its checks: {', '.join(passed.failed)}"
                for kept in ("file", "depth"):
                    (folder.parent / entry[kept]).unlink()
                continue
            if seen is not None:
                reds.append(tinted(view[0], seen))
            entries.append(entry | {"kind": path.kind})
            sheets.append(view[0])
            poses[part] = {"kind": path.kind, "c2w": cut.tolist()}
    if dropped:
        out.log("left out: " + ", ".join(f"{name} ({why})" for name, why in dropped.items()))
    if not entries:
        why = "; ".join(f"{name}: {reason}" for name, reason in dropped.items())
        help_ = "take photos from all sides of what clips shall show, or lower `stages.coverage.least_seen`"
        raise InputError(Problem("R255", f"no clip is left ({why})", help_, "stages.coverage"))
    place = {"up": frame.up.tolist(), "scale_m_per_unit": frame.scale_m_per_unit}
    out.path("poses").write_text(json.dumps(lens.to_json() | place | {"clips": poses}))
    out.path("manifest").write_text(json.dumps({"clips": entries, "dropped": dropped}, indent=1))
    write_photo(out.path("contact"), contact_sheet(sheets))
    if reds:
        write_photo(out.path("seen"), contact_sheet(reds))
    metrics: dict[str, Any] = dict.fromkeys(("seen_fraction", "seen_as_asked", "workspace_seen", "workspace_shown"))
    if shots is not None:
        metrics["seen_fraction"], metrics["seen_as_asked"] = (
            _mean(entries, "seen_fraction"),
            float(np.mean(asked)) if asked else None,
        )
    if space is not None:
        shown = np.concatenate([np.array(clip["c2w"]) for clip in poses.values()])
        metrics["workspace_seen"] = space.seen_fraction
        metrics["workspace_shown"] = space.shown_fraction(Shots.rendered(shown, [lens] * len(shown), render), scout)
        best = space.to_photograph(p.next_photos)
        views = [
            {"c2w": space.candidates[k].tolist(), **facing(space, scout, k), "workspace_seen": share}
            for k, share in zip(best.chosen, best.share, strict=True)
        ]
        out.path("next").write_text(json.dumps({"workspace_seen": space.seen_fraction, "views": views}, indent=1))
    out.contract(fps=_common(entries, "fps"), frames=_common(entries, "frames"), checked=CHECKS)
    return {
        "clips": len(entries),
        "dropped": len(dropped),
        "frames": sum(e["frames"] for e in entries),
        "duration_s": sum(e["duration_s"] for e in entries),
        **metrics,
        **{name: _mean(entries, name) for name in ("mean_alpha", "covered_fraction", "upright_fraction")},
        "video_error": max(e["video_error"] for e in entries),
        **shares(checks),
    }


def _ways(scout: "Scout", path: Orbit | Walk | Task | Grid, stay: bool) -> "tuple[Way, Way | None]":
    """The way that was asked for, and the one that is gone."""
    from runtime.coverage import paths
    from runtime.coverage.plan import choose, supported_orbit

    frame = scout.frame
    match path:
        case Orbit():
            rings = paths.rings(frame, path.radius_m, path.height_m)
            asked = paths.orbit(*rings[0], path.turns)
            ways = [paths.orbit(*ring, path.turns) for ring in rings]
            if stay and scout.shots is not None:
                ways = supported_orbit(scout, rings, path.turns)
            return asked, choose(scout, ways, False)
        case Walk():
            ways = list(paths.walk(frame, path.length_m, path.eye_height_m, path.aside_m))
        case Grid():
            ways = list(paths.grid(frame, path.rows, path.height_m, path.elevation_deg))
        case Task():
            solid = frame.to_support(scout.gaussians.means[scout.gaussians.opacities > 0.5])
            ways = list(paths.task(frame, path.far_m, path.near_m, path.elevation_deg, paths.clearance(solid, frame)))
    return ways[0], choose(scout, ways, stay)


def _of_file(path: FilePath, capture: Path) -> "np.ndarray":
    """The poses [T, 4, 4] of a path that the capture brought."""
    import json

    import numpy as np

    from runtime.problem import InputError, Problem

    brought = capture / "paths.json"
    known = json.loads(brought.read_text()) if brought.exists() else {}
    if path.name not in known:
        message = f"the capture brought no path `{path.name}`" + (f"; it brought {', '.join(known)}" if known else "")
        raise InputError(Problem("R257", message, "list the file under `source.paths` of the location", "stages.coverage"))
    return np.array(known[path.name], float)


def _count(p: Coverage, name: str, way: "Way") -> int:
    """How many frames a way gets."""
    from runtime.problem import InputError, Problem

    least = max(2, p.window_frames or 2)
    if p.frames_per_m is None:
        return max(least, p.frames)
    length_m = way.length_m()
    count = round(length_m * p.frames_per_m) + (not way.closed)
    if count > MAX_FRAMES:
        message = f"`{name}` is {length_m:.1f} m long: {count} frames at {p.frames_per_m:g} per metre, {MAX_FRAMES} are allowed"
        raise InputError(Problem("R256", message, "ask for fewer frames per metre", "stages.coverage.frames_per_m"))
    return max(least, count)


def _windows(p: Coverage, name: str, c2w: "np.ndarray") -> "list[tuple[str, np.ndarray]]":
    """Names and poses of the clips that a path is cut into."""
    size = p.window_frames or len(c2w)
    count = len(c2w) // size
    return [(name if count == 1 else f"{name}.{k:02d}", c2w[k * size : (k + 1) * size]) for k in range(count)]


def _mean(entries: list[dict[str, Any]], name: str) -> float:
    return sum(float(e[name]) for e in entries) / len(entries)


def _names(trajectories: list[Trajectory]) -> list[str]:
    kinds = [t.kind for t in trajectories]
    return [k if kinds.count(k) == 1 else f"{k}-{kinds[: i + 1].count(k)}" for i, k in enumerate(kinds)]


def _common(entries: list[dict[str, Any]], fact: str) -> Any:
    """The value that all clips share, None when they differ."""
    values = {e[fact] for e in entries}
    return values.pop() if len(values) == 1 else None
