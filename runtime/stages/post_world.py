"""Stage `post_world`: a place's world model is trained on, on what a policy did at the place itself."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, previous, stage


class PostWorldParams(Params):
    """How long it is post-trained, and what is made worse on purpose."""

    steps: int = Field(30, ge=0, json_schema_extra={"budget": "steps"})
    """Gradient steps of a round; with 0 the world model stays as demos and rollouts in the twin made it."""
    batch_size: int = Field(16, ge=2)
    """Windows per step and member, of the twin and of the place each."""
    pictures: int = Field(24, ge=2)
    """Pictures of the place per step, for the painter."""
    learning_rate: float = Field(1e-3, gt=0)
    """Learning rate at first; it falls to 0 along a cosine."""
    rehearsed: int = Field(24, ge=1)
    """Of the twin's rollouts, how many it goes on learning from, so that it forgets little."""
    held_out: int = Field(12, ge=1)
    """Of the twin's last rollouts, how many states and forces are foretold of."""
    windows: int = Field(60, ge=8)
    """Windows that are foretold, in the twin and at the place each."""
    hallucination: float = Field(0.0, ge=0, le=10)
    """Noise that is added to the weights that say what moves, what is done and what is seen, as a share of their size: a world
    model that hallucinates, to see whether what learns from it notices."""
    world_seed: int = Field(0, ge=0)
    """Seed of windows and noise."""


TWIN = ("twin_tip_mm", "twin_object_mm", "twin_turn_deg", "twin_force_n", "twin_contact_f1", "twin_force_share")
"""What is said of states and forces in the twin, at every horizon."""


def _at(names: str) -> str:
    return " ".join(f"{name}_{steps}" for name in names.split() for steps in (1, 4, 8, 16))


@stage(
    version=1,
    metrics=by_unit(
        count="round frames windows",
        dB=_at("psnr start_psnr gain_psnr"),
        mm=_at("tip_mm start_tip_mm twin_tip_mm twin_object_mm"),
        deg=_at("twin_turn_deg"),
        N=_at("twin_force_n"),
        share="auc_place start_auc_place " + _at("ssim start_ssim gain_ssim twin_contact_f1 twin_force_share"),
        loss="loss.*",
    ),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    kind="world_model",
    per=("location", "task", "approach", "seed", "round"),
    needs={
        "world": one("world_model"),
        "before": previous("world_model", "round", only_own=True),
        "twin": one("twin"),
        "rollouts": one("rollouts"),
        "site": one("site_rollouts"),
    },
    agree=(("world", "twin"),),
    makes={"model": "model/", "strip": "strip.png"},
    offers=lambda p, inputs: inputs.get("world", Contract()),
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.05 + p.steps / 600),
)
def post_world(
    p: PostWorldParams, world: Path, before: Path | None, twin: Path, rollouts: Path, site: Path, out: Out
) -> dict[str, Any]:
    """Train on from the world model (in later rounds from the one of the round before), on some of the twin's rollouts and all
    that was done at the place; and say of rollouts that it did not learn from how well it foretells them, beside the one that
    knows the place from its twin alone (`start_`).

    Raises:
        InputError: R344 when the world model lacks files; R421 when it paints another camera than those that rollouts were seen
        by.
    """
    import numpy as np

    from runtime.learn.train import seed_everything
    from runtime.problem import InputError, Problem
    from runtime.sim.episodes.attempts import load_attempts
    from runtime.sim.episodes.explored import read_steps
    from runtime.sim.pixels.contact_sheet import save_sheet
    from runtime.store.manifest import read_manifest
    from runtime.world.model import read_world
    from runtime.world.post import at_place, fidelity, hallucinating, post_train, told
    from runtime.world.stage import attempts_of, measured
    from runtime.world.train import Recipe

    steps, first = read_steps(site / "steps.npz"), read_world(world / "model")
    if (camera := first.facts["camera"]) not in steps.images:
        message = f"the world model paints what `{camera}` sees, rollouts at the place were seen by {', '.join(steps.images)}"
        raise InputError(Problem("R421", message, "train the policy on that camera", "stages.policy.camera_keys"))
    this = int(read_manifest(site)["metrics"]["round"])
    there, count = at_place(first, steps), len(load_attempts(rollouts / "attempts.npz"))
    held = attempts_of(twin, rollouts, first=count - p.held_out, seen=False)
    start = fidelity(first, there, p.windows)
    model, losses = read_world((before or world) / "model") if p.steps else first, {}
    if p.steps:
        seed_everything(p.world_seed)
        known = attempts_of(twin, rollouts, end=min(count - p.held_out, p.rehearsed), seen=False)
        recipe = Recipe(p.steps, p.batch_size, p.pictures, 8, 1, p.learning_rate, p.world_seed + this)
        model, losses = post_train(model, known, there, recipe, out.progress)
    if p.hallucination:
        model = hallucinating(model, p.hallucination, p.world_seed + this)
    model.save(out.path("model"))
    now = fidelity(model, there, p.windows) if p.steps or p.hallucination else start
    gain = {f"gain_{name}": round(now[name] - start[name], 4) for name in now if name.startswith(("psnr", "ssim"))}
    errors = {f"twin_{name}": value for name, value in told(model, held, p.windows).items()}
    save_sheet(out.path("strip"), [there.pictures[:16], np.repeat(there.behind[None], 16, 0)])
    out.contract(**read_manifest(world)["contract"])
    if now:
        out.log(f"round {this}: PSNR 8 steps ahead {start['psnr_8']:.1f} -> {now['psnr_8']:.1f} dB at the place")
    return {
        "round": this,
        "frames": len(steps),
        "loss": losses,
        **measured({**now, **{f"start_{name}": value for name, value in start.items() if name != "windows"}, **gain}),
        **measured({name: value for name, value in errors.items() if name.rsplit("_", 1)[0] in TWIN}),
    }
