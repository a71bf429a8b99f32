"""The digest of a source follows the content of the files that the capture reads, and nothing else."""

import json
import os
from io import BufferedReader
from pathlib import Path

import numpy as np
import pytest

from runtime import files
from runtime.bound.source import HiddenSite, Photos
from runtime.capture import digest
from runtime.capture.digest import copy_source, digest_source
from runtime.files import open_file
from runtime.sealed import sealed, unsealed
from tests.runtime.capture import synthetic

SOURCE = Photos(kind="photos", root="captures", path="table", poses="transforms")


def _folder(root: Path) -> Path:
    folder = root / "table"
    names = synthetic.write_photos(folder, [np.full((12, 16, 3), i, np.uint8) for i in range(5)])
    synthetic.write_transforms(folder, synthetic.ring(5), names)
    return folder


def test_content_decides(tmp_path: Path) -> None:
    first, second = _folder(tmp_path / "a"), _folder(tmp_path / "b")
    known = digest_source(SOURCE, first)
    assert known == digest_source(SOURCE, second)
    (second / "notes.txt").write_text("not read by the capture")
    assert known == digest_source(SOURCE, second)
    photo = second / "images" / "003.png"
    photo.write_bytes(photo.read_bytes() + b"x")
    assert known != digest_source(SOURCE, second)


def test_poses_and_names_count(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    known = digest_source(SOURCE, folder)
    poses = folder / "transforms.json"
    poses.write_text(poses.read_text().replace("150.0", "151.0"))
    changed = digest_source(SOURCE, folder)
    assert changed != known
    unposed = Photos(kind="photos", root="captures", path="table")
    before = digest_source(unposed, folder)
    (folder / "images" / "004.png").rename(folder / "images" / "005.png")
    assert digest_source(unposed, folder) != before


def _opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that digests open from now on."""
    names: list[str] = []
    monkeypatch.setattr(digest, "open_file", lambda path: names.append(Path(path).name) or open_file(path))
    return names


def test_unchanged_files_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, cache = _folder(tmp_path), tmp_path / "cache"
    opened = _opened(monkeypatch)
    known = digest_source(SOURCE, folder, cache)
    assert len(opened) == 6
    assert not cache.exists(), "files of this very moment were remembered: they could change again unseen"
    monkeypatch.setattr(files, "RACY_NS", 0)
    assert digest_source(SOURCE, folder, cache) == known
    opened.clear()
    assert digest_source(SOURCE, folder, cache) == known
    assert opened == []


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_of_the_same_size_and_time_is_read_again(replaced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "RACY_NS", 0)
    folder, cache = _folder(tmp_path), tmp_path / "cache"
    known = digest_source(SOURCE, folder, cache)
    opened = _opened(monkeypatch)
    photo = folder / "images" / "003.png"
    state, other = photo.stat(), tmp_path / "other.png"
    (other if replaced else photo).write_bytes(photo.read_bytes()[:-1] + b"x")
    os.utime(other if replaced else photo, ns=(state.st_atime_ns, state.st_mtime_ns))
    if replaced:
        other.rename(photo)
    assert digest_source(SOURCE, folder, cache) != known
    assert opened == ["003.png"]


@pytest.mark.parametrize("poses", ["transforms", "colmap", "none"])
def test_a_copy_holds_what_was_digested(poses: str, tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    synthetic.write_colmap(folder, synthetic.ring(5), [f"{i:03d}.png" for i in range(5)], synthetic.table_points(5), False)
    photo = folder / "images" / "002.png"
    photo.rename(tmp_path / "elsewhere.png")
    photo.symlink_to(tmp_path / "elsewhere.png")
    source = SOURCE.model_copy(update={"poses": poses})
    copy, found = copy_source(source, folder, tmp_path / "copy")
    assert found == digest_source(source, folder) == digest_source(source, copy)
    assert not (copy / "images" / "002.png").is_symlink()


def test_a_file_that_is_swapped_for_a_while_is_not_what_was_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another one while it is copied, and as before when one looks again."""
    folder = _folder(tmp_path)
    planned = digest_source(SOURCE, folder)
    photo = folder / "images" / "003.png"

    def swapped(path: Path) -> BufferedReader:
        content = photo.read_bytes()
        photo.write_bytes((folder / "images" / "001.png").read_bytes())
        found = open_file(path)
        if path == photo:
            return found
        photo.write_bytes(content)
        return found

    monkeypatch.setattr(digest, "open_file", swapped)
    assert copy_source(SOURCE, folder, tmp_path / "copy")[1] != planned


def test_a_damaged_cache_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "RACY_NS", 0)
    folder, cache = _folder(tmp_path), tmp_path / "cache"
    known = digest_source(SOURCE, folder, cache)
    (memory,) = cache.iterdir()
    kept = memory.read_text()
    whole = json.loads(unsealed(kept.encode()))
    without = {name: [*state, None] for name, (*state, _) in whole.items()}
    inside = ("[]", "{", "[" * 10_000, '{"a": 1}', json.dumps(without), json.dumps(dict.fromkeys(whole, 1)))
    for content in ("", kept[:-40] + ("0" if kept[-40] != "0" else "1") + kept[-39:], *map(sealed, inside)):
        memory.write_text(content)
        assert digest_source(SOURCE, folder, cache) == known
    assert memory.read_text() == kept


def test_a_hidden_site_reads_no_files(tmp_path: Path) -> None:
    a, b = (HiddenSite(kind="hidden_site", seed=s) for s in (1, 2))
    assert digest_source(a, tmp_path) == digest_source(b, tmp_path)
