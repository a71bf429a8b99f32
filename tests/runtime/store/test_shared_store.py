"""A store on a network file system: locks that do not exist or are not shared, and hosts that publish the same."""

import errno
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.store.store import Store
from tests import REPOSITORY
from tests.mounts import two_views


def build(store: Store, content: bytes, name: str = "aa") -> Path:
    with store.building("stage", name) as folder:
        (folder / "x.bin").write_bytes(content)
        return store.publish("stage", name, folder, {})


def temporary(store: Store) -> list[Path]:
    return list((store.root / ".tmp").iterdir())


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL])
def test_no_locks_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(handle: int, operation: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    store = Store(tmp_path)
    with store.building("stage", "aa") as ours, store.building("stage", "aa") as theirs:
        (ours / "x.bin").write_bytes(b"ours")
        (theirs / "x.bin").write_bytes(b"theirs")
        store.publish("stage", "aa", theirs, {})
        store.publish("stage", "aa", ours, {})
    assert (store.path("stage", "aa") / "x.bin").read_bytes() == b"theirs"
    store.check("stage", "aa")
    assert temporary(store) == []


@pytest.mark.parametrize("code", [errno.ENOTEMPTY, errno.EEXIST, errno.EPERM])
def test_another_host_publishes_between_look_and_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    store = Store(tmp_path)
    rename = Path.rename

    def late(self: Path, target: Path) -> Path:
        if not store.has("stage", "aa"):
            shutil.copytree(self, target)
            (target / "x.bin").write_bytes(b"other")
        try:
            return rename(self, target)
        except OSError as error:
            raise OSError(code, os.strerror(code)) from error

    monkeypatch.setattr(Path, "rename", late)
    assert (build(store, b"ours!") / "x.bin").read_bytes() == b"other"
    assert temporary(store) == []


def test_a_rename_that_fails_for_another_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="Read-only"):
        build(Store(tmp_path), b"ours")


def test_folders_of_living_builders_are_kept_and_of_dead_ones_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.building("stage", "aa") as folder:
        host = folder.name.split("-")[2]
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = {
        "dead": f"stage-aa-{host}-{dead.pid}-00000000",
        "alive": f"stage-aa-{host}-{os.getpid()}-00000000",
        "elsewhere": f"stage-aa-elsewhere-{dead.pid}-00000000",
    }
    for name in names.values():
        (tmp_path / ".tmp" / name).mkdir()
    build(store, b"new")
    assert {p.name for p in temporary(store)} == {names["alive"], names["elsewhere"]}


def test_locks_do_not_pile_up(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for i in range(5):
        build(store, b"x", f"{i:02x}")
    assert list((tmp_path / ".locks").iterdir()) == []


BUILDER = """
import sys
from pathlib import Path
from runtime.store.store import Store
store = Store(Path(sys.argv[1]))
for i in range(12):
    with store.building("stage", f"{i:02x}") as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "x.bin").write_bytes(sys.argv[2].encode() * 5000)
        store.publish("stage", f"{i:02x}", folder, {})
"""


def test_two_hosts_build_the_same_at_once(tmp_path: Path) -> None:
    with two_views(tmp_path / "served", tmp_path / "first", tmp_path / "second") as mounts:
        contend(mounts)


def contend(mounts: tuple[Path, Path]) -> None:
    builders = [
        subprocess.Popen([sys.executable, "-c", BUILDER, str(mount), str(i)], cwd=REPOSITORY, stderr=subprocess.PIPE)
        for i, mount in enumerate(mounts)
    ]
    for builder in builders:
        _, errors = builder.communicate(timeout=60)
        assert builder.returncode == 0, errors.decode()
    for mount in mounts:
        store = Store(mount)
        assert len(store.listing()["stage"]) == 12
        for name in store.listing()["stage"]:
            store.check("stage", name)
    assert temporary(Store(mounts[0])) == []
