"""What is wrong with the photos that a capture names: outside, absent, broken, of mixed sizes, too few, too many."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from runtime.bound.source import Photos, SplatFile
from runtime.capture import files
from runtime.capture.image_containers import PhotoError, check_video
from runtime.capture.image_header import read_header
from runtime.files import open_file
from runtime.problem import Problem

MIN_PHOTOS = 5
"""Fewer photos than this cannot give a scene and a held-out photo."""

MOST_PHOTOS, MOST_BYTES = 20_000, 128 * 2**30
"""Photos, and bytes in all, of the largest capture that is read."""

KEY = "source.path"


def inspect_named(source: Photos, folder: Path, photos: dict[str, Path | None], namer: str) -> list[Problem]:
    """Problems of the photos of a capture folder; `namer` is how messages call what names them."""
    if outside := _outside(source, folder, photos):
        message = f"`{source.path}` refers to {_some(outside, 'file')} outside its folder"
        return [Problem("R218", message, "copy the photos into the capture folder", KEY)]
    if problems := too_large(source, [p for p in photos.values() if p]):
        return problems
    absent = [n for n, p in photos.items() if p is None]
    if absent:
        message = f"{namer} of `{source.path}` names {_some(absent, 'photo')} not there"
        problems.append(Problem("R212", message, "restore the photos, or drop their frames from the pose file", KEY))
    there = {n: p for n, p in photos.items() if p is not None}
    sizes, broken = _read_headers(there, upright=source.poses == "none")
    if broken:
        more = f", and {len(broken) - 1} more cannot be used" if len(broken) > 1 else ""
        message = f"photo `{broken[0][0]}` of `{source.path}` {broken[0][1]}{more}"
        problems.append(Problem("R211", message, "copy the photo again, or remove it from the capture", KEY))
    problems += _mixed_sizes(source, sizes)
    if not absent and not broken and len(there) < MIN_PHOTOS:
        count = f"{len(there) or 'no'} photo{'s' * (len(there) != 1)}"
        message = f"`{source.path}` has {count}, a capture needs at least {MIN_PHOTOS}"
        problems.append(Problem("R217", message, "add photos, ideally 20 or more that overlap", KEY))
    return problems


def inspect_beside(source: Photos, folder: Path, beside: dict[str, Path | None], namer: str) -> list[Problem]:
    """Problems of the masks, depth maps and points that a pose file names."""
    if outside := _outside(source, folder, beside):
        message = f"{namer} of `{source.path}` names {_some(outside, 'file')} outside its folder"
        return [Problem("R218", message, "copy the files into the capture folder", KEY)]
    if absent := [n for n, p in beside.items() if p is None]:
        message = f"{namer} of `{source.path}` names {_some(absent, 'file')} not there"
        return [Problem("R212", message, "restore the files, or drop their keys from the pose file", KEY)]
    return []


def inspect_video(source: Photos, name: str, folder: Path) -> list[Problem]:
    """Problems of a video that photos are to be taken from; MP4 and MOV are looked into, of others only the size."""
    key = "source.video"
    if source.poses != "none":
        message = f"poses of kind `{source.poses}` do not go with a video"
        return [Problem("R214", message, "leave `poses` out: those of a video are estimated", key)]
    if not os.path.isfile(folder / name):
        return [Problem("R210", f"no video `{name}` in `{source.path}`", "check the name; it is relative to `path`", key)]
    if problems := too_large(source, [folder / name]):
        return problems
    try:
        with open_file(folder / name) as file:
            check_video(file, file.seek(0, 2))
    except PhotoError as error:
        return [Problem("R211", f"video `{name}` of `{source.path}` {error}", "copy the video again", key)]
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        return [Problem("R211", f"video `{name}` of `{source.path}` cannot be read: {why}", "make it readable", key)]
    return []


def too_large(source: Photos | SplatFile, used: Sequence[Path]) -> list[Problem]:
    """R220 where files are more, or larger, than a capture may be."""
    if len(used) > MOST_PHOTOS:
        what = f"{len(used):,} photos, more than {MOST_PHOTOS:,}"
    elif (size := sum(os.path.getsize(path) for path in used if os.path.isfile(path))) > MOST_BYTES:
        what = f"{size / 2**30:,.0f} GiB, more than {MOST_BYTES / 2**30:g}"
    else:
        return []
    return [Problem("R220", f"`{source.path}` has {what}", "split the capture, or leave files out", KEY)]


def _outside(source: Photos, folder: Path, photos: dict[str, Path | None]) -> list[str]:
    """Names that leave the capture folder, but for links to files that are below the root."""
    root = files.root_of(source, folder)
    near = {parent: files.stays_inside(folder, parent) for parent in {p.parent for p in photos.values() if p}}
    return [
        name
        for name, path in photos.items()
        if not files.is_inside(name)
        or (path and not (near[path.parent] and (not os.path.islink(path) or files.stays_inside(root, path))))
    ]


def _read_headers(photos: dict[str, Path], upright: bool) -> tuple[dict[str, tuple[int, int]], list[tuple[str, str]]]:
    """(name -> size, [(name, what is wrong)])."""
    sizes, broken = {}, []
    for name, path in photos.items():
        try:
            name.encode()  # what decodes photos takes names that are text
            header = read_header(path)
        except UnicodeEncodeError:
            broken.append((name, "has a name that is not UTF-8: rename it"))
        except PhotoError as error:
            broken.append((name, str(error)))
        except OSError as error:
            broken.append((name, f"cannot be read: {(error.strerror or 'unknown reason').lower()}"))
        else:
            sizes[name] = header.upright_size() if upright else (header.width, header.height)
    return sizes, broken


def _mixed_sizes(source: Photos, sizes: dict[str, tuple[int, int]]) -> list[Problem]:
    counts = Counter(sizes.values())
    if len(counts) < 2:
        return []
    ((usual_width, usual_height), _), *_ = counts.most_common()
    odd = [n for n, size in sizes.items() if size != (usual_width, usual_height)]
    width, height = sizes[odd[0]]
    message = (
        f"photos of `{source.path}` differ in size: most are {usual_width}x{usual_height}, "
        f"`{odd[0]}` is {width}x{height}" + (f", and {len(odd) - 1} more differ" if len(odd) > 1 else "")
    )
    return [Problem("R213", message, "resize or leave out the odd photos: one capture has one size", KEY)]


def _some(names: list[str], noun: str) -> str:
    """`photo a.png that is`, or `3 photos (a.png, b.png, ...) that are`: to be followed by what is wrong."""
    if len(names) == 1:
        return f"{noun} `{names[0]}` that is"
    shown = ", ".join(f"`{n}`" for n in names[:3])
    return f"{len(names)} {noun}s ({shown}{', ...' if len(names) > 3 else ''}) that are"
