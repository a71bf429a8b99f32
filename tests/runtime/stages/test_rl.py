"""A policy goes through the stage `rl` by each method; a reward that pays for the wrong thing is caught."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from runtime.bound.gate import GateRule
from runtime.build.testing import run_stage
from runtime.learn.learner import resumed
from runtime.learn.load import load_policy
from runtime.problem import InputError
from runtime.rl.actor import Residual, Whole
from runtime.rl.rollout import Told
from runtime.sim.vector.bench import vector_bench
from runtime.stats.verdict.gate_verdict import of_metrics
from runtime.store.manifest import read_manifest
from tests import REPOSITORY

Inputs = dict[str, Path | list[Path]]
FEW = {"rows": 4, "episodes": 12, "check": 4, "steps": 4, "batch_size": 8, "held_out": 1, "seed": 0, "demo_episodes": 2}


@pytest.fixture(scope="module")
def inputs(sim_policy: Path, sim_demos: Path, sim_twin: Path, sim_captured: tuple[Path, Path]) -> Inputs:
    return {"policy": sim_policy, "demos": sim_demos, "twin": sim_twin, "scene": sim_captured[1]}


def weights(folder: Path) -> bytes:
    return (folder / "checkpoint" / "model.safetensors").read_bytes()


def test_ppo_goes_on_from_the_clone_and_tells_its_curve_by_control_steps(
    sim_store: Path, sim_policy: Path, inputs: Inputs
) -> None:
    made = run_stage("rl", FEW | {"method": "ppo", "control_steps": 600, "episodes": 40}, inputs, sim_store)
    said = read_manifest(made)
    with (made / "rl.csv").open(newline="") as file:
        points = list(csv.DictReader(file))
    horizon = 40
    told, by_expert = [int(row["control_steps"]) for row in points], int(points[0]["control_steps"]) - 4 * horizon // 2
    assert told == [by_expert + 4 * horizon // 2 * (i + 1) for i in range(len(points))]
    assert 2 <= by_expert <= 2 * horizon
    assert said["metrics"]["stopped"] in ("control_steps", "episodes")
    assert said["metrics"]["control_steps"] == int(points[-1]["control_steps"])
    assert said["metrics"]["gradient_steps"] > 0
    assert float(points[-1]["clone_kl"]) >= 0 == float(points[0]["clone_kl"])
    assert weights(made) != weights(sim_policy)
    assert said["contract"] == read_manifest(sim_policy)["contract"]
    assert load_policy(made / "checkpoint").facts["steps"] == load_policy(sim_policy / "checkpoint").facts["steps"] + int(
        points[-1]["gradient_steps"]
    )


def test_dagger_learns_from_what_is_shown_where_the_policy_got(sim_store: Path, inputs: Inputs) -> None:
    own = run_stage("rl", FEW | {"method": "dagger"}, inputs, sim_store)
    said = read_manifest(own)["metrics"]
    assert 0 < said["shown"] <= said["episodes"] == 12
    assert (said["gradient_steps"], said["clone_kl"], said["stopped"]) == (4, None, "rounds")
    alone = run_stage("rl", FEW | {"method": "clone"}, inputs, sim_store)
    assert read_manifest(alone)["metrics"]["episodes"] == 0
    assert weights(alone) != weights(own)


def test_a_teacher_of_the_state_leaves_the_episodes_that_it_is_to_show(sim_store: Path, inputs: Inputs) -> None:
    """All within one budget of control steps. The teacher is the same for both numbers of episodes."""
    asked = {"method": "dagger", "teacher": "state_ppo", "control_steps": 1955}
    few, more = (read_manifest(run_stage("rl", FEW | asked | {"episodes": n}, inputs, sim_store))["metrics"] for n in (4, 5))
    assert more["episodes"] - few["episodes"] == 1
    assert few["control_steps"] < more["control_steps"] <= 1955


def test_a_residual_is_published_as_one_policy_that_does_both(sim_policy: Path, sim_demos: Path, tmp_path: Path) -> None:
    facts = load_policy(sim_policy / "checkpoint").facts
    both = Residual(resumed(sim_policy / "checkpoint", facts, sim_demos / "dataset"), 12)
    clone = Whole(resumed(sim_policy / "checkpoint", facts, sim_demos / "dataset"))
    rng = np.random.default_rng(0)
    images = {c: rng.integers(0, 256, (3, *facts["image_hw"], 3), np.uint8) for c in facts["camera_keys"]}
    state = rng.normal(0, 0.3, (3, facts["state_dim"])).astype(np.float32)
    torch.testing.assert_close(both.mean(images, state), clone.mean(images, state))
    with torch.no_grad():
        both.beside.get_parameter("4.weight").normal_(0, 0.1)
    both.finish().save(tmp_path / "checkpoint")
    merged = Whole(resumed(tmp_path / "checkpoint", facts, sim_demos / "dataset"))
    assert not torch.allclose(both.mean(images, state), clone.mean(images, state), atol=1e-3)
    torch.testing.assert_close(merged.mean(images, state), both.mean(images, state), atol=1e-5, rtol=1e-4)


def driven(twin: Path, terms: dict[str, float], expert: bool) -> Told:
    """First episodes of the expert, or of an arm that holds still, paid by some terms."""
    bench = vector_bench(twin, 8, 3, None, terms)
    paid, success, over = np.zeros(8), np.zeros(8, bool), np.zeros(8, bool)
    for _ in range(bench.horizon):
        still = bench.privileged()[:, bench.groups["targets_rad"]]
        stepped = bench.step(bench.expert(range(8)) if expert else still)
        paid += np.where(over, 0.0, stepped.reward)
        success |= stepped.success & ~over
        over |= stepped.done
    return Told(success, paid)


def test_a_planted_reward_for_lasting_fires_the_gate(sim_twin: Path) -> None:
    """Who is paid by the second does best by never finishing: paid more, and no success."""
    said = yaml.safe_load((REPOSITORY / "rules/gates/standing-reward.yaml").read_text())
    rule = GateRule(**{k: v for k, v in said.items() if k in GateRule.model_fields})
    verdicts = {}
    for name, terms in {"own": {}, "planted": {"time": 5.0, "success": 0.0}}.items():
        able, idle = driven(sim_twin, terms, expert=True), driven(sim_twin, terms, expert=False)
        assert able.success.mean() > 0.5 > idle.success.mean()
        verdicts[name] = of_metrics(rule, [("cellar", {"reward_hacked": float(idle.hacked(able))})])["status"]
    assert verdicts == {"own": "passed", "planted": "failed"}


def test_what_cannot_be_is_refused(sim_store: Path, inputs: Inputs) -> None:
    with pytest.raises(InputError, match="R380"):
        run_stage("rl", FEW | {"reward": {"sucess": 1.0}}, inputs, sim_store)
    with pytest.raises(ValueError, match="only `ppo` can do without"):
        run_stage("rl", FEW | {"method": "clone", "start": "nothing"}, inputs, sim_store)
