"""MJCF that strangers wrote: what of it is let in, and which files it names. Standard library only.

MuJoCo's parser follows `include` to any file, loads plugins, and makes thousands of bodies of one `replicate`. So elements are
let in by name, and every file that is named has to be a mesh below the XML's own folder.
"""

import posixpath
from collections.abc import Iterator
from xml.etree import ElementTree as ET
from xml.parsers import expat

ELEMENTS = frozenset(
    """mujoco compiler option default asset mesh material worldbody body frame geom inertial site freejoint statistic visual
    global quality headlight map scale rgba""".split()
)
"""Elements of a rigid thing."""
DROPPED = frozenset("texture light camera keyframe sensor contact exclude custom numeric text key size flag".split())
"""Elements that say nothing of its shape and mass; they are left out."""
MOST_BYTES, MOST_ELEMENTS = 2**20, 2000


class Unfit(ValueError):
    """Why an MJCF is not let in."""


def tidy(content: bytes) -> tuple[str, dict[str, str]]:
    """The XML without what is dropped, each mesh under a plain name; and these names -> files relative to the XML's folder.

    Raises:
        Unfit: it is no MJCF, or holds what a rigid thing does not need.
    """
    if len(content) > MOST_BYTES:
        raise Unfit("has more than 1 MiB")
    root = _parsed(content)
    if root.tag != "mujoco":
        raise Unfit(f"begins with `{root.tag}`, not with `mujoco`")
    _prune(root)
    folder, files = "", {}
    for element in root.iter():
        if element.tag == "compiler":
            folder = element.attrib.pop("meshdir", element.attrib.pop("assetdir", folder))
            for key in ("assetdir", "texturedir", "meshdir", "strippath"):
                element.attrib.pop(key, None)
    for number, element in enumerate(e for e in root.iter() if e.get("file") is not None):
        name = element.attrib["file"]
        if element.tag != "mesh":
            raise Unfit(f"names a file in `{element.tag}`: `{name}`")
        path = posixpath.normpath(posixpath.join(folder.replace("\\", "/"), name.replace("\\", "/")))
        suffix = posixpath.splitext(path)[1].lower()
        if path.startswith(("/", "..")) or ":" in path or "\0" in path:
            raise Unfit(f"names a file that is not below its own folder: `{name}`")
        if suffix not in (".obj", ".stl"):
            raise Unfit(f"names a mesh that is neither OBJ nor STL: `{name}`")
        if element.get("name") is None:
            element.set("name", posixpath.splitext(posixpath.basename(path))[0])
        element.set("file", plain := f"mesh-{number}{suffix}")
        files[plain] = path
    return ET.tostring(root, encoding="unicode"), files


def _parsed(content: bytes) -> ET.Element:
    def refuse(*_: object) -> None:
        raise Unfit("declares a document type, which is not read")

    first = expat.ParserCreate()
    first.StartDoctypeDeclHandler = refuse
    try:
        first.Parse(content, True)
        return ET.fromstring(content)
    except (expat.ExpatError, ET.ParseError, LookupError, ValueError) as error:
        raise error if isinstance(error, Unfit) else Unfit(f"is not valid XML: {error}") from None


def _prune(root: ET.Element) -> None:
    """Take out what is dropped, refuse what is not known."""
    for number, (parent, child) in enumerate(list(_pairs(root, 0))):
        if number >= MOST_ELEMENTS:
            raise Unfit(f"has more than {MOST_ELEMENTS} elements")
        if child.tag in DROPPED:
            parent.remove(child)
        elif child.tag in ("joint", "ball", "tendon", "actuator", "equality"):
            raise Unfit(f"has `{child.tag}`: an asset is rigid, apart from a `freejoint`")
        elif child.tag not in ELEMENTS:
            raise Unfit(f"has `{child.tag}`, which is not let in")
        elif child.tag == "material":
            child.attrib.pop("texture", None)
        elif "builtin" in child.attrib:  # its numbers say how much MuJoCo allocates
            raise Unfit(f"has `builtin` in `{child.tag}`, which is not let in")


def _pairs(parent: ET.Element, depth: int) -> Iterator[tuple[ET.Element, ET.Element]]:
    """Parents and children, but nothing below what is dropped."""
    if depth > 64:
        raise Unfit("is nested deeper than 64 elements")
    for child in parent:
        yield parent, child
        if child.tag not in DROPPED:
            yield from _pairs(child, depth + 1)
