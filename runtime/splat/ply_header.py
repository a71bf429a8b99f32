"""The header of a 3DGS PLY file, read with the standard library only: the compiler's `check` uses it without numpy."""

from dataclasses import dataclass
from pathlib import Path

from runtime.problem import InputError, Problem

_NAMES = "char uchar short ushort int uint float double int8 uint8 int16 uint16 int32 uint32 float32 float64".split()
KINDS: dict[str, str] = dict(zip(_NAMES, "i1 u1 i2 u2 i4 u4 f4 f8".split() * 2, strict=True))
"""PLY's name of a number type -> its kind and size in bytes, as numpy writes them."""
FORMATS = ("binary_little_endian", "ascii")
REQUIRED = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
REST_COUNTS = {0: 0, 9: 1, 24: 2, 45: 3}
"""Number of `f_rest_*` properties -> degree of the spherical harmonics."""
_HEADER_LIMIT_BYTES = 1 << 16


@dataclass(frozen=True)
class Element:
    """One element of the file. A property is (name, type); a list property has the type `list`."""

    name: str
    count: int
    properties: tuple[tuple[str, str], ...]

    @property
    def row_bytes(self) -> int | None:
        """Bytes of one binary row; None when a list makes it variable."""
        if any(kind == "list" for _, kind in self.properties):
            return None
        return sum(int(KINDS[kind][1]) for _, kind in self.properties)


@dataclass(frozen=True)
class PlyHeader:
    """What the header says, and where the rows start."""

    format: str
    elements: tuple[Element, ...]
    body_offset: int  # bytes

    @property
    def vertex(self) -> Element:
        """The element that holds the Gaussians."""
        return next(e for e in self.elements if e.name == "vertex")

    @property
    def sh_degree(self) -> int:
        """Degree of the spherical harmonics, 0..3."""
        return REST_COUNTS[sum(name.startswith("f_rest_") for name, _ in self.vertex.properties)]


def bad_ply(path: Path, what: str, help: str, code: str = "R215") -> InputError:
    """The error for a splat file that cannot be used: R215 damaged, R216 without Gaussians."""
    return InputError(Problem(code, f"`{path.name}` {what}", help, "source.path"))


def _parse(path: Path, head: bytes) -> PlyHeader:
    if not head.startswith((b"ply\n", b"ply\r\n")):
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
            case ["element", name, count] if count.isdigit():
                elements.append((name, int(count), []))
            case ["property", "list", _, _, name] if elements:
                elements[-1][2].append((name, "list"))
            case ["property", kind, name] if elements and kind in KINDS:
                elements[-1][2].append((name, kind))
            case [] | ["comment" | "obj_info", *_]:
                pass
            case _:
                raise bad_ply(path, f"has the header line `{line.strip()}`", "export the splat as a plain 3DGS PLY")
    if format_name not in FORMATS:
        raise bad_ply(path, f"has the format `{format_name}`", f"use one of {', '.join(FORMATS)}")
    return PlyHeader(format_name, tuple(Element(n, c, tuple(p)) for n, c, p in elements), newline + 1)


def _check_properties(path: Path, header: PlyHeader) -> None:
    vertex = next((e for e in header.elements if e.name == "vertex"), None)
    names = {name for name, _ in vertex.properties} if vertex else set()
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        listed = ", ".join(f"`{m}`" for m in missing[:4]) + (" ..." if len(missing) > 4 else "")
        raise bad_ply(path, f"has no Gaussian properties {listed}", "a splat needs those of the common 3DGS PLY", "R216")
    rest = sum(name.startswith("f_rest_") for name in names)
    if rest not in REST_COUNTS or any(f"f_rest_{i}" not in names for i in range(rest)):
        raise bad_ply(path, f"has {rest} `f_rest` properties", "degrees 0 to 3 have 0, 9, 24 or 45 of them", "R216")
    if header.vertex.count == 0:
        raise bad_ply(path, "has no Gaussians", "train or export the splat again", "R216")


def _check_size(path: Path, header: PlyHeader) -> None:
    if header.format == "ascii":
        return
    expected = header.body_offset
    for element in header.elements:
        if element.row_bytes is None:
            return  # a list: its size is known only by walking it
        expected += element.count * element.row_bytes
    size = path.stat().st_size
    if size < expected:
        raise bad_ply(path, f"is truncated: {size} of {expected} bytes", "copy or export the file again")


def read_header(path: Path) -> PlyHeader:
    """Header of a 3DGS PLY, checked for Gaussian properties and, in binary, for its size.

    Raises:
        InputError: R215 when the file is missing, truncated or no PLY, R216 without the Gaussian properties.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEADER_LIMIT_BYTES)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise bad_ply(path, f"cannot be read: {reason}", "check the path") from None
    header = _parse(path, head)
    _check_properties(path, header)
    _check_size(path, header)
    return header
