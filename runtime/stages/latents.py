"""Stage `latents`: what demos show, as latents of the place's world model, made once and read by every arm."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.contract import CHECKS, Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, stage

WORLD = "world"
"""What the world model's eyes are called as an encoder."""


class LatentsParams(Params):
    """How many of them are read at once."""

    context: int = Field(4, ge=1, le=64)
    """Latents of the past that a Prophet knows, as far apart as a policy plans."""
    offset: int = Field(8, ge=1, le=64)
    """Control steps ahead that it foretells, a latent each."""


def _offers(p: LatentsParams, inputs: dict[str, Contract]) -> Contract:
    demos = inputs.get("demos", Contract())
    return Contract(fps=demos.fps, window=1, offset=p.offset, suffix="world_m1", joints=demos.joints)


@stage(
    version=1,
    metrics=by_unit(count="frames latent", share="moving"),
    libraries=minor("lerobot", "numpy", "pillow", "safetensors", "torch", "torchvision") | exact("pyarrow"),
    per=("location", "task"),
    needs={"demos": one("demos"), "world": one("world_model")},
    makes={"latents": "latents/", "encoder": "encoder/"},
    offers=_offers,
    expects=lambda p: {"demos": Contract(checked=CHECKS)},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.2),
)
def latents(p: LatentsParams, demos: Path, world: Path, out: Out) -> dict[str, Any]:
    """Look at every frame of the demos with the eyes of the world model: where objects are, how they are turned, and the joints.

    Raises:
        InputError: R344 when the world model has no weights; R412 when it sees pictures of another size.
    """
    import numpy as np

    from runtime.learn.dataset import read_arrays
    from runtime.learn.modality.eyes import WorldEyes
    from runtime.learn.modality.latents import FLOOR, LatentFacts, made, save_latents
    from runtime.store.manifest import read_manifest

    arrays, eyes = read_arrays(demos / "dataset"), WorldEyes.of_world(world / "model")
    camera = next(iter(arrays.images))
    values = eyes(arrays.images[camera][:, None], arrays.state)
    facts = LatentFacts(WORLD, 1, p.context, p.offset, eyes.latent, float(arrays.fps), camera)
    found = made(facts, values, arrays.episode_index)
    save_latents(out.path("latents"), found)
    eyes.save(out.path("encoder"))
    handed = Contract.from_json(read_manifest(demos).get("contract", {}))
    out.contract(**vars(_offers(p, {"demos": handed})))
    return {"frames": len(values), "latent": eyes.latent, "moving": float(np.mean(found.std > FLOOR))}
