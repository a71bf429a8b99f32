"""The world as a modality of a small policy, stage by stage: latents, arms, and the same checkpoint with another memory."""

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from runtime.build.testing import run_stage
from runtime.contract import Contract, mismatches
from runtime.foresight.process import digest_of
from runtime.learn.dataset import offline, read_arrays
from runtime.learn.load import load_policy
from runtime.learn.modality.encoders import Pretrained
from runtime.learn.modality.eyes import WorldEyes
from runtime.learn.modality.latents import load_latents, save_latents
from runtime.learn.modality.learner import matched
from runtime.learn.modality.modality import LOGGED, Modality, Sizes, Window
from runtime.learn.modality.prophet import Prophet
from runtime.problem import InputError
from runtime.stage import load_stages
from runtime.store.manifest import read_manifest
from runtime.world.model import read_world

TINY = {"steps": 6, "batch_size": 4, "held_out": 1, "hidden": 16, "prophet_width": 8, "seed": 0}
INSTRUCTION = "press the red button"


@pytest.fixture(scope="module")
def latents(sim_store: Path, sim_demos: Path, sim_world: Path) -> Path:
    return run_stage("latents", {}, {"demos": sim_demos, "world": sim_world}, sim_store)


@pytest.fixture(scope="module")
def arm(sim_store: Path, sim_demos: Path, latents: Path) -> Any:
    def made(**params: Any) -> Path:
        return run_stage("world_policy", {**TINY, **params}, {"demos": sim_demos, "latents": latents}, sim_store)

    return made


def acted(policy: Path, demos: Path, plans: int = 2) -> np.ndarray:
    """What two trials do that see the demos' first frames."""
    actor, arrays = load_policy(policy / "checkpoint"), read_arrays(demos / "dataset")
    actor.reset(2)
    found = []
    for t in range(8 * plans):
        images = {"front": arrays.images["front"][[t, t + 9]]} if actor.looks else {}
        found.append(actor.act(images, arrays.state[[t, t + 9]], INSTRUCTION))
    return np.stack(found)


def test_latents_are_what_the_world_model_s_eyes_find(latents: Path, sim_demos: Path, sim_world: Path, tmp_path: Path) -> None:
    arrays, world = read_arrays(sim_demos / "dataset"), read_world(sim_world / "model")
    kept = load_latents(latents / "latents", "world_m1")
    pictures, joints = torch.from_numpy(arrays.images["front"][:3]).permute(0, 3, 1, 2) / 255, torch.from_numpy(arrays.state[:3])
    with torch.no_grad():
        objects, turns = world.network.eyes(pictures, world.behind.expand(3, -1, -1, -1), joints)
    expected = torch.cat([objects.flatten(1), turns.flatten(1), joints], 1)
    np.testing.assert_allclose(kept.values[:3], expected, atol=1e-5)
    offered = Contract.from_json(read_manifest(latents)["contract"])
    assert (offered.window, offered.offset, offered.suffix) == (1, 8, "world_m1")
    wanted = load_stages()["world_policy"]
    for wrong in ({"window": 4}, {"offset": 4}):
        params = wanted.params.model_validate({"seed": 0, **wrong})
        assert [found.fact for found in mismatches(wanted.expects(params)["latents"], offered)] == list(wrong)
    with pytest.raises(InputError, match="R412"):
        WorldEyes.of_world(sim_world / "model")(arrays.images["front"][:1, None, 1:], arrays.state[:1])
    save_latents(tmp_path, replace(kept, episode=kept.episode[::-1].copy()))
    with pytest.raises(InputError, match="R413"):
        matched(load_latents(tmp_path), arrays)
    with pytest.raises(InputError, match=r"R413.*camera `front`"):
        matched(kept, replace(arrays, images={}))


def test_arms_begin_alike_and_what_is_remembered_matters_once_the_gate_is_open(
    arm: Any, sim_demos: Path, sim_store: Path
) -> None:
    none, pred = (arm(memory=memory, world_weight=0, steps=0) for memory in ("none", "pred"))
    assert np.array_equal(acted(none, sim_demos), acted(pred, sim_demos)), "with the gate shut it is the baseline, bit for bit"
    trained = arm(learning_rate=0.05)
    said = read_manifest(trained)["metrics"]
    assert set(LOGGED) <= said.keys()
    assert said["smoke_steps"] == 2
    assert said["world_gate"] != 0 < said["grad_prophet"]
    corrupted = run_stage("recall", {"memory": "random"}, {"policy": trained}, sim_store)
    same = [(made / "checkpoint/model.safetensors").read_bytes() for made in (trained, corrupted)]
    assert same[0] == same[1]
    assert not np.array_equal(acted(trained, sim_demos), acted(corrupted, sim_demos))
    shut = run_stage("recall", {"memory": "none"}, {"policy": trained}, sim_store)
    assert not np.array_equal(acted(trained, sim_demos), acted(shut, sim_demos))
    assert json.loads((arm(memory="oracle") / "checkpoint/memory.json").read_text())["rollout"] == "pred"
    with pytest.raises(InputError, match="R415"):
        run_stage("recall", {}, {"policy": none}, sim_store)
    loss_only = read_manifest(arm(memory="none"))["metrics"]
    assert loss_only["world_loss"] > 0 == loss_only["world_valid_frac"], "taught by the world, and nothing remembered"
    with pytest.raises(InputError, match="R414"):
        arm(learning_rate=1e30)


def test_it_is_tried_like_any_policy(arm: Any, sim_store: Path, sim_twin: Path, sim_conditions: Path) -> None:
    inputs = {"policy": arm(learning_rate=0.05), "twin": sim_twin, "conditions": sim_conditions}
    trials = run_stage("evaluate", {"domain": "twin", "trials": 3, "twice": 2}, inputs, sim_store)
    assert pq.read_table(trials / "trials.parquet").num_rows == 3
    assert read_manifest(trials)["metrics"]["differing"] == 0, "a trial's luck is its own"


def test_modes_of_memory() -> None:
    torch.manual_seed(0)
    world = Modality(Sizes(5, 3, 2, 8))
    torch.nn.init.normal_(world.prophet.leave.weight)
    past, future = torch.randn(3, 3, 5), torch.randn(3, 2, 5)
    future[0, 1, 0] = torch.nan
    window = Window(past, future, torch.tensor([[True, True], [True, False], [True, True]]))
    held: dict[str, torch.Tensor] = {}
    for mode in ("pred", "zero", "signflip", "shuffle", "random", "random_scaled", "oracle"):
        found = world.remember(window, mode)
        assert world.memory is not None
        held[mode] = world.memory
        assert torch.isfinite(found["world_loss"])
    assert held["zero"].abs().sum() == 0
    assert held["signflip"].equal(-held["pred"])
    assert held["shuffle"].equal(held["pred"].roll(1, 0))
    torch.testing.assert_close(held["random_scaled"].norm(dim=-1), held["pred"].norm(dim=-1))
    assert held["oracle"][1:].equal(future[1:])
    assert world.valid is window.within
    h = torch.randn(3, 4, 8)
    world.inject.gate.data.fill_(1.0)
    out = world.fuse(h)
    assert torch.isfinite(out).all()
    assert out.ne(h).any()
    past[2, 0, 0] = torch.inf
    loss = world.remember(window, "pred")["world_loss"]
    loss.backward()
    assert all(torch.isfinite(weight.grad).all() for weight in world.prophet.parameters() if weight.grad is not None)
    assert world.fuse(h)[2].equal(h[2])
    with pytest.raises(ValueError, match="known in training alone"):
        world.remember(Window(past), "oracle")
    prophet = Prophet(5, 3, 2, 8, 2)
    assert prophet(past[:2]).equal(past[:2, -1:].expand(-1, 2, -1)), "untrained it says that nothing changes"


def test_the_cosmos_tokenizer_as_an_encoder(
    tmp_path: Path, sim_store: Path, sim_demos: Path, sim_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import AutoencoderKLCosmos

    wide = {"encoder_block_out_channels": (8, 16), "decode_block_out_channels": (8, 16), "attention_resolutions": (8,)}
    small = {"latent_channels": 4, "resolution": 32, "num_layers": 1, "patch_size": 2}
    model: Any = AutoencoderKLCosmos(**wide, **small, spatial_compression_ratio=4, temporal_compression_ratio=2)
    model.save_pretrained(tmp_path / "cosmos")
    encoder = Pretrained("cosmos", tmp_path / "cosmos", 1)
    frames = np.random.default_rng(0).integers(0, 256, (3, 1, 48, 64, 3), np.uint8)
    found = encoder(frames, np.zeros((3, 0)))
    assert found.shape == (3, encoder.latent) == (3, 16)
    np.testing.assert_allclose(encoder(frames[1:2], np.zeros((1, 0)))[0], found[1], atol=1e-5)
    with pytest.raises(InputError, match=r"R412.*single frames"):
        Pretrained("cosmos", tmp_path / "cosmos", 4)
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    said: dict[str, Any] = {
        "inputs": {"demos": sim_demos, "world": sim_world},
        "store": sim_store,
        "backends": {"encoder": "cosmos"},
    }
    with pytest.raises(InputError, match=r"R370.*weights/cosmos"):
        run_stage("latents", {}, **said)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/cosmos").symlink_to(tmp_path / "cosmos")
    with pytest.raises(InputError, match="R371"):
        run_stage("latents", {}, **said)
    latents = run_stage("latents", {"weights": digest_of(tmp_path / "cosmos")}, **said)
    assert Contract.from_json(read_manifest(latents)["contract"]).suffix == "cosmos_m1"
    pictures = read_arrays(sim_demos / "dataset").images["front"][:2, None]
    np.testing.assert_allclose(load_latents(latents / "latents").values[:2], encoder(pictures, np.zeros((2, 0))), atol=1e-5)
    params = {**TINY, "learning_rate": 0.05}
    policy = run_stage("world_policy", params, {"demos": sim_demos, "latents": latents}, sim_store)
    other = run_stage("recall", {"memory": "random"}, {"policy": policy}, sim_store)
    weights = "checkpoint/encoder/weights/diffusion_pytorch_model.safetensors"
    assert (policy / weights).samefile(other / weights), "gigabytes are not copied for every policy"
    assert json.loads((policy / "checkpoint/memory.json").read_text())["rollout"] == "pred", (
        "and what is shared is not written to"
    )
    assert not np.array_equal(acted(policy, sim_demos), acted(other, sim_demos))
    (tmp_path / "cosmos/config.json").write_text("{}")
    with pytest.raises(InputError, match="R411"):
        Pretrained("cosmos", tmp_path / "cosmos", 1)


def test_lerobot_loads_and_trains_it(arm: Any, latents: Path, sim_demos: Path, tmp_path: Path) -> None:
    offline()
    import_module("lerobot_policy_simkiln_world")
    factory, plugin = import_module("lerobot.policies.factory"), import_module("runtime.learn.modality.plugin")
    made, arrays = arm(learning_rate=0.05, places_weight=0), read_arrays(sim_demos / "dataset")
    config: Any = import_module("lerobot.configs").PreTrainedConfig.from_pretrained(made / "checkpoint", local_files_only=True)
    policy: Any = factory.get_policy_class("simkiln_small_world").from_pretrained(made / "checkpoint", config=config).eval()
    before, after = factory.make_pre_post_processors(config, pretrained_path=str(made / "checkpoint"))
    image = torch.from_numpy(arrays.images["front"][[0, 9]]).permute(0, 3, 1, 2) / 255
    seen = before({"observation.images.front": image, "observation.state": torch.from_numpy(arrays.state[[0, 9]])})
    noise = np.stack([np.random.default_rng((0, i, 0)).standard_normal((16, 6), np.float32) for i in range(2)])
    actor = load_policy(made / "checkpoint")
    actor.reset(2)
    expected = actor.act({"front": arrays.images["front"][[0, 9]]}, arrays.state[[0, 9]], INSTRUCTION)
    chunk = after(policy.predict_action_chunk(seen, torch.from_numpy(noise)))
    np.testing.assert_allclose(chunk[:, 0], expected, atol=1e-5)
    policy.config.world_memory_mode_rollout = "random"
    assert not torch.allclose(after(policy.predict_action_chunk(seen, torch.from_numpy(noise))), chunk)

    config.world_memory_mode_rollout, config.world_latents_path = "", str(latents / "latents")
    fresh = plugin.SimkilnSmallWorldPolicy(config)
    frames = torch.arange(4)
    batch = {
        "observation.images.front": torch.randn(4, 3, *image.shape[2:]),
        "observation.state": torch.randn(4, 6),
        "action": torch.randn(4, 16, 6),
        "action_is_pad": torch.zeros(4, 16, dtype=torch.bool),
        "index": frames,
    }
    loss, logged = fresh.forward(batch)
    loss.backward()
    assert set(LOGGED) == logged.keys()
    assert logged["world_loss"] > 0
    fresh.save_pretrained(tmp_path)
    again = plugin.SimkilnSmallWorldPolicy.from_pretrained(tmp_path)
    assert all(torch.equal(x, y) for x, y in zip(fresh.parameters(), again.parameters(), strict=True))
    with pytest.raises(ValueError, match="world_encoder_path"):
        again.select_action(batch)
    with pytest.raises(ValueError, match="are of another dataset"):
        fresh.forward(batch | {"index": frames + len(arrays.state)})
