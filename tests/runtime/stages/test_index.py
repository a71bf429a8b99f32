"""The index of a small place: its own photos and clips, and never a photo that is held out."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from runtime.build.testing import run_stage
from runtime.coverage.video import read_video
from runtime.scene_index.descriptor import describe
from runtime.scene_index.index import SceneIndex


def test_views_of_a_hidden_site(tmp_path: Path) -> None:
    site = {"kind": "hidden_site", "seed": 5, "style": "lab", "photos": 12}
    capture = run_stage("capture", {"source": site, "width_px": 64}, {}, tmp_path)
    small = {"iterations": 20, "max_gaussians": 1000, "photo_width_px": 64, "preview_count": 0}
    scene = run_stage("splat", small, {"capture": capture}, tmp_path)
    few = {"frames": 4, "width_px": 64, "height_px": 48, "least_seen": 0, "next_photos": 0, "stay": "anywhere"}
    clips = run_stage("coverage", few, {"capture": capture, "scene": scene}, tmp_path)
    made = run_stage("index", {"dimension": 16}, {"capture": capture, "clips": clips}, tmp_path)

    frames = json.loads((capture / "cameras.json").read_text())["frames"]
    views, index = json.loads((made / "views.json").read_text())["views"], SceneIndex.read(made / "index.npz")
    metrics = json.loads((made / "manifest.json").read_text())["metrics"]
    assert (metrics["views"], metrics["dimension"]) == (len(views), 16) == (len(index), index.looks.shape[1])
    photos = [view["file"] for view in views if view["of"] == "capture"]
    assert photos == [frame["file"] for frame in frames if not frame["held_out"]]
    assert metrics["photos"] == len(photos) == len(views) - 12
    # what a view says of itself is what it is: its picture and its pose find it
    for k in (0, len(views) - 1):
        if views[k]["of"] == "capture":
            with Image.open(capture / views[k]["file"]) as picture:
                pixels, pose = np.asarray(picture), frames[[f["file"] for f in frames].index(views[k]["file"])]["c2w"]
        else:
            pixels = read_video(clips / views[k]["file"])[0][views[k]["frame"]]
            name = Path(views[k]["file"]).stem
            pose = json.loads((clips / "poses.json").read_text())["clips"][name]["c2w"][views[k]["frame"]]
        found, away = index.nearest(1, index.reduced(describe(pixels)[None]), np.array(pose)[None])
        assert found[0, 0] == k
        assert away[0, 0] < 1e-3
    # no held-out photo is in it: each is some way off, by look and by place
    for frame in (frame for frame in frames if frame["held_out"]):
        with Image.open(capture / frame["file"]) as picture:
            looks = index.reduced(describe(np.asarray(picture))[None])
        assert index.nearest(1, looks=looks)[1].min() > 0.02
        assert index.nearest(1, c2w=np.array(frame["c2w"])[None])[1].min() > 1e-3
    assert metrics["found_again"] is not None
    assert metrics["found_again"] >= 0.5
