"""A world model of many places: what those of single places begin from."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Resources, by_unit, places, stage
from runtime.world.params import WorldTraining


class WorldPriorParams(WorldTraining):
    """How long it is trained."""

    steps: int = Field(1400, ge=1)
    """Gradient steps."""
    horizon: int = Field(16, ge=1, le=64)
    """Steps that are predicted without a look."""
    learning_rate: float = Field(3e-3, gt=0)
    """Peak learning rate; it warms up for 5% of the steps and falls to 0 along a cosine."""


@stage(
    version=3,
    metrics=by_unit(count="places frames parameters", s="train_cpu_s", loss="loss.*"),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "torch") | exact("pyarrow"),
    per=("set", "task"),
    over="pretrain",
    needs={"twins": places("twin"), "rollouts": places("rollouts")},
    makes={"model": "model/"},
    cost=lambda p: Resources(mem_gb=4.5, minutes=0.5 + (1.7 if p.fingers else 1.0) * p.steps / 250),
)
def world_prior(p: WorldPriorParams, twins: list[Path], rollouts: list[Path], out: Out) -> dict[str, Any]:
    """Train one world model on the rollouts of all places of the set `pretrain`, so that a new place needs only what is its own.

    Raises:
        InputError: R345 to R347 when a camera is mounted, places are not alike, or rollouts are too few or short.
    """
    from runtime.world.stage import attempts_of, fresh, parameters, taught
    from runtime.world.train import Recipe
    from runtime.world.windows import together

    network = fresh(twins[0], p.members, p.world_seed, p, twins[1:])
    data = together([attempts_of(twin, found) for twin, found in zip(twins, rollouts, strict=True)])
    recipe = Recipe(
        p.steps, p.batch_size, p.pictures, p.horizon, p.looks, p.learning_rate, p.world_seed, frame_noise=p.frame_noise
    )
    world, losses = taught(network, twins[0], data, recipe, out.progress)
    world.save(out.path("model"))
    return {"places": len(twins), "frames": len(data), "parameters": parameters(network), **losses}
