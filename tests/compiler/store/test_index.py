"""The index says what the manifests say, whatever happens to its file."""

import json
import multiprocessing
import os
import random
import sqlite3
from pathlib import Path

import pytest

from compiler.store.fact import Fact
from compiler.store.index import StoreIndex
from runtime.job import Job, Parent
from runtime.store.store import Store
from tests.compiler.published import publish_job

SCOPES = [{"location": "cellar", "approach": "baseline"}, {"location": "cellar", "approach": "bold"}]


def job(stage: str, name: str, **params: object) -> Job:
    backends = {"renderer": {"name": "numba", "version": "1"}}
    parents = {"capture": [Parent("capture", "c" * 32)]}
    return Job(stage, 1, name * 32, f"{stage}/cellar", {}, params, parents, backends, {}, scopes=SCOPES)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    publish_job(store, job("splat", "a", iterations=5), size=1000)
    publish_job(store, job("splat", "b", iterations=6))
    publish_job(store, job("twin", "a"))
    return store


def index(store: Store) -> StoreIndex:
    return StoreIndex(store.root, store.root.parent / "build" / "cache" / "store.sqlite")


def by_address(facts: list[Fact]) -> dict[tuple[str, str], Fact]:
    return {f.address: f for f in facts}


def test_facts_are_those_of_the_manifests(store: Store) -> None:
    found = by_address(index(store).facts())
    assert sorted(found) == [("splat", "a" * 32), ("splat", "b" * 32), ("twin", "a" * 32)]
    fact = found["splat", "a" * 32]
    assert (fact.version, fact.cpu_s, fact.wall_s, fact.peak_mb, fact.bytes) == (1, 60.0, 30.0, 500.0, 1000)
    assert (fact.backends, fact.label, fact.location) == ("renderer=numba 1", "splat/cellar", "cellar")
    assert fact.scopes == tuple(SCOPES)
    assert by_address(index(store).facts())["splat", "a" * 32] == fact, "read back from the file"


def test_it_follows_the_store(store: Store) -> None:
    ours = index(store)
    assert len(ours.facts()) == 3
    store.set_aside("twin", "a" * 32)
    publish_job(store, job("twin", "d"))
    assert [f.fingerprint[0] for f in ours.facts() if f.stage == "twin"] == ["d"]
    manifest = store.path("twin", "d" * 32) / "manifest.json"
    changed = json.loads(manifest.read_text())
    changed["cost"]["cpu_s"] = 7.0
    manifest.write_text(json.dumps(changed))
    os.utime(manifest, ns=(1, 1))
    assert by_address(index(store).facts())["twin", "d" * 32].cpu_s == 7.0, "an artifact that was built again"


def test_only_what_is_asked_for_is_read(store: Store) -> None:
    (store.path("splat", "b" * 32) / "manifest.json").write_text("no JSON")
    ours = index(store)
    assert [f.address for f in ours.facts([("twin", "a" * 32), ("twin", "f" * 32)])] == [("twin", "a" * 32)]
    assert len(ours.facts()) == 2, "the unreadable one is left out"
    made_from = ours.inputs(("splat", "a" * 32))
    assert made_from is not None
    assert made_from["params"] == {"iterations": 5}
    assert made_from["parents"] == {"capture": [f"capture/{'c' * 32}"]}
    assert ours.inputs(("splat", "f" * 32)) is None


def test_a_sample_of_a_stage_is_the_same_each_time(store: Store) -> None:
    for number in range(16):
        publish_job(store, job("gate", f"{number:x}"))
    ours = index(store)
    assert len(ours.of_stage("gate")) == 16
    few = [f.fingerprint[0] for f in ours.of_stage("gate", 5)]
    assert few == ["0", "4", "8", "c"]
    assert [f.fingerprint[0] for f in index(store).of_stage("gate", 5)] == few
    assert ours.of_stage("nothing") == []


def test_an_old_manifest_is_read(store: Store) -> None:
    manifest = store.path("splat", "a" * 32) / "manifest.json"
    old = json.loads(manifest.read_text())
    del old["scopes"], old["built"]
    old["cost"] = {"cpu_s": 3.0, "wall_s": 4.0, "peak_mb": 5.0}
    manifest.write_text(json.dumps(old))
    fact = by_address(index(store).facts())["splat", "a" * 32]
    assert (fact.scopes, fact.cpu_s, fact.gpu_s, fact.cores, fact.machine) == ((), 3.0, 0.0, 0, "")
    assert fact.built == pytest.approx(manifest.stat().st_mtime)
    assert fact.label == f"splat/{'a' * 12}"
    assert fact.location is None


@pytest.mark.parametrize("content", [b"", b"not a database at all, and longer than a header " * 99, b"SQLite format 3\0"])
def test_a_damaged_file_costs_nothing(store: Store, content: bytes) -> None:
    expected = index(store).facts()
    file = store.root.parent / "build" / "cache" / "store.sqlite"
    file.write_bytes(content)
    assert index(store).facts() == expected
    assert index(store).facts() == expected
    with sqlite3.connect(file) as written:
        assert written.execute("select count(*) from artifact").fetchone() == (3,), "it is mended, not only borne"


def test_a_page_that_was_overwritten_costs_nothing(store: Store) -> None:
    ours = index(store)
    expected = ours.facts()
    ours.close()
    file = store.root.parent / "build" / "cache" / "store.sqlite"
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert index(store).facts() == expected
    assert index(store).facts() == expected


def test_flipped_bits_cost_nothing(store: Store) -> None:
    ours = index(store)
    expected, inputs = ours.facts(), ours.inputs(("splat", "a" * 32))
    ours.close()
    file = store.root.parent / "build" / "cache" / "store.sqlite"
    content = file.read_bytes()
    noise = random.Random(0)
    for _ in range(300):
        place = noise.randrange(len(content))
        file.write_bytes(content[:place] + bytes([content[place] ^ 1 << noise.randrange(8)]) + content[place + 1 :])
        found = index(store)
        assert found.facts() == expected, place
        assert found.inputs(("splat", "a" * 32)) == inputs, place
        assert len(list(found.inputs_of("splat"))) == 2, place
        found.close()


def test_a_project_that_cannot_be_written(store: Store) -> None:
    (store.root.parent / "build").write_text("a file where the folder should be")
    assert len(index(store).facts()) == 3
    assert index(store).inputs(("twin", "a" * 32)) is not None


def test_a_missing_store_is_empty(tmp_path: Path) -> None:
    assert StoreIndex(tmp_path / "none", tmp_path / "build" / "store.sqlite").facts() == []


def _read(root: Path, rounds: int) -> None:
    store = Store(root)
    for _ in range(rounds):
        found = index(store)
        assert {f.address for f in found.facts()} >= {("splat", "a" * 32), ("splat", "b" * 32)}
        found.close()


def test_several_processes_at_once(store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    readers = [context.Process(target=_read, args=(store.root, 20)) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(20):
        publish_job(store, job("gate", f"{number:02x}"[-1] + "0", number=number))
    for reader in readers:
        reader.join()
    assert [reader.exitcode for reader in readers] == [0, 0, 0]
