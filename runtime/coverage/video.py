"""Writing clips as MP4 and reading them."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

CODECS = ("libx264", "libopenh264", "mpeg4")


def write_video(path: Path, frames: np.ndarray, fps: float, crf: int = 16, faststart: bool = False) -> str:
    """Write frames [T, H, W, 3] uint8 RGB as an MP4 in yuv420p; returns the codec. H and W must be even.

    Args:
        path: the file.
        frames: what to show.
        fps: frames per second.
        crf: quality of H.264: 16 can hardly be told from the frames, 28 takes about a tenth of the bytes.
        faststart: whether the index comes first, so that a player can begin before it has the whole file.

    Raises:
        RuntimeError: this PyAV has none of the codecs.
    """
    import av

    codec = next((c for c in CODECS if c in av.codecs_available), None)
    if codec is None:
        raise RuntimeError(f"PyAV has none of {', '.join(CODECS)}")
    with av.open(str(path), "w", options={"movflags": "+faststart"} if faststart else {}) as container:
        stream: Any = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1000))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1  # the same bytes every time
        if codec == "libx264":
            # the AVX-512 form of x264's macroblock tree reads memory that nobody wrote: bytes would depend on what it held
            stream.options = {"crf": str(crf), "preset": "fast", "x264-params": "asm=avx2"}
        else:
            stream.bit_rate = int(0.3 * fps * frames.shape[1] * frames.shape[2])
        for frame in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return codec


def read_video(path: Path) -> tuple[np.ndarray, float]:
    """Decode a clip: frames [T, H, W, 3] uint8 RGB and its frames per second."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        rate = stream.average_rate
    return np.stack(frames), float(rate) if rate else 0.0
