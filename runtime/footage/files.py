"""Which videos of a folder are drawn, and what is wrong with the folder: from names alone, standard library only.

Layouts, as readers in the field take them: Something-Something v2 is a folder `20bn-something-something-v2` of 220,847 `ID.webm`;
Kinetics has `ID_START_END.mp4`, usually in folders of their classes; Greatest Hits (Owens et al., CVPR 2016) has
`TIME_denoised.mp4` beside `TIME_denoised_thumb.mp4`, `TIME_mic.mp4` and `TIME_times.txt`. `simkiln check` calls this, and the job
again before it copies.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePosixPath

from runtime.bound.footage import Footage, FoundFootage, FoundPhysion, Physion, Videos
from runtime.capture.digest import copy_named, digest_named
from runtime.capture.files import elsewhere, is_inside, stays_inside
from runtime.files import is_litter
from runtime.footage.physion import TABLES, stimuli
from runtime.footage.unfit import Unfit
from runtime.problem import InputError, Problem

SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")
ENDS: Mapping[str, tuple[str, ...]] = {
    "videos": SUFFIXES,
    "something_something_v2": (".webm",),
    "kinetics": SUFFIXES,
    "greatest_hits": ("_denoised.mp4",),
}
"""Kind -> how names of its videos end, in small letters."""
MOST_FILES = 1_000_000
"""Something-Something v2 has 220,847 in one folder, Kinetics-700 650,000 in all."""


def listed(said: Videos, root: Path) -> dict[str, Path]:
    """Name below the folder -> path of all that is in it and is no folder.

    Raises:
        Unfit: R218 the folder leaves the root, R210 it is not there or cannot be read.
    """
    key = f"{section(said)}.path"
    folder = Path(os.path.abspath(root), *PurePosixPath(said.path).parts)
    if not is_inside(said.path) or not stays_inside(root, folder):
        raise Unfit("R218", f"`{said.path}` leaves the root `{said.root}`", "name a folder below the root", key)
    try:
        found = list(islice(_files(folder), MOST_FILES + 1))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Unfit(
            "R210", f"`{said.path}` below the root `{said.root}` cannot be read: {why}", elsewhere(said.root), key
        ) from None
    if len(found) > MOST_FILES:
        raise Unfit("R210", f"`{said.path}` has more than {MOST_FILES:,} files", "name a folder in it", key)
    return {name: folder / name for name in found}


def _files(folder: Path) -> Iterator[str]:
    """Names below the folder, not through links to folders; `runtime.files.walk` stops at 100,000, and asks for each state."""

    def refuse(error: OSError) -> None:
        raise error

    for above, _, names in os.walk(folder, onerror=refuse):
        below = above[len(str(folder)) + 1 :]
        yield from (f"{below}/{name}" if below else name for name in names if not is_litter(name))


def drawn(names: Iterable[str], count: int, seed: int) -> list[str]:
    """So many of the names, by lot: what is added to a folder changes little of what is drawn, and nothing else does."""
    lot = sorted(names, key=lambda name: hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogateescape")).digest())
    return sorted(lot[:count])


def used_files(said: Videos, root: Path) -> dict[str, Path]:
    """Name -> path of the files that are read.

    Raises:
        Unfit: as `listed`; R218 one is a link that leaves the root; X521 there is no video; X522 no stimulus or no label.
    """
    found = listed(said, root)
    if isinstance(said, Physion):
        _stay(said, root, found, (name for name in found if PurePosixPath(name).name in TABLES.values()))  # before they are read
        items, tables = stimuli(said, found)
        fitted = {one.name: one.scenario for one in items if one.part == "readout"}
        kept = {one.name for one in items if one.part == "test"}.union(tables)
        for scenario in set(fitted.values()):
            kept.update(drawn((n for n, of in fitted.items() if of == scenario), said.per_scenario, said.draw))
    else:
        assert isinstance(said, Footage)
        kept = set(drawn((n for n in found if n.lower().endswith(ENDS[said.kind])), said.videos, said.draw))
        if not kept:
            ends = ", ".join(f"`*{end}`" for end in ENDS[said.kind])
            raise Unfit("X521", f"`{said.path}` holds no video of `{said.kind}`", f"its files are {ends}", "footage.path")
    _stay(said, root, found, sorted(kept))
    return {name: found[name] for name in sorted(kept)}


def _stay(said: Videos, root: Path, found: Mapping[str, Path], names: Iterable[str]) -> None:
    for name in names:
        if not stays_inside(root, found[name]) or not found[name].is_file():
            message = f"`{said.path}/{name}` is a link that leaves the root `{said.root}`, or no file"
            raise Unfit("R218", message, "put the file itself there", f"{section(said)}.path")


def section(said: Videos) -> str:
    """Under which key of a location it stands."""
    return "physion" if isinstance(said, Physion) else "footage"


def inspect_videos(said: Videos, root: Path | None) -> list[Problem]:
    """All that is wrong with a folder that names tell; nothing where the root is not known."""
    try:
        if root is not None:
            used_files(said, root)
    except Unfit as unfit:
        return [unfit.problem]
    return []


def found_videos(
    said: Footage | Physion | None, root: Path | None, cache: Path | None = None
) -> FoundFootage | FoundPhysion | None:
    """The folder as it is on this machine, without its licence, which changes no result.

    Raises:
        InputError: as `inspect_videos`. OSError: a file cannot be read.
    """
    if said is None:
        return None
    model = FoundPhysion if isinstance(said, Physion) else FoundFootage
    plain = said.model_dump(exclude={"licence"})
    if root is None:
        return model(**plain)
    try:
        files = used_files(said, root)
    except Unfit as unfit:
        raise InputError(unfit.problem) from unfit
    return model(**plain, content=digest_named(files, Path(root, said.path), cache))


def copy_videos(said: Videos, root: Path, into: Path) -> str:
    """Copy what is read, by its place below the folder, to a folder that is not there yet; its digest.

    Raises:
        InputError: as `inspect_videos`. Gone: a file cannot be read. OSError: the copy cannot be written.
    """
    try:
        files = used_files(said, root)
    except Unfit as unfit:
        raise InputError(unfit.problem) from unfit
    return copy_named(sorted(files.items()), None, into)
