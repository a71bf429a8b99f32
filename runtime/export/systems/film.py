"""Frames of a film that another program wrote, front to end."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from runtime.export.systems.scene import refused

MOST_PX = 2**25


def frames_of(path: Path) -> Iterator[np.ndarray]:
    """Pictures u8 [H, W, 3] of an MP4 file.

    Raises:
        InputError: R428 when it is none, is empty or too large.
    """
    import av

    count = 0
    try:
        with av.open(str(path), format="mp4") as container:
            (stream,) = container.streams.video
            stream.thread_count = 1
            if stream.width * stream.height > MOST_PX:
                raise ValueError("its frames are too large")
            for frame in container.decode(stream):
                yield frame.to_ndarray(format="rgb24")
                count += 1
    except (av.FFmpegError, OSError, ValueError) as error:
        raise refused(f"`{path.name}` in `{path.parent.name}` cannot be read: {str(error)[:100]}", "record it again") from error
    if not count:
        raise refused(f"`{path.name}` in `{path.parent.name}` has no frame", "record it again")
