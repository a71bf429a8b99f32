"""The digest of a source follows the content of the files that the capture reads, and nothing else."""

import os
from pathlib import Path

import numpy as np

from runtime.bound.source import HiddenSite, Photos
from runtime.capture.digest import digest_source
from tests.runtime.capture import synthetic

SOURCE = Photos(kind="photos", root="captures", path="table", poses="transforms")


def _folder(root: Path) -> Path:
    folder = root / "table"
    names = synthetic.write_photos(folder, [np.full((12, 16, 3), i, np.uint8) for i in range(5)])
    synthetic.write_transforms(folder, synthetic.ring(5), names)
    return folder


def test_content_decides(tmp_path: Path) -> None:
    first, second = _folder(tmp_path / "a"), _folder(tmp_path / "b")
    digest = digest_source(SOURCE, first)
    assert digest == digest_source(SOURCE, second)
    (second / "notes.txt").write_text("not read by the capture")
    assert digest == digest_source(SOURCE, second)
    photo = second / "images" / "003.png"
    photo.write_bytes(photo.read_bytes() + b"x")
    assert digest != digest_source(SOURCE, second)


def test_poses_and_names_count(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    digest = digest_source(SOURCE, folder)
    poses = folder / "transforms.json"
    poses.write_text(poses.read_text().replace("150.0", "151.0"))
    changed = digest_source(SOURCE, folder)
    assert changed != digest
    unposed = Photos(kind="photos", root="captures", path="table")
    before = digest_source(unposed, folder)
    (folder / "images" / "004.png").rename(folder / "images" / "005.png")
    assert digest_source(unposed, folder) != before


def test_unchanged_files_are_not_read_again(tmp_path: Path) -> None:
    folder, cache = _folder(tmp_path), tmp_path / "cache" / "digests.json"
    digest = digest_source(SOURCE, folder, cache)
    photo = folder / "images" / "003.png"
    stat, content = photo.stat(), photo.read_bytes()
    photo.write_bytes(content[:-1] + b"x")  # same size; with the old time the cache cannot tell
    os.utime(photo, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert digest_source(SOURCE, folder, cache) == digest
    os.utime(photo, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert digest_source(SOURCE, folder, cache) != digest
    photo.write_bytes(content)
    assert digest_source(SOURCE, folder, cache) == digest


def test_a_damaged_cache_costs_only_time(tmp_path: Path) -> None:
    folder, cache = _folder(tmp_path), tmp_path / "digests.json"
    for content in ("", "[]", "{", '{"a": 1}'):
        cache.write_text(content)
        assert digest_source(SOURCE, folder, cache) == digest_source(SOURCE, folder)


def test_a_hidden_site_reads_no_files(tmp_path: Path) -> None:
    a, b = (HiddenSite(kind="hidden_site", seed=s) for s in (1, 2))
    assert digest_source(a, tmp_path) == digest_source(b, tmp_path)
