"""Headers read without an image library agree with one that has it."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runtime.capture.image_header import PhotoError, read_header


def _bytes(kind: str, width: int, height: int, **save: object) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, kind, **save)
    return stream.getvalue()


@pytest.mark.parametrize("save", [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True})])
@given(width=st.integers(1, 90), height=st.integers(1, 90))
@settings(max_examples=15, deadline=None)
def test_size(tmp_path_factory: pytest.TempPathFactory, save: tuple, width: int, height: int) -> None:
    path = tmp_path_factory.mktemp("photo") / "photo"
    path.write_bytes(_bytes(save[0], width, height, **save[1]))
    header = read_header(path)
    assert (header.width, header.height, header.orientation) == (width, height, 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_every_truncation_is_noticed(tmp_path: Path, kind: str) -> None:
    whole = _bytes(kind, 12, 9)
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


@given(noise=st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_noise_never_crashes(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("photo") / "photo"
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\xff\xd8\xff\xe1\x00\x20Exif\0\0II*\0"):
        path.write_bytes(start + noise)
        with contextlib.suppress(PhotoError):
            read_header(path)
