"""The stage `splat` on captures as they lie in the store: one trained, one taken over."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime.build.testing import run_stage
from runtime.out import Out
from runtime.problem import InputError
from runtime.splat.ply import read_ply
from runtime.store.store import Store


def _published(store: Path, stage: str, folder_of) -> Path:
    """An artifact made by `folder_of(folder)`, published as if `stage` had built it."""
    keeper = Store(store)
    with keeper.building(stage, "a" * 32) as folder:
        folder_of(folder)
        return keeper.publish(stage, "a" * 32, folder, {"stage": stage, "contract": {}})


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A small capture of a hidden site."""
    store = tmp_path_factory.mktemp("store")
    source = {"kind": "hidden_site", "seed": 1, "photos": 12}
    return store, run_stage("capture", {"source": source, "width_px": 96, "held_out_every": 4}, {}, store)


def test_trains_on_a_capture(site):
    store, capture = site
    params = {"iterations": 120, "max_gaussians": 3000, "preview_count": 2}
    made = run_stage("splat", params, {"capture": capture}, store)
    metrics = json.loads((made / "manifest.json").read_text())["metrics"]
    assert metrics["trained"]
    assert metrics["psnr"] > 15
    assert 0.2 < metrics["ssim"] <= 1
    assert metrics["depth_rel_err"] < 0.1
    assert metrics["gaussians"] == len(read_ply(made / "splat.ply")) <= 3000

    cameras = json.loads((capture / "cameras.json").read_text())
    (camera,) = cameras["cameras"]
    scene = json.loads((made / "scene.json").read_text())
    assert scene["scale_m_per_unit"] == (cameras["scale_m_per_unit"] or 1.0)
    axes = np.array(scene["support"]["rotation"])
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-6)
    assert axes[:, 2] @ np.array(cameras["up"]) > 0.9
    assert scene["radius"] > 0

    previews = sorted((made / "preview").iterdir())
    held_out = [i for i, frame in enumerate(cameras["frames"]) if frame["held_out"]]
    assert [p.name for p in previews] == [f"held_out_{i:06d}.png" for i in held_out[:2]]
    with Image.open(previews[0]) as picture:
        assert picture.size == (3 * camera["width"], camera["height"])


def test_a_killed_job_goes_on_where_it_was(site, tmp_path, monkeypatch):
    store, capture = site
    (tmp_path / "capture").mkdir()
    (tmp_path / "capture" / capture.name).symlink_to(capture)
    params = {"iterations": 80, "max_gaussians": 2000}
    whole = run_stage("splat", params, {"capture": capture}, store)
    monkeypatch.setattr("runtime.splat.checkpoint.EVERY_S", 0)
    said: list[float] = []

    def progress(self: Out, fraction: float, note: str = "") -> None:
        said.append(fraction)
        if len(said) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Out, "progress", progress)
    with pytest.raises(KeyboardInterrupt):
        run_stage("splat", params, {"capture": tmp_path / "capture" / capture.name}, tmp_path)
    assert list((tmp_path / ".scratch").iterdir())
    again = run_stage("splat", params, {"capture": tmp_path / "capture" / capture.name}, tmp_path)
    assert said[3] > said[1]
    assert (again / "splat.ply").read_bytes() == (whole / "splat.ply").read_bytes()
    assert not list((tmp_path / ".scratch").iterdir())


def test_photos_are_reduced(site):
    store, capture = site
    made = run_stage("splat", {"iterations": 2, "photo_width_px": 48}, {"capture": capture}, store)
    with Image.open(next((made / "preview").iterdir())) as picture:
        assert picture.size[0] == 3 * 48


def test_takes_over_a_splat(shared_data, tmp_path):
    source = {"kind": "splat", "root": "data", "path": "playbot.ply", "up": [0, -1, 0], "scale_m_per_unit": 0.5}
    given = shared_data / "splats" / "playbot" / "playbot.ply"
    capture = run_stage("capture", {"source": source}, {}, tmp_path, source_dir=given)
    made = run_stage("splat", {"photo_width_px": 80}, {"capture": capture}, tmp_path)
    metrics = json.loads((made / "manifest.json").read_text())["metrics"]
    assert not metrics["trained"]
    assert metrics["psnr"] is None
    assert metrics["gaussians"] == 31000
    scene = json.loads((made / "scene.json").read_text())
    assert scene["scale_m_per_unit"] == 0.5
    np.testing.assert_allclose(scene["up"], [0, -1, 0])
    given_splat, taken = read_ply(given), read_ply(made / "splat.ply")
    np.testing.assert_allclose(taken.means, given_splat.means)
    with Image.open(made / "preview" / "orbit_0.png") as picture:
        assert np.asarray(picture)[:, :80].std() > 10  # something is to be seen


def test_a_capture_without_points_is_refused(site, tmp_path):
    _, capture = site

    def without_points(folder):
        (folder / "cameras.json").write_bytes((capture / "cameras.json").read_bytes())
        (folder / "images").mkdir()
        for image in (capture / "images").iterdir():
            (folder / "images" / image.name).write_bytes(image.read_bytes())
        points = dict(np.load(capture / "points.npz"))
        empty = {name: value[:0] for name, value in points.items()}
        np.savez(folder / "points.npz", **empty)

    bare = _published(tmp_path, "capture", without_points)
    with pytest.raises(InputError) as caught:
        run_stage("splat", {"iterations": 2}, {"capture": bare}, tmp_path)
    assert "sparse points" in caught.value.problems[0].message
    assert not list((tmp_path / "splat").glob("*/manifest.json"))
