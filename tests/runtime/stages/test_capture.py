"""The capture stage on synthetic photos with known truth, on broken ones, and on the real captures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from runtime.build.testing import run_stage
from runtime.problem import InputError
from tests.runtime.capture import synthetic


def _photos(**changes: Any) -> dict[str, Any]:
    return {"kind": "photos", "root": "captures", "path": "table", "poses": "transforms"} | changes


def _capture(source: dict[str, Any], folder: Path | None, store: Path, **params: Any) -> Path:
    return run_stage("capture", {"source": source, **params}, {}, store, source_dir=folder)


def _facts(artifact: Path) -> tuple[dict[str, Any], np.ndarray, Any]:
    cameras = json.loads((artifact / "cameras.json").read_text())
    poses = np.array([f["c2w"] for f in cameras["frames"]])
    return cameras, poses, np.load(artifact / "points.npz")


def _pinhole(camera: dict[str, Any]) -> np.ndarray:
    return np.array([camera["fl_x"], camera["fl_y"], camera["cx"], camera["cy"]])


def _psnr_of_photos(artifact: Path) -> list[float]:
    """Each photo of the artifact against the true view through the artifact's own cameras."""
    cameras, poses, _ = _facts(artifact)
    found = []
    for frame, pose in zip(cameras["frames"], poses, strict=True):
        camera = cameras["cameras"][frame["camera"]]
        size = (camera["width"], camera["height"])
        photo = np.asarray(Image.open(artifact / frame["file"]).convert("RGB"), float)
        assert photo.shape == (size[1], size[0], 3)
        truth = synthetic.photograph(pose, _pinhole(camera), size=size).astype(float)
        found.append(float(10 * np.log10(255**2 / np.mean((photo - truth)[8:-8, 8:-8] ** 2))))
    return found


@pytest.mark.parametrize("width_px", [160, 120])
def test_transforms_with_distortion(tmp_path: Path, width_px: int) -> None:
    folder = synthetic.capture_folder(tmp_path, distorted=True)
    artifact = _capture(_photos(scale_m_per_unit=0.5), folder, tmp_path / "store", width_px=width_px)
    cameras, poses, points = _facts(artifact)
    (camera,) = cameras["cameras"]
    assert (camera["width"], camera["height"]) == (width_px, width_px * 3 // 4)
    assert cameras["metric"]
    assert cameras["scale_m_per_unit"] == 0.5
    np.testing.assert_allclose(poses, synthetic.ring(), atol=1e-9)
    assert min(_psnr_of_photos(artifact)) > 26
    np.testing.assert_allclose(cameras["up"], [0, 0, 1], atol=0.02)
    # triangulated, though the capture came without points: they lie on the table
    assert len(points["xyz"]) > 50
    assert np.median(np.abs(points["xyz"][:, 2])) < 0.01


@pytest.mark.parametrize(("binary", "enlarged"), [(False, 1), (True, 1), (True, 2)])
def test_colmap_model(tmp_path: Path, binary: bool, enlarged: int) -> None:
    folder = synthetic.capture_folder(tmp_path, distorted=True)
    xyz = synthetic.table_points()
    synthetic.write_colmap(folder, synthetic.ring(), [f"{i:03d}.png" for i in range(8)], xyz, binary, enlarged)
    artifact = _capture(_photos(poses="colmap"), folder, tmp_path / "store", width_px=160)
    cameras, poses, points = _facts(artifact)
    np.testing.assert_allclose(poses, synthetic.ring(), atol=1e-6)
    assert min(_psnr_of_photos(artifact)) > 26
    assert not cameras["metric"]
    assert cameras["scale_m_per_unit"] is None
    np.testing.assert_allclose(np.sort(points["xyz"], axis=0), np.sort(xyz, axis=0), atol=1e-6)
    assert points["rgb"][0].tolist() == [10, 20, 30]
    # an observation is where the plain pinhole sees the point, at the depth along the optical axis
    fx, fy, cx, cy = _pinhole(cameras["cameras"][0])
    pose = poses[points["obs_frame"]]
    u, v = points["obs_uv"].T
    ray = np.stack([(u - cx) / fx, (v - cy) / fy, np.ones_like(u)], axis=1) * points["obs_depth"][:, None]
    hit = np.einsum("kij,kj->ki", pose[:, :3, :3], ray) + pose[:, :3, 3]
    assert len(hit) > 500
    np.testing.assert_allclose(hit[:, 2], 0, atol=1e-4)


def test_held_out_photos_are_one_in_each_block(tmp_path: Path) -> None:
    source = {"kind": "hidden_site", "seed": 4, "photos": 12}
    artifact = _capture(source, None, tmp_path / "store", held_out_every=4, width_px=48)
    cameras, *_ = _facts(artifact)
    assert [i for i, f in enumerate(cameras["frames"]) if f["held_out"]] == [0, 5, 11]  # 10 is alone on one side


def test_same_photos_give_the_same_artifact(tmp_path: Path) -> None:
    folder = synthetic.capture_folder(tmp_path)
    first, second = (_capture(_photos(), folder, tmp_path / name) for name in ("a", "b"))
    for name in ("cameras.json", "points.npz", "images/000003.png"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_splat_file(tmp_path: Path) -> None:
    from runtime.splat.gaussians import Gaussians
    from runtime.splat.ply import write_ply

    rng = np.random.default_rng(0)
    means = rng.normal(size=(30, 3)).astype(np.float32)
    ply = tmp_path / "thing.ply"
    write_ply(ply, Gaussians(means, np.ones((30, 4)), np.full((30, 3), 0.1), np.full(30, 0.5), np.zeros((30, 1, 3))))
    source = {"kind": "splat", "root": "splats", "path": "thing.ply", "up": [0, -2, 0], "scale_m_per_unit": 0.1}
    artifact = _capture(source, ply, tmp_path / "store")
    cameras, _, points = _facts(artifact)
    assert cameras["frames"] == []
    assert cameras["up"] == [0, -1, 0]
    assert cameras["scale_m_per_unit"] == 0.1
    assert (artifact / "splat.ply").read_bytes() == ply.read_bytes()
    np.testing.assert_allclose(points["xyz"], means, atol=1e-6)
    assert not (artifact / "images").exists()


def test_splat_files_of_other_kinds_become_a_plain_ply(tmp_path: Path) -> None:
    import zipfile

    from runtime.bound.source import SplatFile
    from runtime.capture.digest import copy_source, digest_source
    from runtime.splat.gaussians import Gaussians
    from runtime.splat.ply import read_ply, write_ply

    gaussians = Gaussians(np.eye(4, 3), np.ones((4, 4)), np.full((4, 3), 0.1), np.full(4, 0.5), np.zeros((4, 1, 3)))
    gaussians.sh[2] = np.nan
    write_ply(tmp_path / "gap.ply", gaussians)
    source = {"kind": "splat", "root": "splats", "path": "gap.ply", "up": [0, 1, 0], "scale_m_per_unit": 1}
    artifact = _capture(source, tmp_path / "gap.ply", tmp_path / "store")
    metrics = json.loads((artifact / "manifest.json").read_text())["metrics"]
    assert (metrics["points"], metrics["left_out"]) == (3, 1)
    assert read_ply(artifact / "splat.ply").means.tolist() == np.eye(4, 3)[[0, 1, 3]].tolist()

    with zipfile.ZipFile(Path(__file__).parents[1] / "splat" / "files" / "whole.sog") as archive:
        archive.extractall(tmp_path / "sog")
    meta = tmp_path / "sog" / "meta.json"
    model = SplatFile.model_validate(source | {"path": "sog/meta.json"})
    copy, content = copy_source(model, meta, tmp_path / "copy")
    assert content == digest_source(model, meta)
    artifact = _capture(source | {"path": "sog/meta.json"}, copy, tmp_path / "store")
    assert len(read_ply(artifact / "splat.ply")) == 40
    (tmp_path / "sog" / "sh0.webp").write_bytes(b"other")
    assert digest_source(model, meta) != content  # its images are a part of it


def test_hidden_site(tmp_path: Path) -> None:
    source = {"kind": "hidden_site", "seed": 4, "photos": 9}
    cameras, poses, points = _facts(_capture(source, None, tmp_path / "store", width_px=64))
    assert len(poses) == 9
    assert cameras["metric"]
    assert [(c["width"], c["height"]) for c in cameras["cameras"]] == [(64, 48)]
    assert len(points["obs_uv"]) > 500
    assert (points["obs_depth"] > 0).all()
    np.testing.assert_allclose(np.linalg.norm(cameras["up"]), 1)


def test_photos_that_share_nothing_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    folder = tmp_path / "table"
    synthetic.write_photos(folder, [rng.integers(0, 255, (120, 160, 3)).astype(np.uint8) for _ in range(6)])
    with pytest.raises(InputError) as caught:
        _capture(_photos(poses="none"), folder, tmp_path / "store")
    assert [p.code for p in caught.value.problems] == ["R219"]
    assert "0 of the 6 photos" in caught.value.problems[0].message


def test_poses_that_do_not_fit_the_photos_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    rng = np.random.default_rng(0)
    names = synthetic.write_photos(folder, [rng.integers(0, 255, (120, 160, 3)).astype(np.uint8) for _ in range(6)])
    synthetic.write_transforms(folder, synthetic.ring(6), names)
    with pytest.raises(InputError) as caught:
        _capture(_photos(), folder, tmp_path / "store")
    assert [p.code for p in caught.value.problems] == ["R219"]


def test_inspection_comes_first(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        _capture(_photos(), tmp_path / "table", tmp_path / "store")
    assert [p.code for p in caught.value.problems] == ["R210"]


@pytest.mark.slow
def test_buddha(shared_data: Path, tmp_path: Path) -> None:
    source = _photos(path="buddha")
    quick = {"width_px": 128, "feature_width_px": 400, "max_features": 1000, "neighbours": 5}
    artifact = _capture(source, shared_data / "captures/buddha", tmp_path, **quick)
    cameras, poses, points = _facts(artifact)
    assert len(poses) == 67
    assert {c["height"] for c in cameras["cameras"]} == {72}
    assert len(points["xyz"]) > 400
    metrics = json.loads((artifact / "manifest.json").read_text())["metrics"]
    assert metrics["reprojection_px"] < 1
    # the capture mixes portrait and landscape; its table is level where the marker sheet says it is
    assert np.degrees(np.arccos(np.array(cameras["up"]) @ [0.0239, -0.9869, 0.1594])) < 3


@pytest.mark.slow
def test_lund_street_without_poses(shared_data: Path, tmp_path: Path) -> None:
    few = tmp_path / "table" / "images"
    few.mkdir(parents=True)
    for i in range(8, 18):
        name = f"{i:02d}.jpg"
        (few / name).write_bytes((shared_data / "captures/lund-street/images" / name).read_bytes())
    artifact = _capture(_photos(poses="none"), few.parent, tmp_path / "store", width_px=160)
    cameras, poses, points = _facts(artifact)
    assert len(poses) >= 9
    way = np.diff(poses[:, :3, 3], axis=0)
    ahead = np.einsum("fi,fi->f", way, poses[:-1, :3, 2]) / np.linalg.norm(way, axis=1)
    assert ahead.min() > 0.8  # people walked down the street, looking ahead
    (camera,) = cameras["cameras"]
    assert 0.5 < camera["fl_x"] / camera["width"] < 1.2
    assert len(points["obs_depth"]) > 300
