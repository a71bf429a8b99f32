"""The plug-in `smolvla_world`: SmolVLA of random weights that gains a memory, through LeRobot's own doors."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from runtime.learn.dataset import offline
from runtime.learn.modality.encoders import Pretrained
from runtime.learn.modality.latents import LatentFacts, load_latents, made, save_latents
from runtime.learn.modality.modality import LOGGED
from runtime.problem import InputError
from tests.runtime.learn import reach
from tests.runtime.learn.test_smolvla import make_model

pytestmark = pytest.mark.skipif(find_spec("transformers") is None, reason="the extra `vla` is not installed")
T, K, Z, CHUNK = 4, 3, 5, 4
SAID = {"task": ["push the button"] * 2}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SmolVLA checkpoint with its processors, and the options that make others like it."""
    offline()
    factory, types = import_module("lerobot.policies.factory"), import_module("lerobot.configs.types")
    root = tmp_path_factory.mktemp("smolvla")
    make_model(root / "vlm")
    kinds = types.FeatureType
    options = {
        **{"vlm_model_name": str(root / "vlm"), "num_steps": 2, "num_vlm_layers": 2, "max_state_dim": 8, "max_action_dim": 8},
        **{"resize_imgs_with_padding": (64, 64), "tokenizer_max_length": 16, "chunk_size": CHUNK, "n_action_steps": 2},
        "input_features": {
            "observation.images.front": types.PolicyFeature(kinds.VISUAL, (3, 48, 64)),
            "observation.state": types.PolicyFeature(kinds.STATE, (6,)),
        },
        "output_features": {"action": types.PolicyFeature(kinds.ACTION, (6,))},
        **{"device": "cpu", "push_to_hub": False},
    }
    config = factory.make_policy_config("smolvla", **options)
    torch.manual_seed(0)
    policy = factory.get_policy_class("smolvla")(config)
    stats = {name: {"mean": torch.full((6,), 0.5), "std": torch.full((6,), 2.0)} for name in ("observation.state", "action")}
    before, after = factory.make_pre_post_processors(config, dataset_stats=stats)
    for part in (policy, before, after):
        part.save_pretrained(root / "base")
    latents = made(
        LatentFacts("vjepa2", 2, T, K, Z, 10.0, "front"), np.random.default_rng(0).normal(3, 2, (9, Z)), np.repeat([0, 1], [5, 4])
    )
    save_latents(root / "latents", latents)
    return root


def like(base: Path, **options: Any) -> Any:
    """The config of a policy with a memory that begins from it."""
    configs, imports = import_module("lerobot.configs"), import_module("lerobot.utils.import_utils")
    imports.register_third_party_plugins()
    known = vars(configs.PreTrainedConfig.from_pretrained(base / "base", local_files_only=True))
    own = {name: value for name, value in known.items() if not name.startswith("_")}
    more = {
        "init_from_policy_path": str(base / "base"),
        "world_latents_path": str(base / "latents"),
        "world_window": 2,
        "world_offset": K,
    }
    return import_module("lerobot.policies.factory").make_policy_config("smolvla_world", **{**own, **more, **options})


def made_of(config: Any) -> Any:
    return import_module("lerobot.policies.factory").get_policy_class(config.type)(config)


def seen(before: Any, rng: np.random.Generator, **more: Any) -> dict[str, Any]:
    """A batch of two frames as LeRobot's loader and processors give it."""
    picture = torch.from_numpy(rng.random((2, 3, 48, 64), dtype=np.float32))
    return before(
        {
            "observation.images.front": picture,
            "observation.state": torch.from_numpy(rng.random((2, 6), dtype=np.float32)),
            **SAID,
            **more,
        }
    )


def acts(policy: Any, batch: dict[str, Any]) -> torch.Tensor:
    policy.reset()
    return policy.predict_action_chunk(dict(batch), noise=torch.randn(2, CHUNK, 8, generator=torch.Generator().manual_seed(1)))


def test_the_gate_shut_changes_no_bit_and_what_is_not_finite_nothing(base: Path) -> None:
    factory = import_module("lerobot.policies.factory")
    plain = factory.get_policy_class("smolvla").from_pretrained(base / "base")
    config = like(base)
    policy = made_of(config).eval()
    before, after = factory.make_pre_post_processors(
        config, dataset_stats={"action": {"mean": torch.zeros(6), "std": torch.ones(6)}}
    )
    assert after(torch.zeros(2, 6)).equal(torch.full((2, 6), 0.5)), (
        "the processors are the checkpoint's, whatever the dataset says"
    )
    rng = np.random.default_rng(0)
    past = torch.from_numpy(rng.normal(3, 2, (2, T, Z)).astype(np.float32))
    batch = seen(before, rng, **{"observation.world.past": past})
    told = acts(plain, batch)
    assert acts(policy, batch).equal(told)
    gate = policy.model.world.inject.gate
    gate.data.fill_(0.7)
    opened = acts(policy, batch)
    assert not opened.equal(told)
    assert acts(policy, {**batch, "observation.world.past": past.roll(1, 0)})[0].ne(opened[0]).any(), "it is looked at"
    broken = past.clone()
    broken[1, 0, 2] = torch.nan
    half = acts(policy, {**batch, "observation.world.past": broken})
    torch.testing.assert_close(half[0], opened[0])
    torch.testing.assert_close(half[1], told[1])


def test_it_learns_as_smolvla_beside_its_memory_and_logs_all(base: Path, tmp_path: Path) -> None:
    factory = import_module("lerobot.policies.factory")
    plain: Any = factory.get_policy_class("smolvla").from_pretrained(base / "base").train()
    policy = made_of(like(base)).train()
    before, after = factory.make_pre_post_processors(policy.config)
    rng = np.random.default_rng(1)
    action = torch.from_numpy(rng.random((2, CHUNK, 6), dtype=np.float32))
    batch = seen(before, rng, action=action, index=torch.tensor([3, 8]), action_is_pad=torch.zeros(2, CHUNK, dtype=torch.bool))
    drawn = torch.randn(2, CHUNK, 8), torch.tensor([0.3, 0.8])
    optimiser = torch.optim.SGD(policy.get_optim_params(), 1e-2)
    expected = plain.forward(dict(batch), *drawn)[1]["loss"]
    logs = []
    for _ in range(2):
        loss, logged = policy.forward(dict(batch), *drawn)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        logs.append(logged)
    assert logs[0]["loss"] == pytest.approx(expected, abs=1e-6)
    assert set(LOGGED) <= logs[0].keys()
    assert logs[0]["world_gate"] == 0 != logs[1]["world_gate"], "a gate that is shut learns to open"
    assert logs[0]["grad_prophet"] == 0 < logs[1]["grad_prophet"]
    assert 0 < logs[0]["world_attn_pmax"] <= 1
    for empty in (["", "x"], "  ", None):
        with pytest.raises(ValueError, match="no instruction"):
            policy.forward({**batch, "task": empty})
    for part in (policy, before, after):
        part.save_pretrained(tmp_path / "kept")
    (again := type(policy).from_pretrained(tmp_path / "kept", strict=True)).eval()
    batch["observation.world.past"] = torch.zeros(2, T, Z)
    assert acts(again, batch).equal(acts(policy.eval(), batch))
    rebuilt = next((tmp_path / "kept").glob("policy_preprocessor*normalizer_processor.safetensors"))
    save_file({name: value + 1 for name, value in load_file(rebuilt).items()}, rebuilt)
    with pytest.raises(ValueError, match="were rebuilt"):
        type(policy).from_pretrained(tmp_path / "kept")
    with pytest.raises(ValueError, match="does not rebuild processors"):
        factory.make_pre_post_processors(like(base, init_from_policy_path=""))
    with pytest.raises(ValueError, match=r"world_offset is 8, but the latents .* have 3"):
        made_of(like(base, world_offset=8))


def test_live_frames_go_through_the_encoder(base: Path, tmp_path: Path) -> None:
    hub: Any = import_module("transformers")
    sizes = {"num_attention_heads": 2, "num_hidden_layers": 2, "pred_num_attention_heads": 2, "pred_num_hidden_layers": 1}
    config = hub.VJEPA2Config(crop_size=32, frames_per_clip=2, hidden_size=12, pred_hidden_size=12, mlp_ratio=2, **sizes)
    hub.VJEPA2Model(config).save_pretrained(tmp_path / "jepa")
    factory = import_module("lerobot.policies.factory")
    options = {"world_latents_path": "", "world_latent_dim": 12, "world_encoder": "vjepa2"}
    policy = made_of(like(base, **options, world_encoder_path=str(tmp_path / "jepa"))).eval()
    policy.model.world.inject.gate.data.fill_(0.7)
    before, _ = factory.make_pre_post_processors(policy.config)
    rng = np.random.default_rng(2)
    first, second = (seen(before, rng) for _ in range(2))
    other = acts(policy, {**first, "observation.images.front": second["observation.images.front"]})
    assert not acts(policy, first).equal(other)
    policy.reset()
    assert [policy.select_action(dict(batch)).shape for batch in (first, second)] == [(2, 6)] * 2
    assert not policy._past[0].equal(policy._past[-1]), "what is seen between plans is remembered too"
    with pytest.raises(ValueError, match="rollouts need"):
        acts(made_of(like(base, **options)), first)
    command, data = import_module("lerobot_policy_simkiln_world.__main__"), tmp_path / "dataset"
    reach.write(data, count=2, length=3)
    weights = ["--encoder", "vjepa2", "--weights", str(tmp_path / "jepa"), "--window", "2"]
    command.main([str(data), "--camera", "observation.images.front", *weights, "--to", str(tmp_path / "latents")])
    kept = load_latents(tmp_path / "latents", "vjepa2_m2")
    assert kept.values.shape == (6, 12)
    assert kept.episode.tolist() == [0, 0, 0, 1, 1, 1]
    past, _, within = kept.around(np.array([1]))
    assert [(past == kept.values[i]).all(-1).sum() for i in (0, 1)] == [3, 1], "before an episode there is its first latent"
    assert within.tolist() == [[True, *[False] * 7]]
    still = Pretrained("vjepa2", tmp_path / "jepa", 1)
    pictures = rng.integers(0, 256, (2, 1, 32, 32, 3), np.uint8)
    pair = Pretrained("vjepa2", tmp_path / "jepa", 2)(pictures.repeat(2, 1), np.zeros((2, 0)))
    np.testing.assert_allclose(still(pictures, np.zeros((2, 0))), pair, atol=1e-5)
    for wrong in ("vjepa2_m4", "cosmos_m2"):
        with pytest.raises(InputError, match=r"R410.*`vjepa2_m2`, not"):
            load_latents(tmp_path / "latents", wrong)
    with pytest.raises(SystemExit, match=r"R412.*one frame or 2 at a time"):
        command.main([str(data), "--camera", "observation.images.front", *weights[:-1], "3", "--to", str(tmp_path / "no")])
