"""Stage `footage`: frames of videos that people brought, for an eye to be trained on."""

from typing import Any

from pydantic import Field

from runtime.bound.footage import FoundFootage
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, stage


class FootageParams(Params):
    """What is kept of a video."""

    footage: FoundFootage | None = bound("location.footage", default=None)
    """The videos."""
    frames: int = Field(8, ge=2, le=64)
    """Frames of each, one after another, from a moment that is drawn."""
    fps: float = Field(10.0, gt=0, le=60)
    """How many of them a second."""
    side_px: int = Field(48, ge=32, le=128)
    """Width and height of their middle square, of which the eye sees crops of 32 pixels."""


@stage(
    version=1,
    libraries=minor("av", "numpy", "opencv-python-headless"),
    per=("location",),
    makes={"frames": "frames.npy", "names": "videos.json"},
    metrics=by_unit(count="videos left_out frames"),
    cost=lambda p: Resources(
        mem_gb=1.0 + (p.footage.videos if p.footage else 0) * p.frames * p.side_px**2 * 3 / 1e9,
        minutes=0.1 + (p.footage.videos if p.footage else 0) * 0.15 / 60,
    ),
)
def footage(p: FootageParams, out: Out) -> dict[str, Any]:
    """Decode some frames of each video that was drawn. `frames.npy` is u8 [videos, frames, side, side, 3].

    `left_out` counts videos that are too short or cannot be decoded, which collections from the web always have.

    Raises:
        InputError: X524 when no more than half of them can be used.
    """
    import json

    import numpy as np

    from runtime.footage.frames import Unreadable, read_frames
    from runtime.problem import InputError, Problem

    said = p.footage
    if said is None or out.source_dir is None:
        raise InputError(
            Problem("X524", "the footage's root is not set where this runs", "set it with `--root NAME=DIR`", "footage")
        )
    videos = sorted(path for path in out.source_dir.rglob("*") if path.is_file())
    at = np.random.default_rng([said.draw, 21]).random(len(videos))
    kept: dict[str, np.ndarray] = {}
    why = ""
    for i, video in enumerate(videos):
        name = video.relative_to(out.source_dir).as_posix()
        try:
            kept[name] = read_frames(video, p.frames, p.fps, p.side_px, float(at[i]))
        except Unreadable as error:
            why = why or f"`{name}`: {error}"
        out.progress((i + 1) / len(videos), "reading videos")
    left_out = len(videos) - len(kept)
    if len(kept) <= left_out:
        message = f"{left_out} of {len(videos)} videos of `{said.path}` cannot be used, the first because of {why}"
        raise InputError(Problem("X524", message, "copy them again, or ask for fewer `frames` at a higher `fps`", "footage.path"))
    np.save(out.path("frames"), np.stack(list(kept.values())))
    out.path("names").write_text(json.dumps(list(kept), indent=0) + "\n")
    return {"videos": len(kept), "left_out": left_out, "frames": len(kept) * p.frames}
