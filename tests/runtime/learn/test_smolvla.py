"""SmolVLA of LeRobot through the same stages as every policy, with a model of random weights that is made on the spot."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from runtime.build.testing import run_stage
from runtime.problem import InputError
from tests.runtime.stages.conftest import sim_captured, sim_conditions, sim_demos, sim_store, sim_twin  # noqa: F401

OPTIONS = {
    **{"vlm_model_name": "tiny/smolvlm", "num_steps": 2, "num_vlm_layers": 2, "max_state_dim": 8, "max_action_dim": 8},
    **{"resize_imgs_with_padding": 64, "tokenizer_max_length": 16},
}
SAID = ["<|endoftext|>", "<fake_token_around_image>", "<image>", "<global-img>", "<end_of_utterance>", "<pad>"]


def make_model(folder: Path) -> None:
    """A model and its processor as AutoConfig, AutoProcessor and AutoTokenizer open them: bytes for words, four layers."""
    tokenizers: Any = import_module("tokenizers")
    hub: Any = import_module("transformers")
    vocabulary = {token: number for number, token in enumerate([*sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()), *SAID])}
    raw = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = tokenizers.decoders.ByteLevel()
    special = {"bos_token": SAID[0], "eos_token": SAID[4], "pad_token": SAID[5]}
    tokens = hub.PreTrainedTokenizerFast(tokenizer_object=raw, additional_special_tokens=SAID, **special)
    for name, token in zip(("fake_image_token", "image_token", "global_image_token"), SAID[1:4], strict=True):
        setattr(tokens, name, token)
        tokens.init_kwargs[name] = token
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "head_dim": 8}
    text = {"model_type": "llama", "vocab_size": len(vocabulary), "num_key_value_heads": 2, "pad_token_id": vocabulary["<pad>"]}
    sight = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 64}
    seen = {"patch_size": 16, "max_image_size": {"longest_edge": 64}, **sight}
    said = {"scale_factor": 2, "image_token_id": vocabulary["<image>"]}
    config = hub.SmolVLMConfig(text_config={**sizes, **text}, vision_config=seen, **said)
    hub.SmolVLMForConditionalGeneration(config).save_pretrained(folder)
    parts = {"image_processor": hub.SmolVLMImageProcessor(), "video_processor": hub.SmolVLMVideoProcessor(), "tokenizer": tokens}
    hub.SmolVLMProcessor(image_seq_len=4, **parts).save_pretrained(folder)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("transformers") is None, reason="the extra `vla` is not installed")
def test_it_is_trained_and_tried(
    sim_store: Path,  # noqa: F811
    sim_twin: Path,  # noqa: F811
    sim_conditions: Path,  # noqa: F811
    sim_demos: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    params = {"architecture": "smolvla", "steps": 2, "batch_size": 2, "held_out": 1, "chunk": 8, "n_action_steps": 4, "seed": 0}
    with pytest.raises(InputError, match=r"R316.*`smolvla` cannot be made"):
        run_stage("policy", {**params, "options": OPTIONS}, {"demos": sim_demos}, sim_store)
    kept = tmp_path / "models--tiny--smolvlm"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs/main").write_text("0" * 40)
    make_model(kept / "snapshots" / ("0" * 40))
    policy = run_stage("policy", {**params, "options": OPTIONS}, {"demos": sim_demos}, sim_store)
    inputs = {"policy": policy, "twin": sim_twin, "conditions": sim_conditions}
    trials = run_stage("evaluate", {"domain": "twin", "trials": 1, "twice": 1}, inputs, sim_store)
    assert pq.read_table(trials / "trials.parquet").num_rows == 1
