"""Every way in which a source can be broken gives its code, once, before anything is built."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from runtime.bound.source import HiddenSite, Photos, SplatFile
from runtime.capture.files import locate
from runtime.capture.inspect import inspect_source
from runtime.problem import Problem
from tests.runtime.capture import synthetic


def _source(**changes: Any) -> Photos:
    return Photos.model_validate({"kind": "photos", "root": "captures", "path": "table", "poses": "transforms"} | changes)


def _plain(root: Path) -> Path:
    """Six tiny flat photos with transforms.json and without a COLMAP model."""
    folder = root / "table"
    names = synthetic.write_photos(folder, [np.full((12, 16, 3), 40 * i, np.uint8) for i in range(6)])
    synthetic.write_transforms(folder, synthetic.ring(6), names)
    return folder


def _edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "transforms.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def _codes(source: Photos | SplatFile, root: Path) -> list[str]:
    return [p.code for p in inspect_source(source, locate(source, root))]


def _one(source: Photos | SplatFile, root: Path) -> Problem:
    (problem,) = inspect_source(source, locate(source, root))
    assert problem.message[0] == problem.message[0].lower()
    assert not problem.message.removesuffix(" ...").endswith(".")
    assert problem.help
    assert problem.key.startswith("source.")
    return problem


def test_whole_captures_have_no_problems(tmp_path: Path) -> None:
    _plain(tmp_path)
    assert _codes(_source(), tmp_path) == []
    assert _codes(_source(poses="none"), tmp_path) == []
    assert inspect_source(HiddenSite(kind="hidden_site", seed=1), None) == []


def test_absent_folder(tmp_path: Path) -> None:
    problem = _one(_source(), tmp_path)
    assert (problem.code, problem.key) == ("R210", "source.path")
    assert problem.message == "no folder `table` in root `captures`"


def test_absent_photo_folder(tmp_path: Path) -> None:
    _plain(tmp_path)
    problem = _one(_source(poses="none", images="pictures"), tmp_path)
    assert (problem.code, problem.key) == ("R210", "source.images")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_folder_that_cannot_be_read(tmp_path: Path) -> None:
    folder = _plain(tmp_path)
    folder.chmod(0)
    try:
        assert _codes(_source(), tmp_path) == ["R210"]
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"])
@pytest.mark.parametrize("poses", ["none", "transforms"])
def test_photo_that_is_no_photo(tmp_path: Path, content: bytes, poses: str) -> None:
    (_plain(tmp_path) / "images" / "002.png").write_bytes(content)
    problem = _one(_source(poses=poses), tmp_path)
    assert problem.code == "R211"
    assert "002.png" in problem.message


def test_truncated_photos_are_counted(tmp_path: Path) -> None:
    folder = _plain(tmp_path)
    for name in ("001.png", "004.png"):
        path = folder / "images" / name
        path.write_bytes(path.read_bytes()[:-5])
    problem = _one(_source(), tmp_path)
    assert problem.message == "photo `images/001.png` of `table` is truncated, and 1 more cannot be used"


def test_absent_photos_are_named_once(tmp_path: Path) -> None:
    folder = _plain(tmp_path)
    for i in (0, 2, 3, 5):
        (folder / "images" / f"{i:03d}.png").unlink()
    problem = _one(_source(), tmp_path)
    assert problem.code == "R212"
    assert "4 photos (`images/000.png`, `images/002.png`, `images/003.png`, ...)" in problem.message


def test_sizes_may_be_mixed_and_shapes_are_those_of_their_cameras(tmp_path: Path) -> None:
    folder = _plain(tmp_path)
    cv2.imwrite(str(folder / "images" / "003.png"), np.zeros((24, 32, 3), np.uint8))
    assert _codes(_source(), tmp_path) == []
    for size, said in ((16, 16), "is 16x16, but its camera in the pose file 160x120, which"), ((16, 12), "the turned size"):
        cv2.imwrite(str(folder / "images" / "003.png"), np.zeros((*size, 3), np.uint8))
        problem = _one(_source(), tmp_path)
        assert problem.code == "R213"
        assert said in problem.message
    assert _codes(_source(poses="none"), tmp_path) == []


def test_independent_problems_come_together(tmp_path: Path) -> None:
    folder = _plain(tmp_path)
    (folder / "images" / "000.png").unlink()
    (folder / "images" / "001.png").write_bytes(b"x")
    cv2.imwrite(str(folder / "images" / "003.png"), np.zeros((16, 16, 3), np.uint8))
    assert _codes(_source(), tmp_path) == ["R212", "R211", "R213"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("frames"), "has no list `frames`"),
        (lambda c: c["frames"].clear(), "lists no frames"),
        (lambda c: c["frames"][2].pop("transform_matrix"), "has no `transform_matrix` in frame 2"),
        (lambda c: c["frames"][1]["transform_matrix"].pop(), None),  # three rows are accepted
        (lambda c: c["frames"][1]["transform_matrix"][0].pop(), "not 4x4 numbers in frame 1"),
        (lambda c: c["frames"][1]["transform_matrix"][0].__setitem__(0, 5), "not a rotation"),
        (lambda c: c["frames"][1]["transform_matrix"][0].__setitem__(3, float("nan")), "not 4x4 numbers"),
        (lambda c: [c.pop(key) for key in ("fl_x", "fl_y")], "neither `fl_x` nor `camera_angle_x`"),
        (lambda c: c.update(fl_x=-1), "impossible `fl_x`"),
        (lambda c: c.update(camera_model="ORTHOPHOTO"), "which is not known"),
        (lambda c: c.pop("h"), "has `w` without `h`"),
        (lambda c: c.update(k1="a"), "has a `k1` that is not a number"),
        (lambda c: c.update(w=0), "impossible `w` or `h`"),
        (lambda c: c.update(fl_x=10**400), "has a `fl_x` that is not a number"),
        (lambda c: c.update(cx=1e308), "has a `cx` that is not a number"),
        (lambda c: [c.pop("fl_x"), c.pop("fl_y"), c.update(camera_angle_x=5e-324)], "impossible `camera_angle_x`"),
        (lambda c: c.update(up=[0, 0, 0]), "an `up` without length"),
        (lambda c: c["frames"][1].update(file_path="a\ud800/001.png"), "a name that is no text"),
        (lambda c: c["frames"][1].update(file_path="images/000.png"), "names `images/000.png` twice"),
    ],
)
def test_malformed_transforms(tmp_path: Path, change: Callable[[dict[str, Any]], object], said: str | None) -> None:
    _edit(_plain(tmp_path), change)
    if said is None:
        assert _codes(_source(), tmp_path) == []
        return
    problem = _one(_source(), tmp_path)
    assert problem.code == "R214"
    assert said in problem.message


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_transforms_that_is_no_json(tmp_path: Path, content: bytes) -> None:
    (_plain(tmp_path) / "transforms.json").write_bytes(content)
    assert _one(_source(), tmp_path).code == "R214"


def test_absent_pose_files(tmp_path: Path) -> None:
    (_plain(tmp_path) / "transforms.json").unlink()
    assert _one(_source(), tmp_path).key == "source.poses"
    assert _one(_source(poses="colmap"), tmp_path).message == "no COLMAP model in `table`"
    assert _one(_source(poses="colmap", model="deep/0"), tmp_path).key == "source.model"


@pytest.mark.parametrize("name", ["cameras", "images"])
@pytest.mark.parametrize("binary", [False, True])
def test_damaged_colmap_model(tmp_path: Path, binary: bool, name: str) -> None:
    folder = _plain(tmp_path)
    names = [f"{i:03d}.png" for i in range(6)]
    synthetic.write_colmap(folder, synthetic.ring(6), names, synthetic.table_points(5), binary)
    assert _codes(_source(poses="colmap"), tmp_path) == []
    path = folder / "sparse" / "0" / f"{name}.{'bin' if binary else 'txt'}"
    path.write_bytes(path.read_bytes()[:-30] if binary else b"1 what")
    problem = _one(_source(poses="colmap"), tmp_path)
    assert problem.code == "R214"
    assert f"`{path.name}`" in problem.message


def test_pose_files_of_a_size_that_nobody_reads(tmp_path: Path) -> None:
    folder = _plain(tmp_path)
    synthetic.write_colmap(folder, synthetic.ring(6), [f"{i:03d}.png" for i in range(6)], synthetic.table_points(5), True)
    os.truncate(folder / "sparse" / "0" / "points3D.bin", 2**40)  # holes
    os.truncate(folder / "transforms.json", 2**40)
    problem = _one(_source(poses="colmap"), tmp_path)
    assert problem.message == "the COLMAP model of `table` is too large: `points3D.bin` has more than 2,048 MiB"
    assert _one(_source(), tmp_path).message == "`transforms.json` of `table` cannot be read: it has more than 64 MiB"


def test_too_few_photos(tmp_path: Path) -> None:
    folder = _plain(tmp_path)
    _edit(folder, lambda c: c["frames"].__delitem__(slice(4, None)))
    assert _one(_source(), tmp_path).message == "`table` has 4 photos, a capture needs at least 5"
    for path in (folder / "images").iterdir():
        path.unlink()
    assert _one(_source(poses="none"), tmp_path).message == "`table` has no photos, a capture needs at least 5"


@pytest.mark.parametrize("path", ["../table", "/table", "a/../../b", "C:/table"])
def test_paths_that_leave_the_root_are_refused_without_a_folder(path: str) -> None:
    (problem,) = inspect_source(_source(path=path), None)
    assert (problem.code, problem.key) == ("R218", "source.path")


def test_pose_file_may_not_point_outside(tmp_path: Path) -> None:
    folder = _plain(tmp_path)
    (tmp_path / "secret.png").write_bytes((folder / "images" / "000.png").read_bytes())
    _edit(folder, lambda c: c["frames"][0].update(file_path="../secret.png"))
    assert _one(_source(), tmp_path).code == "R218"
    _edit(folder, lambda c: c["frames"][0].update(file_path="../absent.png"))
    assert _one(_source(), tmp_path).code == "R218"
    _edit(folder, lambda c: c["frames"][0].update(file_path=str(tmp_path / "secret.png")))
    assert _one(_source(), tmp_path).code == "R218"


def test_links_may_not_leave(tmp_path: Path) -> None:
    folder = _plain(tmp_path / "elsewhere")
    root = tmp_path / "root"
    root.mkdir()
    (root / "table").symlink_to(folder)
    assert _one(_source(), root).code == "R218"
    root = tmp_path / "own"
    photo = _plain(root) / "images" / "001.png"
    photo.unlink()
    photo.symlink_to(folder / "images" / "001.png")
    assert _one(_source(), root).code == "R218"
    photo.unlink()
    (root / "kept.png").write_bytes((folder / "images" / "001.png").read_bytes())
    photo.symlink_to(root / "kept.png")  # to a file below the root, as git-annex and DVC lay them
    assert _codes(_source(), root) == []
    photo.parent.rename(root / "photos")
    photo.parent.symlink_to(root / "photos")  # to a folder: nobody would see what is new in it
    assert _one(_source(), root).code == "R218"


@pytest.mark.parametrize("name", ["transforms.json", "sparse/0/images.bin", "masks/001.png"])
def test_what_is_read_beside_photos_may_not_be_a_link_that_leaves(tmp_path: Path, name: str) -> None:
    folder = _plain(tmp_path / "root")
    names = sorted(path.name for path in (folder / "images").iterdir())
    synthetic.write_colmap(folder, synthetic.ring(len(names)), names, synthetic.table_points(), binary=True)
    shutil.copytree(folder / "images", folder / "masks")
    source = _source(poses="colmap" if "sparse" in name else "transforms", masks="masks")
    assert [p for p in inspect_source(source, folder) if not p.warning] == []
    (folder / name).rename(tmp_path / "outside")
    (folder / name).symlink_to(tmp_path / "outside")
    assert [p.code for p in inspect_source(source, folder) if not p.warning] == ["R218"]


def _ply(path: Path, properties: str, body: bytes) -> None:
    names = "".join(f"property float {p}\n" for p in properties.split())
    head = f"ply\nformat binary_little_endian 1.0\nelement vertex 3\n{names}end_header\n"
    path.write_bytes(head.encode() + body)


GAUSSIAN = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3"


def _splat(**changes: Any) -> SplatFile:
    return SplatFile.model_validate(
        {"kind": "splat", "root": "splats", "path": "s.ply", "up": [0, 0, 1], "scale_m_per_unit": 1} | changes
    )


def test_splat_files(tmp_path: Path) -> None:
    path = tmp_path / "s.ply"
    assert _one(_splat(), tmp_path).code == "R210"
    _ply(path, GAUSSIAN, bytes(3 * 14 * 4))
    assert _codes(_splat(), tmp_path) == []
    _ply(path, GAUSSIAN, bytes(3 * 14 * 4 - 1))
    assert _one(_splat(), tmp_path).code == "R215"
    _ply(path, "x y z red green blue", bytes(72))
    assert _one(_splat(), tmp_path).code == "R216"
    path.write_bytes(b"ply\nformat binary_little")
    assert _one(_splat(), tmp_path).code == "R215"
    assert _one(_splat(up=[0, 0, 0]), tmp_path).key == "source.up"


def test_real_sources_are_whole(shared_data: Path) -> None:
    for poses in ("transforms", "colmap", "none"):
        assert _codes(_source(path="buddha", poses=poses), shared_data / "captures") == []
    assert _codes(_source(path="lund-street", poses="none"), shared_data / "captures") == []
    assert _codes(_splat(path="playbot/playbot.ply"), shared_data / "splats") == []
