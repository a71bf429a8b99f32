"""`simkiln why`: the predicates that explain are those that make an address, and each names its line."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.graph.fingerprint import _grown, fingerprint
from compiler.graph.identity import Identity
from compiler.graph.node import Node
from compiler.plan.changes import find_changes
from compiler.plan.overview import overview
from compiler.plan.study import open_project, plan_study
from compiler.run.remember import said_of
from compiler.store.index import StoreIndex
from compiler.why.earlier import Record, StorePast, record_of
from compiler.why.reasons import View, differences, reasons
from compiler.why.why import Explanation, explain
from runtime.backend import info
from runtime.bound.base import later
from runtime.build import code_digest
from runtime.sim.tasks.press_button.setup import PressButton
from runtime.stage import REGISTRY
from runtime.stages.policy import Policy
from runtime.store.store import Store
from tests.compiler.plan.test_tree import simkiln
from tests.compiler.published import base_project, edit, planned, publish, publish_all


@pytest.fixture
def built(tmp_path: Path) -> Path:
    root = base_project(tmp_path)
    publish_all(root)
    return root


def explained(root: Path, label: str) -> Explanation:
    project, plan = planned(root)
    (node,) = [n for n in plan.graph.find(label) if n.label == label]
    index = StoreIndex.of(project)
    return explain(project, plan, node, find_changes(project, plan, index).mark(plan, node), index)


def said(found: Explanation) -> list[str]:
    return [f"{r.text} [{r.at}]" if r.at else r.text for r in found.reasons]


def causes(found: Explanation) -> list[str]:
    return [f"{c.label}: {c.reason.text} [{c.reason.at}]" for c in found.causes]


def test_a_parameter_with_old_and_new_value_and_its_line(built: Path) -> None:
    edit(built, "approaches/bold", "steps: 7", "steps: 8")
    found = explained(built, "policy/cellar/press/bold/0")
    assert said(found) == ["parameter `steps`: 7 -> 8 [specs/approaches/bold.yaml:4:19]"]
    assert found.compared is not None
    assert found.compared.label == "policy/cellar/press/bold/0"
    assert found.mark == "rebuild"


def test_a_parent_is_traced_to_the_line_that_began_it(built: Path) -> None:
    edit(built, "approaches/bold", "steps: 7", "steps: 8")
    found = explained(built, "evaluate/cellar/press/bold/1/twin")
    (reason,) = found.reasons
    assert (reason.kind, reason.what, reason.parents[0][0].label) == ("parent", "policy", "policy/cellar/press/bold/1")
    line = "policy/cellar/press/bold/1: parameter `steps`: 7 -> 8 [specs/approaches/bold.yaml:4:19]"
    assert causes(found) == [line]
    uplift = explained(built, "uplift/study")
    assert [c.split(": ", 1)[1] for c in causes(uplift)] == [line.split(": ", 1)[1]], "each cause once"
    assert any(text.startswith("parent `trials`: 8 artifacts -> 8 (4 others)") for text in said(uplift))


def test_parents_that_are_built_again_already_are_compared_with_what_was_there_before(built: Path) -> None:
    edit(built, "approaches/bold", "steps: 7", "steps: 8")
    project, plan = planned(built)
    for node in plan.build():
        if node.stage.name in ("policy", "evaluate"):
            publish(project, node, built=1_800_000_000.0)
    found = explained(built, "uplift/study")
    assert [c.reason.text for c in found.causes] == ["parameter `steps`: 7 -> 8"]


def test_a_value_inside_of_a_bound_parameter(built: Path) -> None:
    edit(built, "tasks/press", "instruction: press the button", "instruction: press it\narea: {half_x_m: 0.02}")
    found = explained(built, "demos/cellar/press")
    assert [reason.kind for reason in found.reasons] == ["parent"]
    lines = causes(found)
    assert any("`task.instruction`" in line and line.endswith("[specs/tasks/press.yaml:3:14]") for line in lines), lines
    assert any("`task.area.half_x_m`" in line and line.endswith("[specs/tasks/press.yaml:4:18]") for line in lines)


def test_the_place_of_a_source(built: Path) -> None:
    edit(built, "locations/cellar", "seed: 1", "seed: 2")
    assert said(explained(built, "capture/cellar")) == ["parameter `source.seed`: 1 -> 2 [specs/locations/cellar.yaml:2:35]"]


def test_a_seed(built: Path) -> None:
    edit(built, "approaches/bold", "extends: baseline", "extends: baseline\ntraining_seed_offset: 100")
    found = explained(built, "policy/cellar/press/bold/1")
    assert said(found) == ["seed `seed`: 1 -> 101 [specs/approaches/bold.yaml:3:23]"]
    assert found.reasons[0].kind == "seed"


def test_another_stage_at_a_port(built: Path) -> None:
    edit(built, "approaches/bold", "stages:", "inputs: {policy: {demos: enrichment}}\nstages:")
    found = explained(built, "policy/cellar/press/bold/0")
    assert said(found) == ["parent `demos`: an artifact of demos -> one of enrichment [specs/approaches/bold.yaml:3:26]"]
    assert causes(found) == [f"policy/cellar/press/bold/0: {said(found)[0]}"]


def recorded_as(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, **facts: Any) -> None:
    """From here on, other facts are recorded of a stage or a back end."""
    record = json.loads(code_digest.RECORD.read_text())
    record[name] |= facts
    changed = tmp_path / "versions.json"
    changed.write_text(json.dumps(record))
    monkeypatch.setattr(code_digest, "RECORD", changed)


def test_a_stage_version(built: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(REGISTRY, "policy", replace(REGISTRY["policy"], version=99))
    recorded_as(monkeypatch, tmp_path, "policy", version=99)
    found = explained(built, "policy/cellar/press/bold/0")
    assert [r.kind for r in found.reasons] == ["version"]
    assert said(found)[0].endswith(" -> 99")
    assert [c.reason.kind for c in explained(built, "report/study").causes] == ["version"]


@pytest.mark.parametrize(("name", "node"), [("policy", "policy/cellar/press/bold/0"), ("renderer/numba", "splat/cellar")])
def test_code_that_no_version_records_has_addresses_of_its_own(
    built: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, node: str
) -> None:
    assert explained(built, node).notes[0].text.startswith("not built: ")
    _, before = planned(built)
    recorded_as(monkeypatch, tmp_path, name, digest="of other code")
    found = explained(built, node)
    assert [reason.kind for reason in found.reasons] == ["code"]
    assert said(found)[0].startswith(f"the code of `{name}`: as recorded for its version -> unrecorded (")
    (warning,) = [note.text for note in found.notes if note.kind == "code"]
    assert f"`python -m runtime.build.code_digest {name} WHY`" in warning
    project, after = planned(built)
    same = before.graph.nodes.keys() & after.graph.nodes.keys()
    assert {stage for stage, _ in same} == (
        {"capture", "conditions"} | ({"splat", "coverage", "twin", "demos"} if name == "policy" else set())
    )
    assert not any(note.kind == "code" for note in explained(built, "capture/cellar").notes)
    assert said_of(project, overview(project, after))[-1][0].startswith(f"the code of `{name}` differs")


def test_ignored_code_reuses_what_is_there_and_shares_no_address(
    built: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    edit(built, "approaches/bold", "steps: 7", "steps: 8")
    _, clean = planned(built)
    (built / "simkiln.local.yaml").write_text("code: ignore\n")
    assert planned(built)[1].graph.nodes.keys() == clean.graph.nodes.keys()
    recorded_as(monkeypatch, tmp_path, "policy", digest="of other code")
    project, plan = planned(built)
    policies = {node.label: node for node in plan.graph.find("policy")}
    assert policies["policy/cellar/press/baseline/0"].address in clean.graph.nodes, "it is there"
    odd = policies["policy/cellar/press/bold/0"]
    assert (odd.setting.identity.code, odd.address in clean.graph.nodes) == ("ignored", False)
    for node in plan.build():
        publish(project, node)
    assert not list(planned(built)[1].build())
    (report,) = planned(built)[1].graph.find("report")
    assert report.params["unrecorded"] == ["policy"]
    lines = [line for line, _ in said_of(project, overview(project, plan))]
    assert any(line.startswith("code: ignore (simkiln.local.yaml): no version records the code of `policy`") for line in lines)
    (built / "simkiln.local.yaml").unlink()
    monkeypatch.undo()
    again = planned(built)[1]
    assert {node.label for node in again.build()} == {node.label for node in clean.build()}, "none of it is taken for a release's"


def test_another_library_and_another_one_of_a_back_end(built: Path) -> None:
    def with_pins(**pins: str) -> list[str]:
        project = open_project(built)
        project.pins = pins
        plan = plan_study(project, "study")
        nodes = {n.label: n for n in plan.graph.nodes.values()}
        found = {label: explain(project, plan, nodes[label]) for label in ("twin/cellar/press", "splat/cellar", "capture/cellar")}
        return [f"{label}: {text}" for label, one in found.items() for text in said(one) if not text.startswith("parent")]

    assert with_pins(mujoco="3.12.7") == []
    assert with_pins(mujoco="4") == [
        f"{label}: library `mujoco`: 3.12 -> 4.0" for label in ("twin/cellar/press", "capture/cellar")
    ]
    assert with_pins(numba="0.70.0") == [
        "twin/cellar/press: library `numba`: 0.68 -> 0.70",
        "twin/cellar/press: library `numba of renderer/numba`: 0.68 -> 0.70",
        "splat/cellar: library `numba`: 0.68 -> 0.70",
        "splat/cellar: library `numba of renderer/numba`: 0.68 -> 0.70",
        "capture/cellar: library `numba`: 0.68 -> 0.70",
    ]


class NewPolicy(Policy):
    """With two fields that came later."""

    calm: float = later(born=0.0, since=3)
    """One whose default changes nothing."""
    bold: float = later(born=0.0, since=3, default=0.5)
    """One whose default does."""


def test_a_field_that_came_later_had_its_first_value_before(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(built, "approaches/bold", "steps: 7", "steps: 8")
    monkeypatch.setitem(REGISTRY, "policy", replace(REGISTRY["policy"], params=NewPolicy))
    line = "parameter `steps`: 7 -> 8 [specs/approaches/bold.yaml:4:19]"
    assert said(explained(built, "policy/cellar/press/bold/0")) == ["parameter `bold`: 0 -> 0.5", line]


def test_a_raised_version_of_a_bound_model_is_told(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PressButton, "bound_version", 2)
    _grown.cache_clear()
    try:
        found = explained(built, "twin/cellar/press")
    finally:
        _grown.cache_clear()
    assert (found.mark, said(found)) == ("rebuild", ["what is meant by `PressButton`"])


def test_a_back_end_and_the_photos(tmp_path: Path) -> None:
    root = base_project(tmp_path)
    project, plan = planned(root)
    (splat,), (capture,) = plan.graph.find("splat/cellar"), plan.graph.find("capture/cellar")
    publish(project, replace_fingerprint(splat), backends={"renderer": {"name": "numba", "version": "0"}})
    publish(project, replace_fingerprint(capture), content="another digest")
    assert said(explained(root, "splat/cellar")) == [f"back end `renderer`: numba 0 -> numba {info('renderer', 'numba').version}"]
    assert said(explained(root, "capture/cellar")) == [
        "the photos or the splat outside the project changed [specs/locations/cellar.yaml:2:9]"
    ]


def replace_fingerprint(node: Node) -> Node:
    other = copy.copy(node)
    other.address = other.address[0], "f" * 32
    return other


def test_missing_and_damaged(tmp_path: Path) -> None:
    root = base_project(tmp_path)
    found = explained(root, "splat/cellar")
    assert (found.compared, found.reasons) == (None, ())
    assert [note.kind for note in found.notes] == ["missing", "reader"]
    assert found.notes[0].text == "missing: no artifact of stage `splat` was built yet"
    assert found.notes[1].text == "read by coverage/cellar, which is built"
    publish_all(root)
    store = Store(root / "store")
    (fact,) = [f for f in StoreIndex(root / "store", root / "x.sqlite").facts() if f.stage == "coverage"]
    aside = store.set_aside(*fact.address)
    found = explained(root, "coverage/cellar")
    assert [note.text for note in found.notes] == [
        "missing: no artifact of stage `coverage` was built yet",
        "the study asks for it",
        f"damaged: an earlier one was set aside as store/.damaged/{aside.name}",
    ]


def test_an_artifact_that_is_there_but_damaged(built: Path) -> None:
    assert not any(note.kind == "damaged" for note in explained(built, "splat/cellar").notes)
    (content,) = (built / "store" / "splat").glob("*/content.bin")
    content.write_bytes(b"x")
    (note,) = [note for note in explained(built, "splat/cellar").notes if note.kind == "damaged"]
    assert "content.bin has another size" in note.text
    assert "`simkiln verify`" in note.text


def test_the_most_similar_artifact_serves_where_the_scope_is_new(built: Path) -> None:
    edit(built, "study", "seeds: [0, 1]", "seeds: [0, 1, 2]")
    found = explained(built, "policy/cellar/press/bold/2")
    assert found.mark == "build"
    assert [r.kind for r in found.reasons] == ["seed"]
    assert any("nothing of this scope was built yet" in note.text for note in found.notes)


def test_a_reused_artifact_says_when_and_from_what(built: Path) -> None:
    shown = simkiln(built, "why", "splat/cellar").stdout
    assert "= splat/cellar  splat/" in shown
    assert "built 2023-11-14 22:13 UTC on x86_64 Test for splat/cellar, in 60.0 CPU-s" in shown
    assert "from `capture`: capture/cellar (capture/" in shown


def test_the_verb_in_text_and_json(built: Path) -> None:
    edit(built, "approaches/bold", "steps: 7", "steps: 8")
    shown = simkiln(built, "why", "evaluate/cellar/press/bold/0/twin").stdout
    assert shown.startswith("~ evaluate/cellar/press/bold/0/twin  evaluate/")
    assert "    because policy/cellar/press/bold/0 differs: parameter `steps`: 7 -> 8  [specs/approaches/bold.yaml:4:19]" in shown
    (one,) = json.loads(simkiln(built, "why", "evaluate/cellar/press/bold/0/twin", "--json").stdout)
    assert one["state"] == "rebuild"
    assert one["causes"] == [
        {
            "node": "policy/cellar/press/bold/0",
            "kind": "parameter",
            "what": "steps",
            "old": "7",
            "new": "8",
            "at": "specs/approaches/bold.yaml:4:19",
        }
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2).map(lambda x: round(x)) | st.text("ab", max_size=2),
    lambda children: st.lists(children, max_size=12) | st.dictionaries(st.sampled_from("abk"), children, max_size=3),
    max_leaves=12,
)


@given(JSON, JSON)
def test_differences_are_found_exactly_where_values_differ(a: Any, b: Any) -> None:
    same = json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    assert bool(list(differences(a, b, ()))) != same
    assert list(differences(a, a, ())) == []


PARTS = st.fixed_dictionaries(
    {
        "version": st.integers(1, 2),
        "params": st.dictionaries(st.sampled_from(["steps", "seed"]), st.sampled_from([0, 1, 1.0, "1", [1], None])),
        "parents": st.dictionaries(
            st.sampled_from(["demos", "twin"]), st.lists(st.sampled_from(["a" * 32, "b" * 32]), max_size=3)
        ),
        "backends": st.dictionaries(
            st.just("renderer"),
            st.fixed_dictionaries(
                {"name": st.just("numba"), "version": st.sampled_from("12")},
                optional={"libraries": st.sampled_from(["numba 1, numpy 2", "numba 2, numpy 2"]), "code": st.just("abc")},
            ),
        ),
        "libraries": st.dictionaries(st.sampled_from(["mujoco", "numpy"]), st.sampled_from(["1.0", "2.0"])),
        "code": st.sampled_from(["", "abc", "ignored"]),
        "content": st.sampled_from([None, "x"]),
    }
)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, StorePast]:
    project, plan = planned(base_project(tmp_path_factory.mktemp("project")))
    return project, plan, StorePast(StoreIndex.of(project))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(one=PARTS, other=PARTS)
def test_a_reason_is_given_exactly_when_the_address_differs(
    example: tuple[Any, Any, StorePast], one: dict[str, Any], other: dict[str, Any]
) -> None:
    project, plan, past = example
    (template, *_) = plan.graph.find("policy")

    def address(parts: dict[str, Any]) -> str:
        identity = Identity(parts["version"], parts["libraries"], parts["code"])
        return fingerprint("policy", identity.text, parts["params"], parts["parents"], parts["backends"], parts["content"])

    def parent(digits: str) -> Node:
        found = copy.copy(template)
        found.address = found.address[0], digits
        return found

    node = copy.copy(template)
    stage = replace(template.stage, version=one["version"])
    identity = Identity(one["version"], one["libraries"], one["code"])
    node.setting = replace(template.setting, stage=stage, params=one["params"], identity=identity)
    node.inputs = {port: tuple(parent(digits) for digits in found) for port, found in one["parents"].items()}
    node.backends, node.content, node.address = one["backends"], one["content"], (node.address[0], address(one))
    parents = {port: tuple(("policy", digits) for digits in found) for port, found in other["parents"].items()}
    parts = (other[name] for name in ("content", "libraries", "code"))
    old = Record("policy", address(other), "old", other["version"], other["params"], other["backends"], parents, *parts)
    found = reasons(View(project, "study", node, old, past))
    # an empty port and none at all are two addresses that no stage can have both of
    if one["parents"].keys() == other["parents"].keys():
        assert bool(found) == (node.fingerprint != old.fingerprint), found
    assert reasons(View(project, "study", node, record_of(node), past)) == []
