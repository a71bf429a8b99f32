"""Stage `context`: photos of a place that are found again for the cameras of its twin, and what they know beside the splat."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from runtime.libraries import minor
from runtime.out import Out
from runtime.scene_index.embedder import Embedder
from runtime.splat.renderer import Renderer
from runtime.stage import Params, Resources, by_unit, one, stage


class ContextParams(Params):
    """How many photos, and which."""

    frames: int = Field(4, ge=0, le=256)
    """Photos for each view; 0 takes all of them, as far as memory holds them, which is checked before work begins."""
    retrieval: Literal["nearest", "random"] = "nearest"
    """`nearest` by pose and look, or a choice of chance as a control."""
    pose_weight: float = Field(1.0, ge=0, le=100)
    """Weight of the distance of poses against that of looks."""
    context_seed: int = Field(0, ge=0)
    """Seed of choices of chance, and of whose context is given to whom to tell whether it matters."""


@stage(
    version=1,
    metrics=by_unit(
        count="photos frames targets used", dB="psnr_splat psnr_context psnr_shuffled gain_db gain_low_db gain_high_db"
    ),
    libraries=minor("av", "mujoco", "numba", "numpy", "opencv-python-headless", "pillow", "scipy"),
    per=("location", "task"),
    needs={"capture": one("capture"), "scene": one("splat"), "index": one("index"), "twin": one("twin")},
    makes={"context": "context.npz", "views": "context.json", "preview": "preview.png"},
    backends=("renderer", "embedder"),
    cost=lambda p: Resources(minutes=0.1),
)
def context(
    p: ContextParams, capture: Path, scene: Path, index: Path, twin: Path, out: Out, renderer: Renderer, embedder: Embedder
) -> dict[str, Any]:
    """Find photos for each camera of the twin that stands still, by pose and look, among those that the splat learned from; and
    foretell photos that are held out: with the context that was found for them, without, and with that of another one.

    Metrics: `psnr_*` of held-out photos, less what is the same all over a picture (its exposure); `gain_db`, how much better
    they are foretold with their own context than with another's, and its band over photos (95%, Student's t); `used`, 1 where
    that is above zero.

    Raises:
        InputError: R355 when the index holds a photo that is held out; R356 when all photos do not fit into memory.
    """
    import json

    import numpy as np
    from PIL import Image

    from runtime.coverage.clips import contact_sheet
    from runtime.coverage.lens import Lens
    from runtime.coverage.memory import fits
    from runtime.problem import InputError, Problem
    from runtime.scene_index.band import band_of
    from runtime.scene_index.context import WIDTH_PX, Lacking, by_chance, error_of, others, refined, retrieved, write_context
    from runtime.scene_index.index import SceneIndex
    from runtime.sim.twin.twin import read_twin
    from runtime.splat.ply import read_ply

    said = json.loads((capture / "cameras.json").read_text())
    frames = {frame["file"]: frame for frame in said["frames"]}
    held = [frame for frame in said["frames"] if frame["held_out"]]
    whole, listed = SceneIndex.read(index / "index.npz"), json.loads((index / "views.json").read_text())["views"]
    rows = [i for i, view in enumerate(listed) if view["of"] == "capture"]
    files = [listed[i]["file"] for i in rows]
    if leaked := [file for file in files if file not in frames or frames[file]["held_out"]]:
        message = f"the index holds `{leaked[0]}`, which is held out of this capture: what is foretold would be its own context"
        raise InputError(Problem("R355", message, "build the index of this very capture", "stages.context"))
    photos = whole.of_rows(rows)
    count = p.frames or len(photos)
    fits("photos", min(count, len(photos)), WIDTH_PX * WIDTH_PX * 16, "stages.context.frames")
    gaussians, facts = read_ply(scene / "splat.ply"), read_twin(twin)

    def render(pose: np.ndarray, lens: Lens) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return renderer.render(gaussians, pose, lens.K, lens.width, lens.height)

    def photo(file: str) -> np.ndarray:
        with Image.open(capture / file) as picture:
            return np.asarray(picture.convert("RGB"))

    def lens_of(frame: dict[str, Any]) -> Lens:
        return Lens.from_json(said["cameras"][frame["camera"]])

    still = [camera for camera in facts.cameras if camera.on is None]
    poses = [facts.splat_camera(camera) for camera in still] + [np.array(frame["c2w"], float) for frame in held]
    lenses = [Lens(c.width, c.height, c.K) for c in still] + [lens_of(frame).narrowed(WIDTH_PX) for frame in held]
    views = [render(pose, lens) for pose, lens in zip(poses, lenses, strict=True)]
    if p.retrieval == "random":
        chosen = by_chance(photos, count, len(views), p.context_seed)
    else:
        looks = photos.reduced(embedder.embed([np.round(255 * view[0]).astype(np.uint8) for view in views]))
        chosen = retrieved(photos, count, looks, np.array(poses), p.pose_weight)
    known: dict[int, Lacking] = {}
    for i in sorted({*chosen.ravel().tolist()}):
        frame = frames[files[i]]
        known[i] = Lacking.of(photo(files[i]), np.array(frame["c2w"], float), lens_of(frame), render)
        out.progress(len(known) / (len(known) + 1), files[i])
    names, order = [camera.name for camera in still], sorted({*chosen[: len(still)].ravel().tolist()})
    write_context(
        out.path("context"),
        [known[i] for i in order],
        {name: [order.index(i) for i in found] for name, found in zip(names, chosen[: len(still)].tolist(), strict=True)},
    )
    found = {
        name: [files[i] for i in row] for name, row in zip([*names, *(f["file"] for f in held)], chosen.tolist(), strict=True)
    }
    out.path("views").write_text(json.dumps({"retrieval": p.retrieval, "views": found}, indent=1) + "\n")
    metrics: dict[str, Any] = {"photos": len(photos), "frames": chosen.shape[1], "targets": len(held)}
    own, errors, sheet = chosen[len(still) :], [], []
    if len(held) > 1:
        swapped = others(own, p.context_seed)
        for j, frame in enumerate(held):
            pose, lens, (rgb, depth, _) = poses[len(still) + j], lenses[len(still) + j], views[len(still) + j]
            size = lens.width, lens.height
            truth = np.asarray(Image.fromarray(photo(frame["file"])).resize(size, Image.Resampling.BOX), np.float32) / 255
            made = [rgb, *(refined(rgb, depth, pose, lens, [known[i] for i in row]) for row in (own[j], swapped[j]))]
            errors.append([error_of(picture, truth) for picture in made])
            sheet.append(np.stack([np.round(255 * np.clip(x, 0, 1)).astype(np.uint8) for x in (truth, *made)]))
        psnr = -10 * np.log10(np.maximum(np.array(errors), 1e-9))
        gain, low, high = band_of(psnr[:, 1] - psnr[:, 2])
        named = zip(("psnr_splat", "psnr_context", "psnr_shuffled"), psnr.mean(0), strict=True)
        metrics |= {name: round(float(value), 3) for name, value in named}
        metrics |= {"gain_db": round(gain, 3), "gain_low_db": round(low, 3), "gain_high_db": round(high, 3), "used": int(low > 0)}
        out.log(f"held-out photos: {gain:+.2f} dB [{low:.2f}, {high:.2f}] with their own context over another's")
    pictures = sheet or [np.round(255 * view[0]).astype(np.uint8)[None].repeat(4, 0) for view in views[:1]]
    Image.fromarray(contact_sheet(pictures, 4)).save(out.path("preview"))
    return metrics
