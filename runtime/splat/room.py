"""Memory for the arrays of a frame, used again: asking the system for new pages costs a tenth of a frame's time."""

import sys
from threading import Lock

import numpy as np

KEPT = 3
"""Rooms that are kept when nobody uses them."""
_rooms: list[np.ndarray] = []
_lock = Lock()
_ALIGN = 64  # bytes of a cache line


def arrays(*wanted: tuple[tuple[int, ...], type]) -> list[np.ndarray]:
    """Arrays of these shapes and kinds, not cleared, each at the start of a cache line.

    They lie in one room, which is used again once none of them, and no view of them, is alive.
    """
    sizes = [int(np.prod(shape)) * np.dtype(kind).itemsize for shape, kind in wanted]
    starts = np.cumsum([0, *(-(-size // _ALIGN) * _ALIGN for size in sizes)])
    with _lock:
        room = _free(int(starts[-1]) + _ALIGN)
        first = -room.ctypes.data % _ALIGN
        parts = [room[first + a : first + a + size] for a, size in zip(starts[:-1].tolist(), sizes, strict=True)]
    return [part.view(kind).reshape(shape) for part, (shape, kind) in zip(parts, wanted, strict=True)]


def _free(size: int) -> np.ndarray:
    for k in range(len(_rooms)):
        # a view of an array refers to it: the list and the call's own reference are all that is left of a room in no use
        if sys.getrefcount(_rooms[k]) == 2 and size <= _rooms[k].nbytes <= 4 * size + 2**20:
            return _rooms[k]
    room = np.empty(size, np.uint8)
    _rooms.insert(0, room)
    del _rooms[KEPT:]
    return room
