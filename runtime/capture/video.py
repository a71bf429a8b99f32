"""Frames of a video as photos: evenly spread over what the camera saw change, the sharpest of each stretch.

A phone's video has frames at uneven times, many of them blurred, and seconds where nothing moves; frames at even times would
have all three. Motion is measured by tracked corners (Lucas and Kanade 1981, in pyramids), sharpness by the variance of the
Laplacian (Pech-Pacheco et al., ICPR 2000). The video is decoded twice, one frame in memory at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from runtime.capture.artifact import write_photo
from runtime.problem import InputError, Problem

if TYPE_CHECKING:
    from av import VideoFrame

LOOKED_AT_PX = 320
"""Width at which motion and sharpness are measured."""
LOOKED_AT_HZ = 15.0
"""Frames a second that are looked at; of a video with more, the others are decoded only."""
STEP = 0.025
"""Motion between photos, in widths of the picture. Round a thing that stays in the middle of it, a full turn has about 60."""
STILL = 4 * STEP
"""A camera that moves less than this in all has hardly moved."""
CORNERS = 200
FEWEST_TRACKED = 20
"""With fewer corners followed from one frame to the next the picture has changed as a whole."""
MOST_FRAMES = 40_000
"""Of one video: eleven minutes at 60 a second."""
MOST_PIXELS, LEAST_PX = 2**26, 32
KINDS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg,h264,hevc,mxf,m4v,dv,gif"
"""FFmpeg's names of the containers that are read: none of them is a playlist, which would name other files."""


@dataclass(frozen=True)
class Look:
    """What was measured of a frame: its number in the video, motion up to it (widths), sharpness."""

    index: int
    along: float
    sharpness: float


def extract_photos(
    video: Path, into: Path, width_px: int, most: int, fewest: int, tell: Callable[[float, str], None]
) -> list[tuple[int, Path]]:
    """Write the chosen frames of a video, upright, as PNG no wider than `width_px`.

    Args:
        most, fewest: frames to choose. tell: is told the share done (of both passes) and what is going on.

    Returns:
        (number of the frame in the video, file), in order.

    Raises:
        InputError: R211 the video cannot be decoded, R219 the camera does not move, R220 it is too long.
    """
    looks = _look(video, lambda share: tell(share / 2, "looking through the video"))
    moved = looks[-1].along if looks else 0.0
    if moved < STILL or len(looks) < fewest:
        message = f"the camera hardly moves in `{video.name}`: by {moved:.2f} of the picture's width in {len(looks)} frames"
        help_ = "walk round the place or along it while filming; what is near must move against what is behind it"
        raise InputError(Problem("R219", message, help_, "source.video"))
    chosen = choose(looks, most, fewest)
    written = []
    for index, photo in _frames(video):
        if index in chosen:
            width = min(width_px, photo.shape[1])
            size = (width, round(photo.shape[0] * width / photo.shape[1]))
            path = into / f"{index:06d}.png"
            write_photo(path, photo if size[0] == photo.shape[1] else cv2.resize(photo, size, interpolation=cv2.INTER_AREA))
            written.append((index, path))
            tell(0.5 + 0.5 * len(written) / len(chosen), f"{len(written)} of {len(chosen)} frames")
        if len(written) == len(chosen):
            break
    return written


def choose(looks: list[Look], most: int, fewest: int) -> set[int]:
    """Numbers of frames: the whole motion in equal stretches, of each the sharpest frame, where one at an end of its stretch
    counts half of one in the middle: so neighbours lie apart."""
    along = np.array([look.along for look in looks])
    count = int(np.clip(np.ceil(along[-1] / STEP), fewest, most))
    place = along / max(float(along[-1]), 1e-9) * count
    stretch = np.minimum(place.astype(int), count - 1)
    score = np.array([look.sharpness for look in looks]) * (1 - np.abs(place - stretch - 0.5))
    chosen = set()
    for i in range(count):
        if len(mine := np.flatnonzero(stretch == i)):
            chosen.add(looks[mine[np.argmax(score[mine])]].index)
    return chosen


def _look(video: Path, tell: Callable[[float], None]) -> list[Look]:
    looks: list[Look] = []
    motion = _Motion()
    for index, photo, share in _sampled(video):
        height = round(photo.shape[0] * LOOKED_AT_PX / photo.shape[1])
        grey = cv2.cvtColor(cv2.resize(photo, (LOOKED_AT_PX, height), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        looks.append(Look(index, motion.along(grey), float(cv2.Laplacian(grey, cv2.CV_64F).var())))
        if len(looks) % 50 == 0:
            tell(share)
    return looks


class _Motion:
    """How far the picture has moved. Each frame is held against the last that was a step away, not against the one before:
    the trembling of a hand leads nowhere."""

    def __init__(self) -> None:
        self.anchor: np.ndarray | None = None
        self.corners: np.ndarray | None = None
        self.before, self.furthest = 0.0, 0.0

    def along(self, grey: np.ndarray) -> float:
        """Widths up to this frame ([H, W] uint8)."""
        way = self._way(grey)
        self.furthest = max(self.furthest, self.before + way)
        if way >= STEP or self.corners is None:
            self.anchor, self.before = grey, self.before + way
            corners = cv2.goodFeaturesToTrack(grey, CORNERS, 0.01, 7)
            self.corners = corners if corners is not None and len(corners) >= FEWEST_TRACKED else None
        return self.furthest

    def _way(self, grey: np.ndarray) -> float:
        """Median way of the anchor's corners; a step where the picture changed as a whole, none where it has no corners."""
        if self.anchor is None or self.corners is None:
            return 0.0
        found, kept, _ = cv2.calcOpticalFlowPyrLK(self.anchor, grey, self.corners, np.empty_like(self.corners))
        back, again, _ = cv2.calcOpticalFlowPyrLK(grey, self.anchor, found, np.empty_like(self.corners))
        good = (kept.ravel() == 1) & (again.ravel() == 1) & (np.linalg.norm(back - self.corners, axis=2).ravel() < 1)
        if good.sum() < FEWEST_TRACKED:
            return STEP
        return float(np.median(np.linalg.norm(found - self.corners, axis=2).ravel()[good])) / grey.shape[1]


def _sampled(video: Path) -> Iterator[tuple[int, np.ndarray, float]]:
    """(number, picture, share of the video) of frames at most `LOOKED_AT_HZ` a second, by their own times."""
    last = -1.0
    for index, frame, length_s in _decoded(video):
        at = float(frame.time) if frame.time is not None else index / 30
        if at - last >= 0.999 / LOOKED_AT_HZ or last < 0:
            last = at
            yield index, _upright(frame), min(at / length_s, 1.0) if length_s else 0.0


def _frames(video: Path) -> Iterator[tuple[int, np.ndarray]]:
    return ((index, _upright(frame)) for index, frame, _ in _decoded(video))


def _decoded(video: Path) -> Iterator[tuple[int, "VideoFrame", float]]:
    """(number, frame, length of the video in seconds or 0) of all frames."""
    import av

    try:
        with av.open(str(video), "r", metadata_errors="replace", options={"format_whitelist": KINDS}) as container:
            if not container.streams.video:
                raise _undecodable(video, "has no pictures")
            track = container.streams.video[0]
            if track.codec_context is None:
                raise _undecodable(video, "is of a kind that is not decoded")
            _check_size(video, size := (track.width, track.height))
            length_s = float((container.duration or 0) / av.time_base)
            for index, frame in enumerate(container.decode(track)):
                if index >= MOST_FRAMES:
                    message = f"`{video.name}` has more than {MOST_FRAMES:,} frames"
                    raise InputError(Problem("R220", message, "cut it, or film for a shorter time", "source.video"))
                if (frame.width, frame.height) != size:
                    if index:
                        raise _undecodable(video, "has frames of several sizes")
                    _check_size(video, size := (frame.width, frame.height))
                yield index, frame, length_s
    except av.error.FFmpegError as error:
        raise _undecodable(video, f"cannot be decoded: {(error.strerror or 'unknown reason').lower()}") from None


def _check_size(video: Path, size: tuple[int, int]) -> None:
    if min(size) < LEAST_PX or size[0] * size[1] > MOST_PIXELS:
        raise _undecodable(video, f"has frames of {size[0]}x{size[1]} pixels, too few or too many")


def _upright(frame: "VideoFrame") -> np.ndarray:
    """[H, W, 3] uint8 RGB, turned as the phone was held."""
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), turns))


def _undecodable(video: Path, why: str) -> InputError:
    return InputError(Problem("R211", f"video `{video.name}` {why}", "copy the video again, or save it as MP4", "source.video"))
