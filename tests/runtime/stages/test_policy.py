"""Stage `policy`: every architecture trains, saves, loads and acts; the normaliser is guarded; imports stay light."""

import csv
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from runtime.build.testing import run_stage
from runtime.contract import CHECKS, Contract
from runtime.learn.load import load_policy, normaliser_digest
from runtime.learn.zoo import LeRobotActor
from runtime.out import Out
from runtime.problem import InputError
from runtime.stage import load_stages
from runtime.stages.policy import Policy, policy
from runtime.store.manifest import read_manifest
from runtime.store.store import Store
from tests.runtime.learn import reach

MAKES = {"checkpoint": "checkpoint/", "facts": "policy.json", "curve": "curve.csv", "snapshots?": "snapshots/"}


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demos")
    reach.write(folder / "dataset", count=4, length=10)
    (folder / "manifest.json").write_text('{"contract": {"joints": ["a", "b", "c", "d", "e", "f"], "units": "radians"}}')
    return folder


def _build(demos: Path, root: Path, **params: object) -> tuple[dict, Out]:
    out = Out(root, MAKES, quiet=True)
    settings = {"steps": 3, "batch_size": 4, "chunk": 8, "n_action_steps": 4, "held_out": 1, "seed": 0, **params}
    return policy(Policy.model_validate(settings), demos, out), out


@pytest.mark.parametrize("architecture", ["small", "act", "diffusion"])
def test_trains_saves_loads_and_acts(demos: Path, tmp_path: Path, architecture: str) -> None:
    if architecture == "diffusion" and importlib.util.find_spec("diffusers") is None:
        pytest.skip("the package `diffusers` is not installed")
    metrics, out = _build(demos, tmp_path, architecture=architecture)
    assert metrics["final_loss"] > 0
    assert metrics["held_out_loss"] > 0
    assert metrics["parameters"] > 10_000
    assert json.dumps(metrics)
    assert not out.missing()
    assert {p.suffix for p in (tmp_path / "checkpoint").iterdir()} == {".safetensors", ".json"}
    history = 2 if architecture == "diffusion" else 1
    assert out.measured == Contract(
        action_dim=6,
        fps=10,
        camera_keys=("front",),
        instruction_key="task",
        history=history,
        normaliser_digest=normaliser_digest(tmp_path / "checkpoint"),
        joints=tuple("abcdef"),
        units="radians",
        statistics=("action", "observation.images.front", "observation.state"),
        architecture=architecture,
    )
    rows = list(csv.reader((tmp_path / "curve.csv").open()))
    assert rows[0] == ["step", "loss", "learning_rate", "held_out_loss"]
    assert int(rows[-1][0]) == 3
    actions = [_rollout(tmp_path / "checkpoint") for _ in range(2)]
    assert actions[0].shape == (6, 5, 6)
    assert np.isfinite(actions[0]).all()
    np.testing.assert_array_equal(actions[0], actions[1])


def _rollout(checkpoint: Path) -> np.ndarray:
    actor, rng = load_policy(checkpoint), np.random.default_rng(0)
    actor.reset(5)
    images = [rng.integers(0, 256, (5, *reach.HW, 3), dtype=np.uint8) for _ in range(6)]
    return np.stack([actor.act({"front": i, "wrist": i}, np.zeros((5, 6), np.float32), "press") for i in images])


def test_snapshots_are_checkpoints_of_the_same_training(demos: Path, tmp_path: Path) -> None:
    plain, _ = _build(demos, tmp_path / "plain", steps=8)
    kept, out = _build(demos, tmp_path / "kept", steps=8, snapshots=(0.25, 0.26, 0.5, 1.0))
    short, _ = _build(demos, tmp_path / "untrained", steps=0, snapshots=(0.5, 1.0))
    assert kept["weights_digest"] == plain["weights_digest"]
    assert not out.missing()
    assert not (tmp_path / "plain" / "snapshots").exists()
    assert not (tmp_path / "untrained" / "snapshots").exists()
    assert sorted(p.name for p in (tmp_path / "kept" / "snapshots").iterdir()) == ["2", "4"]
    assert short["final_loss"] is None
    facts = tmp_path / "kept" / "policy.json"
    weights = []
    for folder in (
        tmp_path / "kept" / "snapshots" / "2",
        tmp_path / "kept" / "snapshots" / "4",
        tmp_path / "kept" / "checkpoint",
    ):
        actor = load_policy(folder, facts)
        actor.reset(1)
        assert np.isfinite(
            actor.act({"front": np.zeros((1, *reach.HW, 3), np.uint8)}, np.zeros((1, 6), np.float32), "press")
        ).all()
        assert {p.name for p in folder.iterdir()} == {p.name for p in (tmp_path / "plain" / "checkpoint").iterdir()}
        weights.append((folder / "model.safetensors").read_bytes())
    assert len(set(weights)) == 3


def test_plans_are_followed_for_n_action_steps_and_forgotten_on_reset(demos: Path, tmp_path: Path) -> None:
    _build(demos, tmp_path)
    actor, rng = load_policy(tmp_path / "checkpoint"), np.random.default_rng(0)
    blank = {"front": np.zeros((2, *reach.HW, 3), np.uint8)}
    noisy = {"front": rng.integers(0, 256, (2, *reach.HW, 3), dtype=np.uint8)}
    state = np.full((2, 6), 0.1, np.float32)
    actor.reset(2)
    alone = [actor.act(blank, state, "press") for _ in range(5)]
    actor.reset(2)
    mixed = [actor.act(blank if t == 0 else noisy, state, "press") for t in range(5)]
    for t in range(4):
        np.testing.assert_array_equal(alone[t], mixed[t])
    assert np.abs(alone[4] - mixed[4]).max() > 1e-6


def test_trials_of_a_batch_do_not_touch_each_other(demos: Path, tmp_path: Path) -> None:
    _build(demos, tmp_path)
    actor, rng = load_policy(tmp_path / "checkpoint"), np.random.default_rng(0)
    images = rng.integers(0, 256, (3, *reach.HW, 3), dtype=np.uint8)
    state = rng.normal(0, 0.2, (3, 6)).astype(np.float32)
    actor.reset(3)
    together = actor.act({"front": images}, state, "press")
    for i in range(3):
        actor.reset(1)
        alone = actor.act({"front": images[i : i + 1]}, state[i : i + 1], "press")
        np.testing.assert_allclose(alone[0], together[i], atol=1e-6)


def test_a_foreign_normaliser_is_refused(demos: Path, tmp_path: Path) -> None:
    _build(demos, tmp_path / "a")
    other = tmp_path / "other"
    reach.write(other / "dataset", count=4, length=10, seed=8)
    shutil.copy(demos / "manifest.json", other)
    _build(other, tmp_path / "b")
    name = "policy_preprocessor_step_3_normalizer_processor.safetensors"
    shutil.copy(tmp_path / "b/checkpoint" / name, tmp_path / "a/checkpoint" / name)
    with pytest.raises(InputError, match="normaliser is not its own"):
        load_policy(tmp_path / "a/checkpoint")
    (tmp_path / "b/checkpoint" / name).unlink()
    (tmp_path / "b/checkpoint/policy_postprocessor_step_0_unnormalizer_processor.safetensors").unlink()
    with pytest.raises(InputError, match="no normaliser"):
        load_policy(tmp_path / "b/checkpoint")


def test_wrong_observations_and_empty_instructions_are_refused(demos: Path, tmp_path: Path) -> None:
    _build(demos, tmp_path)
    actor, state = load_policy(tmp_path / "checkpoint"), np.zeros((2, 6), np.float32)
    image = np.zeros((2, *reach.HW, 3), np.uint8)
    actor.reset(2)
    with pytest.raises(InputError, match="instruction"):
        actor.act({"front": image}, state, "")
    with pytest.raises(InputError, match="needs camera `front`"):
        actor.act({"wrist": image}, state, "press")
    with pytest.raises(InputError, match="other shapes"):
        actor.act({"front": image[:, :-1]}, state, "press")
    with pytest.raises(InputError, match="other shapes"):
        actor.act({"front": image}, state[:, :5], "press")


def test_parameters_that_cannot_work_are_refused_before_training(demos: Path, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="chunk of 8 allows 8"):
        Policy(chunk=8, n_action_steps=9, seed=0)
    with pytest.raises(ValidationError, match="multiple of 4"):
        Policy(architecture="diffusion", chunk=10, seed=0)
    with pytest.raises(InputError, match="no camera `wrist`"):
        _build(demos, tmp_path, camera_keys=("wrist",))
    with pytest.raises(InputError, match="refuses the options"):
        _build(demos, tmp_path, architecture="act", options={"dim_modell": 3})


def test_offers_what_the_demos_promise() -> None:
    registered = load_stages()["policy"]
    p = Policy(seed=0)
    same: dict = {"action_dim": 6, "fps": 10.0, "instruction_key": "task", "units": "radians", "action": "absolute"}
    demos = Contract(camera_keys=("front", "wrist"), camera_sizes=("front 64x48", "wrist 32x32"), **same)
    wanted = ("action", "observation.state", "observation.images.front")
    seen: dict = {"camera_keys": ("front",), "camera_sizes": ("front 64x48",)}
    assert registered.offers(p, {"demos": demos}) == Contract(history=1, statistics=wanted, architecture="small", **seen, **same)
    assert registered.expects(p)["demos"].statistics == wanted
    assert registered.expects(p)["demos"].camera_keys == ("front",)


@pytest.mark.slow
def test_the_default_path_imports_nothing_slow(demos: Path, tmp_path: Path) -> None:
    """Each of these costs every short job seconds: LeRobot, pandas, torch's compiler; acting needs no torch at all."""
    _build(demos, tmp_path)
    train = f"""
from pathlib import Path
from runtime.out import Out
from runtime.stages.policy import Policy, policy
out = Out(Path({str(tmp_path / "b")!r}), {MAKES!r}, quiet=True)
policy(Policy(steps=2, batch_size=4, seed=0), Path({str(demos)!r}), out)
"""
    act = f"""
import numpy as np
from pathlib import Path
from runtime.learn.load import load_policy
actor = load_policy(Path({str(tmp_path / "checkpoint")!r}))
actor.reset(1)
actor.act({{"front": np.zeros((1, {reach.HW[0]}, {reach.HW[1]}, 3), np.uint8)}}, np.zeros((1, 6), np.float32), "press")
"""
    slow = {"lerobot", "pandas", "datasets", "torchvision", "torch._dynamo", "sympy"}
    assert not slow & _modules_after(train)
    assert not ({*slow, "torch"}) & _modules_after(act)


def _modules_after(code: str) -> set[str]:
    tail = "\nimport sys\nsys.stdout.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_published_through_the_same_code_as_a_planned_job(demos: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    out = Contract(action_dim=6, fps=10, camera_keys=("front",), instruction_key="task", checked=CHECKS)
    with store.building("demos", "0" * 32) as folder:
        shutil.copytree(demos / "dataset", folder / "dataset")
        parent = store.publish("demos", "0" * 32, folder, {"contract": out.to_json()})
    params = {"steps": 2, "batch_size": 4, "seed": 1}
    artifact = run_stage("policy", params, {"demos": parent}, tmp_path)
    manifest = store.manifest("policy", artifact.name)
    assert manifest["contract"]["normaliser_digest"] == normaliser_digest(artifact / "checkpoint")
    assert load_policy(artifact / "checkpoint").facts["seed"] == 1
    with pytest.raises(InputError, match="camera_keys"):
        run_stage("policy", {**params, "camera_keys": ("wrist",)}, {"demos": parent}, tmp_path)


def test_pictures_do_not_grow_from_block_to_block_of_a_fresh_act(demos: Path, tmp_path: Path) -> None:
    """Its batch norms are frozen: they would let training diverge from what it sees, or stall (see `zoo`)."""
    _build(demos, tmp_path, architecture="act", steps=0)
    actor = load_policy(tmp_path / "checkpoint")
    assert isinstance(actor, LeRobotActor)
    backbone = actor.policy.get_submodule("model.backbone")
    x, spread = torch.randn(4, 3, 48, 64, generator=torch.Generator().manual_seed(0)), {}
    with torch.no_grad():
        for name, part in backbone.named_children():
            x = part(x)
            spread[name] = float(x.std())
    assert spread["layer4"] < 2 * spread["maxpool"]


def test_a_rate_is_that_of_its_architecture_unless_said() -> None:
    assert [Policy(architecture=name, seed=0).learning_rate for name in ("small", "act", "diffusion")] == [3e-3, 1e-3, 1e-3]
    assert Policy(architecture="act", learning_rate=2e-3, seed=0).learning_rate == 2e-3


def test_a_seed_brings_other_luck_for_other_demos(demos: Path, tmp_path: Path) -> None:
    """Runs of one seed at several places count as independent ones, so they may not begin with the same weights."""
    other = tmp_path / "other"
    reach.write(other / "dataset", count=4, length=11)
    shutil.copy(demos / "manifest.json", other / "manifest.json")
    begun = [
        _build(source, tmp_path / name, steps=0, seed=seed)[0]["weights_digest"]
        for name, source, seed in (("a", demos, 0), ("b", demos, 0), ("c", other, 0), ("d", demos, 1))
    ]
    assert begun[0] == begun[1]
    assert len(set(begun)) == 3


def test_training_starts_from_the_weights_of_another_policy(sim_store: Path, sim_demos: Path, sim_policy: Path) -> None:
    untrained = {"steps": 0, "batch_size": 8, "held_out": 1, "seed": 7}
    fresh = run_stage("policy", untrained, {"demos": sim_demos}, sim_store)
    begun = run_stage("policy", untrained, {"demos": sim_demos, "start": sim_policy}, sim_store)
    digest = {folder: read_manifest(folder)["metrics"]["weights_digest"] for folder in (fresh, begun, sim_policy)}
    assert digest[begun] == digest[sim_policy] != digest[fresh]
    with pytest.raises(InputError, match="does not fit"):
        run_stage("policy", {**untrained, "chunk": 8}, {"demos": sim_demos, "start": sim_policy}, sim_store)
