"""What readers of exports share: rotations, numbers, XML without entities."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers import expat

from runtime.capture.bounds import is_usable
from runtime.capture.transforms_file import TransformsError, content_of

Matrix = list[list[float]]


@dataclass(frozen=True)
class Said:
    """A pose file of whatever kind: what it says in the words of a `transforms.json`, the folder that its names are below,
    the files that were read, whether its unit is the metre."""

    content: dict[str, Any]
    base: Path
    files: tuple[Path, ...]
    metric: bool = False


def pose(rotation: Sequence[Sequence[float]], position: Sequence[float], opencv: bool) -> Matrix:
    """A camera-to-world matrix in OpenGL axes of a camera-to-world rotation (columns are the camera's axes, those of OpenCV
    or of OpenGL) and a position."""
    sign = (1, -1, -1) if opencv else (1, 1, 1)
    return [[*(s * v for s, v in zip(sign, row, strict=True)), float(at)] for row, at in zip(rotation, position, strict=True)]


def product(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]]) -> Matrix:
    """Of two 3x3 matrices."""
    return [[sum(a[i][k] * b[k][j] for k in range(3)) for j in range(3)] for i in range(3)]


def transposed(a: Sequence[Sequence[float]]) -> Matrix:
    """Of a 3x3 matrix."""
    return [list(column) for column in zip(*a, strict=True)]


def number(value: Any, what: str) -> float:
    """A usable number, also when it is written as text.

    Raises:
        TransformsError: it is none.
    """
    try:
        found = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not is_usable(found):
        raise TransformsError(f"has no number for {what}")
    return found


def numbers(text: str | None, count: int, what: str) -> list[float]:
    """`count` finite numbers between white space.

    Raises:
        TransformsError: there are not as many.
    """
    found = [number(word, what) for word in (text or "").split()]
    if len(found) != count:
        raise TransformsError(f"has {len(found)} numbers for {what}, not {count}")
    return found


def xml_of(path: Path) -> ET.Element:
    """The root of an XML file. One with a document type is refused, for entities are declared there, which may grow without
    end or name other files; no tool that exports cameras writes one.

    Raises:
        TransformsError: it is no XML, or declares a document type. OSError: it cannot be read.
    """
    content = content_of(path)

    def refuse(*_: object) -> None:
        raise TransformsError(f"declares a document type, which is not read: `{path.name}`")

    first = expat.ParserCreate()
    first.StartDoctypeDeclHandler = refuse
    try:
        first.Parse(content, True)
        return ET.fromstring(content)
    except (expat.ExpatError, ET.ParseError, LookupError, ValueError) as error:
        raise TransformsError(f"is not valid XML: {error}") from None
