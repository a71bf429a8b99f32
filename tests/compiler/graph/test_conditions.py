"""Conditions are drawn once for a task and domain; a level of the gap reaches trials at hidden sites, and nothing else."""

from pathlib import Path

import pytest

from tests.compiler.built import Built


def changed(built: Built, more: str) -> set[str]:
    """Labels of the nodes whose address changes with more lines in the study."""
    before = built.nodes()
    path = built.root / "specs" / "study.yaml"
    path.write_text(path.read_text() + more)
    after = built.nodes()
    assert before.keys() == after.keys()
    return {label for label in before if before[label].fingerprint != after[label].fingerprint}


def test_every_approach_location_and_seed_reads_the_same(tmp_path: Path) -> None:
    built = Built(tmp_path)
    built.write("locations/attic.yaml", "title: Attic\nsource: {kind: hidden_site, seed: 2}\n")
    built.edit("study.yaml", "[cellar]", "[cellar, attic]")
    nodes = built.nodes()
    for domain in ("twin", "irl_proxy"):
        read = {n.inputs["conditions"] for n in nodes.values() if n.stage.name == "evaluate" and n.scope.domain == domain}
        assert read == {(nodes[f"conditions/press/{domain}"],)}
    assert nodes["conditions/press/irl_proxy"].params["gap"] == ["medium"]
    assert nodes["conditions/press/twin"].params["gap"] == []


@pytest.mark.parametrize("level", ["large", "[none, small]"])
def test_a_level_changes_trials_at_sites_alone(tmp_path: Path, level: str) -> None:
    found = changed(Built(tmp_path), f"conditions: {{gap: {level}}}\n")
    trials = {label for label in found if label.startswith(("conditions/", "evaluate/"))}
    assert trials == {"conditions/press/irl_proxy"} | {
        f"evaluate/cellar/press/{a}/{s}/irl_proxy" for a in ("baseline", "bold") for s in (0, 1)
    }
    assert {label.split("/")[0] for label in found - trials} == {"uplift", "report"}


def test_medium_is_what_is_meant_without_a_word(tmp_path: Path) -> None:
    assert changed(Built(tmp_path), "conditions: {gap: medium}\n") == set()


def test_another_area_draws_others(tmp_path: Path) -> None:
    built = Built(tmp_path)
    before = built.nodes()
    built.edit("tasks/press.yaml", "instruction: press the button", "instruction: press the button\narea: {half_x_m: 0.05}")
    assert built.nodes()["conditions/press/twin"].fingerprint != before["conditions/press/twin"].fingerprint


def test_batches_read_as_many_states_as_they_may_run(tmp_path: Path) -> None:
    built = Built(tmp_path)
    built.write("study.yaml", (tmp_path / "specs" / "study.yaml").read_text() + "sequential: {looks: 2, max_trials: 17}\n")
    nodes = built.nodes()
    assert nodes["conditions/press/twin"].params["states"] == 17
    read = {n.inputs["conditions"][0].label for n in nodes.values() if n.stage.name == "evaluate"}
    assert read == {"conditions/press/twin", "conditions/press/irl_proxy"}
