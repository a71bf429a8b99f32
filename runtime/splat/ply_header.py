"""The header of a 3DGS PLY file, read with the standard library only: the compiler's `check` uses it without numpy.

Two layouts: the common one (a row of floats for each Gaussian), and PlayCanvas's compressed one, where rows of four packed
words are told by the bounds of their `chunk` of 256 (github.com/playcanvas/splat-transform, decompress-ply.ts).
"""

import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from runtime.files import open_file
from runtime.problem import InputError, Problem

_NAMES = "char uchar short ushort int uint float double int8 uint8 int16 uint16 int32 uint32 float32 float64".split()
KINDS: dict[str, str] = dict(zip(_NAMES, "i1 u1 i2 u2 i4 u4 f4 f8".split() * 2, strict=True)) | {"half": "f2", "float16": "f2"}
"""PLY's name of a number type -> its kind and size in bytes, as numpy writes them. Halves are no part of the standard."""
FORMATS = ("binary_little_endian", "binary_big_endian", "ascii")
REQUIRED = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
REST_COUNTS = {0: 0, 9: 1, 24: 2, 45: 3}
"""Number of `f_rest_*` properties -> degree of the spherical harmonics."""
PACKED = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
CHUNK_ROWS = 256
CHUNK_BOUNDS = [f"{end}_{name}" for end in ("min", "max") for name in ("x", "y", "z", "scale_x", "scale_y", "scale_z")]
CHUNK_COLORS = [f"{end}_{name}" for end in ("min", "max") for name in "rgb"]
MOST_GAUSSIANS = 20_000_000
"""Gaussians of the largest splat that is read."""
LARGEST_LOG_SCALE = math.log(2.0**64)
"""Above it the square of a Gaussian's size, of which its covariance is made, is no float32."""
_CLOUDS = {b"LASF": "a LAS or LAZ point cloud", b"ASTM-E57": "an E57 scan", b"# .PCD": "a PCD point cloud"}
_HEADER_LIMIT_BYTES, _LINE_LIMIT_BYTES = 1 << 16, 1 << 16
_LOOKED_AT = 64, 4096
"""Blocks, and rows of each, that `check` looks at; a file of up to 2**18 rows is looked at whole."""
_STRUCT: dict[str, str] = dict(zip("i1 u1 i2 u2 i4 u4 f2 f4 f8".split(), "bBhHiIefd", strict=True))


@dataclass(frozen=True)
class Element:
    """One element of the file. A property is (name, type); a list property has the type `list`."""

    name: str
    count: int
    properties: tuple[tuple[str, str], ...]

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Name of a property -> its kind, as in `KINDS`; `list` for a list."""
        return {name: KINDS.get(kind, kind) for name, kind in self.properties}

    @property
    def row_bytes(self) -> int | None:
        """Bytes of one binary row; None when a list makes it variable."""
        if "list" in self.kinds.values():
            return None
        return sum(int(kind[1]) for kind in self.kinds.values())


@dataclass(frozen=True)
class PlyHeader:
    """What the header says, and where the rows start."""

    format: str
    elements: tuple[Element, ...]
    body_offset: int  # bytes

    def element(self, name: str) -> Element | None:
        """The element of that name."""
        return next((e for e in self.elements if e.name == name), None)

    @property
    def vertex(self) -> Element:
        """The element that holds the Gaussians."""
        return next(e for e in self.elements if e.name == "vertex")

    @property
    def compressed(self) -> bool:
        """Whether the rows are PlayCanvas's packed words."""
        return {*PACKED} <= {*self.vertex.kinds}

    @property
    def halves(self) -> bool:
        """Whether every value of a Gaussian stands in a `ushort`: the bits of 16-bit floats, for which PLY has no name."""
        return all(self.vertex.kinds[name] == "u2" for name in self.vertex.kinds if is_gaussian(name)) and not self.compressed

    @property
    def common(self) -> bool:
        """Whether most programs read it."""
        return self.format != "binary_big_endian" and not self.compressed and not self.halves

    @property
    def sh_degree(self) -> int:
        """Degree of the spherical harmonics, 0..3."""
        return REST_COUNTS[sum(name.startswith("f_rest_") for name in self.rest_element.kinds)]

    @property
    def rest_element(self) -> Element:
        """The element of the `f_rest` properties."""
        return (self.element("sh") or self.vertex) if self.compressed else self.vertex

    def rows_before(self, name: str) -> int:
        """Rows, one a line of an ascii file, before an element's own."""
        return sum(e.count for e in self.elements[: [e.name for e in self.elements].index(name)])

    def offset(self, path: Path, name: str) -> int:
        """Where the rows of an element start in a binary file, in bytes.

        Raises:
            InputError: R215 when a list before it makes that unknown.
        """
        at = self.body_offset
        for element in self.elements:
            if element.row_bytes is None:
                raise bad_ply(path, f"has a list in `{element.name}` before its Gaussians", "export a plain 3DGS PLY")
            if element.name == name:
                break
            at += element.count * element.row_bytes
        return at


def is_gaussian(name: str) -> bool:
    """Whether a property is one of a Gaussian's values."""
    return name in REQUIRED or name.startswith("f_rest_")


def bad_ply(path: Path, what: str, help: str, code: str = "R215") -> InputError:
    """The error for a splat file that cannot be used: R215 damaged, R216 without Gaussians, R220 too large."""
    return InputError(Problem(code, f"`{path.name}` {what}", help, "source.path"))


def overflow(path: Path) -> InputError:
    """The error for sizes that have no number."""
    what = f"has a Gaussian whose `scale` is above {LARGEST_LOG_SCALE:.0f}: scales are logarithms, and its size overflows"
    return bad_ply(path, what, "export scales as logarithms, as the common 3DGS PLY has them, or leave that Gaussian out")


def too_many(path: Path, count: int) -> InputError:
    """The error for more Gaussians than are read."""
    return bad_ply(path, f"has {count:,} Gaussians, more than {MOST_GAUSSIANS:,}", "thin the splat out", "R220")


def _parse(path: Path, head: bytes) -> PlyHeader:
    if not head.startswith((b"ply\n", b"ply\r\n")):
        other = next((name for magic, name in _CLOUDS.items() if head.startswith(magic)), None)
        if other:
            raise bad_ply(path, f"is {other}, not a PLY", "convert it to PLY, as CloudCompare and PDAL do")
        raise bad_ply(path, "is not a PLY file", "export the splat as PLY")
    end = head.find(b"end_header")
    newline = head.find(b"\n", end)
    if end < 0 or newline < 0:
        raise bad_ply(path, "has no complete PLY header", "copy or export the file again: it looks truncated")
    format_name, elements = "", []
    for line in head[:end].decode("ascii", "replace").splitlines()[1:]:
        words = line.split()
        match words:
            case ["format", name, *_]:
                format_name = name
            case ["element", name, count] if count.isdigit() and len(count) < 16 and name not in (e[0] for e in elements):
                elements.append((name, int(count), []))
            case ["property", "list", _, _, name] if elements:
                elements[-1][2].append((name, "list"))
            case ["property", kind, name] if elements and kind in KINDS and name not in (p[0] for p in elements[-1][2]):
                elements[-1][2].append((name, kind))
            case [] | ["comment" | "obj_info", *_]:
                pass
            case _:
                raise bad_ply(path, f"has the header line `{line.strip()}`", "export the splat as a plain 3DGS PLY")
    if format_name not in FORMATS:
        raise bad_ply(path, f"has the format `{format_name}`", f"use one of {', '.join(FORMATS)}")
    return PlyHeader(format_name, tuple(Element(n, c, tuple(p)) for n, c, p in elements), newline + 1)


def _check_properties(path: Path, header: PlyHeader) -> None:
    vertex = header.element("vertex") or Element("vertex", 0, ())
    if {*PACKED} <= {*vertex.kinds}:
        chunk = header.element("chunk") or Element("chunk", 0, ())
        wanted, there = CHUNK_BOUNDS, chunk.kinds
        uneven = -(-vertex.count // CHUNK_ROWS) != chunk.count or (header.rest_element.count != vertex.count)
        strange = any(vertex.kinds[name] != "u4" for name in PACKED) or any(kind != "f4" for kind in there.values())
        strange |= len({*CHUNK_COLORS} & {*there}) not in (0, len(CHUNK_COLORS))
        strange |= any(header.rest_element.kinds[n] != "u1" for n in header.rest_element.kinds if n.startswith("f_rest_"))
        if header.format == "ascii" or uneven or strange:
            raise bad_ply(path, "is no whole compressed PLY", "export the splat again")
    else:
        wanted, there = REQUIRED, {name: kind for name, kind in vertex.kinds.items() if kind != "list"}
    if missing := [name for name in wanted if name not in there]:
        listed = ", ".join(f"`{m}`" for m in missing[:4]) + (" ..." if len(missing) > 4 else "")
        raise bad_ply(path, f"has no Gaussian properties {listed}", "a splat needs those of the common 3DGS PLY", "R216")
    rest = [name for name in header.rest_element.kinds if name.startswith("f_rest_")]
    if len(rest) not in REST_COUNTS or any(f"f_rest_{i}" not in rest for i in range(len(rest))):
        raise bad_ply(path, f"has {len(rest)} `f_rest` properties", "degrees 0 to 3 have 0, 9, 24 or 45 of them", "R216")
    if vertex.count == 0:
        raise bad_ply(path, "has no Gaussians", "train or export the splat again", "R216")
    if vertex.count > MOST_GAUSSIANS:
        raise too_many(path, vertex.count)
    whole = [name for name, kind in vertex.kinds.items() if is_gaussian(name) and kind[0] != "f"]
    if whole and (not header.halves or header.format == "ascii"):
        what = f"has whole numbers in `{whole[0]}`: a Gaussian's values are fractions"
        raise bad_ply(path, what, "export the splat with `float` properties")


def _check_size(path: Path, header: PlyHeader) -> None:
    if header.format == "ascii":
        _check_lines(path, header)
        return
    last = "sh" if header.compressed and header.element("sh") else "vertex"
    expected = header.offset(path, last)
    for element in header.elements[[e.name for e in header.elements].index(last) :]:
        if element.row_bytes is None:
            break  # a list after the Gaussians: its size is known only by walking it
        expected += element.count * element.row_bytes
    size = path.stat().st_size
    if size < expected:
        raise bad_ply(path, f"is truncated: {size} of {expected} bytes", "copy or export the file again")


def _check_lines(path: Path, header: PlyHeader) -> None:
    wanted, found, end = header.rows_before("vertex") + header.vertex.count, 0, b"\n"
    with open_file(path) as file:
        file.seek(header.body_offset)
        while found < wanted and (block := file.read(1 << 20)):
            found, end = found + block.count(b"\n"), block[-1:]
    if found + (end != b"\n") < wanted:
        raise bad_ply(path, f"is truncated: {found} of {wanted} rows", "copy or export the file again")


def _rows(path: Path, header: PlyHeader, element: Element, names: list[str]) -> Iterator[tuple[float, ...]]:
    """The named values, in the order of the file, of the rows that are looked at."""
    blocks, block_rows = _LOOKED_AT
    with open_file(path) as file:
        if header.format == "ascii":
            file.seek(header.body_offset)
            lines = (file.readline(_LINE_LIMIT_BYTES).split() for _ in range(header.rows_before("vertex") + element.count))
            places = [list(element.kinds).index(name) for name in names]
            for words in islice(lines, header.rows_before("vertex"), header.rows_before("vertex") + block_rows):
                try:
                    yield tuple(float(words[place]) for place in places)
                except (ValueError, IndexError):
                    raise bad_ply(path, "has a row that is not of numbers", "copy or export the file again") from None
            return
        kinds = {n: "f2" if header.halves and k == "u2" else k for n, k in element.kinds.items()}
        row = "".join(_STRUCT[k] if n in names else f"{k[1]}x" for n, k in kinds.items())
        unpack = struct.Struct((">" if header.format == "binary_big_endian" else "<") + row)
        start, count = header.offset(path, element.name), element.count
        stride = max(block_rows, -(-count // blocks))
        for first in range(0, count, stride):
            file.seek(start + first * unpack.size)
            yield from unpack.iter_unpack(file.read(min(block_rows, count - first) * unpack.size))


def read_header(path: Path) -> PlyHeader:
    """Header of a 3DGS PLY, checked for Gaussian properties, and in binary for its size.

    Raises:
        InputError: R215 when the file is missing, truncated or no PLY, R216 without the Gaussian properties, R220 when it
            has more Gaussians than are read.
    """
    header = _read(path)
    _check_properties(path, header)
    _check_size(path, header)
    return header


def read_plain_header(path: Path) -> PlyHeader:
    """Header of a PLY of points, checked for `x`, `y` and `z`, and in binary for its size. Raises as `read_header`."""
    header = _read(path)
    vertex = header.element("vertex")
    if vertex is None or not {"x", "y", "z"} <= {*vertex.kinds} or vertex.row_bytes is None:
        raise bad_ply(path, "has no points with `x`, `y` and `z`", "export the cloud as a plain PLY")
    if vertex.count > MOST_GAUSSIANS:
        raise bad_ply(path, f"has {vertex.count:,} points, more than {MOST_GAUSSIANS:,}", "thin the cloud out", "R220")
    if header.format != "ascii" and os.path.getsize(path) < header.offset(path, "vertex") + vertex.count * vertex.row_bytes:
        raise bad_ply(path, "is truncated", "copy or export the file again")
    return header


def _read(path: Path) -> PlyHeader:
    try:
        with open_file(path) as stream:
            head = stream.read(_HEADER_LIMIT_BYTES)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise bad_ply(path, f"cannot be read: {reason}", "check the path") from None
    return _parse(path, head)


def check_ply(path: Path) -> int:
    """How many Gaussians have a value that is not finite, of a quarter of a million rows at most (4,096 in ascii).

    Raises:
        InputError: as `read_header`, and R215 for scales that overflow in those rows.
    """
    header = read_header(path)
    element = (header.compressed and header.element("chunk")) or header.vertex
    sizes = ("max_scale_x", "max_scale_y", "max_scale_z") if header.compressed else ("scale_0", "scale_1", "scale_2")
    names = [name for name in element.kinds if name in sizes or (is_gaussian(name) and not header.compressed)]
    first, second, third = (names.index(name) for name in sizes)
    odd = 0
    for row in _rows(path, header, element, names):
        if row[first] > LARGEST_LOG_SCALE or row[second] > LARGEST_LOG_SCALE or row[third] > LARGEST_LOG_SCALE:
            raise overflow(path)
        odd += not math.isfinite(sum(row)) and any(not _fits(name, value) for name, value in zip(names, row, strict=True))
    return odd


def _fits(name: str, value: float) -> bool:
    """Whether a value can be used: infinite are an opacity of 1 or 0, and the size of what is flat."""
    return math.isfinite(value) or (name == "opacity" and value == value) or (name.startswith("scale_") and value < 0)
