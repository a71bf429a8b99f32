"""Headers read without an image library agree with one that has it."""

import contextlib
import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runtime.capture.image_containers import PhotoError
from runtime.capture.image_header import read_header
from runtime.capture.undistort import read_photo
from tests.runtime.capture.heic import heic


def _bytes(kind: str, width: int, height: int, **save: object) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, kind, **save)
    return stream.getvalue()


SAVED = [("WEBP", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("TIFF", {"compression": "tiff_deflate"})]


@pytest.mark.parametrize("save", [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), *SAVED])
@given(width=st.integers(1, 90), height=st.integers(1, 90))
@settings(max_examples=15, deadline=None)
def test_size(tmp_path_factory: pytest.TempPathFactory, save: tuple, width: int, height: int) -> None:
    path = tmp_path_factory.mktemp("photo") / "photo"
    path.write_bytes(_bytes(save[0], width, height, **save[1]))
    header = read_header(path)
    assert (header.width, header.height, header.orientation) == (width, height, 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "HEIC"])
def test_every_truncation_is_noticed(tmp_path: Path, kind: str) -> None:
    whole = heic(np.zeros((64, 64, 3), np.uint8)) if kind == "HEIC" else _bytes(kind, 12, 9)
    path = tmp_path / "photo"
    for length in (*range(0, len(whole) - 2, 7), len(whole) - 3):  # then comes the JPEG's end marker
        path.write_bytes(whole[:length])
        with pytest.raises(PhotoError):
            read_header(path)


def test_exif(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0xA405] = 35
    path = tmp_path / "photo.jpg"
    path.write_bytes(_bytes("JPEG", 40, 30, exif=exif.tobytes()))
    header = read_header(path)
    assert (header.width, header.height, header.orientation, header.focal_35mm) == (40, 30, 6, 35)
    assert header.upright_size() == (30, 40)


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0xA405] = 26
    return exif.tobytes()


@pytest.mark.parametrize(("kind", "turned"), [("JPEG", 6), ("WEBP", 6), ("TIFF", 6), ("TIFF", 1), ("HEIC", 6), ("HEIC", 1)])
def test_photos_are_upright_and_tell_their_focal_length(tmp_path: Path, kind: str, turned: int) -> None:
    photo = np.zeros((64, 96, 3), np.uint8)
    photo[:32, :48] = (250, 40, 10)  # its upper left corner, which orientation 6 brings to the upper right
    path = tmp_path / "photo"
    if kind == "HEIC":
        path.write_bytes(heic(photo, 3 if turned == 6 else 0, _exif(turned).removeprefix(b"Exif\0\0")))
    else:
        Image.fromarray(photo).save(path, kind, exif=_exif(turned), **({"quality": 95} if kind != "TIFF" else {}))
    header, read = read_header(path), read_photo(path, upright=True).rgb
    assert header.upright_size() == read.shape[1::-1] == ((64, 96) if turned == 6 else (96, 64))
    assert header.focal_35mm == 26
    corners = [read[8, 8], read[8, -8], read[-8, 8], read[-8, -8]]
    red = [int(corner[0]) > 200 and int(corner[2]) < 60 for corner in corners]
    assert red == ([False, True, False, False] if turned == 6 else [True, False, False, False])


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    wide = (np.arange(64 * 96 * 3).reshape(64, 96, 3) * 3).astype(np.uint16)
    for name, values in (("colour.tif", wide), ("grey.tif", wide[..., 0]), ("colour.png", wide)):
        assert cv2.imwrite(str(tmp_path / name), values)
        read = read_photo(tmp_path / name, upright=True).rgb
        expected = np.broadcast_to(values[..., None], wide.shape) if values.ndim == 2 else values[..., ::-1]
        assert np.abs(read.astype(int) - (expected >> 8)).max() <= 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (struct.pack("<4sI4s4sI6x2H", b"RIFF", 22, b"WEBP", b"VP8 ", 10, 0, 0), "does not say its size"),
        (b"RIFF\x04\0\0\0WEBP", "has no pixels"),
        (b"II+\0" + bytes(20), "is a BigTIFF, which is not read"),
        (
            b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII9x", 13, b"IHDR", 2**20, 2**20) + b"\0\0\0\0IEND\0\0\0\0",
            "megapixels, more than 268",
        ),
        (b"\0\0\0\x18ftypisom" + bytes(4) + b"isommp42", "is no HEIC photo"),
        (b"\0\0\0\x14ftypheic" + bytes(4) + b"mif1" + b"\xff\xff\xff\xff\0\0\0\0", "is truncated"),
    ],
)
def test_malformed_headers(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "photo"
    path.write_bytes(content)
    with pytest.raises(PhotoError, match=said):
        read_header(path)


@given(noise=st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_noise_never_crashes(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("photo") / "photo"
    boxes = b"\0\0\0\x14ftypheic\0\0\0\0mif1\0\0\0\0meta\0\0\0\0\0\0\0\x0epitm\0\0\0\0\0\x01\0\0\0\x80iloc"
    starts = (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\xff\xd8\xff\xe1\x00\x20Exif\0\0II*\0", b"RIFF\xff\0\0\0WEBP")
    for start in (*starts, b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", boxes):
        path.write_bytes(start + noise)
        with contextlib.suppress(PhotoError):
            read_header(path)
