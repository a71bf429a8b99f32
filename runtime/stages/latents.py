"""Stage `latents`: what demos show, as latents of an encoder, made once and read by every arm."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.base import later
from runtime.contract import CHECKS, Contract
from runtime.learn.modality.encoding import Encoding
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, stage


class LatentsParams(Params):
    """How many of them are read at once."""

    context: int = Field(4, ge=1, le=64)
    """Latents of the past that a Prophet knows, as far apart as a policy plans."""
    offset: int = Field(8, ge=1, le=64)
    """Control steps ahead that it foretells, a latent each."""
    weights: str = later(born="", since=1, pattern="^([0-9a-f]{64})?$")
    """sha256 of the encoder's weights, as the refusal R371 tells it; the world model's eyes have none beside its own."""
    weights_licence: str = later(born="", since=1, max_length=100, pattern=r"^[A-Za-z0-9.+() -]*$")
    """Licence of these weights, an SPDX expression: `use: commercial` in a study holds it to that."""


def _offers(p: LatentsParams, inputs: dict[str, Contract]) -> Contract:
    demos = inputs.get("demos", Contract())
    return Contract(fps=demos.fps, window=1, offset=p.offset, joints=demos.joints)


@stage(
    version=1,
    metrics=by_unit(count="frames latent", share="moving"),
    libraries=minor("lerobot", "numpy", "pillow", "safetensors", "torch", "torchvision") | exact("pyarrow"),
    per=("location", "task"),
    needs={"demos": one("demos"), "world": one("world_model")},
    makes={"latents": "latents/", "encoder": "encoder/"},
    backends=("encoder",),
    offers=_offers,
    expects=lambda p: {"demos": Contract(checked=CHECKS)},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.2),
)
def latents(p: LatentsParams, demos: Path, world: Path, out: Out, encoder: Encoding) -> dict[str, Any]:
    """Look at every frame of the demos. The eyes of the world model tell where objects are, how they are turned, and the joints.

    Raises:
        InputError: R344 when the world model has no weights; R370, R371, R411 when the encoder's own are not there or are others;
            R412 when it sees pictures of another size.
    """
    import numpy as np

    from runtime.learn.dataset import read_arrays
    from runtime.learn.modality.latents import FLOOR, LatentFacts, made, save_latents
    from runtime.store.manifest import read_manifest

    arrays, eyes = read_arrays(demos / "dataset"), encoder.kept(world, p.weights, out.path("encoder"))
    camera = next(iter(arrays.images))
    values = eyes(arrays.images[camera][:, None], arrays.state)
    facts = LatentFacts(encoder.kind, 1, p.context, p.offset, eyes.latent, float(arrays.fps), camera)
    found = made(facts, values, arrays.episode_index)
    save_latents(out.path("latents"), found)
    handed = Contract.from_json(read_manifest(demos).get("contract", {}))
    out.contract(**vars(_offers(p, {"demos": handed})) | {"suffix": facts.suffix})
    return {"frames": len(values), "latent": eyes.latent, "moving": float(np.mean(found.std > FLOOR))}
