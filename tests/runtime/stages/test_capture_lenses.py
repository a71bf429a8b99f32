"""The capture stage on photos of all lenses and sizes, made here and brought from the field."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from runtime.build.testing import run_stage
from runtime.problem import InputError
from runtime.report.drawing.pictures import left_out
from tests.runtime.capture import synthetic
from tests.runtime.capture.synthetic import HEIGHT, WIDTH, K

QUICK = {"feature_width_px": 200, "max_features": 700}
POSED = {"kind": "photos", "root": "captures", "path": "table", "poses": "transforms"}


def _capture(folder: Path, store: Path, source: dict[str, Any] | None = None, **params: Any) -> tuple[Path, dict[str, Any]]:
    made = run_stage("capture", {"source": source or POSED, **QUICK, **params}, {}, store, source_dir=folder)
    return made, json.loads((made / "cameras.json").read_text())


def _photos(artifact: Path, cameras: dict[str, Any]) -> list[tuple[np.ndarray, dict[str, Any], np.ndarray, np.ndarray]]:
    """Pixels [H, W, 3], camera, pose and mask [H, W] of each photo."""
    found = []
    for frame in cameras["frames"]:
        photo, camera = np.asarray(Image.open(artifact / frame["file"])), cameras["cameras"][frame["camera"]]
        mask = np.asarray(Image.open(artifact / frame["mask"])) > 0 if "mask" in frame else np.ones(photo.shape[:2], bool)
        found.append((photo, camera, np.array(frame["c2w"]), mask))
    return found


def _errors(artifact: Path, cameras: dict[str, Any]) -> list[float]:
    """Mean difference (of 255) of each photo from the true view through its own camera, where its mask lets it count."""
    found = []
    for photo, camera, pose, mask in _photos(artifact, cameras):
        pinhole = np.array([camera[key] for key in ("fl_x", "fl_y", "cx", "cy")])
        truth = synthetic.photograph(pose, pinhole, size=(camera["width"], camera["height"]))
        found.append(float(np.abs(photo.astype(float) - truth)[mask].mean()))
    return found


def _fisheye(pose: np.ndarray) -> np.ndarray:
    v, u = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    pixels, matrix = np.stack([u.ravel(), v.ravel()], 1)[:, None], np.array([[90, 0, 80], [0, 90, 60], [0, 0, 1.0]])
    plain = cv2.fisheye.undistortPoints(pixels, matrix, np.array([0.03, -0.01, 0.002, 0]))[:, 0]
    return synthetic.seen(pose, np.concatenate([plain, np.ones((len(plain), 1))], axis=1), (WIDTH, HEIGHT))


def _polynomial(pose: np.ndarray) -> np.ndarray:
    """Through a lens whose radius is r (1 + k1 r^2 + k2 r^4 + k3 r^6 + k4 r^8)."""
    v, u = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    plain = np.linspace(0, 1, 20_001)
    bent = plain * np.polynomial.polynomial.polyval(plain**2, [1.0, *BROWN.values()])
    x, y = (u.ravel() - K[2]) / K[0], (v.ravel() - K[3]) / K[1]
    away = np.hypot(x, y)
    grown = np.interp(away, bent, plain) / np.maximum(away, 1e-9)
    return synthetic.seen(pose, np.stack([x * grown, y * grown, np.ones_like(x)], axis=1), (WIDTH, HEIGHT))


def _panorama(pose: np.ndarray) -> np.ndarray:
    width, height = 640, 320
    v, u = np.mgrid[:height, :width] + 0.5
    east, north = ((u / width - 0.5) * 2 * np.pi).ravel(), ((0.5 - v / height) * np.pi).ravel()
    rays = np.stack([np.sin(east) * np.cos(north), -np.sin(north), np.cos(east) * np.cos(north)], axis=1)
    return synthetic.seen(pose, rays, (width, height))


RATIONAL = {"k1": -0.2, "k2": 0.05, "p1": 0.001, "p2": -0.002, "k3": -0.02, "k4": 0.03, "k5": 0.01, "k6": -0.01}
BROWN = {"k1": -0.2, "k2": 0.05, "k3": -0.1, "k4": 0.3}
LENSES = {
    "polynomial": (BROWN, _polynomial),
    "rational": (
        {"camera_model": "FULL_OPENCV", **RATIONAL},
        lambda p: synthetic.photograph(p, K, np.array([*RATIONAL.values()])),
    ),
    "fisheye": (
        {"camera_model": "OPENCV_FISHEYE", "fl_x": 90, "fl_y": 90, "k1": 0.03, "k2": -0.01, "k3": 0.002, "k4": 0},
        _fisheye,
    ),
    "panorama": ({"camera_model": "EQUIRECTANGULAR", "w": 640, "h": 320}, _panorama),
    "two angles": (
        {"fl_x": None, "fl_y": None, "camera_angle_x": 2 * np.arctan(0.5), "camera_angle_y": 2 * np.arctan(0.4)},
        None,
    ),
}


@pytest.mark.parametrize("name", LENSES)
def test_lenses(tmp_path: Path, name: str) -> None:
    said, photograph = LENSES[name]
    poses = synthetic.ring()
    squeezed = np.array([160.0, 150.0, 80.0, 60.0])  # as two angles say
    shots = [photograph(pose) if photograph else synthetic.photograph(pose, squeezed) for pose in poses]
    synthetic.write_transforms(tmp_path / "table", poses, synthetic.write_photos(tmp_path / "table", shots), **said)
    artifact, cameras = _capture(tmp_path / "table", tmp_path / "store")
    assert len(cameras["frames"]) == (64 if name == "panorama" else 8)
    assert max(_errors(artifact, cameras)) < 6
    points = np.load(artifact / "points.npz")
    assert len(points["xyz"]) > 50
    assert np.median(np.abs(points["xyz"][:, 2])) < 0.01  # they lie on the table


def test_photos_of_several_sizes_and_turns(tmp_path: Path) -> None:
    """Three of twice the size through another lens; three stored on their side, with Exif to say so; one that is gone."""
    folder, poses = tmp_path / "table", synthetic.ring(9)
    (folder / "images").mkdir(parents=True)
    frames = []
    for i, pose in enumerate(poses):
        w, h, pinhole = ((320, 240, 1.7 * K), (WIDTH, HEIGHT, K), (HEIGHT, WIDTH, K[[0, 1, 3, 2]]))[i % 3]
        photo, exif = Image.fromarray(synthetic.photograph(pose, pinhole, size=(w, h))), Image.Exif()
        if i % 3 == 2:
            photo, exif[0x0112] = photo.transpose(Image.Transpose.ROTATE_90), 6
        photo.save(folder / "images" / f"{i}.jpg", exif=exif, quality=98, subsampling=0)
        matrix = pose @ np.diag([1.0, -1, -1, 1])
        lens = dict(zip(("fl_x", "fl_y", "cx", "cy"), pinhole.tolist(), strict=True))
        frames.append({"file_path": f"images/{i}.jpg", "transform_matrix": matrix.tolist(), "w": w, "h": h, **lens})
    frames.append({**frames[0], "file_path": "images/gone.jpg"})
    (folder / "transforms.json").write_text(json.dumps({"frames": frames}))
    artifact, cameras = _capture(folder, tmp_path / "store", POSED | {"absent": "skip"}, width_px=200)
    assert left_out(artifact) == ": 9 of 10 photos"
    assert {(c["width"], c["height"]) for c in cameras["cameras"]} == {(200, 150), (160, 120), (120, 160)}
    assert max(_errors(artifact, cameras)) < 6
    assert len(np.load(artifact / "points.npz")["xyz"]) > 50


def test_what_is_transparent_is_no_content(tmp_path: Path) -> None:
    folder = synthetic.capture_folder(tmp_path)
    for path in (folder / "images").iterdir():
        photo = np.dstack([np.asarray(Image.open(path)), np.full((HEIGHT, WIDTH), 255, np.uint8)])
        photo[:, 110:] = (255, 0, 255, 0)
        Image.fromarray(photo).save(path)
    artifact, cameras = _capture(folder, tmp_path / "store", width_px=100)
    for photo, _, _, mask in _photos(artifact, cameras):
        assert (np.abs(photo[:, 69:].astype(int) - (255, 0, 255)).sum(-1) > 250).all()
        assert mask[:, :68].all()
        assert not mask[:, 69:].any()
    assert max(_errors(artifact, cameras)) < 6
    assert np.load(artifact / "points.npz")["obs_uv"][:, 0].max() < 72  # no point is seen there


def _source(case: Path) -> tuple[dict[str, Any], Path]:
    from compiler.project.load import load_project

    source = load_project(case).locations[case.name].source.model_dump()
    return source, case / "data" / source["path"]


DISCS = {
    (0.9, 0.5): (255, 0, 0),
    (-0.9, 0.6): (0, 255, 0),
    (0.7, -0.9): (0, 0, 255),
    (-0.7, -0.8): (255, 255, 0),
    (0.0, 1.1): (255, 0, 255),
    (1.3, -0.2): (0, 255, 255),
}


def _disc_errors_px(artifact: Path, cameras: dict[str, Any]) -> list[float]:
    """How far off the cameras put the discs that are known to lie on the ground of the cases."""
    errors = []
    for photo, camera, pose, _ in _photos(artifact, cameras):
        for (x, y), colour in DISCS.items():
            rows, columns = np.nonzero(np.abs(photo.astype(float) - colour).sum(-1) < 130)
            if len(rows) >= 12:
                right, down, ahead, _ = np.linalg.inv(pose) @ (x, y, 0, 1)
                u, v = camera["fl_x"] * right / ahead + camera["cx"], camera["fl_y"] * down / ahead + camera["cy"]
                errors.append(float(np.hypot(u - columns.mean() - 0.5, v - rows.mean() - 0.5)))
    return errors


@pytest.mark.parametrize(("case", "lenses"), [("exif-upright", 1), ("two-phones", 2), ("one-tele", 2), ("k3", 1), ("angle-y", 1)])
def test_cases_from_the_field(shared_data: Path, tmp_path: Path, case: str, lenses: int) -> None:
    source, folder = _source(shared_data / "field_cases" / case)
    artifact, cameras = _capture(folder, tmp_path, source)
    assert len(cameras["cameras"]) == lenses
    errors = _disc_errors_px(artifact, cameras)
    assert len(errors) > 40
    assert np.median(errors) < 0.6
    assert len(np.load(artifact / "points.npz")["xyz"]) > 90


def test_poses_of_other_photos_are_refused(shared_data: Path, tmp_path: Path) -> None:
    source, folder = _source(shared_data / "field_cases" / "world-to-camera")
    with pytest.raises(InputError) as caught:
        _capture(folder, tmp_path, source)
    assert [p.code for p in caught.value.problems] == ["R219"]
    assert "do not agree" in caught.value.problems[0].message
