"""A clip decodes to what was put in."""

from pathlib import Path

import numpy as np
import pytest

from runtime.coverage import video


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
    again, fps = video.read_video(tmp_path / "clip.mp4")
    assert (again.shape, fps) == (rendered.shape, 5)
    off, flipped = (np.abs(film.astype(int) - rendered).mean() for film in (again, again[:, ::-1]))
    assert off < 12 < 30 < flipped


def test_same_frames_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        video.write_video(tmp_path / name / "clip.mp4", _frames(), 5)
    assert (tmp_path / "a/clip.mp4").read_bytes() == (tmp_path / "b/clip.mp4").read_bytes()
