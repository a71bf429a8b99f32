"""Stage `index`: the views of a place, to be found again by how they look and where they were taken from."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.libraries import minor
from runtime.out import Out
from runtime.scene_index.embedder import Embedder
from runtime.stage import Params, Resources, by_unit, one, stage


class Index(Params):
    """Parameters of `index`."""

    dimension: int = Field(64, ge=2, le=4096)
    """Most numbers that a view's look is kept in: the first principal axes of all views."""


@stage(
    version=1,
    metrics=by_unit(count="views photos dimension", share="told found_again"),
    libraries=minor("av", "numpy", "pillow"),
    per=("location",),
    needs={"capture": one("capture"), "clips": one("coverage")},
    makes={"index": "index.npz", "views": "views.json"},
    backends=("embedder",),
    cost=lambda p: Resources(minutes=0.1),
)
def index(p: Index, capture: Path, clips: Path, out: Out, embedder: Embedder) -> dict[str, Any]:
    """Embed the photos that splats may learn from and the frames of coverage clips; no photo that is held out is in it.

    `views.json` says of which artifact, file and frame each view is. Metrics: `views`, `photos`, `dimension`, `told` (share of
    the looks' variance that the axes keep), and `found_again`: the share of held-out photos for which one of the five views
    nearest by look is among the tenth (at least five) nearest by pose; None where none is held out.
    """
    import json

    import numpy as np
    from PIL import Image

    from runtime.coverage.video import read_video
    from runtime.scene_index.index import SceneIndex

    def photo(name: str) -> np.ndarray:
        with Image.open(capture / name) as picture:
            return np.asarray(picture.convert("RGB"))

    frames = json.loads((capture / "cameras.json").read_text())["frames"]
    kept, held_out = ([frame for frame in frames if bool(frame["held_out"]) is which] for which in (False, True))
    views: list[dict[str, Any]] = [{"of": "capture", "file": frame["file"]} for frame in kept]
    parts = [embedder.embed([photo(frame["file"])]) for frame in kept]
    poses: list[np.ndarray] = [np.array(frame["c2w"], float).reshape(1, 4, 4) for frame in kept]
    shown = json.loads((clips / "poses.json").read_text())["clips"]
    for entry in json.loads((clips / "clips.json").read_text())["clips"]:
        film, _ = read_video(clips / entry["file"])
        parts.append(embedder.embed(list(film)))
        poses.append(np.array(shown[entry["name"]]["c2w"], float))
        views += [{"of": "coverage", "file": entry["file"], "frame": t} for t in range(len(film))]
        out.progress(len(views) / (len(views) + 1), entry["name"])
    embedding, c2w = np.concatenate(parts), np.concatenate(poses)
    centre = np.median(c2w[:, :3, 3], axis=0)
    radius = max(float(np.median(np.linalg.norm(c2w[:, :3, 3] - centre, axis=1))), 1e-9)
    made = SceneIndex.of(embedding, c2w, radius, p.dimension)
    made.write(out.path("index"))
    out.path("views").write_text(json.dumps({"views": views}, indent=1) + "\n")
    spread = float(((embedding - made.mean) ** 2).sum())
    found = None
    if held_out:
        looks = made.reduced(np.concatenate([embedder.embed([photo(frame["file"])]) for frame in held_out]))
        alike, _ = made.nearest(5, looks=looks)
        near, _ = made.nearest(max(5, len(made) // 10), c2w=np.array([frame["c2w"] for frame in held_out], float))
        found = float(np.mean([bool(set(a) & set(b)) for a, b in zip(alike.tolist(), near.tolist(), strict=True)]))
    return {
        "views": len(made),
        "photos": len(kept),
        "dimension": made.looks.shape[1],
        "told": round(float((made.looks.astype(float) ** 2).sum()) / max(spread, 1e-12), 4),
        "found_again": found,
    }
