"""Which files a source stands for, without ever leaving its root."""

import os
import posixpath
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from runtime.bound.source import Photos, SplatFile
from runtime.capture.colmap_model import count_images, is_model
from runtime.capture.image_header import PHOTO_SUFFIXES
from runtime.files import entries, is_litter, walk

MODEL_FOLDERS = ("sparse", "colmap", "colmap_text", ".")


def locate(source: Photos | SplatFile, root_folder: Path) -> Path:
    """The capture folder (or PLY file) of a source below its root's folder, links unresolved so that
    `inspect_source` can tell whether one leaves the root."""
    return Path(os.path.abspath(root_folder)).joinpath(*PurePosixPath(source.path).parts)


def is_inside(name: str) -> bool:
    """Whether a relative name stays below its folder by its letters alone."""
    pure = PurePosixPath(name.replace("\\", "/"))
    return (
        "\0" not in name
        and not pure.is_absolute()
        and ".." not in pure.parts
        and ":" not in (pure.parts[0] if pure.parts else "")
    )


def elsewhere(root: str | None) -> str:
    """What to do where nothing is at a path below a root, or below the project."""
    return "check the path, which is relative to " + (
        f"the root, or point that elsewhere with `--root {root}=DIR`" if root else "the project"
    )


def stays_inside(folder: Path, path: Path) -> bool:
    """Whether a path, with every link followed, is still below `folder`."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def root_of(source: Photos | SplatFile, folder: Path) -> Path:
    """The folder of the source's root, or the capture folder where that is not below it."""
    parts = PurePosixPath(source.path).parts
    return folder.parents[len(parts) - 1] if parts and folder.parts[-len(parts) :] == parts else folder


@dataclass(frozen=True)
class Found:
    """The file of a photo that a pose file names; None where there is none. `guessed`: it lies elsewhere than named."""

    path: Path | None
    guessed: bool = False


def find_photos(folder: Path, base: Path, names: Iterable[str]) -> dict[str, Found]:
    """The photos of a capture folder that a pose file calls `names`, relative to `base`.

    A name may be written as Windows or a URL does, or without its suffix. Where no file has it, as when the poses come from
    another machine, the one photo below the folder is taken that ends like it (in any case of letters), if that is one.

    Raises:
        OSError: the folder cannot be listed.
    """
    found = {name: Found(_as_named(folder, base, name)) for name in names}
    taken = {f.path for f in found.values()}
    absent = [name for name, f in found.items() if f.path is None]
    ends = _by_stem(folder) if absent else {}
    guesses = {name: guess for name in absent if (guess := _like(name, ends)) and guess not in taken}
    several = Counter(guesses.values())
    within = base.relative_to(folder).as_posix() if base.is_relative_to(folder) else ""
    for name, guess in guesses.items():
        if several[guess] == 1:
            same = posixpath.normpath(posixpath.join(within, _posix(name))).casefold()
            spelt = guess.relative_to(folder).as_posix().casefold()
            found[name] = Found(guess, guessed=same not in (spelt, posixpath.splitext(spelt)[0]))
    return found


def photo_path(folder: Path, name: str) -> Path | None:
    """The photo below a folder that a pose file calls `name`, or None; writers may leave the suffix out."""
    return _as_named(folder, folder, name)


def _posix(name: str) -> str:
    return name.replace("\\", "/")


def _as_named(folder: Path, base: Path, name: str) -> Path | None:
    for spelt in dict.fromkeys((name, _posix(name), _posix(unquote(name)))):
        path = Path(os.path.normpath(base / spelt))
        if "\0" not in spelt and path.is_relative_to(folder):
            for suffix in ("", *PHOTO_SUFFIXES):
                if os.path.isfile(f"{path}{suffix}"):
                    return Path(f"{path}{suffix}")
    return None


def _by_stem(folder: Path) -> dict[str, list[Path]]:
    """Photos of a folder and all below it, by their names without suffix, in small letters."""
    found: dict[str, list[Path]] = {}
    for path, state in walk(folder):
        name = os.path.basename(path)
        if stat.S_ISREG(state.st_mode) and name.lower().endswith(PHOTO_SUFFIXES) and not is_litter(name):
            found.setdefault(os.path.splitext(name)[0].casefold(), []).append(Path(path))
    return found


def _like(name: str, by_stem: dict[str, list[Path]]) -> Path | None:
    """The photo whose last folders and suffix agree best with those of a name; None where two agree alike."""
    parts = _posix(unquote(name)).casefold().split("/")
    stem, suffix = posixpath.splitext(parts[-1])

    def agreement(path: Path) -> tuple[int, bool]:
        other = [part.casefold() for part in path.parts]
        pairs = zip(reversed(parts[:-1]), reversed(other[:-1]), strict=False)
        return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs))), path.suffix.casefold() == suffix

    ranked = sorted(by_stem.get(stem, []) or by_stem.get(parts[-1], []), key=agreement, reverse=True)
    alike = len(ranked) > 1 and agreement(ranked[0]) == agreement(ranked[1])
    return None if not ranked or alike else ranked[0]


def list_photos(folder: Path) -> list[str]:
    """Names of the photos directly in a folder, in name order; those that begin with a dot are no photos.

    Raises:
        OSError: the folder cannot be read, or holds more files than are looked at.
    """
    return sorted(e.name for e in entries(folder) if e.name.lower().endswith(PHOTO_SUFFIXES) and not is_litter(e.name))


def colmap_folders(source: Photos, folder: Path) -> list[Path]:
    """The folders of COLMAP models: the one that the source names, or those in the usual places, the largest first."""
    if source.model:
        return [folder / source.model] if is_model(folder / source.model) else []
    places = [folder / place for place in MODEL_FOLDERS]
    if os.path.isdir(places[0]) and not os.path.islink(places[0]):  # sparse/0, sparse/1 and so on
        numbered = [e.name for e in entries(places[0]) if e.name.isdecimal() and e.is_dir(follow_symlinks=False)]
        places = [places[0] / name for name in sorted(numbered, key=int)] + places
    models = [place for place in places if is_model(place)]
    return sorted(models, key=count_images, reverse=True) if len(models) > 1 else models


def transforms_file(source: Photos, folder: Path) -> Path:
    """The `transforms.json` of a source."""
    return folder / (source.model or "transforms.json")
