"""Frames of videos that people brought: small, at even times, from a moment that is drawn or from the beginning."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from runtime.capture.video import KINDS, MOST_PIXELS

if TYPE_CHECKING:
    from av import VideoFrame


class Unreadable(Exception):
    """A video that cannot be decoded, or is too short; the text says why."""


def read_frames(video: Path, count: int, fps: float, side_px: int, share: float = 0.0) -> np.ndarray:
    """`count` frames, `1 / fps` seconds apart: the middle square of each, made small by area, u8 [count, side, side, 3].

    Args:
        share: where they begin, of the time that they may: 0 is the first frame, 1 as late as they fit.

    Raises:
        Unreadable: it cannot be decoded, has frames that are too large, or ends before the last of them.
    """
    taken: list[np.ndarray] = []
    try:
        with av.open(str(video), "r", metadata_errors="replace", options={"format_whitelist": KINDS}) as container:
            if not container.streams.video or (track := container.streams.video[0]).codec_context is None:
                raise Unreadable("it has no pictures that can be decoded")
            if not 0 < track.width * track.height <= MOST_PIXELS:
                raise Unreadable(f"it has frames of {track.width}x{track.height} pixels")
            track.thread_count = 1
            base, first = track.time_base or Fraction(1, 1000), track.start_time or 0
            whole = float(track.duration * base) if track.duration else float((container.duration or 0) / av.time_base)
            begin = share * max(whole - count / fps, 0.0)
            if begin > 1:
                container.seek(first + int((begin - 1) / base), stream=track)
            for at, frame in _timed(container.decode(track), first, base):
                if at >= begin + len(taken) / fps - 1e-6:
                    taken.append(_small(frame, side_px))
                if len(taken) == count:
                    return np.stack(taken)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise Unreadable(f"it cannot be decoded: {str(error)[:100]}") from error
    raise Unreadable(f"it ends after {len(taken)} of {count} frames at {fps:g} a second")


def _timed(frames: "Iterator[VideoFrame]", first: int, base: Fraction) -> "Iterator[tuple[float, VideoFrame]]":
    for frame in frames:
        if frame.pts is not None:
            yield float((frame.pts - first) * base), frame


def _small(frame: "VideoFrame", side_px: int) -> np.ndarray:
    """The middle square, turned as the camera was held, [side, side, 3]."""
    import cv2

    picture = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90) % 4)
    side = min(picture.shape[:2])
    top, left = ((n - side) // 2 for n in picture.shape[:2])
    square = np.ascontiguousarray(picture[top : top + side, left : left + side])
    return cv2.resize(square, (side_px, side_px), interpolation=cv2.INTER_AREA)
