"""Frames of a recorded dataset's videos, read from front to end: episodes lie in them one after another."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from runtime.problem import InputError, Problem

MOST_PX = 2**25
"""Pixels of a frame."""


class Film:
    """One camera's videos below `folder`; `spec_key` is to blame for them in the spec."""

    def __init__(self, folder: Path, key: str, spec_key: str, size_px: tuple[int, int] | None) -> None:
        self._folder, self._key, self._spec_key, self._size = folder, key, spec_key, size_px
        self._file: Path | None = None
        self._coming: Iterator[tuple[float, Any]] = iter(())
        self._last: tuple[float, Any] | None = None

    def frames(self, row: Mapping[str, Any], when_s: np.ndarray, fps: int) -> np.ndarray:
        """The frames u8 [T, H, W, 3] at times of an episode; `row` is the episode's of `meta/episodes`.

        Raises:
            InputError: R341 when the video cannot be decoded, or ends too early.
        """
        of = f"videos/{self._key}"
        chunk, file, begin = (row[f"{of}/{name}"] for name in ("chunk_index", "file_index", "from_timestamp"))
        path = self._folder / of / f"chunk-{int(chunk):03d}" / f"file-{int(file):03d}.mp4"
        if path != self._file:
            self._file, self._coming, self._last = path, self._decoded(path), None
        return np.stack([self._at(float(begin) + float(t), 0.5 / fps) for t in when_s])

    def _at(self, time_s: float, slack_s: float) -> np.ndarray:
        while self._last is None or self._last[0] < time_s - slack_s:
            self._last = next(self._coming, None)
            if self._last is None:
                raise self._wrong(f"ends before {time_s:.2f} s")
        at_s, frame = self._last
        if at_s > time_s + slack_s:
            raise self._wrong(f"has no frame at {time_s:.2f} s")
        width, height = self._size or (frame.width, frame.height)
        return frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")

    def _decoded(self, path: Path) -> Iterator[tuple[float, Any]]:
        import av

        try:
            with av.open(str(path), format="mp4") as container:
                (stream,) = container.streams.video
                if stream.codec_context is None:
                    raise self._wrong("is in no form that can be decoded")
                stream.thread_count = 1
                if stream.codec_context.width * stream.codec_context.height > MOST_PX:
                    raise self._wrong("has frames that are too large")
                start, base = stream.start_time or 0, stream.time_base or Fraction(1)
                for frame in container.decode(stream):
                    if frame.pts is not None:
                        yield float((frame.pts - start) * base), frame
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._wrong(f"cannot be decoded: {str(error)[:100]}") from error

    def _wrong(self, why: str) -> InputError:
        name = self._file.relative_to(self._folder).as_posix() if self._file else self._key
        help = "copy the dataset again, or leave the episodes out with `lerobot-edit-dataset`"
        return InputError(Problem("R341", f"the video `{name}` {why}", help, self._spec_key))
