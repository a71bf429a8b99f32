"""What phones note in photos: which way they hung, and where they were."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime.bound.source import Photos
from runtime.capture.noted import EARTH_M, read_noted
from runtime.capture.posed import Lens, PosedPhotos
from runtime.capture.scale import upright
from runtime.problem import InputError
from tests.runtime.capture.heic import heic

HELD = {
    "portrait": ((0, -1, 0), 6, (0, 1, 0)),
    "upside down": ((0, 1, 0), 8, (0, 1, 0)),
    "home button right": ((-1, 0, 0), 1, (0, 1, 0)),
    "home button left": ((1, 0, 0), 3, (0, 1, 0)),
    "over a table": ((0, 0, -1), 6, (0, 0, 1)),
}
"""How a phone is held: what its accelerometer says, the Exif orientation, where down is in the upright picture."""


def exif(gravity: tuple[float, ...] = (), orientation: int = 1, place: tuple[float, float] | None = None) -> bytes:
    """Exif as an iPhone writes it: latitude and longitude in degrees, the accelerometer in its maker note."""
    found = Image.Exif()
    found[0x0112] = orientation
    if gravity:
        parts = [part for value in gravity for part in (round(value * 1e6), 1_000_000)]
        entry = struct.pack(">HHHII", 1, 8, 10, 3, 32)
        found.get_ifd(0x8769)[0x927C] = b"Apple iOS\0\0\1MM" + entry + bytes(4) + struct.pack(">6i", *parts)
    if place is not None:
        gps = found.get_ifd(0x8825)
        gps[1], gps[3] = "N" if place[0] >= 0 else "S", "E" if place[1] >= 0 else "W"
        for tag, value in zip((2, 4), np.abs(place), strict=True):
            gps[tag] = (int(value), int(value * 60 % 60), round(value * 3600 % 60, 5))
    return found.tobytes()


def photo(path: Path, noted: bytes) -> Path:
    if path.suffix == ".heic":
        path.write_bytes(heic(np.full((64, 64, 3), 90, np.uint8), exif=noted.removeprefix(b"Exif\0\0")))
    else:
        Image.new("RGB", (16, 12)).save(path, exif=noted)
    return path


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("suffix", ["jpg", "webp", "png", "heic", "tif"])
def test_which_way_a_phone_hung(held: str, suffix: str, tmp_path: Path) -> None:
    gravity, orientation, down = HELD[held]
    vertical = read_noted(photo(tmp_path / f"a.{suffix}", exif(gravity, orientation)), upright=True).vertical
    assert vertical is not None
    np.testing.assert_allclose(vertical, down, atol=1e-6)


def test_a_stored_picture_is_not_turned(tmp_path: Path) -> None:
    gravity, orientation, _ = HELD["portrait"]
    vertical = read_noted(photo(tmp_path / "a.jpg", exif(gravity, orientation)), upright=False).vertical
    np.testing.assert_allclose(np.asarray(vertical), [1, 0, 0], atol=1e-6)
    assert read_noted(photo(tmp_path / "b.jpg", exif((0, -1.6, 0), 6)), upright=True).vertical is None  # shaken


def test_damaged_exif_notes_nothing(tmp_path: Path) -> None:
    good, rng = exif((0, -1, 0), 6, (55.5, -13.2)), np.random.default_rng(0)
    for _ in range(60):
        bad = bytearray(good)
        for at in rng.integers(6, len(bad), 6):
            bad[at] = rng.integers(256)
        read_noted(photo(tmp_path / "a.jpg", bytes(bad)), upright=True)


def walk(folder: Path, noisy_m: float = 0.0, gravity: bool = True) -> PosedPhotos:
    """Thirty photos along a street of 100 m, in units of 8 m, by somebody who holds the phone 10 degrees askew."""
    rng, paths, poses = np.random.default_rng(4), [], []
    tilt = np.radians(10)
    for i, along in enumerate(np.linspace(0, 100, 30)):
        turn = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1.0]])  # rolled
        pose = np.eye(4)
        # looks along y; up is z
        pose[:3, :3] = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]) @ turn
        pose[:3, 3] = np.array([8 * np.sin(along / 15), along, 1.5]) / 8
        poses.append(pose)
        down = pose[:3, :3].T @ [0, 0, -1]
        east, north = pose[:2, 3] * 8 + rng.normal(0, noisy_m, 2)
        place = (-33 + np.degrees(north / EARTH_M), 151 + np.degrees(east / EARTH_M / np.cos(np.radians(33))))
        felt = tuple((-down[[1, 0, 2]] + rng.normal(0, 0.02, 3)).tolist()) if gravity else ()
        paths.append(photo(folder / f"{i:02}.jpg", exif(felt, 1, place)))
    count = len(paths)
    return PosedPhotos(
        paths, [p.name for p in paths], [Lens(16, 12, (12.0, 12.0, 8.0, 6.0))] * count, [True] * count, np.array(poses)
    )


def source(**more: object) -> Photos:
    return Photos.model_validate({"kind": "photos", "root": "captures", "path": "walk"} | more)


def test_gravity_gives_up_where_the_cameras_were_held_askew(tmp_path: Path) -> None:
    def off_deg(up: np.ndarray) -> float:
        return float(np.degrees(np.arccos(np.clip(up[2], -1, 1))))

    posed = walk(tmp_path)
    up, scale = upright(source(), posed)
    assert off_deg(up) < 1
    assert scale.up_from == "gravity"
    up, scale = upright(source(), walk(tmp_path, gravity=False))
    assert off_deg(up) > 5
    assert scale.up_from == "cameras"
    assert upright(source(up=[0, 1, 0]), posed)[1].up_from == "spec"


@pytest.mark.parametrize("noisy_m", [0.0, 3.0])
def test_gps_gives_the_scale_of_a_walk(tmp_path: Path, noisy_m: float) -> None:
    scale = upright(source(scale={"kind": "gps"}), walk(tmp_path, noisy_m))[1]
    assert scale.m_per_unit is not None
    assert scale.relative_error is not None
    assert abs(scale.m_per_unit / 8 - 1) < max(0.001, 3 * scale.relative_error)
    assert scale.relative_error < 0.04
    with pytest.raises(InputError, match="0 of the 30 photos note GPS"):
        posed = walk(tmp_path)
        for path in posed.paths:
            photo(path, exif())
        upright(source(scale={"kind": "gps"}), posed)


def test_a_real_street(shared_data: Path) -> None:
    """Phone photos of a street note gravity in an app's own words: their lines are level with each other and the pictures."""
    folder = shared_data / "captures" / "lund-street" / "images"
    noted = [read_noted(path, upright=True) for path in sorted(folder.iterdir())]
    lines = np.array([n.vertical for n in noted])
    assert np.median(np.abs(lines @ [0, 1, 0])) > 0.995
    assert all(n.place is not None for n in noted)
