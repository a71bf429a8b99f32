"""What is made of babbling: an eye, a fused state, dynamics, memory, words. Losses against their published formulae."""

from itertools import product
from math import exp, log, pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from runtime.build.testing import run_stage
from runtime.developmental.contrastive import collapse, nt_xent, vicreg
from runtime.developmental.dynamics import nll
from runtime.developmental.fusion import Fusion, Proprio
from runtime.developmental.grounding import Grounding, named_after, utterances
from runtime.developmental.vision import Eye, Priors, gabor_bank, looked_at
from runtime.sim.lab.objects import PROPERTIES
from runtime.store.manifest import read_manifest

LAB = {"kind": "lab", "seed": 5, "noise": 0.02}
QUICK: dict[str, dict[str, Any]] = {
    "noisy_tv": {"episodes": 2},
    "forgetting": {"interactions": 40, "steps": 2},
    "balloon": {"steps": 2},
    "slots": {"interactions": 20, "steps": 2},
    "babble": {"random_steps": 4000, "competence_steps": 6000},
    "encoder": {"clips": 20, "steps": 20, "batch": 32},
    "fusion": {"clips": 20, "steps": 60},
    "dynamics": {"clips": 20, "steps": 150, "members": 2, "examples": [5, 200]},
    "memory": {},
    "grounding": {},
    "robustness": {"clips": 20},
    "lessons": {"demos": 40},
    "skills": {"demos": [2, 40], "steps": 100},
}
READS = {
    "babble": ("noisy_tv", "forgetting", "balloon", "slots"),
    "fusion": ("encoder", "babble"),
    "robustness": ("encoder", "babble"),
    "lessons": (),
    "skills": ("lessons", "babble"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    store, found = tmp_path_factory.mktemp("store"), dict[str, Path]()
    for name, quick in QUICK.items():
        reads = READS.get(name, ("babble",) if "babble" in found else ())
        found[name] = run_stage(name, {"lab": LAB, "seed": 0, **quick}, {port: found[port] for port in reads}, store)
    return found


def test_nt_xent_and_vicreg_are_the_published_formulae() -> None:
    """SimCLR's l(i, j) and VICReg's v, s and c, written out number by number."""
    torch.manual_seed(0)
    a, b = torch.randn(5, 4), torch.randn(5, 4)
    z = torch.cat([a, b]).numpy()
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    sim = unit @ unit.T / 0.5
    losses = [-log(exp(sim[i, (i + 5) % 10]) / sum(exp(sim[i, k]) for k in range(10) if k != i)) for i in range(10)]
    assert float(nt_xent(a, b)) == pytest.approx(np.mean(losses), rel=1e-5)
    v = s = c = 0.0
    for x in (a.numpy(), b.numpy()):
        v += np.mean([max(0.0, 1 - sqrt(np.var(x[:, j], ddof=1) + 1e-4)) for j in range(4)]) / 2
        cov = np.cov(x.T)
        c += sum(cov[i, j] ** 2 for i, j in product(range(4), repeat=2) if i != j) / 4
    s = float(((a - b) ** 2).sum(1).mean()) / 4
    assert float(vicreg(a, b)) == pytest.approx(25 * s + 25 * v + c, rel=1e-5)
    dead = torch.ones(50, 8)
    assert float(vicreg(dead, dead)) > 24  # agrees with itself, and is still punished
    assert collapse(dead) < 1e-3 < 0.9 < collapse(torch.randn(500, 8))


def test_the_first_look_is_fixed_and_sees_what_it_is_for() -> None:
    bank = gabor_bank()
    assert bank.shape == (32, 1, 9, 9)  # 8 orientations at 4 scales
    assert float(bank.sum((1, 2, 3)).abs().max()) < 1e-5
    stripes = torch.zeros(2, 3, 32, 32)
    stripes[0, :, :, ::4] = stripes[0, :, :, 1::4] = 1  # upright
    stripes[1] = stripes[0].transpose(1, 2)
    answers = looked_at(stripes, Priors(colour=False, depth=False)).unflatten(1, (33, 16))[:, 1:].mean(2)
    upright, lying = (int(one.argmax()) % 8 for one in answers)
    assert (upright, lying) == (0, 4)  # 90 degrees apart
    red = torch.zeros(1, 3, 32, 32)
    red[:, 0] = 1
    opponent = looked_at(red, Priors(gabor=False, depth=False)).unflatten(1, (3, 16))[0, 1:].mean(1)
    assert opponent.tolist() == pytest.approx([1.0, -0.5])


def test_fusion_trains_attention_and_never_its_encoders(made: dict[str, Path]) -> None:
    eye, touch = Eye(Priors()), Proprio(7)
    both = Fusion(eye, touch)
    state = both(torch.rand(3, 3, 32, 32), torch.rand(3, 7))
    state.pow(2).sum().backward()
    assert state.shape == (3, 512)
    assert all(p.grad is None for p in both.encoders.parameters())
    assert all(p.grad is not None for p in both.by_sight.parameters())
    before, after = load_file(made["encoder"] / "eye.safetensors"), load_file(made["fusion"] / "fusion.safetensors")
    assert all(torch.equal(value, after[f"encoders.0.{name}"]) for name, value in before.items())  # running means as well
    metrics = read_manifest(made["fusion"])["metrics"]
    assert metrics["dims"] == 512
    assert metrics["trained"] < metrics["frozen"]


def test_dynamics_beat_a_constant_and_say_how_sure_they_are(made: dict[str, Path]) -> None:
    metrics = read_manifest(made["dynamics"])["metrics"]
    assert metrics["nll"] < metrics["nll_constant"]
    assert 0.6 < metrics["coverage_90"] <= 1
    assert set(metrics["gain"]) == {"5", "200"}
    assert float(nll(torch.zeros(1), torch.zeros(1), torch.ones(1))) == pytest.approx(0.5 * log(2 * pi) + 0.5)


def test_memories_are_filled_at_their_own_pace(made: dict[str, Path]) -> None:
    metrics = read_manifest(made["memory"])["metrics"]
    assert metrics["episodic_updates"] == 500  # every interaction
    assert metrics["semantic_updates"] == 10  # every 1,000 of 10,000 control steps
    assert metrics["held"] == 200
    assert metrics["moved_ratio"] == pytest.approx(2 / 11, abs=1e-3)  # tenfold protection of what matters alike
    assert metrics["recall_semantic"] > 5 * metrics["chance"]


def test_words_come_by_playing_alone(made: dict[str, Path]) -> None:
    assert Grounding(16).table == {}
    metrics = read_manifest(made["grounding"])["metrics"]
    assert (metrics["words_before"], metrics["words"]) == (0, 10)
    assert metrics["told_known"] > 0.75
    truth = np.linspace(0, 1, 20)[:, None] * np.array([[0, 1, 0, 0, 0]]) + np.random.default_rng(0).normal(size=(20, 5)) * 0.01
    assert named_after(truth[:, 1], truth, PROPERTIES) == "heavy objects"
    assert "heavy" in utterances(truth, PROPERTIES)[-1]


def test_deeds_are_learned_from_demos_and_kept_by_consolidation(made: dict[str, Path]) -> None:
    """With 40 demos most succeed, with 2 few; without consolidation the first deed is lost that was known."""

    def asked(deed: str, skills: Path, trials: int = 20) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        params = {"domain": "lab", "lab": LAB, "task": {"kind": "lab", "deed": deed, "instruction": "do it"}, "seed": 0}
        reads = {"skills": skills, "babble": made["babble"]}
        found = run_stage("probe", {**params, "trials": trials}, reads, made["babble"].parent.parent)
        return read_manifest(found)["metrics"], pq.read_table(found / "trials.parquet").to_pylist()

    said, rows = asked("pick_place", made["skills"])
    assert said["at"]["40"] > 0.7 > said["at"]["2"]
    assert [row["factors"] for row in rows[:2]] == ['{"demos":2}', '{"demos":40}']
    assert (said["repeated"], said["differing"], said["n"]) == (2, 0, 20)
    free = {"lab": LAB, "seed": 0, **QUICK["skills"], "ewc_weight": 0.0}
    forgetful = run_stage("skills", free, {port: made[port] for port in READS["skills"]}, made["babble"].parent.parent)
    assert asked("reach", forgetful)[0]["forgotten"] > asked("reach", made["skills"])[0]["forgotten"] + 0.2
    assert min(read_manifest(made["lessons"])["metrics"]["expert"].values()) > 0.2  # with noise in its forces
    assert asked("foretell", made["skills"], 60)[0]["foretold"] > 0.6
    assert {row["factors"] for row in asked("compare", made["skills"], 10)[1]} == {
        f'{{"property":"{name}"}}' for name in PROPERTIES
    }


def test_an_attack_misleads_more_than_noise_of_its_size(made: dict[str, Path]) -> None:
    metrics = read_manifest(made["robustness"])["metrics"]
    assert metrics["r2_fgsm"] < metrics["r2_random"]
    assert metrics["lost_to_noise"] == pytest.approx(metrics["right_clean"] - metrics["right_noisy"], abs=1e-4)
