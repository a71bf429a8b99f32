"""A clip decodes to what was put in."""

from pathlib import Path

import numpy as np
import pytest

from runtime.coverage import clips, video


def _frames(count: int = 7) -> np.ndarray:
    v, u = np.mgrid[0:48, 0:64]
    ramp = np.stack([u * 4, v * 5, (u + v) * 2], axis=-1)
    return np.stack([np.roll(ramp, 3 * t, axis=1) for t in range(count)]).astype(np.uint8)


@pytest.mark.parametrize("codec", video.CODECS)
def test_round_trip(tmp_path: Path, codec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "CODECS", (codec,))
    rendered = _frames()
    try:
        assert video.write_video(tmp_path / "clip.mp4", rendered, 5) == codec
    except RuntimeError:
        pytest.skip(f"this PyAV has no {codec}")
    measured = video.measure_video(tmp_path / "clip.mp4", rendered)
    assert (measured.frames, measured.fps, measured.width, measured.height) == (7, 5, 64, 48)
    assert measured.duration_s == pytest.approx(1.4)
    assert measured.error < 12 < 30 < measured.flipped_error


def test_same_frames_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        video.write_video(tmp_path / name / "clip.mp4", _frames(), 5)
    assert (tmp_path / "a/clip.mp4").read_bytes() == (tmp_path / "b/clip.mp4").read_bytes()


def test_a_clip_that_lost_frames_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = video.write_video
    monkeypatch.setattr(clips, "write_video", lambda path, frames, fps: whole(path, frames[:-1], fps))
    rgb = _frames()
    flat = np.ones(rgb.shape[:3], np.float32)
    with pytest.raises(RuntimeError, match="decodes to 6 frames"):
        clips.write_clip(tmp_path, "orbit", (rgb, flat, flat), None, np.tile(np.eye(4), (7, 1, 1)), np.array([0, -1.0, 0]), 5)


def test_an_upside_down_clip_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = video.write_video
    monkeypatch.setattr(clips, "write_video", lambda path, frames, fps: whole(path, frames[:, ::-1], fps))
    rgb = _frames()
    flat = np.ones(rgb.shape[:3], np.float32)
    args = (tmp_path, "orbit", (rgb, flat, flat), None, np.tile(np.eye(4), (7, 1, 1)), np.array([0, -1.0, 0]), 5)
    assert clips.write_clip(*args)["upright_fraction"] == 0
    monkeypatch.setattr(clips, "write_video", whole)
    assert clips.write_clip(*args)["upright_fraction"] == 1
