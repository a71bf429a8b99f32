"""A lab and phase 0 of the NSCA plan: what is measured holds at a bench, and each detector sees a planted fault."""

import json
from math import exp, pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.nsca import COMPONENTS, components
from compiler.plan.study import open_project, plan_study
from runtime.bound.gate import GateRule
from runtime.bound.lab import Lab
from runtime.build.guard import Guard, failed
from runtime.build.testing import run_stage
from runtime.developmental.consolidation import Consolidated, fisher
from runtime.job import Parent
from runtime.sim.lab.bench import MODES, SCALE, interact
from runtime.sim.lab.objects import PROPERTIES, Thing, things
from runtime.stats.verdict.gate_verdict import of_metrics
from runtime.store.manifest import read_manifest
from runtime.store.store import Store
from tests import REPOSITORY

LAB = {"kind": "lab", "seed": 5, "audio": "off"}
SHORT: dict[str, dict[str, Any]] = {
    "noisy_tv": {"episodes": 30},
    "forgetting": {"interactions": 200, "steps": 200},
    "balloon": {"steps": 300},
    "slots": {"interactions": 600, "steps": 200},
}
FAULTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "nsca-tv-boring": ("noisy_tv", {"drive": "error"}, "second-half visits"),
    "nsca-curiosity-goes-on": ("noisy_tv", {"threshold": 1.0, "episodes": 60}, "everything is left alone"),
    "nsca-keeps-with-ewc": ("forgetting", {"ewc_weight": 0.0}, "nothing is held"),
    "nsca-ewc-lets-learn": ("forgetting", {"ewc_weight": 1e9}, "held too hard"),
    "nsca-prior-moves": ("balloon", {"prior_rate": 0.0}, "no gradient reaches the weight"),
    "nsca-balloon-rises": ("balloon", {"lift": 0.0}, "nothing rises"),
    "nsca-slots-differ": ("slots", {"collapsed": True, "diverse": 0.0}, "all slots alike"),
    "nsca-slots-active": ("slots", {"sparse": 100.0}, "slots are pressed to nothing"),
}


def rule(gate: str) -> GateRule:
    """A committed gate, judged artifact by artifact: here is one seed."""
    found = open_project(REPOSITORY).gates[gate].model_dump()
    said = {k: v for k, v in found.items() if k in GateRule.model_fields}
    return GateRule.model_validate(said | {"over": None})


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    store = tmp_path_factory.mktemp("store")
    return {name: run_stage(name, {"lab": LAB, "seed": 0, **short}, {}, store) for name, short in SHORT.items()}


@pytest.mark.parametrize("gate", FAULTS)
def test_each_gate_sees_its_fault(gate: str, sound: dict[str, Path], tmp_path: Path) -> None:
    stage, fault, why = FAULTS[gate]
    faulty = run_stage(stage, {"lab": LAB, "seed": 0, **SHORT[stage], **fault}, {}, tmp_path)
    status = [of_metrics(rule(gate), [("", read_manifest(made)["metrics"])])["status"] for made in (sound[stage], faulty)]
    assert status == ["passed", "failed"], why


def test_a_failed_test_of_phase_0_stops_babbling_and_no_seed_alone_does(sound: dict[str, Path]) -> None:
    said = rule("nsca-tv-boring").model_dump() | {"comparator": "above", "threshold": 10}
    made = sound["noisy_tv"]
    guard = Guard("tv", GateRule.model_validate(said), (Parent(made.parent.name, made.name),))
    assert "wanted above 10" in str(failed(guard, Store(made.parent.parent)))
    over = Guard("tv", GateRule.model_validate(said | {"over": "seeds"}), guard.judged)
    assert failed(over, Store(made.parent.parent)) is None  # the spread between seeds is not known


def test_a_gate_over_seeds_has_students_band() -> None:
    asked = {"metric": "weight", "stage": "balloon", "comparator": "below", "threshold": 0.4, "over": "seeds"}
    values = [0.30, 0.34, 0.32, 0.36]
    manifests: list[dict[str, Any]] = [
        {"stage": "balloon", "params": {"seed": i}, "metrics": {"weight": v}} for i, v in enumerate(values)
    ]
    found = of_metrics(GateRule.model_validate(asked), [("x", m["metrics"]) for m in manifests], manifests, 0.95)
    reach = 3.18245 * np.std(values, ddof=1) / 2  # t of 3 degrees of freedom at 97.5 %
    assert found["status"] == "passed"
    assert found["band"] == pytest.approx((0.33 - reach, 0.33 + reach), abs=1e-4)
    assert of_metrics(GateRule.model_validate(asked), [("x", manifests[0]["metrics"])], manifests[:1])["status"] == "undecided"


def test_babbling_reads_the_four_tests_and_never_learns_from_set_b(sound: dict[str, Path]) -> None:
    store = sound["slots"].parent.parent
    steps = {"random_steps": 2000, "competence_steps": 4000, "evaluation_steps": 1000}
    made = run_stage("babble", {"lab": LAB, "seed": 0, **steps}, sound, store)
    metrics = read_manifest(made)["metrics"]
    assert metrics["interactions"] == 300  # of 20 control steps each
    assert metrics["error_last"] < metrics["error_first"] / 4
    assert np.load(made / "episodes.npz")["things"].max() < 20
    assert 0.5 < metrics["right_known"] <= 1


def test_objects_bounce_as_they_are_made_to_and_sets_are_apart() -> None:
    lab = Lab.model_validate(LAB)
    a, b = things(lab, "a"), things(lab, "b")
    assert (len(a), len(b), set(a) & set(b)) == (20, 10, set())
    assert things(Lab.model_validate(LAB | {"objects_a": 5}), "b") == b
    rng, bounced = np.random.default_rng(0), {}
    for elasticity in (0.2, 0.4, 0.7):
        ball = Thing("ball", 0.5, 0.2, 0.03, 0.0, elasticity)
        assert exp(-pi * ball.damping / sqrt(1 - ball.damping**2)) == pytest.approx(elasticity)
        height = interact(lab.model_copy(update={"noise": 0.0}), ball, "drop", 1.0, rng).sensed[1] * SCALE[1]
        bounced[elasticity] = sqrt(height / 0.4)  # speeds after and before go as roots of heights
    assert list(bounced.values()) == sorted(bounced.values())
    assert bounced[0.7] == pytest.approx(0.7, abs=0.1)


def test_an_impact_is_heard_as_hard_and_small_things_sound() -> None:
    lab = Lab.model_validate(LAB | {"audio": "on", "noise": 0.0})

    def heard(hardness: float, size: float) -> float:
        found = interact(lab, Thing("ball", hardness, 0.2, size, 0.0, 0.5), "strike", 0.5, np.random.default_rng(0))
        return float(np.argmax(found.heard))

    assert heard(0.1, 0.05) < heard(0.9, 0.05) <= heard(0.9, 0.02)
    silent = interact(Lab.model_validate(LAB), things(lab, "a")[0], "strike", 0.5, np.random.default_rng(0))
    assert not silent.heard.any()


def test_consolidation_is_the_published_formula() -> None:
    """Against a softmax regression, whose Fisher information is known: the mean of (diag(p) - p p^T) x x^T."""
    torch.manual_seed(0)
    layer = nn.Linear(3, 2, bias=False)
    net = nn.Sequential(layer)
    inputs = torch.randn(4000, 3)
    found = fisher(net, inputs, torch.Generator().manual_seed(0))["0.weight"]
    p = net(inputs).softmax(1).detach()
    exact = ((p * (1 - p))[:, :, None] * inputs[:, None] ** 2).mean(0)
    assert torch.allclose(found, exact, atol=0.02)
    held = Consolidated(net, {"0.weight": exact}, protect={"0": 10.0})
    with torch.no_grad():
        layer.weight += 0.5
    reference = sum(10 * f * 0.25 for f in exact.flatten().tolist())
    assert float(held.penalty(net)) == pytest.approx(reference, rel=1e-5)


def test_the_committed_study_of_phase_0_is_planned() -> None:
    project = open_project(REPOSITORY)
    nodes = plan_study(project, "nsca-phase-0").graph.nodes.values()
    counts = {name: sum(node.stage.name == name for node in nodes) for name in SHORT}
    assert counts == dict.fromkeys(SHORT, 20)  # two benches, ten seeds
    assert (len(PROPERTIES), len(MODES)) == (5, 3)


def test_components_stand_as_their_gates_and_claims_do_the_worst_first(tmp_path: Path) -> None:
    told = {
        "ablation": {"gates": [], "claims": [{"id": "priors-help", "status": "failed"}]},
        "phase-0": {
            "gates": [
                {"id": "nsca-prior-moves", "status": "passed"},
                {"id": "nsca-prior-yields", "status": "undecided"},
                *({"id": one, "status": "passed"} for one in COMPONENTS["adversarial robustness"].split()),
            ],
            "claims": [],
        },
    }
    for name, said in told.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(said))
    rows = dict(row.strip("| ").split(" | ", 1) for row in list(components(sorted(tmp_path.iterdir())))[2:])
    assert list(rows) == list(COMPONENTS)
    stands, by = rows["physics priors"].split(" | ")
    assert stands == "failed"
    said = ("priors-help", "nsca-prior-yields", "nsca-prior-moves")
    silent = [one for one in COMPONENTS["physics priors"].split() if one not in said]
    order = ["`priors-help` failed", *(f"`{one}` not run" for one in silent), "`nsca-prior-yields` undecided"]
    assert by.split(", ") == [*order, "`nsca-prior-moves` passed"]
    assert rows["adversarial robustness"].startswith("passed | ")
    assert rows["babbling phase"].startswith("not run | ")
    assert rows["dual memory"].startswith("not run | ")
