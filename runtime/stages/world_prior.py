"""A world model of many places: what those of single places begin from."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.base import later
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, places, stage


class WorldPriorParams(Params):
    """How long it is trained."""

    steps: int = Field(1400, ge=1)
    """Gradient steps."""
    batch_size: int = Field(32, ge=2)
    """Windows per step and member."""
    pictures: int = Field(64, ge=2)
    """Single pictures per step, for eyes and painter."""
    horizon: int = Field(16, ge=1, le=64)
    """Steps that are predicted without a look."""
    looks: int = Field(4, ge=1, le=16)
    """Most pictures that a prediction begins with; windows have from one to so many."""
    learning_rate: float = Field(3e-3, gt=0)
    """Peak learning rate; it warms up for 5% of the steps and falls to 0 along a cosine."""
    members: int = Field(3, ge=1, le=9)
    """Members of the ensemble, whose disagreement tells what is unknown."""
    still_mm: float = later(born=0.0, since=3, ge=0, le=20)
    """Steps of objects that are smaller than about this, millimetres, come to next to nothing: for tasks whose objects move, and
    mostly do not. 0 for no such thing."""
    loose: bool = later(born=False, since=3)
    """Whether objects are pushed and carried: each is looked at a second time and closely; what is held rides with the hand."""
    joint_reward: bool = later(born=True, since=3)
    """Whether success and reward are told by heads of what foretells states, or else by a model of their own."""
    frame_noise: float = later(born=0.0, since=3, ge=0, lt=1)
    """Noise in pictures and states that it learns to foretell from, as a share of how these spread: so that it takes errors such
    as its own back. WMPO's is 0.05."""
    world_seed: int = Field(0, ge=0)
    """Seed of weights and windows."""


@stage(
    version=3,
    metrics=by_unit(count="places frames parameters", s="train_cpu_s", loss="loss.*"),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "torch") | exact("pyarrow"),
    per=("set", "task"),
    over="pretrain",
    needs={"twins": places("twin"), "rollouts": places("rollouts")},
    makes={"model": "model/"},
    cost=lambda p: Resources(mem_gb=2.5, minutes=0.5 + p.steps / 250),
)
def world_prior(p: WorldPriorParams, twins: list[Path], rollouts: list[Path], out: Out) -> dict[str, Any]:
    """Train one world model on the rollouts of all places of the set `pretrain`, so that a new place needs only what is its own.

    Raises:
        InputError: R345 to R347 when a camera is mounted, places are not alike, or rollouts are too few or short.
    """
    from runtime.world.stage import attempts_of, fresh, parameters, taught
    from runtime.world.train import Recipe
    from runtime.world.windows import together

    network = fresh(twins[0], p.members, p.world_seed, twins[1:], p.still_mm, p.loose, p.joint_reward)
    data = together([attempts_of(twin, found) for twin, found in zip(twins, rollouts, strict=True)])
    recipe = Recipe(
        p.steps, p.batch_size, p.pictures, p.horizon, p.looks, p.learning_rate, p.world_seed, frame_noise=p.frame_noise
    )
    world, losses = taught(network, twins[0], data, recipe, out.progress)
    world.save(out.path("model"))
    return {"places": len(twins), "frames": len(data), "parameters": parameters(network), **losses}
