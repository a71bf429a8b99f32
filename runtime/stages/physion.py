"""Stage `physion`: what models are shown of Physion's videos, and whether red touches yellow in the end."""

from typing import Any

from pydantic import Field

from runtime.bound.footage import FoundPhysion
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, stage


class PhysionParams(Params):
    """What is shown."""

    physion: FoundPhysion | None = bound("location.physion", default=None)
    """The data set."""
    side_px: int = Field(32, ge=16, le=128)
    """Width and height of their middle square; the eye looks at as many cells of any."""
    frames: int = Field(6, ge=1, le=45)
    """Frames, evenly over what is seen."""
    seen_s: float = Field(1.5, gt=0, le=60)
    """How long the beginning is seen; people saw 1.5 seconds."""


@stage(
    version=1,
    libraries=minor("av", "numpy", "opencv-python-headless"),
    per=("location",),
    makes={"frames": "frames.npy", "stimuli": "stimuli.json"},
    metrics=by_unit(count="scenarios readout test", share="contact"),
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.1 + 8 * (150 + (p.physion.per_scenario if p.physion else 0)) * 0.1 / 60),
)
def physion(p: PhysionParams, out: Out) -> dict[str, Any]:
    """Decode the beginning of each video. `frames.npy` is u8 [stimuli, frames, side, side, 3], in the order of `stimuli.json`.

    `contact` is the share of the test in which red touches yellow.

    Raises:
        InputError: X522 what is wrong with the folder; X524 when a video cannot be decoded.
    """
    import json
    from dataclasses import asdict

    import numpy as np

    from runtime.footage.frames import Unreadable, read_frames
    from runtime.footage.physion import stimuli
    from runtime.problem import InputError, Problem

    said = p.physion
    if said is None or out.source_dir is None:
        raise InputError(Problem("X524", "Physion's root is not set where this runs", "set it with `--root NAME=DIR`", "physion"))
    copied = {path.relative_to(out.source_dir).as_posix(): path for path in out.source_dir.rglob("*") if path.is_file()}
    items, _ = stimuli(said, copied)
    shown = np.zeros((len(items), p.frames, p.side_px, p.side_px, 3), np.uint8)
    for i, one in enumerate(items):
        try:
            shown[i] = read_frames(out.source_dir / one.name, p.frames, p.frames / p.seen_s, p.side_px)
        except Unreadable as error:
            raise InputError(Problem("X524", f"`{one.name}` of Physion: {error}", "unpack it again", "physion.path")) from error
        out.progress((i + 1) / len(items), "reading videos")
    np.save(out.path("frames"), shown)
    out.path("stimuli").write_text(json.dumps([asdict(one) for one in items], indent=0) + "\n")
    asked = [one.contact for one in items if one.part == "test"]
    counts = {"scenarios": len({one.scenario for one in items}), "readout": len(items) - len(asked), "test": len(asked)}
    return {**counts, "contact": round(sum(asked) / len(asked), 4)}
