"""An input transform: live pictures are registered to the twin's own background, and the difference of the light taken out."""

from pathlib import Path

from runtime.contract import Contract
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, baselines, by_unit, stage


class AlignParams(Params):
    """Nothing to set: what it is made of is the twin."""


@stage(
    version=1,
    metrics=by_unit(count="cameras"),
    libraries=minor("mujoco", "numba", "numpy", "pillow", "scipy"),
    kind="transform",
    per=("location", "task"),
    needs={"twin": baselines("twin")},
    makes={"reference": "reference.npz", "preview": "preview.png"},
    offers=lambda p, inputs: Contract(camera_keys=inputs.get("twin", Contract()).camera_keys),
    cost=lambda p: Resources(minutes=0.001),
)
def align(p: AlignParams, twin: Path, out: Out) -> dict[str, int]:
    """Publish the pictures that live ones are aligned with: the twin's background in each of its cameras, without robot or
    objects. They were rendered of photos; nothing of a site is looked at. Of a camera that is mounted there is no such picture:
    what it sees passes as it is, and `check` says so (X471).
    """
    import numpy as np

    from runtime.sim.pixels.contact_sheet import save_sheet, side_by_side
    from runtime.sim.twin.twin import read_backdrops, read_twin

    facts = read_twin(twin)
    pictures = {
        name: np.round(255 * np.clip(backdrop.rgb, 0, 1)).astype(np.uint8)
        for name, backdrop in read_backdrops(twin, facts).items()
    }
    pictures |= {camera.name: np.zeros((0, 0, 3), np.uint8) for camera in facts.cameras if camera.on}
    np.savez_compressed(out.path("reference"), **pictures)  # ty: ignore[invalid-argument-type]
    save_sheet(out.path("preview"), [side_by_side([picture[None] for picture in pictures.values()])], 1)
    out.contract(camera_keys=tuple(pictures))
    return {"cameras": len(pictures)}
