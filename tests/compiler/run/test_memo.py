"""What a plan takes over from the last one changes nothing but time: held against planning everything, over random edits."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.plan.overview import overview
from compiler.plan.plan import Plan, State
from compiler.plan.study import SpecsRefused
from compiler.project.project import Project
from compiler.reading import spec_cache
from compiler.run import idle, memo
from compiler.run.emit import emit
from compiler.run.idle import key
from compiler.run.memo import with_plan
from compiler.run.remember import captures_of, said_of
from runtime import files
from tests.compiler.graph.test_pattern import written
from tests.compiler.published import publish_all
from tests.loop.test_captures_changed import splat

PLACES = [(seed, "stages: {splat: {iterations: 900}}\n" if seed > 4 else "") for seed in range(1, 9)]
STEPS = 14


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight places of two kinds, everything built."""
    monkeypatch.setattr(idle, "WORTHWHILE", 1)
    monkeypatch.setattr(memo, "WORTHWHILE", 1)
    monkeypatch.chdir(written(tmp_path, PLACES))
    publish_all(tmp_path)
    return tmp_path


def told(project: Project, plan: Plan) -> dict[str, Any]:
    """All that people and Snakemake are told of a plan."""
    frozen = json.loads(emit(project, plan).read_text())
    jobs = {n: (Path("build/jobs") / stage / f"{n}.json").read_text() for stage, nodes in frozen["nodes"].items() for n in nodes}
    taken = plan.graph.settled.published if plan.graph.settled else {}
    nodes = {*plan.graph.nodes, *((stage, name) for stage, names in taken.items() for name in names)}
    return {
        "said": [str(line) for line in said_of(project, overview(project, plan, 2))],
        "frozen": {k: frozen[k] for k in ("counts", "targets", "jobs", "nodes", "page")},
        "jobs": jobs,
        "nodes": sorted(nodes),
        "targets": [t.address for t in plan.graph.targets if plan.states[t.address] is State.BUILD],
        "captures": captures_of(project, plan.graph.study),
    }


def both(root: Path) -> tuple[Any, bool]:
    """What a plan tells, which has to be the same without anything kept; and whether it took anything over."""
    used: list[bool] = []

    def use(project: Project, plan: Plan) -> dict[str, Any]:
        used.append(plan.graph.settled is not None)
        return told(project, plan)

    def plan() -> Any:
        try:
            return with_plan(root, "study", key(root, "study", {}), None, use)
        except SpecsRefused as refused:
            return [(d.code, str(d.span)) for d in refused.errors]

    found = plan()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(spec_cache.VARIABLE, "1")
        assert plan() == found
    return found, bool(used and used[0])


def change(root: Path, name: str, old: str, new: str) -> None:
    path = root / "specs" / f"{name}.yaml"
    path.write_text(path.read_text().replace(old, new))


def a_place(root: Path, rng: random.Random) -> Path:
    return rng.choice(sorted((root / "specs/locations").glob("place-*.yaml")))


def new_place(root: Path, rng: random.Random) -> None:
    name = f"place-{rng.randrange(100, 999)}"
    own = rng.choice(["", "stages: {splat: {iterations: 901}}\n"])
    text = f"title: New\nsource: {{kind: hidden_site, seed: {rng.randrange(1, 12)}}}\n{own}"
    (root / f"specs/locations/{name}.yaml").write_text(text)
    if name not in (root / "specs/study.yaml").read_text():
        change(root, "study", "locations: [", f"locations: [{name}, ")


def drop_place(root: Path, rng: random.Random) -> None:
    name = a_place(root, rng).stem
    change(root, "study", f"{name}, ", "")


def damage(root: Path, rng: random.Random) -> None:
    for path in (root / "build/cache").glob("*.*"):
        data = bytearray(path.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)


def lose(root: Path, rng: random.Random) -> None:
    found = sorted(path for path in (root / "store").glob("*/*") if not path.parent.name.startswith("."))
    shutil.rmtree(rng.choice(found))


EDITS: dict[str, Callable[[Path, random.Random], object]] = {
    "a seed": lambda root, rng: edit_text(a_place(root, rng), "seed: ", f"seed: {rng.randrange(20, 90)}"),
    "a title": lambda root, rng: edit_text(a_place(root, rng), "title: ", f"title: {rng.choice('ab')}, "),
    "the study's title": lambda root, rng: change(root, "study", "title: ", "title: A "),
    "a stage's parameter": lambda root, rng: edit_text(a_place(root, rng), "stages: ", "stages: {capture: {width_px: 96}} #"),
    "an approach": lambda root, rng: change(root, "approaches/bold", "title: ", "title: B "),
    "other seeds": lambda root, rng: change(root, "study", "seeds: [0, 1", rng.choice(["seeds: [1, 0", "seeds: [0, 5"])),
    "held out": lambda root, rng: a_place(root, rng).open("a").write("held_out: true\n"),
    "back": lambda root, rng: [change(root, f"locations/{p.stem}", "held_out: true\n", "") for p in places(root)],
    "broken": lambda root, rng: edit_text(a_place(root, rng), "seed: ", "sed: 1"),
    "whole": lambda root, rng: [change(root, f"locations/{p.stem}", "sed: 1", "seed: 1") for p in places(root)],
    "a new place": new_place,
    "a place less": drop_place,
    "damage": damage,
    "a lost artifact": lose,
    "a build": lambda root, rng: isinstance(both(root)[0], dict) and publish_all(root),
}


OFTEN = ("a seed", "a title", "the study's title", "a new place", "a place less")
"""What people do most: edits of which a plan should take over most."""


def places(root: Path) -> list[Path]:
    return sorted((root / "specs/locations").glob("place-*.yaml"))


def edit_text(path: Path, key: str, new: str) -> None:
    """Replace a value that begins with `key` and ends before a brace or the line's end."""
    before, found, after = path.read_text().partition(key)
    if found:
        rest = after[min(i for i in (after.find("}"), after.find("\n")) if i >= 0) :] if key == "seed: " else after
        path.write_text(f"{before}{new}{rest}")


@pytest.mark.parametrize("seed", range(6))
def test_random_edits_plan_as_if_nothing_were_kept(root: Path, seed: int) -> None:
    rng, taken = random.Random(seed), 0
    for step in range(STEPS):
        taken += both(root)[1]
        mend = ["back", "whole", "a build"] if step % 3 == 2 else [rng.choice(OFTEN if rng.random() < 0.5 else sorted(EDITS))]
        for name in mend:
            EDITS[name](root, rng)
    assert taken


def test_an_edit_of_one_place_expands_it_and_one_of_each_kind(root: Path) -> None:
    both(root)
    change(root, "locations/place-1", "seed: 2}", "seed: 77}")
    seen: list[set[str | None]] = []

    def use(project: Project, plan: Plan) -> None:
        seen.append({node.scope.location for node in plan.graph.nodes.values()})

    with_plan(root, "study", key(root, "study", {}), None, use)
    assert seen == [{None, "place-0", "place-1", "place-4"}]


def test_what_is_kept_is_held_against_one_place_of_each_kind(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were something to change addresses that the digest of what is shared does not cover, nothing stale would be taken over."""
    both(root)
    monkeypatch.setattr("compiler.graph.settings.head", lambda stage, version, params: f"[other,{stage},{params}")
    found, took = both(root)
    assert not took
    assert found["frozen"]["counts"]["build"] > 0


@pytest.mark.parametrize("racy_ns", [0, files.RACY_NS])
def test_a_capture_that_changed_is_planned_again(racy_ns: int, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "RACY_NS", 0)
    (root / "simkiln.local.yaml").write_text("roots: {splats: .}\n")
    (root / "specs/study.yaml").write_text(
        f"title: Splats\nlocations: {json.dumps(list(map(str, range(4))))}\ntargets: [capture]\n"
    )
    for place in range(4):
        (root / f"{place}.ply").write_bytes(splat(place))
        source = f"{{kind: splat, root: splats, path: {place}.ply, up: [0, 0, 1], scale_m_per_unit: 1}}"
        (root / f"specs/locations/{place}.yaml").write_text(f"title: A splat\nsource: {source}\n")
    publish_all(root)
    both(root)
    assert both(root)[1]
    monkeypatch.setattr(files, "RACY_NS", racy_ns)
    state = (root / "2.ply").stat()
    (root / "2.ply").write_bytes(splat(9))
    os.utime(root / "2.ply", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert both(root)[0]["frozen"]["counts"]["build"] == 2  # and the page
