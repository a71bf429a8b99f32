"""A place's world model: which pictures, states and successes follow from actions."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.base import later
from runtime.contract import CHECKS, Contract, of_demos
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Resources, by_unit, maybe, one, stage
from runtime.world.params import WorldTraining


class WorldModelParams(WorldTraining):
    """How long it is trained, and on how much it is tried."""

    steps: int = Field(600, ge=1)
    """Gradient steps, from the pre-trained model where there is one."""
    horizon: int = Field(16, ge=16, le=64)
    """Steps that are predicted without a look."""
    max_input_frames: int = later(born=40, since=3, ge=0, le=1_000_000)
    """Most frames of the place's clips that it learns from, evenly over them; 0 takes all, as far as memory holds them, which is
    checked before work begins."""
    learning_rate: float = Field(1.5e-3, gt=0)
    """Peak learning rate; it warms up for 5% of the steps and falls to 0 along a cosine."""
    held_out: int = Field(24, ge=1)
    """Rollouts, the last ones, that are kept out of training and foretold."""
    windows: int = Field(400, ge=8)
    """Windows of those that are foretold."""
    scripted_tries: int = Field(40, ge=0, le=10_000)
    """Starts of the demos' `scripted_tries` from which the scripted expert is tried in the model, as a key figure."""


def _at(names: str) -> str:
    """Names at every horizon."""
    return " ".join(f"{name}_{steps}" for name in names.split() for steps in (1, 4, 8, 16))


def _held_against(names: str) -> str:
    """The same of the model, and of what it is held against."""
    return " " + _at(" ".join(f"{name}{of}" for name in names.split() for of in ("", "_copy", "_still", "_shuffled")))


@stage(
    version=3,
    metrics=by_unit(
        count="frames parameters pretrained windows held_out_episodes frames_per_cpu_s scripted_tries scripted_successes",
        s="train_cpu_s",
        loss="loss.*",
        dB=_at("psnr_model psnr_copy psnr_still psnr_shuffled front_model front_copy front_still front_shuffled front_empty"),
        share="history_used auc brier ece done_share done_said "
        + _at("ssim_model ssim_copy tip_inside object_inside tip_sd_ratio object_sd_ratio tip_rank object_rank")
        + _held_against("contact_f1 force_share"),
        mm="history_gain_mm history_low_mm history_high_mm "
        + _at("tip_mm_p90 object_mm_p90")
        + _held_against("tip_mm object_mm"),
        deg=_held_against("turn_deg"),
        N=_held_against("force_n"),
    ),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch")
    | exact("pyarrow"),
    per=("location", "task"),
    needs={
        "twin": one("twin"),
        "rollouts": one("rollouts"),
        "demos": maybe("demos"),
        "clips": maybe("coverage"),
        "continued": maybe("clips"),
        "prior": maybe("world_prior"),
        "context": maybe("context"),
    },
    agree=(("rollouts", "twin"),),
    makes={"model": "model/", "foretold": "foretold.json", "strip": "strip.png"},
    offers=lambda p, inputs: of_demos(inputs.get("twin", Contract()), "twin"),
    expects=lambda p: {
        "twin": Contract(instruction_key="task"),
        "demos": Contract(checked=CHECKS),
        "clips": Contract(checked=CHECKS),
        "continued": Contract(checked=CHECKS),
    },
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.5 + (1.4 if p.fingers else 1.0) * p.steps / 250),
)
def world_model(
    p: WorldModelParams,
    twin: Path,
    rollouts: Path,
    demos: Path | None,
    clips: Path | None,
    continued: Path | None,
    prior: Path | None,
    context: Path | None,
    out: Out,
) -> dict[str, Any]:
    """Train on a place's rollouts (its demos, enriched or not, and its clips teach what things look like), from the
    pre-trained model where there is one; then foretell the rollouts that were kept out, at 1, 4, 8 and 16 steps.

    Raises:
        InputError: R344 to R347 when files are missing, the camera is mounted, the prior is for another robot, task or
            size, or rollouts are too few or short; R356 when all frames are asked for and do not fit into memory.
    """
    import json

    import numpy as np

    from runtime.learn.train import seed_everything
    from runtime.sim.episodes.attempts import load_attempts
    from runtime.sim.pixels.contact_sheet import save_sheet
    from runtime.sim.twin.twin import contract_of, read_twin
    from runtime.world.history import history_gain
    from runtime.world.metrics import foretold, frames_per_cpu_s, strip, summary
    from runtime.world.model import read_world
    from runtime.world.stage import attempts_of, fresh, hold_all, load_into, measured, parameters, taught
    from runtime.world.train import Recipe
    from runtime.world.trials import mastered

    if clips is not None and not p.max_input_frames:
        hold_all(clips, twin)
    before = None if prior is None else read_world(prior / "model")
    known = before.network.sizes if before else None
    of = known or p
    network = fresh(twin, of.members, p.world_seed, of)
    if before is not None:
        network = load_into(network, before, twin)
    count = len(load_attempts(rollouts / "attempts.npz"))
    kept, further = max(1, count - p.held_out), [found for found in (clips, continued) if found is not None]
    data = attempts_of(twin, rollouts, demos, further, end=kept, context=context, most=p.max_input_frames)
    held = attempts_of(twin, rollouts, first=kept, context=context)
    seed_everything(p.world_seed)
    recipe = Recipe(
        p.steps, p.batch_size, p.pictures, p.horizon, p.looks, p.learning_rate, p.world_seed, frame_noise=p.frame_noise
    )
    world, losses = taught(network, twin, data, recipe, out.progress)
    world.save(out.path("model"))
    found = foretold(world, held, p.looks, p.windows)
    out.path("foretold").write_text(json.dumps(found, indent=1) + "\n")
    found |= history_gain(world, held, p.looks, p.windows)
    films = strip(world, held, 3, p.looks)
    save_sheet(out.path("strip"), [np.asarray(film) for film in films], 8)
    out.log(summary(found))
    out.contract(**vars(of_demos(contract_of(read_twin(twin)), "twin")))
    if p.scripted_tries:
        found |= {
            "scripted_tries": p.scripted_tries,
            "scripted_successes": mastered(world, twin, read_twin(twin), p.scripted_tries),
        }
    sizes = {"frames": len(data), "parameters": parameters(network), "pretrained": int(prior is not None)}
    return {**sizes, **losses, **measured(found), "frames_per_cpu_s": frames_per_cpu_s(world, held)}
