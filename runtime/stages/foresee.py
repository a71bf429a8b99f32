"""A video model that others made, tried on a place's rollouts: what it foresees of actions that it is told."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.contract import Contract
from runtime.foresight.foresight import Foresight
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, stage

HORIZONS = (1, 4, 8, 16)
SHEET_ROWS = 4


class ForeseeParams(Params):
    """On how much it is tried, and how it is run."""

    windows: int = Field(8, ge=2, le=1000)
    """Windows of rollouts that are foreseen, each with the model's own actions, with none, and with those of another."""
    steps: int = Field(35, ge=1, le=1000)
    """Denoising steps of the model."""
    guidance: float = Field(1.0, ge=0)
    """How strongly it is guided by the task's instruction."""
    foresee_seed: int = Field(0, ge=0)
    """Seed of windows and of the model's noise."""
    weights: str = Field("", pattern="^([0-9a-f]{64})?$")
    """sha256 of the model's weights, as the refusal R371 tells it; the back end `still` has none."""
    guardrail: bool = True
    """Leave the model's own guardrail on; off only with weights whose licence does not ask for it."""


@stage(
    version=1,
    metrics=by_unit(
        count="windows",
        dB=" ".join(f"psnr_{name}_{h}" for name in ("model", "copy", "still", "shuffled") for h in HORIZONS),
        share=" ".join(f"ssim_{name}_{h}" for name in ("model", "copy") for h in HORIZONS),
    ),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "torch") | exact("pyarrow"),
    per=("location", "task"),
    needs={"twin": one("twin"), "rollouts": one("rollouts")},
    agree=(("rollouts", "twin"),),
    makes={"films": "films.npz", "foretold": "foretold.json", "strip": "strip.png"},
    backends=("dynamics",),
    expects=lambda p: {"twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.2),
)
def foresee(p: ForeseeParams, twin: Path, rollouts: Path, out: Out, dynamics: Foresight) -> dict[str, Any]:
    """Show the model one picture of a rollout and where the hand is asked to be for 16 steps; hold what it foresees against what
    happened, at 1, 4, 8 and 16 steps, beside the last picture again (`copy`), no action (`still`) and another's (`shuffled`).

    Raises:
        InputError: R345 when the camera is mounted; R347 when rollouts are too short; R370 and R371 when the model or its weights
            are not there.
    """
    import json
    from tempfile import TemporaryDirectory

    import numpy as np

    from runtime.foresight.foresight import Asked
    from runtime.foresight.hand import asked_of
    from runtime.sim.episodes.attempts import load_attempts
    from runtime.sim.pixels.contact_sheet import save_sheet
    from runtime.sim.twin.twin import read_twin
    from runtime.splat.metrics import psnr, ssim
    from runtime.world.stage import attempts_of, refuse_short
    from runtime.world.windows import composed

    facts, last = read_twin(twin), HORIZONS[-1]
    count = len(load_attempts(rollouts / "attempts.npz"))
    held = attempts_of(twin, rollouts, first=max(0, count - p.windows))
    refuse_short(held, 1, last, 2)
    starts = np.random.default_rng([93, p.foresee_seed]).permutation(held.starts(last))[: p.windows]
    ahead = starts[:, None] + np.arange(last)

    def pictures(frames: np.ndarray) -> np.ndarray:
        clean = composed(held.layers[frames], held.backdrops[held.behind[frames]].astype(np.float32), facts.shadow)
        return np.clip(clean + 0.5, 0, 255).astype(np.uint8)

    shown, truth = pictures(starts)[:, None], np.stack([pictures(row + 1) for row in ahead])
    first = held.state[starts]
    poses = asked_of(twin, first, held.action[ahead])
    nothing = asked_of(twin, first, np.repeat(first[:, None], last, 1))
    how = Asked(facts.task.instruction, facts.control_hz, p.steps, p.guidance, p.foresee_seed, p.weights, p.guardrail)
    films: dict[str, Any] = {"copy": np.repeat(shown, last, 1)}
    for name, said in (("model", poses), ("still", nothing), ("shuffled", np.roll(poses, 1, 0))):
        with TemporaryDirectory(dir=out.root) as room:
            films[name] = dynamics.foresee(shown, said, last, how, Path(room))
        out.progress(len(films) / 4, name)
    found: dict[str, Any] = {"windows": len(starts)}
    for h in HORIZONS:
        true = truth[:, h - 1] / 255.0
        for name, film in films.items():
            found[f"psnr_{name}_{h}"] = round(float(psnr(film[:, h - 1] / 255.0, true)), 3)
            if name in ("model", "copy"):
                each = [ssim(a / 255.0, b) for a, b in zip(film[:, h - 1], true, strict=True)]
                found[f"ssim_{name}_{h}"] = round(float(np.mean(each)), 4)
    out.path("foretold").write_text(json.dumps(found, indent=1) + "\n")
    np.savez_compressed(out.path("films"), truth=truth, poses=poses, **films)
    save_sheet(out.path("strip"), [film for i in range(min(SHEET_ROWS, len(truth))) for film in (truth[i], films["model"][i])], 8)
    return found
