"""Writes pipelines of tiny random weights as diffusers saves them: run where it is installed, with a folder to write to."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "runtime" / "foresight"))

import torch

diffusers, transformers, tokenizers, worker = map(import_module, ("diffusers", "transformers", "tokenizers", "worker"))
Sizes = dict[str, Any]
MARKS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{m['role']}}\n{% if m['content'] is string %}{{m['content']}}{% else %}"
    "{% for c in m['content'] %}{{c['text']}}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def words():
    """A byte-level tokenizer without merges: any text goes through it and back."""
    vocabulary = {letter: i for i, letter in enumerate(sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()))}
    vocabulary |= {mark: len(vocabulary) + i for i, mark in enumerate(MARKS)}
    made = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[], unk_token=None))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    ends = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "chat_template": TEMPLATE}
    return transformers.Qwen2TokenizerFast(tokenizer_object=made, additional_special_tokens=MARKS, **ends)


def eyes():
    """The autoencoder that all of them use."""
    return diffusers.AutoencoderKLWan(
        base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )


def cosmos3(folder: Path) -> None:
    """Cosmos 3, with actions."""
    tokens = words()
    rope = {"mrope_section": [1, 1, 1], "rope_type": "default"}
    sizes: Sizes = {"head_dim": 6, "hidden_size": 6, "intermediate_size": 12, "num_attention_heads": 1, "num_hidden_layers": 1}
    sizes |= {"num_key_value_heads": 1, "latent_channel": 16, "latent_patch_size": 1, "patch_latent_dim": 16}
    sizes |= {"action_dim": 16, "action_gen": True, "num_embodiment_domains": 32, "rope_axes_dim": [1, 1, 1]}
    made = diffusers.Cosmos3OmniTransformer(vocab_size=len(tokens), rope_scaling=rope, **sizes)
    parts = {"transformer": made, "text_tokenizer": tokens, "vae": eyes(), "scheduler": diffusers.UniPCMultistepScheduler()}
    diffusers.Cosmos3OmniPipeline(**parts, enable_safety_checker=False).save_pretrained(folder)


WIDE: Sizes = {"num_attention_heads": 2, "attention_head_dim": 16, "mlp_ratio": 2, "text_embed_dim": 32, "adaln_lora_dim": 4}
WIDE |= {"max_size": (24, 192, 192), "patch_size": (1, 2, 2), "rope_scale": (2.0, 1.0, 1.0), "extra_pos_embed_type": "learnable"}


def save(kind: str, folder: Path, further: Sizes, controlnet: Any = None) -> None:
    """A pipeline of the second generation. The checker stands there while it is made and is not saved."""
    tokens = words()
    rope = {"mrope_section": [1, 1, 2], "rope_type": "default", "rope_theta": 1e6}
    text: Sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    text |= {"num_key_value_heads": 2, "vocab_size": len(tokens), "rope_parameters": rope}
    vision = {"depth": 2, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16}
    reader = transformers.Qwen2_5_VLForConditionalGeneration(
        transformers.Qwen2_5_VLConfig(text_config=text, vision_config=vision)
    )
    made = diffusers.CosmosTransformer3DModel(
        in_channels=17, out_channels=16, num_layers=2, concat_padding_mask=True, **WIDE, **further
    )
    parts: Sizes = {"transformer": made, "vae": eyes(), "scheduler": diffusers.UniPCMultistepScheduler()}
    parts |= {"controlnet": controlnet} if controlnet is not None else {}
    pipe = getattr(diffusers, kind)(**parts, text_encoder=reader.eval(), tokenizer=tokens, safety_checker=worker.Unguarded())
    pipe.register_modules(safety_checker=None)
    pipe.save_pretrained(folder)


def predict(folder: Path) -> None:
    """Cosmos-Predict 2.5."""
    save("Cosmos2_5_PredictBasePipeline", folder, {})


def transfer(folder: Path) -> None:
    """Cosmos-Transfer 2.5, with a net for edges."""
    seen: Sizes = {"img_context_dim_in": 32, "img_context_dim_out": 32}
    sizes: Sizes = {"in_channels": 18, "latent_channels": 18, "model_channels": 32, "use_crossattn_projection": False}
    net = diffusers.CosmosControlNetModel(n_controlnet_blocks=2, **sizes, **WIDE, **seen)
    save("Cosmos2_5_TransferPipeline", folder, {"controlnet_block_every_n": 1, "img_context_num_tokens": 4, **seen}, net)
    net.save_pretrained(folder / "controlnet-edge")


if __name__ == "__main__":
    torch.manual_seed(0)
    cosmos3(Path(sys.argv[1]) / "cosmos3")
    predict(Path(sys.argv[1]) / "predict")
    transfer(Path(sys.argv[1]) / "transfer")
