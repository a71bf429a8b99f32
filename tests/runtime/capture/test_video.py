"""A video becomes photos: sharp ones, spread over the way, upright; what no video can give is refused."""

import json
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from runtime.bound.source import Photos
from runtime.build.testing import run_stage
from runtime.capture.inspect import inspect_source
from runtime.problem import InputError
from tests.runtime.capture import synthetic

SIZE = (256, 192)


def _write(path: Path, pictures: Sequence[np.ndarray], times_ms: Sequence[int]) -> None:
    with av.open(str(path), "w") as out:
        track = out.add_stream("libx264", rate=30, options={"crf": "10", "preset": "veryfast", "bf": "0"})
        track.height, track.width = pictures[0].shape[:2]
        track.pix_fmt = "yuv420p"
        track.time_base = track.codec_context.time_base = Fraction(1, 1000)
        for picture, at in zip(pictures, times_ms, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            out.mux(track.encode(frame))
        out.mux(track.encode(None))


def _turned(path: Path) -> None:
    """Say in the track's header (ISO/IEC 14496-12, 8.3.2) that the picture is to be turned clockwise by 90 degrees."""
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    content[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)


def _walk() -> tuple[list[np.ndarray], list[int], np.ndarray]:
    """A second of standing still, then the ring, every third frame blurred, at uneven times."""
    poses = synthetic.ring(40)
    poses = np.concatenate([np.repeat(poses[:1], 10, axis=0), poses])
    pictures = [synthetic.photograph(p, pinhole=synthetic.K * 1.6, size=SIZE) for p in poses]
    pictures = [cv2.GaussianBlur(p, (0, 0), 4) if i % 3 == 2 else p for i, p in enumerate(pictures)]
    gaps = np.random.default_rng(0).integers(70, 140, len(poses))
    return pictures, np.cumsum(gaps).tolist(), poses


def _capture(folder: Path, store: Path, **source: Any) -> Path:
    said = {"kind": "photos", "root": "captures", "path": folder.name, "video": "walk.mp4", "frames": 12} | source
    assert inspect_source(Photos.model_validate(said), folder) == []
    return run_stage("capture", {"source": said, "max_features": 500}, {}, store, source_dir=folder)


def test_photos_of_a_walk(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    folder.mkdir()
    pictures, times, truth = _walk()
    _write(folder / "walk.mp4", [np.rot90(p) for p in pictures], times)  # as a phone held upright stores it
    _turned(folder / "walk.mp4")
    artifact = _capture(folder, tmp_path / "store")
    cameras = json.loads((artifact / "cameras.json").read_text())
    names = [f["name"] for f in cameras["frames"]]
    chosen = [int(name.removeprefix("walk.mp4#")) for name in names]
    assert 8 <= len(chosen) <= 12
    assert all(i % 3 != 2 for i in chosen)  # none that is blurred
    assert sum(i < 10 for i in chosen) <= 1  # one of the place where nothing moved
    assert max(np.diff(chosen)) <= 10  # spread over the way
    (camera,) = cameras["cameras"]
    assert (camera["width"], camera["height"]) == SIZE
    found = np.array([f["c2w"] for f in cameras["frames"]])
    turns = np.swapaxes(found[:1, :3, :3], 1, 2) @ found[:, :3, :3]  # relative to the first, whatever the world is
    right = np.swapaxes(truth[chosen[:1], :3, :3], 1, 2) @ truth[chosen][:, :3, :3]
    apart = np.degrees(np.arccos(np.clip((np.trace(np.swapaxes(turns, 1, 2) @ right, axis1=1, axis2=2) - 1) / 2, -1, 1)))
    assert apart.max() < 2


def test_a_camera_that_stands_still_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    folder.mkdir()
    rng = np.random.default_rng(0)
    picture = synthetic.photograph(synthetic.ring(1)[0], pinhole=synthetic.K * 1.6, size=SIZE)
    trembling = [np.roll(picture, rng.integers(-2, 3, 2), (0, 1)) for _ in range(45)]
    _write(folder / "walk.mp4", trembling, range(0, 4500, 100))
    with pytest.raises(InputError) as caught:
        _capture(folder, tmp_path / "store")
    (problem,) = caught.value.problems
    assert (problem.code, problem.key) == ("R219", "source.video")
    assert "the camera hardly moves in `walk.mp4`" in problem.message


def test_broken_videos(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    folder.mkdir()
    path = folder / "walk.mp4"
    _write(path, [np.zeros((64, 64, 3), np.uint8)] * 3, range(3))
    whole = path.read_bytes()

    def said(**changes: Any) -> tuple[str, str]:
        source = {"kind": "photos", "root": "captures", "path": "table", "video": "walk.mp4"} | changes
        (problem,) = inspect_source(Photos.model_validate(source), folder)
        assert problem.help
        return problem.code, problem.message

    for content, why in (
        (whole[:-20], "is truncated"),
        (whole[: whole.index(b"moov") - 4], "has no index (`moov`): recording was cut off"),
        (b"", "is empty"),
    ):
        path.write_bytes(content)
        assert said() == ("R211", f"video `walk.mp4` of `table` {why}")
    (folder / "other.mp4").write_bytes(whole)
    for content in (whole.replace(b"moov", b"moov\xff", 1), b"ffconcat version 1.0\nfile other.mp4\n"):  # a playlist
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            _capture(folder, tmp_path / "store")
        assert caught.value.problems[0].code == "R211"
    for folder_, name, shape, change in (
        ("thin", "walk.mp4", (16, 64), (b"", b"")),
        ("unknown", "walk.mkv", (64, 64), (b"V_MPEG4/ISO/AVC", b"V_MPEG9/ISO/AVC")),  # a codec that nobody has
    ):
        (tmp_path / folder_).mkdir()
        _write(tmp_path / folder_ / name, [np.zeros((*shape, 3), np.uint8)] * 3, range(3))
        (tmp_path / folder_ / name).write_bytes((tmp_path / folder_ / name).read_bytes().replace(*change))
        with pytest.raises(InputError) as caught:
            _capture(tmp_path / folder_, tmp_path / "store", video=name)
        assert caught.value.problems[0].code == "R211"
    assert said(video="run.mp4") == ("R210", "no video `run.mp4` in `table`")
    assert said(video="../walk.mp4")[0] == "R218"
    assert said(poses="colmap") == ("R214", "poses of kind `colmap` do not go with a video")
