"""The listing of the store is remembered by the state of its folders; it is what one look at every artifact would give."""

import os
import random
import shutil
from pathlib import Path

import pytest

from compiler.store import listing as module
from compiler.store.listing import Listing, sums
from runtime.store.store import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "WORTHWHILE", 1)
    return tmp_path / "store"


def put(store: Path, stage: str, number: int, whole: bool = True) -> Path:
    folder = store / stage / f"{number:032x}"
    folder.mkdir(parents=True, exist_ok=True)
    if whole:
        (folder / "manifest.json").write_text("{}")
    return folder


def test_random_changes_are_seen(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLED_NS", -(10**12))  # folders here never get old
    rng, cache = random.Random(0), tmp_path / "listing.txt"
    for step in range(120):
        stage = rng.choice("abc")
        match rng.randrange(6):
            case 0 | 1 | 2:
                put(store, stage, rng.randrange(60), whole=rng.random() < 0.8)
            case 3:
                shutil.rmtree(store / stage / f"{rng.randrange(60):032x}", ignore_errors=True)
            case 4 if cache.exists():
                data = bytearray(cache.read_bytes())
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                cache.write_bytes(data)
            case 5 if step % 20 == 0:
                shutil.rmtree(store / stage, ignore_errors=True)
        if (store / stage).exists():  # clocks of file systems tick slower than this test
            os.utime(store / stage, ns=(0, os.stat(store / stage).st_mtime_ns + step))
        found = Listing(store, cache)
        truth = Store(store).listing()
        assert found.sums() == sums(truth)
        assert found.published() == truth
        assert Listing(store, cache).published() == truth


def test_a_folder_that_has_not_changed_is_not_looked_into(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        put(store, "a", number)
    cache = tmp_path / "listing.txt"
    Listing(store, cache)
    assert not cache.exists()  # it changed just now, and may again
    old = os.stat(store / "a").st_mtime_ns + module.SETTLED_NS + 10**9
    monkeypatch.setattr(module.time, "time_ns", lambda: old)
    first = Listing(store, cache).published()
    monkeypatch.setattr(module, "_listed", lambda *_: pytest.fail("looked into"))
    assert Listing(store, cache).published() == first == {"a": {f"{n:032x}" for n in range(5)}}
    with pytest.raises(pytest.fail.Exception):
        put(store, "a", 9)
        Listing(store, cache)


def test_another_store_has_another_listing(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLED_NS", -(10**12))
    put(store, "a", 1)
    Listing(store, tmp_path / "listing.txt")
    assert Listing(tmp_path / "other", tmp_path / "listing.txt").published() == {}
