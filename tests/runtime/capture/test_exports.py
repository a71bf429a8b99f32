"""Each app's export, written by its own rules from known cameras, gives these cameras back; broken ones say how."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from runtime.bound.source import Photos
from runtime.build.testing import run_stage
from runtime.capture.digest import copy_source, digest_source
from runtime.capture.files import locate
from runtime.capture.image_header import read_header
from runtime.capture.inspect import inspect_source
from runtime.capture.named import named
from runtime.capture.read_posed import read_posed
from tests.runtime.capture import synthetic

COUNT = 6
DISTORTION = np.array([-0.12, 0.03, 0.001, -0.002])


def _source(poses: str, **changes: Any) -> Photos:
    return Photos.model_validate({"kind": "photos", "root": "captures", "path": "table", "poses": poses} | changes)


def _gl(c2w: np.ndarray) -> np.ndarray:
    return c2w @ np.diag([1, -1, -1, 1])


def _photos(folder: Path, images: str, distorted: bool = False, suffix: str = "png") -> np.ndarray:
    poses = synthetic.ring(COUNT)
    shots = [synthetic.photograph(p, distortion=DISTORTION if distorted else None) for p in poses]
    synthetic.write_photos(folder, shots, suffix)
    if images != "images":
        (folder / images).parent.mkdir(parents=True, exist_ok=True)
        (folder / "images").rename(folder / images)
    return poses


def _polycam(folder: Path) -> np.ndarray:
    world = np.eye(4)[[1, 2, 0, 3]]  # z up -> y up
    poses = world @ _photos(folder, "keyframes/corrected_images", suffix="jpg")
    fx, fy, cx, cy = synthetic.K
    lens = {"fx": fx, "fy": fy, "cx": cx, "cy": cy, "width": 160, "height": 120, "blur_score": 90.0, "timestamp": 1}
    (folder / "keyframes" / "corrected_cameras").mkdir()
    for i, m in enumerate(_gl(poses)):
        said = lens | {f"t_{r}{c}": m[r, c] for r in range(3) for c in range(4)}
        (folder / "keyframes" / "corrected_cameras" / f"{i:03d}.json").write_text(json.dumps(said))
    return poses


def _record3d(folder: Path) -> np.ndarray:
    world = np.eye(4)[[1, 2, 0, 3]]
    poses = world @ _photos(folder, "rgbd")
    for i in range(COUNT):
        (folder / "rgbd" / f"{i:03d}.png").rename(folder / "rgbd" / f"{i}.png")
    turned = Rotation.from_matrix(_gl(poses)[:, :3, :3]).as_quat()
    fx, fy, cx, cy = synthetic.K
    said = {"w": 160, "h": 120, "K": [fx, 0, 0, 0, fy, 0, cx, cy, 1], "fps": 30, "dw": 40, "dh": 30}
    said["poses"] = np.hstack([turned, poses[:, :3, 3]]).tolist()
    (folder / "metadata").write_text(json.dumps(said))
    return poses


def _metashape(folder: Path) -> np.ndarray:
    poses = _photos(folder, "images", distorted=True)
    fx, _, cx, cy = synthetic.K
    turn, move, scale = Rotation.from_euler("xyz", [0.3, -0.2, 1.0]).as_matrix(), np.array([4.0, 5.0, -6.0]), 2.5
    k1, k2, p1, p2 = DISTORTION
    rows = []
    for i, pose in enumerate(poses):
        inner = np.eye(4)
        inner[:3, :3], inner[:3, 3] = turn.T @ pose[:3, :3], turn.T @ (pose[:3, 3] - move) / scale
        text = " ".join(map(repr, inner.ravel().tolist()))
        rows.append(f'<camera id="{i}" sensor_id="0" label="{i:03d}"><transform>{text}</transform></camera>')
    rows.append('<camera id="90" sensor_id="0" label="098" enabled="false"><transform>1</transform></camera>')
    rows.append('<camera id="91" sensor_id="0" label="099"/>')  # not aligned
    lens = {"f": fx, "cx": cx - 80, "cy": cy - 60, "k1": k1, "k2": k2, "p1": p2, "p2": p1}
    words = "".join(f"<{key}>{float(value)!r}</{key}>" for key, value in lens.items())
    placed = f"<rotation>{' '.join(map(repr, turn.ravel().tolist()))}</rotation>"
    placed += f"<translation>{' '.join(map(repr, move.tolist()))}</translation><scale>{scale}</scale>"
    (folder / "cameras.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<document version="2.0.0"><chunk label="Chunk 1" enabled="true"><sensors>'
        '<sensor id="0" label="phone" type="frame"><resolution width="160" height="120"/><calibration class="initial">'
        '<f>100</f></calibration><calibration type="frame" class="adjusted"><resolution width="160" height="120"/>'
        f'{words}</calibration></sensor></sensors><cameras next_id="9"><group id="0">{"".join(rows)}</group></cameras>'
        f"<transform>{placed}</transform></chunk></document>"
    )
    return poses


def _realityscan_csv(folder: Path) -> np.ndarray:
    poses = _photos(folder, "images", distorted=True)
    lines = ["#cameras 6", "#name,x,y,alt,heading,pitch,roll,f,px,py,k1,k2,k3,k4,t1,t2"]
    k1, k2, t1, t2 = DISTORTION
    for i, pose in enumerate(poses):
        yaw, pitch, roll = Rotation.from_matrix(_gl(pose)[:3, :3]).as_euler("ZXY", degrees=True)
        x, y, z = pose[:3, 3]
        numbers = [x, y, z, -yaw, pitch, roll, synthetic.K[0] / 160 * 36, 0, 0, k1, k2, 0, 0, t1, t2]
        lines.append(f"{i:03d}.png," + ",".join(repr(float(v)) for v in numbers))
    (folder / "cameras.csv").write_text("\n".join(lines) + "\n")
    return poses


def _realityscan_xmp(folder: Path) -> np.ndarray:
    poses = _photos(folder, "images")
    for i, pose in enumerate(poses):
        turn = " ".join(map(repr, pose[:3, :3].T.ravel().tolist()))
        (folder / "images" / f"{i:03d}.xmp").write_text(
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description xcr:Version="3" xcr:DistortionModel="brown3" xcr:FocalLength35mm="33.75" '
            'xcr:PrincipalPointU="0" xcr:PrincipalPointV="0" xmlns:xcr="http://www.capturingreality.com/ns/xcr/1.1#">'
            f"<xcr:Rotation>{turn}</xcr:Rotation><xcr:Position>{' '.join(map(repr, pose[:3, 3].tolist()))}</xcr:Position>"
            "<xcr:DistortionCoeficients>0 0 0 0 0 0</xcr:DistortionCoeficients></rdf:Description></rdf:RDF></x:xmpmeta>"
        )
    return poses


def _split(folder: Path) -> np.ndarray:
    """As NeRF-synthetic has it: names without suffix, one angle, a file for each part."""
    poses = _photos(folder, "images")
    (folder / "images").rename(folder / "train")
    (folder / "test").mkdir()
    angle = 2 * math.atan(80 / synthetic.K[0])
    for part, chosen in (("train", range(4)), ("test", range(4, 6))):
        frames = [
            {"file_path": f"./{part}/{i:03d}", "rotation": 0.01, "transform_matrix": _gl(poses[i]).tolist()} for i in chosen
        ]
        (folder / f"transforms_{part}.json").write_text(json.dumps({"camera_angle_x": angle, "frames": frames}))
    for i in (4, 5):
        (folder / "train" / f"{i:03d}.png").rename(folder / "test" / f"{i:03d}.png")
    return np.concatenate([poses[4:], poses[:4]])  # in order of names


KINDS = {
    "polycam": ("polycam", _polycam),
    "record3d": ("record3d", _record3d),
    "metashape": ("metashape", _metashape),
    "csv": ("realityscan", _realityscan_csv),
    "xmp": ("realityscan", _realityscan_xmp),
    "split": ("transforms", _split),
}


@pytest.mark.parametrize("name", KINDS)
def test_cameras_come_back(tmp_path: Path, name: str) -> None:
    kind, write = KINDS[name]
    poses = write(tmp_path / "table")
    source = _source(kind)
    folder = locate(source, tmp_path)
    assert inspect_source(source, folder) == []
    found = named(source, folder)
    lens = next(iter(found.cameras.values())).lens(read_header(next(iter(found.used.values()))))
    assert lens.pinhole == pytest.approx(tuple(synthetic.K))
    bent = DISTORTION if name in ("metashape", "csv") else np.zeros(4)
    assert (*lens.distortion, 0, 0, 0, 0)[:4] == pytest.approx(tuple(bent))
    copy, digest = copy_source(source, folder, tmp_path / "copy")  # nothing else is needed
    assert digest == digest_source(source, folder)
    artifact = run_stage("capture", {"source": source.model_dump(), "max_features": 500}, {}, tmp_path / "store", source_dir=copy)
    cameras = json.loads((artifact / "cameras.json").read_text())
    np.testing.assert_allclose([f["c2w"] for f in cameras["frames"]], poses, atol=1e-6)
    if name in ("polycam", "record3d"):
        assert cameras["scale_m_per_unit"] == 1.0
        assert cameras["up"] == [0, 1, 0]
    assert [f["held_out"] for f in cameras["frames"]] == [name == "split", True, False, False, False, False]
    points = np.load(artifact / "points.npz")["xyz"]
    height = points @ np.array(cameras["up"])
    assert len(points) > 30
    assert np.median(np.abs(height)) < 0.02  # photos and poses belong together: what they share lies on the table


def _edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    roots = {name: tmp_path_factory.mktemp(name) for name in KINDS}
    for name, root in roots.items():
        KINDS[name][1](root / "table")
    return roots


def test_a_fourth_radial_term_and_packed_depth(exported: dict[str, Path], tmp_path: Path) -> None:
    for name, file, change in (
        ("metashape", "cameras.xml", lambda t: t.replace("<k1>", "<k4>0.25</k4><k1>")),
        ("csv", "cameras.csv", lambda t: t.replace(",0.0,0.0,0.001,", ",0.0,0.25,0.001,")),
    ):
        root = Path(shutil.copytree(exported[name], tmp_path / name))
        _edit(root / "table" / file, change)
        source = _source(KINDS[name][0])
        found = named(source, locate(source, root))
        photo, camera = next(iter(found.used.values())), next(iter(found.cameras.values()))
        lens = camera.lens(read_header(photo))
        assert (lens.model, lens.distortion[:6]) == ("POLYNOMIAL", pytest.approx((*DISTORTION, 0, 0.25)))
    (exported["record3d"] / "table/rgbd/0.depth").write_bytes(b"bvx2")
    (told,) = inspect_source(_source("record3d"), locate(_source("record3d"), exported["record3d"]))
    assert (told.code, told.warning) == ("R221", True)
    assert "packed as LZFSE" in told.message


BOMB = '<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]>'


@pytest.mark.parametrize(
    ("name", "file", "change", "code", "said"),
    [
        ("polycam", "keyframes/corrected_cameras/002.json", lambda t: t.replace("t_13", "t_33"), "R214", "`t_13` in `002.json`"),
        ("polycam", "keyframes/corrected_cameras/002.json", lambda t: t[:-3], "R214", "is not valid JSON"),
        ("record3d", "metadata", lambda t: t.replace('"poses"', '"pose"'), "R214", "has no list `poses`"),
        ("record3d", "metadata", lambda t: t.replace('"K": [', '"K": [1, '), "R214", "has no `K` of nine numbers"),
        ("metashape", "cameras.xml", lambda t: t.replace("<document", BOMB + "<document"), "R214", "declares a document type"),
        ("metashape", "cameras.xml", lambda t: t[:-9], "R214", "is not valid XML"),
        ("metashape", "cameras.xml", lambda t: t.replace('type="frame"', 'type="fisheye"', 1), "R214", "not a perspective one"),
        ("metashape", "cameras.xml", lambda t: t.replace('label="003"', 'label="../../733"'), "R218", "outside its folder"),
        ("metashape", "cameras.xml", lambda t: t.replace("<k1>", "<b2>9</b2><k1>", 1), "R214", "b2, pixels that are skewed"),
        ("metashape", "cameras.xml", lambda t: t.replace('label="003"', 'label="733"'), "R212", "`images/733`"),
        ("csv", "cameras.csv", lambda t: t.replace("003.png", "3" * 200_000), "R214", "is not valid CSV"),
        ("csv", "cameras.csv", lambda t: t.replace("heading", "azimuth"), "R214", "has no column `heading`"),
        ("csv", "cameras.csv", lambda t: t.replace("003.png", "../../733.png"), "R218", "outside its folder"),
        ("csv", "cameras.csv", lambda t: t.replace("003.png,", "003.png,?"), "R214", "has no number for `x` of `003.png`"),
        (
            "xmp",
            "images/003.xmp",
            lambda t: t.replace("<xcr:Position>", "<xcr:Position>7 "),
            "R214",
            "has 4 numbers for `Position`",
        ),
        ("xmp", "images/003.xmp", lambda t: BOMB + t, "R214", "declares a document type"),
        (
            "split",
            "transforms_test.json",
            lambda t: t.replace("frames", "frame"),
            "R214",
            "no list `frames` in `transforms_test.json`",
        ),
        (
            "split",
            "transforms_test.json",
            lambda t: t.replace('"rotation"', '"mask_path": "m.png", "rotation"'),
            "R212",
            "`m.png`",
        ),
        (
            "split",
            "transforms_train.json",
            lambda t: t.replace('{"cam', '{"ply_file_path": "../x.ply", "cam'),
            "R218",
            "`../x.ply`",
        ),
    ],
)
def test_broken_exports_say_what_is_wrong(
    exported: dict[str, Path], name: str, file: str, change: Callable[[str], str], code: str, said: str
) -> None:
    path = exported[name] / "table" / file
    whole = path.read_text()
    path.write_text(change(whole))
    assert path.read_text() != whole
    try:
        source = _source(KINDS[name][0])
        (problem,) = inspect_source(source, locate(source, exported[name]))
        digest_source(source, locate(source, exported[name]))  # what plans ask for, whatever the file holds
    finally:
        path.write_text(whole)
    assert problem.code == code
    assert said in problem.message
    assert "`table`" in problem.message
    assert problem.help


def test_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "table" / "images").mkdir(parents=True)
    (tmp_path / "table" / "scan.r3d").write_bytes(b"PK")
    expected = {
        "polycam": "the Polycam export of `table` has no folder `keyframes/corrected_cameras` or `keyframes/cameras`",
        "record3d": "the Record3D export of `table` is packed: unzip `scan.r3d` (it is a ZIP) here",
        "metashape": "the Metashape export of `table` has no file `*.xml`: name the one with the cameras with `model`",
        "realityscan": "the RealityScan export of `table` has neither a CSV of cameras nor XMP files beside the photos in "
        "`images`",
    }
    for kind, message in expected.items():
        (problem,) = inspect_source(_source(kind), locate(_source(kind), tmp_path))
        assert (problem.code, problem.message) == ("R214", message)
    for i in range(2):
        (tmp_path / "table" / f"{i}.csv").write_text("")
    (problem,) = inspect_source(_source("realityscan"), locate(_source("realityscan"), tmp_path))
    assert problem.message.endswith("has 2 files `*.csv`: name the one with the cameras with `model`")


def test_colmap_models_with_rigs(tmp_path: Path) -> None:
    """COLMAP 3.12 and later write two files more; each photo's own pose is in the old ones still."""
    import pycolmap

    folder = tmp_path / "table"
    model, rig = pycolmap.Reconstruction(), pycolmap.Rig(rig_id=1)
    cameras = [pycolmap.Camera(camera_id=i, model="PINHOLE", width=160, height=120, params=synthetic.K.tolist()) for i in (1, 2)]
    aside = pycolmap.Rigid3d(pycolmap.Rotation3d(np.eye(3)), np.array([-0.1, 0, 0]))
    for camera in cameras:
        model.add_camera(camera)
    rig.add_ref_sensor(cameras[0].sensor_id)
    rig.add_sensor(cameras[1].sensor_id, aside)
    model.add_rig(rig)
    expected: dict[str, np.ndarray] = {}
    for i, pose in enumerate(synthetic.ring(4)):
        w2c = np.linalg.inv(pose)
        frame = pycolmap.Frame(frame_id=i + 1, rig_id=1)
        frame.rig_from_world = pycolmap.Rigid3d(pycolmap.Rotation3d(w2c[:3, :3]), w2c[:3, 3])
        images = [pycolmap.Image(name=f"eye{c}/{i}.png", camera_id=c, image_id=2 * i + c) for c in (1, 2)]
        for image in images:
            image.frame_id = i + 1
            frame.add_data_id(image.data_id)
            left = image.camera_id == 1
            expected[image.name] = pose if left else pose @ np.array([[1, 0, 0, 0.1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
        model.add_frame(frame)
        for image in images:
            model.add_image(image)
        model.register_frame(i + 1)
    place = folder / "sparse" / "0"
    place.mkdir(parents=True)
    model.write_binary(place)
    assert (place / "rigs.bin").exists()
    for name, pose in expected.items():
        path = folder / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), synthetic.photograph(pose))
    assert inspect_source(_source("colmap"), folder) == []
    posed = read_posed(_source("colmap"), folder)
    assert posed.names == sorted(expected)
    np.testing.assert_allclose(posed.c2w, [expected[name] for name in posed.names], atol=1e-9)
