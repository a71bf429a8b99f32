"""The store: an artifact is there whole, or it is not there."""

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.store.store import MANIFEST, SEAL, DamagedArtifact, Store
from tests import REPOSITORY


def build(store: Store, name: str, files: dict[str, bytes]) -> Path:
    with store.building("stage", name) as folder:
        for relative, content in files.items():
            path = folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return store.publish("stage", name, folder, {"metrics": {"n": len(files)}})


def test_published_artifact_verifies_and_nothing_temporary_is_left(tmp_path: Path) -> None:
    store = Store(tmp_path)
    build(store, "aa", {"x.bin": b"123", "deep/er/y.bin": b""})
    manifest = store.check("stage", "aa")
    assert sorted(manifest["files"]) == ["deep/er/y.bin", "x.bin"]
    assert store.listing() == {"stage": {"aa"}}
    assert list((tmp_path / ".tmp").iterdir()) == []


@pytest.mark.parametrize("damage", ["truncated", "flipped", "absent", "extra", "manifest"])
def test_damage_is_seen(tmp_path: Path, damage: str) -> None:
    store = Store(tmp_path)
    folder = build(store, "aa", {"x.bin": b"0123456789"})
    path = folder / "x.bin"
    if damage == "truncated":
        path.write_bytes(b"01234")
    elif damage == "flipped":
        path.write_bytes(b"0123456788")
    elif damage == "absent":
        path.unlink()
    elif damage == "extra":
        (folder / "y.bin").write_bytes(b"")
    else:
        (folder / MANIFEST).write_text("{")
    with pytest.raises(DamagedArtifact):
        store.check("stage", "aa")
    store.set_aside("stage", "aa")
    assert not store.has("stage", "aa")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_flipped_bit_is_seen(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    folder = build(store, "aa", {"x.bin": b"0123456789"})
    whole = store.check("stage", "aa")
    path = folder / data.draw(st.sampled_from(["x.bin", MANIFEST]))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with suppress(DamagedArtifact):
        assert store.check("stage", "aa") == whole, "a flip that changes nothing, as 1e5 to 1E5"


def test_a_seal_whose_name_is_damaged_is_seen(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = build(store, "aa", {"x.bin": b"0123456789"}) / MANIFEST
    path.write_text(path.read_text().replace(f'"{SEAL}"', f'"{SEAL[:-1]}7"'))
    with pytest.raises(DamagedArtifact, match="the manifest has other content"):
        store.check("stage", "aa")


def test_artifacts_that_changed_places_are_seen(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second = build(store, "aa", {"x.bin": b"first"}), build(store, "bb", {"x.bin": b"second"})
    for source, target in ((first, tmp_path / "c"), (second, first), (tmp_path / "c", second)):
        source.rename(target)
    for name in ("aa", "bb"):
        with pytest.raises(DamagedArtifact, match="what stands here is"):
            store.check("stage", name, digests=False)


def test_first_publication_wins(tmp_path: Path) -> None:
    store = Store(tmp_path)
    build(store, "aa", {"x.bin": b"first"})
    build(store, "aa", {"x.bin": b"second"})
    assert (store.path("stage", "aa") / "x.bin").read_bytes() == b"first"
    store.check("stage", "aa")


def test_folder_without_manifest_is_not_an_artifact(tmp_path: Path) -> None:
    store = Store(tmp_path)
    build(store, "bb", {})
    (tmp_path / "stage" / "aa").mkdir(parents=True)
    (tmp_path / "stage" / "aa" / "x.bin").write_bytes(b"half")
    assert not store.has("stage", "aa")
    build(store, "aa", {"x.bin": b"whole"})
    assert (store.path("stage", "aa") / "x.bin").read_bytes() == b"whole"


def test_failed_build_publishes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(RuntimeError), store.building("stage", "aa") as folder:
        (folder / "x.bin").write_bytes(b"half")
        raise RuntimeError("the stage failed")
    assert store.listing().get("stage", set()) == set()
    assert list((tmp_path / ".tmp").iterdir()) == []


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}\.bin", fullmatch=True), st.binary(max_size=64)))
def test_any_files_come_back_as_written(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    folder = build(store, "aa", files)
    store.check("stage", "aa")
    assert {name: (folder / name).read_bytes() for name in files} == files


def _contend(root: Path, barrier, results) -> None:
    store = Store(root)
    barrier.wait()
    with store.building("stage", "aa") as folder:
        if store.has("stage", "aa"):
            results.put("found")
            return
        (folder / "x.bin").write_bytes(str(os.getpid()).encode() * 1000)
        time.sleep(0.05)
        store.publish("stage", "aa", folder, {})
        results.put("built")


def test_builders_at_once_build_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(4), context.Queue()
    processes = [context.Process(target=_contend, args=(tmp_path, barrier, results)) for _ in range(4)]
    for process in processes:
        process.start()
    outcome = sorted(results.get(timeout=30) for _ in processes)
    for process in processes:
        process.join()
    assert outcome == ["built", "found", "found", "found"]
    Store(tmp_path).check("stage", "aa")


WRITER = """
import sys
from pathlib import Path
from runtime.store.store import Store
store = Store(Path(sys.argv[1]))
for i in range(10_000):
    name = f"{i:04x}"
    with store.building("stage", name) as folder:
        for k in range(4):
            (folder / f"{k}.bin").write_bytes(bytes([k]) * 20_000)
        store.publish("stage", name, folder, {})
"""


@pytest.mark.parametrize("round", range(8))
def test_sigkill_at_any_moment_leaves_only_whole_artifacts(tmp_path: Path, round: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], cwd=REPOSITORY)
    time.sleep(0.3 + 0.037 * round)
    process.send_signal(signal.SIGKILL)
    process.wait()
    store = Store(tmp_path)
    for name in store.listing().get("stage", ()):
        store.check("stage", name)
    interrupted = {p.name.split("-")[1] for p in (tmp_path / ".tmp").glob("*")} if (tmp_path / ".tmp").exists() else set()
    for name in interrupted:
        with store.building("stage", name) as folder:
            assert list((tmp_path / ".tmp").glob(f"stage-{name}-*")) == [folder]


def test_full_disk_publishes_nothing(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    try:
        store = Store(small)
        build(store, "aa", {"x.bin": b"fits"})
        with pytest.raises(OSError, match="No space") as raised:
            build(store, "bb", {"x.bin": os.urandom(1 << 20)})
        assert raised.value.errno == errno.ENOSPC
        with pytest.raises(OSError, match="No space"), store.building("stage", "dd") as folder:
            (folder / "fill.bin").write_bytes(os.urandom(1 << 17))
            raise OSError("cannot write x.png")  # as OpenCV says it, without an error number
        assert store.listing() == {"stage": {"aa"}}
        store.check("stage", "aa")
        build(store, "cc", {"x.bin": b"fits again"})
        assert json.loads((store.path("stage", "cc") / MANIFEST).read_text())["files"]["x.bin"]["size"] == 10
    finally:
        subprocess.run(["umount", str(small)], check=True)
