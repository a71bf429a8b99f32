"""A place's clips carried on by a video model that others made: more of how the place may look."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.contract import CHECKS, Contract
from runtime.foresight.foresight import Foresight
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, stage


class ContinuedClipsParams(Params):
    """How far, and how the model is run."""

    prompt: str = Field("a camera moves slowly past a workbench with a robot arm", min_length=1, max_length=2000)
    """What the model is told that clips show."""
    looks: int = Field(5, ge=1, le=64)
    """Last frames of each clip that it is shown."""
    frames: int = Field(16, ge=1, le=256)
    """Frames that it adds to each."""
    steps: int = Field(36, ge=1, le=1000)
    """Denoising steps of the model."""
    guidance: float = Field(7.0, ge=0)
    """How strongly it is guided by the prompt."""
    foresee_seed: int = Field(0, ge=0)
    """Seed of the model's noise."""
    weights: str = Field("", pattern="^([0-9a-f]{64})?$")
    """sha256 of the model's weights, as the refusal R371 tells it; the back end `still` has none."""
    guardrail: bool = True
    """Leave the model's own guardrail on; off only with weights whose licence does not ask for it."""


@stage(
    version=2,
    metrics=by_unit(count="clips frames", share="pass_rate pass_orientation pass_duration pass_quality"),
    libraries=minor("av", "numpy", "pillow", "scipy"),
    per=("location",),
    kind="clips",
    needs={"clips": one("coverage")},
    makes={"clips": "clips/", "contact": "contact.png"},
    backends=("continuation",),
    offers=lambda p, inputs: Contract(fps=inputs.get("clips", Contract()).fps, frames=p.frames, checked=CHECKS),
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.2),
)
def continued_clips(p: ContinuedClipsParams, clips: Path, out: Out, continuation: Foresight) -> dict[str, Any]:
    """Carry each clip on from its last frames.

    Raises:
        InputError: R263 when no clip passes its visual checks; R370 and R371 when the model or its weights are not there.
    """
    from tempfile import TemporaryDirectory

    from runtime.coverage.checks import Limits, check_film, shares
    from runtime.coverage.video import read_video, write_video
    from runtime.foresight.foresight import Asked
    from runtime.problem import InputError, Problem
    from runtime.sim.pixels.contact_sheet import save_sheet

    folder, sheet, checks = out.path("clips"), [], []
    found = sorted((clips / "clips").rglob("*.mp4"))
    for i, path in enumerate(found):
        film, fps = read_video(path)
        how = Asked(p.prompt, fps, p.steps, p.guidance, p.foresee_seed + i, p.weights, p.guardrail)
        with TemporaryDirectory(dir=out.root) as room:
            (more,) = continuation.foresee(film[None, -p.looks :], None, p.frames, how, Path(room))
        write_video(folder / path.name, more, fps)
        again, rate = read_video(folder / path.name)
        checks.append(check_film(again, film[-1:], Limits(), p.frames, fps, rate))
        if not checks[-1].passed:
            out.log(f"left out: {path.stem} fails its checks ({', '.join(checks[-1].failed)})")
            (folder / path.name).unlink()
            continue
        sheet.append(more)
        out.progress((i + 1) / len(found), path.stem)
    if not sheet:
        message = f"none of the {len(found)} clips that the model carried on passed its checks"
        raise InputError(Problem("R263", message, "choose another model, prompt or seed", "stages.continued_clips"))
    save_sheet(out.path("contact"), sheet, 8)
    out.contract(frames=p.frames, checked=CHECKS)
    return {"clips": len(sheet), "frames": len(sheet) * p.frames, **shares(checks)}
