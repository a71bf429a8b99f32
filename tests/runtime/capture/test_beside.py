"""What lies beside photos: masks keep things out, depth maps give points and scale, a known lens is kept, clouds are added."""

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from runtime.bound.source import Photos
from runtime.build.testing import run_stage
from runtime.capture.calibration import CalibrationError, read_calibration
from runtime.capture.depth import read_depth
from runtime.capture.digest import copy_source
from runtime.capture.inspect import inspect_source
from runtime.problem import InputError
from tests.runtime.capture import synthetic


def _source(**changes: Any) -> dict[str, Any]:
    return {"kind": "photos", "root": "captures", "path": "table", "poses": "transforms"} | changes


def _capture(folder: Path, store: Path, **source: Any) -> tuple[dict[str, Any], Any, Path]:
    model = Photos.model_validate(_source(**source))
    assert [p for p in inspect_source(model, folder) if not p.warning] == []
    copy, _ = copy_source(model, folder, store.parent / f"copy-{store.name}")
    artifact = run_stage("capture", {"source": _source(**source), "max_features": 400}, {}, store, source_dir=copy)
    return json.loads((artifact / "cameras.json").read_text()), np.load(artifact / "points.npz"), artifact


def _depth(c2w: np.ndarray, distortion: np.ndarray | None, size: tuple[int, int]) -> np.ndarray:
    """z-depth of the table's plane, [H, W] in its units."""
    scale = size[0] / synthetic.WIDTH
    v, u = np.mgrid[0 : size[1], 0 : size[0]] + 0.5
    fx, fy, cx, cy = synthetic.K * scale
    pixels = np.stack([u.ravel(), v.ravel()], axis=1)[:, None]
    matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    plain = cv2.undistortPoints(pixels, matrix, np.zeros(4) if distortion is None else distortion)[:, 0]
    rays = np.concatenate([plain, np.ones((len(plain), 1))], axis=1) @ c2w[:3, :3].T
    return (-c2w[2, 3] / rays[:, 2]).reshape(size[1], size[0])


def test_masks_depth_and_points(tmp_path: Path) -> None:
    """Half of each photo is masked; depth is that of a table twice as large in metres as in the poses."""
    folder = synthetic.capture_folder(tmp_path, distorted=True)
    poses = synthetic.ring()
    for name in ("masks", "depth"):
        (folder / name).mkdir()
    for i, pose in enumerate(poses):
        mask = np.zeros((synthetic.HEIGHT, synthetic.WIDTH), np.uint8)
        mask[:, : synthetic.WIDTH // 2] = 255
        name = f"{i:03d}.png.png" if i % 2 else f"{i:03d}.png"  # as COLMAP has it, and plainly
        cv2.imwrite(str(folder / "masks" / name), mask)
        metres = 2 * _depth(pose, synthetic.DISTORTION, (40, 30))
        if i % 2:
            cv2.imwrite(str(folder / "depth" / f"{i:03d}.png"), np.round(metres * 1000).astype(np.uint16))
        else:
            np.save(folder / "depth" / f"{i:03d}.npy", metres)
    cloud = np.array([(9, 9, 9, 10, 20, 30)], dtype=[(n, "<f4") for n in "xyz"] + [(n, "u1") for n in ("red", "green", "blue")])
    head = "ply\nformat binary_little_endian 1.0\nelement vertex 1\n" + "".join(f"property float {n}\n" for n in "xyz")
    head += "".join(f"property uchar {n}\n" for n in ("red", "green", "blue")) + "end_header\n"
    (folder / "cloud.ply").write_bytes(head.encode() + cloud.tobytes())
    cameras, points, artifact = _capture(folder, tmp_path / "store", masks="masks", depths="depth", points="cloud.ply")
    assert all("mask" in f for f in cameras["frames"])
    shown = cv2.imread(str(artifact / cameras["frames"][0]["mask"]), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    assert shown[40:80, 8:72].min() == 255
    assert shown[:, 90:].max() == 0
    assert cameras["scale_m_per_unit"] == pytest.approx(2, rel=0.01)
    assert cameras["scale_from"] == "depth"
    assert points["xyz"][-1].tolist() == [9, 9, 9]
    assert points["rgb"][-1].tolist() == [10, 20, 30]
    laid = points["xyz"][-1 - 8 * 150 : -1]  # by the depth maps: on the table, seen where they say
    assert np.abs(laid[:, 2]).max() < 0.02
    assert len(points["xyz"]) - len(laid) - 1 > 20  # of features, in the halves that are white


def test_masked_features_are_not_used(tmp_path: Path) -> None:
    folder = synthetic.capture_folder(tmp_path)
    (folder / "masks").mkdir()
    mask = np.zeros((synthetic.HEIGHT, synthetic.WIDTH), np.uint8)
    mask[:, :80] = 255
    for i in range(8):
        cv2.imwrite(str(folder / "masks" / f"{i:03d}.png"), mask)
    _, points, _ = _capture(folder, tmp_path / "store", masks="masks")
    assert len(points["obs_uv"]) > 30
    assert points["obs_uv"][:, 0].max() < 84  # a feature has some width


@pytest.mark.parametrize("turned", [(), (2, 5)], ids=["alike", "turned"])
def test_a_known_lens_is_kept(tmp_path: Path, turned: tuple[int, ...]) -> None:
    """Also where the camera was turned for some photos: they share the lens as they are stored."""
    folder = tmp_path / "table"
    poses, bent = synthetic.ring(8), synthetic.DISTORTION * [1, 1, 10, 10]
    rolled = np.array([[0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])  # from the camera that is upright
    stored = [p @ rolled.T if i in turned else p for i, p in enumerate(poses)]
    synthetic.write_photos(folder, [synthetic.photograph(p, synthetic.K * 2, bent, (320, 240)) for p in stored])
    exif = Image.Exif()
    exif[0x0112] = 6
    for i in turned:
        with Image.open(path := folder / "images" / f"{i:03d}.png") as photo:
            photo.save(path, "JPEG", exif=exif, quality=98, subsampling=0)  # what it is, its bytes say
    fx, fy, cx, cy = (float(v) for v in synthetic.K * 4)
    file = cv2.FileStorage(str(folder / "camera.yml"), cv2.FILE_STORAGE_WRITE)  # of photos of twice the size
    file.write("image_width", 640)
    file.write("image_height", 480)
    file.write("camera_matrix", np.array([[fx, 0, cx - 0.5], [0, fy, cy - 0.5], [0, 0, 1]]))
    file.write("distortion_coefficients", np.append(bent, 0.0)[None])
    file.release()
    from runtime.capture.lens import Lens
    from runtime.capture.undistort import straight

    (folder / "masks").mkdir()
    mask = np.full((240, 320), 255, np.uint8)
    mask[:50] = 0
    for i in range(8):
        cv2.imwrite(str(folder / "masks" / f"{i:03d}.png"), mask)
    cameras, points, artifact = _capture(folder, tmp_path / "store", poses="none", lens="camera.yml", masks="masks")
    assert points["obs_uv"][:, 1].min() > 40 or turned
    camera, *other = cameras["cameras"]
    expected = straight(Lens(320, 240, tuple((synthetic.K * 2).tolist()), (*bent.tolist(), 0.0)), 320)
    assert (camera["fl_x"], camera["fl_y"], camera["cx"], camera["cy"]) == pytest.approx(expected.pinhole, abs=1e-6)
    assert [(c["width"], c["height"]) for c in other] == [(240, 320)] * bool(turned)
    for frame, pose in zip(cameras["frames"], poses, strict=True):  # each photo is what a pinhole sees there
        lens = cameras["cameras"][frame["camera"]]
        pinhole = np.array([lens[key] for key in ("fl_x", "fl_y", "cx", "cy")])
        right = synthetic.photograph(pose, pinhole, size=(lens["width"], lens["height"])).astype(float)
        shown = np.asarray(Image.open(artifact / frame["file"]).convert("RGB"), float)
        assert np.abs(shown - right)[60:-20, 20:-20].mean() < 6
    found = np.array([f["c2w"] for f in cameras["frames"]])
    turns = np.swapaxes(found[:1, :3, :3], 1, 2) @ found[:, :3, :3]
    right = np.swapaxes(poses[:1, :3, :3], 1, 2) @ poses[:, :3, :3]
    apart = np.degrees(np.arccos(np.clip((np.trace(np.swapaxes(turns, 1, 2) @ right, axis1=1, axis2=2) - 1) / 2, -1, 1)))
    assert apart.max() < 0.5
    assert len(points["xyz"]) > 100


ROS = "image_width: 640\nimage_height: 480\ncamera_matrix: {rows: 3, cols: 3, data: [500, 0, 320, 0, 501, 240, 0, 0, 1]}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ROS + "distortion_model: plumb_bob\ndistortion_coefficients: {rows: 1, cols: 5, data: [0.1, 0, 0, 0, 0]}\n", None),
        (
            json.dumps({"image_size": [640, 480], "mtx": [[500, 0, 320], [0, 501, 240], [0, 0, 1]], "dist": [[0.1, 0, 0, 0, 0]]}),
            None,
        ),
        (ROS + "distortion_model: equidistant\n", "`equidistant`, which is not a perspective one"),
        (ROS.replace("500", "-500"), "impossible `fx`"),
        (ROS.replace("500", ".inf"), "something else than numbers"),
        (ROS.replace("image_width: 640", ""), "impossible `width`"),
        ("camera_matrix: !!python/object/apply:os.system [id]", "is neither YAML nor JSON"),
        ("[1, 2]", "holds no mapping"),
        (ROS + "distortion_coefficients: [0, 0, 0, 0, 0, 1, 2, 3]\n", "distortion beyond"),
    ],
)
def test_calibration_files(tmp_path: Path, text: str, said: str | None) -> None:
    (tmp_path / "lens").write_text(text)
    if said is None:
        lens = read_calibration(tmp_path / "lens")
        assert (lens.width, lens.fx, lens.fy, lens.cx, lens.cy, lens.k1) == (640, 500, 501, 320.5, 240.5, 0.1)
        return
    with pytest.raises(CalibrationError, match=said):
        read_calibration(tmp_path / "lens")


def test_depth_files(tmp_path: Path) -> None:
    metres = np.linspace(0.2, 6, 12, dtype=np.float32).reshape(3, 4)
    metres[0, 0] = np.nan
    np.save(tmp_path / "a.npy", metres)
    cv2.imwrite(str(tmp_path / "a.png"), np.nan_to_num(metres * 1000).astype(np.uint16))
    first = read_depth(tmp_path / "a.npy")
    read_depth(tmp_path / "a.png")  # before any EXR, so that they are switched on in time
    assert cv2.imwrite(str(tmp_path / "a.exr"), metres)
    for name in ("a.png", "a.exr"):
        np.testing.assert_allclose(read_depth(tmp_path / name), first, atol=1e-3)
    assert first[0, 0] == 0
    np.save(tmp_path / "b.npy", np.array([{}], object), allow_pickle=True)
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((3, 4), np.uint8))
    (tmp_path / "b.exr").write_bytes(b"")
    (tmp_path / "c.npy").write_bytes(b"")
    (tmp_path / "d.npy").write_bytes(b"PK\3\4 and no more")
    np.save(tmp_path / "e.npy", np.zeros((0, 4), np.float32))
    broken = ("b.npy", "b.png", "b.exr", "c.npy", "d.npy", "e.npy")
    for name in broken:
        with pytest.raises(InputError) as caught:
            read_depth(tmp_path / name)
        assert caught.value.problems[0].code == "R211"
    cv2.imwrite(str(tmp_path / "a.tiff"), metres)
    folder = tmp_path / "table"
    (folder / "depth").mkdir(parents=True)
    names = synthetic.write_photos(folder, [np.full((12, 16, 3), 40 * i, np.uint8) for i in range(6)])
    synthetic.write_transforms(folder, synthetic.ring(6), names)
    huge = bytearray((tmp_path / "a.exr").read_bytes())
    at = huge.index(b"dataWindow") + 21
    huge[at : at + 16] = struct.pack("<4i", 0, 0, 2**20, 2**20)
    (tmp_path / "f.exr").write_bytes(huge)
    whole = np.lib.format.magic(1, 0) + struct.pack("<H", 64)
    (tmp_path / "g.npy").write_bytes(whole + b"{'descr': '<f4', 'fortran_order': False, 'shape': (99, 99)}".ljust(64))
    (tmp_path / "h.npy").write_bytes(whole + b"__import__('os').getcwd()".ljust(64))
    for name in ("a.npy", "a.png", "a.exr", "a.tiff", *broken, "f.exr", "g.npy", "h.npy"):  # as `check` sees them
        for old in (folder / "depth").iterdir():
            old.unlink()
        shutil.copy(tmp_path / name, folder / "depth" / f"003{Path(name).suffix}")
        found = [p for p in inspect_source(Photos.model_validate(_source(depths="depth")), folder) if not p.warning]
        assert [(p.code, p.key) for p in found] == ([] if name[0] == "a" else [("R211", "source.depths")]), name


@pytest.mark.parametrize(
    ("change", "code", "key", "said"),
    [
        ({"masks": "masks"}, "R210", "source.masks", "no folder `masks` in `table`"),
        ({"masks": "images/../.."}, "R218", "source.masks", "leaves the root"),
        ({"depths": "other"}, "R212", "source.depths", "nothing in `other` of `table` has the name of a photo"),
        ({"points": "cloud.ply"}, "R215", "source.points", "`cloud.ply` cannot be read"),
        ({"points": "images/000.png"}, "R215", "source.points", "is not a PLY file"),
        ({"points": "scan.las"}, "R215", "source.points", "`scan.las` is a LAS or LAZ point cloud, not a PLY"),
        ({"points": "cloud.ply", "poses": "none"}, "R214", "source.points", "and here they are estimated"),
        ({"lens": "camera.yml"}, "R214", "source.lens", "a lens is stated where poses are given"),
        ({"lens": "camera.yml", "poses": "none"}, "R210", "source.lens", "`camera.yml` of `table` cannot be read"),
        ({"lens": "images/000.png", "poses": "none"}, "R214", "source.lens", "is neither YAML nor JSON"),
    ],
)
def test_what_a_source_names_wrongly(tmp_path: Path, change: dict[str, Any], code: str, key: str, said: str) -> None:
    folder = tmp_path / "table"
    (folder / "other").mkdir(parents=True)
    (folder / "scan.las").write_bytes(b"LASF" + bytes(300))
    names = synthetic.write_photos(folder, [np.full((12, 16, 3), 40 * i, np.uint8) for i in range(6)])
    synthetic.write_transforms(folder, synthetic.ring(6), names)
    (problem,) = (p for p in inspect_source(Photos.model_validate(_source(**change)), folder) if not p.warning)
    assert (problem.code, problem.key) == (code, key)
    assert said in problem.message
