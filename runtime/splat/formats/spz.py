"""SPZ, Niantic's compressed splats: versions 1 to 3 (one gzip stream, or none) and 4 (a zstd stream for each attribute).

Precision: 2**-fractionalBits in position (1/4096 as most are written), 1/16 in log scale, 1/255 in opacity, 1/38 in `f_dc`,
1/128 in `f_rest` (written with 4 or 5 bits: 1/8 or 1/16), and in a component of the quaternion 1/127 (versions 1, 2) or 1/722.
Axes are the file's own. Source: github.com/nianticlabs/spz, README.md and src/cc/load-spz.cc.
"""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.files import open_file
from runtime.splat.ply_header import MOST_GAUSSIANS, bad_ply, too_many

if TYPE_CHECKING:
    import numpy as np

    from runtime.splat.formats.raw import Raw

MAGIC = b"NGSP"
GZIP = b"\x1f\x8b"
_SH_BYTES = (0, 9, 24, 45)
_HEADER = struct.Struct("<4sIIBBBB")
_TOC = struct.Struct("<QQ")
_AGAIN = "copy or export the file again"


@dataclass(frozen=True)
class Header:
    """The first bytes of the file, and how long its attributes are."""

    version: int
    count: int
    degree: int
    fractional_bits: int
    sizes: tuple[int, ...]  # bytes of positions, alphas, colours, scales, rotations, harmonics
    streams: tuple[tuple[int, int], ...]  # version 4: where each compressed attribute starts, and its bytes


def check(path: Path) -> Header:
    """The header, held against the file's length.

    Raises:
        InputError: R215 when it is damaged or of a version that is not read, R216 when its harmonics are of degree 4, R220.
    """
    size = path.stat().st_size
    with open_file(path) as file:
        head = file.read(1 << 16)
        file.seek(max(0, size - 4))
        unpacked_bytes = int.from_bytes(file.read(4), "little")  # modulo 2**32: the end of a gzip stream
    if zipped := head.startswith(GZIP):
        try:
            start = zlib.decompressobj(31).decompress(head, _HEADER.size)
        except zlib.error:
            raise bad_ply(path, "has a damaged gzip stream", _AGAIN) from None
    else:
        start = head
    if len(start) < _HEADER.size or not start.startswith(MAGIC):
        raise bad_ply(path, "is no whole SPZ file", _AGAIN)
    _, version, count, degree, bits, _, streams = _HEADER.unpack_from(start)
    if not 1 <= version <= 4 or (version == 4 and zipped) or bits > 23:
        raise bad_ply(path, f"is an SPZ file of version {version}", "save it with versions 1 to 4 of the format, or as PLY")
    if degree >= len(_SH_BYTES):
        raise bad_ply(path, f"has spherical harmonics of degree {degree}", "save it with degree 0 to 3", "R216")
    if not count:
        raise bad_ply(path, "has no Gaussians", "train or export the splat again", "R216")
    if count > MOST_GAUSSIANS:
        raise too_many(path, count)
    each = (6 if version == 1 else 9, 1, 3, 3, 3 if version < 3 else 4, _SH_BYTES[degree])
    sizes = tuple(bytes_ * count for bytes_ in each)
    header = Header(version, count, degree, bits, sizes, ())
    if version == 4:
        return _with_streams(path, header, head, streams, size)
    wanted = _HEADER.size + sum(sizes)
    if (unpacked_bytes != wanted % 2**32) if zipped else (size < wanted):
        raise bad_ply(path, "is truncated", _AGAIN)
    return header


def _with_streams(path: Path, header: Header, head: bytes, count: int, size: int) -> Header:
    sizes = [bytes_ for bytes_ in header.sizes if bytes_]
    at = int.from_bytes(head[16:20], "little") if len(head) >= 32 else 0
    start, found = at + count * _TOC.size, []
    if count == len(sizes) and at >= 32 and start <= len(head):
        for i, unpacked in enumerate(sizes):
            packed, told = _TOC.unpack_from(head, at + i * _TOC.size)
            if told != unpacked or start + packed > size:
                break
            found.append((start, packed))
            start += packed
    if len(found) < len(sizes):
        raise bad_ply(path, "is truncated or damaged", _AGAIN)
    return Header(header.version, header.count, header.degree, header.fractional_bits, header.sizes, tuple(found))


def read(path: Path) -> "Raw":
    """Gaussians of an SPZ file.

    Raises:
        InputError: as `check`, and R215 when the compressed data are damaged.
    """
    import numpy as np

    from runtime.splat.formats.packed_ply import smallest_three
    from runtime.splat.formats.raw import Raw

    header = check(path)
    xyz, alpha, rgb, scale, rotation, rest = _attributes(path, header)
    n = header.count
    if header.version == 1:
        means = xyz.view("<f2").astype(np.float32).reshape(n, 3)
    else:
        low, middle, high = xyz.reshape(n, 3, 3).astype(np.int32).transpose(2, 0, 1)
        means = (low | middle << 8 | (high ^ 0x80) - 0x80 << 16).astype(np.float64) / 2**header.fractional_bits
    if header.version < 3:
        xyz_part = rotation.reshape(n, 3).astype(np.float32) / 127.5 - 1
        quats = smallest_three(np.zeros(n, np.int64), xyz_part)
    else:
        words = rotation.view("<u4")
        bits = [(words >> shift) & 0x3FF for shift in (20, 10, 0)]  # a sign and 9 bits each
        three = np.stack([np.where(b & 0x200, -1, 1) * (b & 0x1FF) * (0.5**0.5 / 0x1FF) for b in bits], axis=1)
        quats = np.roll(smallest_three(words >> 30, three), 1, axis=1)  # stored xyzw
    opacity = alpha.astype(np.float32) / 255
    with np.errstate(divide="ignore"):
        logits = np.log(opacity) - np.log1p(-opacity)
    color = (rgb.reshape(n, 1, 3).astype(np.float32) / 255 - 0.5) / 0.15
    shading = (rest.reshape(n, -1, 3).astype(np.float32) - 128) / 128
    return Raw(means, quats, scale.reshape(n, 3) / np.float32(16) - 10, logits, np.concatenate([color, shading], axis=1))


def _attributes(path: Path, header: Header) -> "list[np.ndarray]":
    import numpy as np

    damaged = bad_ply(path, "holds compressed data that are damaged", _AGAIN)
    with open_file(path) as file:
        if header.version == 4:
            import pyarrow as pa

            parts, packed = [], iter(header.streams)
            for bytes_ in header.sizes:
                content = b""
                if bytes_:
                    start, length = next(packed)
                    file.seek(start)
                    try:
                        content = pa.Codec("zstd").decompress(file.read(length), bytes_, asbytes=True)
                    except (pa.ArrowInvalid, OSError):
                        raise damaged from None
                if len(content) != bytes_:
                    raise damaged
                parts.append(np.frombuffer(content, np.uint8))
            return parts
        wanted = _HEADER.size + sum(header.sizes)
        content = file.read()
    if content.startswith(GZIP):
        try:
            content = zlib.decompressobj(31).decompress(content, wanted)
        except zlib.error:
            raise damaged from None
    if len(content) < wanted:
        raise damaged
    body = np.frombuffer(content, np.uint8, sum(header.sizes), _HEADER.size)
    return np.split(body, np.cumsum(header.sizes)[:-1])
