"""Stage `refine_world`: a place's world model is trained on, on what the twin said of what a policy did; or rolled back."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.base import later
from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, previous, stage


class RefineWorldParams(Params):
    """How long it is trained, and how far it may drift."""

    steps: int = Field(120, ge=0, json_schema_extra={"budget": "steps"})
    """Further gradient steps of a round; with 0 the world model stays as it is."""
    batch_size: int = Field(32, ge=2)
    """Windows per step and member."""
    pictures: int = Field(32, ge=2)
    """Single pictures per step, for eyes and painter."""
    learning_rate: float = Field(5e-4, gt=0)
    """Peak learning rate; it warms up for 5% of the steps and falls to 0 along a cosine."""
    rehearsed: int = Field(24, ge=1)
    """Of the place's rollouts, how many it goes on learning from, so that it forgets little."""
    held_out: int = Field(12, ge=1)
    """Of the place's last rollouts, which no world model learns from, how many both are held against."""
    windows: int = Field(200, ge=8)
    """Windows of those that are foretold."""
    most_drift_mm: float = Field(3.0, ge=0)
    """By how much the error of objects 16 steps ahead, over rollouts that were kept out, may rise over the best round so far."""
    most_drift_auc: float = Field(0.05, ge=0)
    """By how much the area under the curve of its success head may fall."""
    frame_noise: float = later(born=0.0, since=1, ge=0, lt=1)
    """As of `world_prior`, in the training of rounds."""
    world_seed: int = Field(0, ge=0)
    """Seed of windows."""


@stage(
    version=1,
    metrics=by_unit(
        count="round frames rolled_back kept_round",
        mm="object_mm_16 start_object_mm_16 drift_mm best_object_mm",
        share="auc start_auc drift_auc best_auc",
        s="train_cpu_s",
        loss="loss.*",
    ),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch")
    | exact("pyarrow"),
    kind="world_model",
    per=("location", "task", "approach", "seed", "round"),
    needs={
        "world": one("world_model"),
        "before": previous("world_model", "round", only_own=True),
        "twin": one("twin"),
        "rollouts": one("rollouts"),
        "remedies": one("remedies"),
    },
    agree=(("world", "twin"),),
    makes={"model": "model/", "foretold": "foretold.json"},
    offers=lambda p, inputs: inputs.get("world", Contract()),
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.3 + p.steps / 250),
)
def refine_world(
    p: RefineWorldParams, world: Path, before: Path | None, twin: Path, rollouts: Path, remedies: Path, out: Out
) -> dict[str, Any]:
    """Train on from the world model (in later rounds the one that was kept before), on some of the place's rollouts and all that
    the policy did in the twin so far. Both are held against rollouts that neither learned from: where it foretells those worse
    than the best round so far by more than it may, that one is published again.

    Raises:
        InputError: R344 to R347 as for `world_model`.
    """
    import json
    import shutil

    from runtime.learn.train import seed_everything
    from runtime.sim.episodes.attempts import load_attempts
    from runtime.store.manifest import read_manifest
    from runtime.world.metrics import foretold
    from runtime.world.model import read_world
    from runtime.world.stage import attempts_of, measured, taught
    from runtime.world.train import Recipe
    from runtime.world.windows import together

    start = before or world
    model, count = read_world(start / "model"), len(load_attempts(rollouts / "attempts.npz"))
    looks, first = int(model.facts["looks"]), count - p.held_out
    held = attempts_of(twin, rollouts, first=first)
    said = measured(foretold(model, held, looks, p.windows))
    past = read_manifest(before)["metrics"] if before else {"round": 0, "kept_round": 0}
    best_mm = float(past.get("best_object_mm", said["object_mm_16"]))
    best_auc = float(past.get("best_auc", said.get("auc", 0.5)))
    this, losses = int(past["round"]) + 1, {}
    frames, new = 0, said
    if p.steps:
        data = together([attempts_of(twin, rollouts, end=min(first, p.rehearsed)), attempts_of(twin, remedies)])
        frames = len(data)
        seed_everything(p.world_seed)
        seed = p.world_seed + this
        recipe = Recipe(p.steps, p.batch_size, p.pictures, 16, looks, p.learning_rate, seed, frame_noise=p.frame_noise)
        refined, losses = taught(model.network.train(), twin, data, recipe, out.progress)
        new = measured(foretold(refined, held, looks, p.windows))
        refined.save(out.path("model"))
    lost = "object_mm_16" not in new  # it diverged, and foretells what is no number
    reached = said if lost else new
    drift_mm, drift_auc = reached["object_mm_16"] - best_mm, best_auc - reached.get("auc", 0.5)
    back = lost or drift_mm > p.most_drift_mm or drift_auc > p.most_drift_auc
    if back or not p.steps:
        shutil.copytree(start / "model", out.path("model"), dirs_exist_ok=True)
    out.path("foretold").write_text(json.dumps({"before": said, "after": new}, indent=1) + "\n")
    out.contract(**read_manifest(world)["contract"])
    ended = "; rolled back" if back else ""
    now = "training diverged" if lost else f"objects {new['object_mm_16']:.1f} mm off 16 steps ahead"
    out.log(f"round {this}: {now}, {best_mm:.1f} mm at best{ended}")
    return {
        "round": this,
        "kept_round": int(past["kept_round"]) if back else this,
        "rolled_back": int(back),
        "frames": frames,
        "object_mm_16": reached["object_mm_16"],
        "start_object_mm_16": said["object_mm_16"],
        "drift_mm": round(drift_mm, 3),
        "best_object_mm": best_mm if back else min(best_mm, reached["object_mm_16"]),
        "auc": reached.get("auc", 0.5),
        "start_auc": said.get("auc", 0.5),
        "drift_auc": round(drift_auc, 4),
        "best_auc": best_auc if back else max(best_auc, reached.get("auc", 0.5)),
        **({} if lost else losses),
    }
