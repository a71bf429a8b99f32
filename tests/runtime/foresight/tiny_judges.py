"""Writes judges of tiny random weights as transformers and LeRobot save them: run where these are, with a folder to write to."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

tokenizers, hub, torch = map(import_module, ("tokenizers", "transformers", "torch"))
rewards, configs = import_module("lerobot.rewards.factory"), import_module("lerobot.configs")
MARKS = ["im_start", "im_end", "endoftext", "vision_start", "vision_end", "image_pad", "video_pad"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{m['role']}}\n{% for c in m['content'] %}"
    "{% if c['type'] in ('image', 'video') %}<|vision_start|><|{{c['type']}}_pad|><|vision_end|>"
    "{% else %}{{c['text']}}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TOP = "observation.images.top"


def words() -> Any:
    """A byte-level tokenizer without merges: any text goes through it and back."""
    vocabulary = {letter: i for i, letter in enumerate(sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()))}
    marks = [f"<|{mark}|>" for mark in MARKS]
    vocabulary |= {mark: len(vocabulary) + i for i, mark in enumerate(marks)}
    raw = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[], unk_token=None))
    raw.pre_tokenizer, raw.decoder = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False), tokenizers.decoders.ByteLevel()
    ends = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "chat_template": TEMPLATE}
    made = hub.PreTrainedTokenizerFast(tokenizer_object=raw, additional_special_tokens=marks, **ends)
    for name, mark in (
        ("image", "image_pad"),
        ("video", "video_pad"),
        ("vision_start", "vision_start"),
        ("vision_end", "vision_end"),
    ):
        made.init_kwargs[f"{name}_token"] = f"<|{mark}|>"
        setattr(made, f"{name}_token", f"<|{mark}|>")
    return made


def qwen(folder: Path) -> Any:
    """Qwen3-VL with all that AutoProcessor and AutoModel open."""
    made, small = words(), {"num_attention_heads": 2, "num_hidden_layers": 2, "hidden_size": 32, "intermediate_size": 32}
    rope = {"mrope_section": [2, 3, 3], "rope_type": "default", "rope_theta": 1e6, "mrope_interleaved": True}
    text = {**small, "num_key_value_heads": 2, "head_dim": 16, "vocab_size": len(made), "rope_parameters": rope}
    eyes: dict[str, Any] = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_heads": 2,
        "out_hidden_size": 32,
        "patch_size": 16,
    }
    eyes |= {"spatial_merge_size": 2, "temporal_patch_size": 2, "num_position_embeddings": 64, "deepstack_visual_indexes": [0]}
    ids = {f"{name}_token_id": made.convert_tokens_to_ids(f"<|{name}_pad|>") for name in ("image", "video")}
    ids |= {f"vision_{name}_token_id": made.convert_tokens_to_ids(f"<|vision_{name}|>") for name in ("start", "end")}
    config = hub.Qwen3VLConfig(text_config=text, vision_config=eyes, **ids)
    model = hub.Qwen3VLForConditionalGeneration(config)
    model.save_pretrained(folder)
    size = {
        "patch_size": 16,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "size": {"shortest_edge": 32 * 32, "longest_edge": 64 * 64},
    }
    parts = {"image_processor": hub.Qwen2VLImageProcessor(**size), "video_processor": hub.Qwen3VLVideoProcessor(**size)}
    hub.Qwen3VLProcessor(tokenizer=made, chat_template=TEMPLATE, **parts).save_pretrained(folder)
    return model


def main(folder: Path) -> None:
    """All four."""
    torch.manual_seed(0)
    for name in ("vlm", "topreward"):
        qwen(folder / name)
    qwen(folder / "robometer" / "processor")
    how = {"pretrained_path": None, "base_model_id": str(folder / "robometer" / "processor"), "torch_dtype": "float32"}
    config = rewards.make_reward_model_config("robometer", device="cpu", **how)
    rewards.make_reward_model(config).save_pretrained(folder / "robometer")
    sizes = {"num_channels": 3, "embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}
    hub.ResNetModel(hub.ResNetConfig(**sizes)).save_pretrained(folder / "reward_classifier" / "encoder")
    seen = {TOP: configs.PolicyFeature(type=configs.FeatureType.VISUAL, shape=(3, 128, 128))}
    more: dict[str, Any] = {
        "model_name": str(folder / "reward_classifier" / "encoder"),
        "num_cameras": 1,
        "hidden_dim": 16,
        "latent_dim": 16,
    }
    more |= {"input_features": seen, "output_features": {}, "image_embedding_pooling_dim": 2, "device": "cpu"}
    rewards.make_reward_model(rewards.make_reward_model_config("reward_classifier", **more)).save_pretrained(
        folder / "reward_classifier"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
