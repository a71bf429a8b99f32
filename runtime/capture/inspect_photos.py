"""What is wrong with the photos that a capture names: outside, absent, broken, of another shape, too few, too many."""

import os
from collections.abc import Sequence
from pathlib import Path

from runtime.bound.source import Photos, SplatFile
from runtime.capture import files
from runtime.capture.image_containers import PhotoError, check_video
from runtime.capture.image_header import PhotoHeader, read_header
from runtime.capture.lens import LensError, fitted
from runtime.capture.named import Named, passed_over
from runtime.files import open_file
from runtime.problem import Problem

MIN_PHOTOS = 5
"""Fewer photos than this cannot give a scene and a held-out photo."""

MOST_PHOTOS, MOST_BYTES = 20_000, 128 * 2**30
"""Photos, and bytes in all, of the largest capture that is read."""

KEY = "source.path"


def inspect_named(source: Photos, folder: Path, named: Named, namer: str) -> list[Problem]:
    """Problems of the photos of a capture folder; `namer` is how messages call what names them."""
    photos = {name: found.path for name, found in named.photos.items()}
    if outside := _outside(source, folder, photos):
        message = f"`{source.path}` refers to {_some(outside, 'file')} outside its folder"
        return [Problem("R218", message, "copy the photos into the capture folder", KEY)]
    if problems := too_large(source, [p for p in photos.values() if p]):
        return problems
    there = {n: p for n, p in photos.items() if p is not None}
    problems += _absent(source, named, namer)
    headers, broken = _read_headers(there)
    if broken:
        more = f", and {len(broken) - 1} more cannot be used" if len(broken) > 1 else ""
        message = f"photo `{broken[0][0]}` of `{source.path}` {broken[0][1]}{more}"
        problems.append(Problem("R211", message, "copy the photo again, or remove it from the capture", KEY))
    problems += _misfits(source, named, headers)
    if not broken and len(there) < MIN_PHOTOS and (not named.absent or source.absent == "skip"):
        count = f"{len(there) or 'no'} photo{'s' * (len(there) != 1)}"
        message = f"`{source.path}` has {count}, a capture needs at least {MIN_PHOTOS}"
        problems.append(Problem("R217", message, "add photos, ideally 20 or more that overlap", KEY))
    return problems + (_told(source, folder, named, namer) if all(p.warning for p in problems) else [])


def _absent(source: Photos, named: Named, namer: str) -> list[Problem]:
    if not named.absent:
        return []
    message = f"{namer} of `{source.path}` names {_some(named.absent, 'photo')} not there"
    if source.absent == "skip":
        return [Problem("R221", f"{message}: left out", "restore them, if they should count", "source.absent", warning=True)]
    return [Problem("R212", message, "restore the photos, or leave them out with `absent: skip` in the source", KEY)]


def _misfits(source: Photos, named: Named, headers: dict[str, PhotoHeader]) -> list[Problem]:
    """R213 where the shape of a photo is not that of its camera."""
    wrong = []
    for name, header in headers.items():
        try:
            if name in named.cameras:
                fitted(named.cameras[name].lens(header), header)
        except LensError as error:
            wrong.append((name, str(error)))
    if not wrong:
        return []
    more = f", and {len(wrong) - 1} more do not fit" if len(wrong) > 1 else ""
    message = f"photo `{wrong[0][0]}` of `{source.path}` {wrong[0][1]}{more}"
    help_ = "give the photos that the poses were made of: not cropped, and turned neither more nor less"
    return [Problem("R213", message, help_, "source.poses")]


def _told(source: Photos, folder: Path, named: Named, namer: str) -> list[Problem]:
    """R221 of what is passed over or guessed, which need not be wrong."""
    used = [found.path for found in named.photos.values() if found.path]
    base = {folder / source.images} if source.poses == "none" else {path.parent for path in used}
    photos, others = passed_over(sorted(base), used)
    guessed = [name for name, found in named.photos.items() if found.guessed]
    told = []
    if guessed:
        path = named.photos[guessed[0]].path
        assert path is not None
        where = f"`{path.relative_to(folder).as_posix()}` is taken for `{guessed[0]}`"
        more = f", and {len(guessed) - 1} more by their names" if len(guessed) > 1 else ""
        told.append((f"{namer} of `{source.path}` names photos elsewhere: {where}{more}", "see that these are the photos meant"))
    if others:
        kinds = ", ".join(f"`{kind}`" for kind in sorted({os.path.splitext(name)[1].lower() for name in others}))
        count = f"{len(others)} file{'s' * (len(others) != 1)}"
        message = f"`{source.path}` has {count} of kinds that are not read ({kinds})"
        told.append((message, "save them as JPEG or PNG, if they belong to the capture"))
    if photos:
        count = f"{len(photos)} photo{'s' * (len(photos) != 1)} (`{photos[0]}`{', ...' if len(photos) > 1 else ''})"
        message = f"{namer} of `{source.path}` leaves out {count} of the {len(photos) + len(used)} in the folder"
        told.append((message, "estimate their poses as well, if they belong to the capture"))
    if source.poses == "record3d" and any(os.path.isfile(path.with_suffix(".depth")) for path in used[:1]):
        message = f"the depth maps of `{source.path}` are packed as LZFSE, and are not read"
        told.append((message, "export the recording as EXR + RGB from the app, if depth should count"))
    if len(named.models) > 1:
        first, *rest = (f"`{place.relative_to(folder).as_posix()}`" for place in named.models)
        message = f"`{source.path}` has {len(named.models)} COLMAP models: {first} is read, the largest"
        told.append((message, f"name another one with `model`: {', '.join(rest)}"))
    return [Problem("R221", message, help_, KEY, warning=True) for message, help_ in told]


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
        if (path is None and not files.is_inside(name))
        or (path and not (near[path.parent] and (not os.path.islink(path) or files.stays_inside(root, path))))
    ]


def _read_headers(photos: dict[str, Path]) -> tuple[dict[str, PhotoHeader], list[tuple[str, str]]]:
    """(name -> header, [(name, what is wrong)])."""
    headers, broken = {}, []
    for name, path in photos.items():
        try:
            os.path.basename(path).encode()  # what decodes photos takes names that are text
            headers[name] = read_header(path)
        except UnicodeEncodeError:
            broken.append((name, "has a name that is not UTF-8: rename it"))
        except PhotoError as error:
            broken.append((name, str(error)))
        except OSError as error:
            broken.append((name, f"cannot be read: {(error.strerror or 'unknown reason').lower()}"))
    return headers, broken


def _some(names: list[str], noun: str) -> str:
    """`photo a.png that is`, or `3 photos (a.png, b.png, ...) that are`: to be followed by what is wrong."""
    if len(names) == 1:
        return f"{noun} `{names[0]}` that is"
    shown = ", ".join(f"`{n}`" for n in names[:3])
    return f"{len(names)} {noun}s ({shown}{', ...' if len(names) > 3 else ''}) that are"
