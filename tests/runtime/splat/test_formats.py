"""Splat files of other programs: what they hold is read as precisely as their format says, and damage is named.

`files/` holds `random_gaussians(40, seed=3, sh_degree=1)` as PlayCanvas's splat-transform 2.7.1 writes it.
"""

import gzip
import json
import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import KDTree

from runtime.capture.inspect_ply import inspect_ply
from runtime.problem import InputError
from runtime.splat.formats import spz
from runtime.splat.gaussians import Gaussians
from runtime.splat.ply import read_ply, write_ply
from runtime.splat.ply_header import LARGEST_LOG_SCALE
from runtime.splat.read import check_splat, parts, read_splat
from tests.runtime.splat.scene import random_gaussians

FILES = Path(__file__).parent / "files"
COLUMNS = (
    "x",
    "y",
    "z",
    "f_dc_0",
    "f_dc_1",
    "f_dc_2",
    "opacity",
    "scale_0",
    "scale_1",
    "scale_2",
    "rot_0",
    "rot_1",
    "rot_2",
    "rot_3",
)
FLIPPED = np.array([1, -1, -1])  # SPZ's own axes: right, up, back; its writer turned the PLY's right, down, front into them
SPZ = {"means": 2**-12, "log": 1 / 16, "opacities": 1 / 255, "color": 1 / 38, "rest": 1 / 8, "quats": 2 / 722}


def _turn(splat: Gaussians) -> Gaussians:
    sh = splat.sh * np.array([1, -1, -1, 1])[:, None]  # degree 1 is of y, z, x
    return Gaussians(splat.means * FLIPPED, splat.quats * [1, 1, -1, -1], splat.scales, splat.opacities, sh)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        (
            "packed.compressed.ply",
            {"means": 3.2 / 1023, "log": 3 / 1023, "opacities": 1 / 255, "color": 2 / 255, "rest": 1 / 32, "quats": 0.003},
        ),
        ("version3.spz", SPZ),
        ("version4.spz", SPZ),
        ("whole.sog", {"means": 4.1 / 65535, "log": 0.1, "opacities": 1 / 255, "color": 0.05, "rest": 0.3, "quats": 2 / 180}),
    ],
)
def test_files_of_another_writer(name: str, steps: dict[str, float]) -> None:
    """Every value differs by less than one step of the format, from the Gaussian that was written."""
    wrote, (read, left_out, common) = random_gaussians(40, seed=3, sh_degree=1), read_splat(FILES / name)
    read = _turn(read) if name.endswith(".spz") else read
    check_splat(FILES / name)
    assert (len(read), left_out, common) == (40, 0, False)
    order = KDTree(read.means).query(wrote.means)[1]
    assert sorted(order) == list(range(40))
    read = read.select(order)
    unit = wrote.quats / np.linalg.norm(wrote.quats, axis=1, keepdims=True)
    unit *= np.sign((unit * read.quats).sum(1, keepdims=True))
    off = {"means": read.means - wrote.means, "log": np.log(read.scales / wrote.scales), "quats": read.quats - unit}
    off |= {
        "opacities": read.opacities - wrote.opacities,
        "color": (read.sh - wrote.sh)[:, 0],
        "rest": (read.sh - wrote.sh)[:, 1:],
    }
    assert {key: float(np.abs(value).max()) for key, value in off.items() if not np.abs(value).max() <= steps[key]} == {}


def test_dot_splat(tmp_path: Path) -> None:
    wrote, path = random_gaussians(50, seed=1, sh_degree=0), tmp_path / "a.splat"
    color = np.clip((0.5 + 0.28209479 * wrote.sh[:, 0]) * 255, 0, 255)
    unit = wrote.quats / np.linalg.norm(wrote.quats, axis=1, keepdims=True)
    rows = np.concatenate([color, wrote.opacities[:, None] * 255, unit * 128 + 128], axis=1).clip(0, 255).astype(np.uint8)
    floats = np.concatenate([wrote.means, wrote.scales], axis=1).astype("<f4")
    path.write_bytes(np.concatenate([floats.view(np.uint8), rows], axis=1).tobytes())
    read = read_splat(path).gaussians
    np.testing.assert_array_equal(read.means, wrote.means)
    np.testing.assert_allclose(read.scales, wrote.scales, rtol=1e-6)
    np.testing.assert_allclose(read.opacities, wrote.opacities, atol=1 / 255)
    np.testing.assert_allclose(read.quats, unit, atol=1 / 127)
    path.write_bytes(path.read_bytes()[:-1])
    assert _refused(path)[0] == "R215"


def _columns(path: Path, table: np.ndarray, kind: str = "float", order: str = "<", code: str = "f4") -> Path:
    name = {"<": "binary_little_endian", ">": "binary_big_endian"}[order]
    header = f"ply\nformat {name} 1.0\nelement vertex {len(table)}\n"
    header += "".join(f"property {kind} {c}\n" for c in COLUMNS) + "end_header\n"
    path.write_bytes(header.encode() + table.astype(order + code).tobytes())
    return path


def _refused(path: Path) -> tuple[str, str]:
    """Code and message of what is wrong with a file, which `check` finds without numpy."""
    with pytest.raises(InputError) as caught:
        check_splat(path)
    (problem,) = caught.value.problems
    assert problem.help
    return problem.code, problem.message


def _table(count: int = 20) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(count, 14)).astype(np.float32)


def test_orders_of_bytes_and_halves(tmp_path: Path) -> None:
    table = _table()
    plain = read_splat(_columns(tmp_path / "a.ply", table))
    assert plain.common
    big = read_splat(_columns(tmp_path / "b.ply", table, order=">"))
    half = read_splat(_columns(tmp_path / "c.ply", table.astype(np.float16).view(np.uint16), "ushort", code="u2"))
    assert not big.common
    for name in ("means", "quats", "scales", "opacities", "sh"):
        np.testing.assert_array_equal(getattr(big.gaussians, name), getattr(plain.gaussians, name))
        np.testing.assert_allclose(getattr(half.gaussians, name), getattr(plain.gaussians, name), rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_row_that_is_not_of_numbers_is_left_out_alone(tmp_path: Path, column: str) -> None:
    table, place = _table(), COLUMNS.index(column)
    table[3, place] = np.nan
    read = read_splat(_columns(tmp_path / "a.ply", table))
    assert check_splat(tmp_path / "a.ply") == 1
    (told,) = inspect_ply(tmp_path / "a.ply", "here/a.ply")
    assert (told.code, told.warning, "`here/a.ply` holds" in told.message) == ("R221", True, True)
    assert (len(read.gaussians), read.left_out) == (19, 1)
    np.testing.assert_array_equal(read.gaussians.means, np.delete(table, 3, axis=0)[:, :3])
    with pytest.raises(InputError, match="not finite"):
        read_ply(tmp_path / "a.ply")  # one of ours has none
    table[:, place] = np.nan
    with pytest.raises(InputError, match="no Gaussian whose values are all finite"):
        read_splat(_columns(tmp_path / "a.ply", table))


def test_infinite_logits_and_flat_gaussians_are_kept(tmp_path: Path) -> None:
    table = _table(4)
    table[:, 6] = np.inf, -np.inf, 0, 800
    table[1, 8] = -np.inf
    read = read_splat(_columns(tmp_path / "a.ply", table)).gaussians
    assert check_splat(tmp_path / "a.ply") == 0
    assert read.opacities.tolist() == [1, 0, 0.5, 1]
    assert read.scales[1, 1] == 0


def test_what_overflows_is_refused_by_check(tmp_path: Path) -> None:
    table = _table(9000)
    for scale in (300.0, np.inf, LARGEST_LOG_SCALE + 1):
        table[8999, 8] = scale
        code, message = _refused(_columns(tmp_path / "a.ply", table))
        assert (code, "overflows" in message) == ("R215", True)
    assert "whole numbers in `x`" in _refused(_columns(tmp_path / "a.ply", table, "int", code="i4"))[1]
    text = (FILES / "packed.compressed.ply").read_bytes()
    start = text.index(b"end_header\n") + 11
    (tmp_path / "c.ply").write_bytes(text[: start + 9 * 4] + struct.pack("<f", 90) + text[start + 10 * 4 :])
    assert "overflows" in _refused(tmp_path / "c.ply")[1]


@pytest.mark.parametrize("name", ["packed.compressed.ply", "version3.spz", "version4.spz", "whole.sog"])
def test_damage_is_named(tmp_path: Path, name: str) -> None:
    content, path = (FILES / name).read_bytes(), tmp_path / name
    for keep in (len(content) - 40, len(content) // 2, 30, 5):
        path.write_bytes(content[:keep])
        assert _refused(path)[0] == "R215", keep
    for at in range(0, len(content), 97):  # anything may be found out, nothing else may happen
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        with suppress(InputError):
            assert 0 < len(read_splat(path).gaussians) <= 41


def test_parts_that_no_writer_leaves_out_or_packs_so(tmp_path: Path) -> None:
    content = (FILES / "packed.compressed.ply").read_bytes()
    (tmp_path / "a.ply").write_bytes(content.replace(b" max_g\n", b" max_h\n"))
    assert "no whole compressed PLY" in _refused(tmp_path / "a.ply")[1]
    with zipfile.ZipFile(FILES / "whole.sog") as whole, zipfile.ZipFile(tmp_path / "b.sog", "w", zipfile.ZIP_LZMA) as other:
        for name in whole.namelist():
            other.writestr(name, whole.read(name))
    (tmp_path / "b.sog").write_bytes((tmp_path / "b.sog").read_bytes().replace(b"\x5d\0\0", b"\xff\xff\xff"))
    assert "`meta.json` that cannot be read" in _refused(tmp_path / "b.sog")[1]


def test_files_that_would_fill_the_memory(tmp_path: Path) -> None:
    header = struct.pack("<4sIIBBBB", b"NGSP", 3, 2**32 - 1, 3, 12, 0, 0)
    (tmp_path / "a.spz").write_bytes(gzip.compress(header + bytes(100)))
    assert _refused(tmp_path / "a.spz")[0] == "R220"
    (tmp_path / "b.spz").write_bytes(gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", 3, 5, 0, 12, 0, 0) + bytes(2**24)))
    assert "truncated" in _refused(tmp_path / "b.spz")[1]
    assert spz.check(FILES / "version4.spz").count == 40
    with zipfile.ZipFile(tmp_path / "c.sog", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("meta.json", b"[" * 2**22)
    assert "more than 1 MiB" in _refused(tmp_path / "c.sog")[1]
    with zipfile.ZipFile(tmp_path / "d.sog", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("meta.json", b"[" * 2**19)
    assert _refused(tmp_path / "d.sog")[0] == "R215"
    (tmp_path / "e.ply").write_bytes(
        b"ply\nformat ascii 1.0\nelement vertex " + b"9" * 15 + b"\nproperty float x\nend_header\n0\n"
    )
    assert _refused(tmp_path / "e.ply")[0] == "R216"
    (tmp_path / "f.obj").write_text("v 0 0 0")
    assert "of no" not in _refused(tmp_path / "f.obj")[1]


def test_a_sog_in_a_folder_is_its_images_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(FILES / "whole.sog") as archive:
        archive.extractall(tmp_path)
    path = tmp_path / "meta.json"
    assert len(parts(path)) == 7
    np.testing.assert_array_equal(read_splat(path).gaussians.means, read_splat(FILES / "whole.sog").gaussians.means)
    meta = json.loads(path.read_text())
    meta["means"]["files"][0] = "../means_l.webp"
    path.write_text(json.dumps(meta))
    assert parts(path) == []
    assert _refused(path)[0] == "R215"
    meta["means"]["files"][0] = "absent.webp"
    path.write_text(json.dumps(meta))
    assert "`absent.webp`" in _refused(path)[1]


def test_real_files_of_other_programs(shared_data: Path, tmp_path: Path) -> None:
    splats = shared_data / "splats"
    assert len(read_splat(splats / "luma-seal" / "luma-seal.splat").gaussians) == 101_780
    grid = {(-1.0, 0.0), (0.0, 0.0)}
    for name in ("minimal-raw.spz", "minimal-v2.spz", "minimal-v3.spz", "minimal-v4.spz", "minimal.splat"):
        read = read_splat(splats / "format-fixtures" / name).gaussians
        assert {(x, y) for x, y, _ in read.means.tolist()} == grid, name
        np.testing.assert_allclose(read.scales, 0.1, rtol=0.02, err_msg=name)
        np.testing.assert_allclose(read.opacities, 230 / 255, rtol=1e-5, err_msg=name)
    assert _refused(splats / "format-fixtures" / "minimal.ksplat")[0] == "R215"
    playbot = read_ply(splats / "playbot" / "playbot.ply")
    write_ply(tmp_path / "a.ply", playbot)
    again = read_ply(tmp_path / "a.ply")
    np.testing.assert_array_equal(again.means, playbot.means)
    np.testing.assert_allclose(again.scales, playbot.scales, rtol=3e-6)
