"""Which files an asset is, and whether they are fit: from names and first bytes, standard library only.

`simkiln check` calls this before anything is built, and the job again, on its own copy. Codes: R210 absent, R218 a path leaves
its root, R220 too large, R222 not fit to be an asset.
"""

import os
import posixpath
import struct
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from runtime.assets import mjcf
from runtime.bound.asset import Asset
from runtime.capture.files import elsewhere, is_inside, stays_inside
from runtime.capture.image_header import PhotoError, read_header
from runtime.files import Unfit, read_file
from runtime.problem import Problem

MOST_BYTES = 2**26
"""Of one file."""
MOST_FACES, MOST_PARTS = 200_000, 1000
"""Triangles of one mesh, as many as MuJoCo reads; groups and changes of material in an OBJ."""
MOST_TEXTURE_PIXELS = 2**26
MOST_NAMED = 64
"""Files that one asset may name."""
MAPS = ("map_kd", "map_ka")
SUFFIXES = (".obj", ".stl", ".xml")


def used_files(asset: Asset, root: Path) -> dict[str, Path]:
    """Name relative to the root -> path of all files that an asset is made of, also of those that are not there.

    Raises:
        ValueError: a file that it names is not below its folder, or it names too many. OSError: it cannot be read.
    """
    main, folder = root.joinpath(*PurePosixPath(asset.path).parts), posixpath.dirname(asset.path)
    found = {asset.path: main}
    suffix = main.suffix.lower()
    if suffix == ".xml":
        named = list(mjcf.tidy(read_file(main, mjcf.MOST_BYTES))[1].values())
    elif suffix == ".obj":
        named = _named(read_file(main, MOST_BYTES), (b"mtllib",))
        for library in list(named):
            path = _below(root, folder, library)
            if path.is_file():
                maps = _named(read_file(path, mjcf.MOST_BYTES), tuple(m.encode() for m in MAPS))
                named += [posixpath.join(posixpath.dirname(library), name) for name in maps]
    else:
        named = []
    if len(named) > MOST_NAMED:
        raise ValueError(f"names more than {MOST_NAMED} files")
    return found | {posixpath.join(folder, name): _below(root, folder, name) for name in named}


def inspect_asset(asset: Asset, key: str, root: Path | None) -> list[Problem]:
    """All that is wrong with an asset below its root's folder, None where that is not known here."""
    key, where = f"{key}.path", f"root `{asset.root}`" if asset.root else "the project"
    if not is_inside(asset.path):
        return [Problem("R218", f"`{asset.path}` leaves {where}", "name a file below it", key)]
    if posixpath.splitext(asset.path)[1].lower() not in SUFFIXES:
        help = "export it as OBJ or STL; of USD, `usdcat` and most modelling programs do"
        return [Problem("R222", f"`{asset.path}` is none of OBJ, STL and MJCF (.xml)", help, key)]
    if root is None:
        return []
    try:
        files = used_files(asset, root)
        for name, path in files.items():
            if not path.is_file():
                return [Problem("R210", f"no file `{name}` in {where}", "check the path, or what the asset's file names", key)]
            if not stays_inside(root, path):
                return [Problem("R218", f"`{name}` is a link that leaves {where}", "put the file below it", key)]
            if path.stat().st_size > MOST_BYTES:
                return [Problem("R220", f"`{name}` has more than {MOST_BYTES // 2**20} MiB", "reduce the mesh", key)]
            _look(name, path, asset.path)
    except (ValueError, OSError, PhotoError) as error:
        if isinstance(error, FileNotFoundError):
            return [Problem("R210", f"no file `{asset.path}` in {where}", elsewhere(asset.root), key)]
        if isinstance(error, Unfit) and (error.strerror or "").startswith("it has more"):
            return [Problem("R220", f"`{asset.path}`: {error.strerror}", "reduce it", key)]
        why = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        return [Problem("R222", f"`{asset.path}` {why}", "export it again, as a rigid thing and its meshes", key)]
    return []


def _look(name: str, path: Path, main: str) -> None:
    """Raise ValueError or PhotoError where a file is not what its name says."""
    suffix = path.suffix.lower()
    if suffix == ".stl":
        _stl(path, "" if name == main else f"names `{name}`, which ")
    elif suffix == ".obj":
        text = read_file(path, MOST_BYTES)
        lines = text.splitlines()
        faces = sum(max(len(line.split()) - 3, 1) for line in lines if line.startswith(b"f "))  # a polygon is several triangles
        if not faces or b"\0" in text:
            raise ValueError("has no faces" if b"\0" not in text else "is no text")
        if faces > MOST_FACES:
            raise ValueError(f"has more than {MOST_FACES:,} faces")
        if sum(line.startswith((b"g ", b"o ", b"usemtl ")) for line in lines) > MOST_PARTS:
            raise ValueError(f"has more than {MOST_PARTS:,} groups and changes of material")
    elif suffix not in (".xml", ".mtl"):
        header = read_header(path)
        if header.width * header.height > MOST_TEXTURE_PIXELS:
            raise ValueError(f"names a texture of {header.width} by {header.height} pixels: `{name}`")


def _stl(path: Path, what: str) -> None:
    content = read_file(path, MOST_BYTES)
    binary = len(content) >= 84 and len(content) == 84 + 50 * struct.unpack_from("<I", content, 80)[0]
    if not binary and what and b"endfacet" in content:
        raise ValueError(f"{what}is an STL of text, which MuJoCo does not read: save it as binary STL")
    if not binary and not (content.lstrip()[:5].lower() == b"solid" and b"facet" in content):
        raise ValueError(f"{what}is no whole STL")
    if (faces := (len(content) - 84) // 50 if binary else content.count(b"endfacet")) > MOST_FACES or not faces:
        raise ValueError(f"{what}has {faces:,} faces" if faces else f"{what}has no faces")


def _named(content: bytes, words: tuple[bytes, ...]) -> list[str]:
    """The last words of lines that begin with one of `words`: files that an OBJ or an MTL names."""
    found = []
    for line in content.splitlines():
        head, _, rest = line.strip().partition(b" ")
        if head.lower() in words and (name := rest.strip()):
            words_of = name.split()  # options such as `-s 1 1 1` come before a name
            last = name if not name.startswith(b"-") else words_of[-1]
            found.append(unquote(last.decode("utf-8", "replace")).replace("\\", "/"))
    return list(dict.fromkeys(found))[: MOST_NAMED + 1]


def _below(root: Path, folder: str, name: str) -> Path:
    path = posixpath.normpath(posixpath.join(folder, name))
    if not is_inside(name) or not is_inside(path):
        raise ValueError(f"names a file that is not below its own folder: `{name}`")
    return Path(os.path.abspath(root), *PurePosixPath(path).parts)
