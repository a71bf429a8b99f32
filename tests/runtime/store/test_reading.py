"""What a job reads is whole, byte for byte; that is digested once a boot, and no memory of others is believed."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.store import host, reading, store
from runtime.store.reading import Reading
from runtime.store.store import DamagedArtifact, Store

HOUR_NS = 3600 * 10**9


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An artifact, and a memory of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SIMKILN_NO_CACHE", raising=False)
    reading._memory.cache_clear()
    keeper = Store(tmp_path / "store")
    with keeper.building("stage", "aa") as made:
        (made / "x.bin").write_bytes(b"0123456789")
        return keeper.publish("stage", "aa", made, {})


@pytest.fixture
def digested(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of files that were digested since."""
    names, digest = [], store._digest
    monkeypatch.setattr(store, "_digest", lambda path: names.append(path.name) or digest(path))
    return names


def check(folder: Path, later_ns: int = HOUR_NS) -> Reading:
    found = Reading(Store(folder.parents[1]), time.time_ns() + later_ns)
    found.check("stage", "aa")
    return found


def change(folder: Path) -> None:
    """Neither size nor mtime tell."""
    before = os.stat(folder / "x.bin")
    (folder / "x.bin").write_bytes(b"0123456788")
    os.utime(folder / "x.bin", ns=(before.st_atime_ns, before.st_mtime_ns))


def test_it_is_digested_once_and_again_when_anything_changed(folder: Path, digested: list[str]) -> None:
    check(folder, later_ns=0)
    assert digested == ["x.bin"]
    check(folder)
    assert digested == ["x.bin"] * 2, "what was just written is not remembered: its times might not tell of a change"
    check(folder).again()
    assert digested == ["x.bin"] * 2
    change(folder)
    with pytest.raises(DamagedArtifact, match="other content"):
        check(folder)


def test_a_change_while_it_is_read_is_seen(folder: Path) -> None:
    begun = check(folder)
    change(folder)
    with pytest.raises(DamagedArtifact, match="other content"):
        begun.again()


def test_another_whole_artifact_in_its_place_is_seen(folder: Path) -> None:
    begun, keeper = check(folder), Store(folder.parents[1])
    keeper.set_aside("stage", "aa")
    with keeper.building("stage", "aa") as made:
        (made / "x.bin").write_bytes(b"9876543210")
        keeper.publish("stage", "aa", made, {})
    with pytest.raises(DamagedArtifact, match="another one was put in its place"):
        begun.again()


def shards(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file()]


def foreign(path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    os.chown(path, 12345, 12345)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cache: shards(cache)[0].chmod(0o666),
        lambda cache: foreign(shards(cache)[0]),
        lambda cache: (cache / "simkiln").chmod(0o777),
        lambda cache: foreign(cache / "simkiln"),
        lambda cache: shards(cache)[0].rename(cache / "x"),
        lambda cache: shutil.rmtree(cache),
        lambda cache: (shutil.rmtree(cache), cache.write_text("")),
        lambda cache: os.environ.update(SIMKILN_NO_CACHE="1"),
        lambda cache: (cache.parent / "boot").write_text("two\n"),
        lambda cache: (cache.parent / "boot").unlink(),
    ],
    ids=["writable", "foreign", "writable folder", "foreign folder", "moved", "lost", "no folder", "off", "boot", "no boot"],
)
def test_a_memory_that_is_not_this_user_s_of_this_boot_is_not_believed(
    spoil: Callable[[Path], object], folder: Path, digested: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "BOOT_ID", tmp_path / "boot")
    (tmp_path / "boot").write_text("one\n")
    monkeypatch.setenv("SIMKILN_NO_CACHE", "0")
    check(folder)
    check(folder)
    assert digested == ["x.bin"]
    spoil(tmp_path / "cache")
    reading._memory.cache_clear()
    check(folder)
    assert digested == ["x.bin"] * 2
    reading._memory.cache_clear()
