"""Latents of demos, made once: what encodes them, from how many frames each, and how far ahead they are read."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from runtime.problem import InputError, Problem

LATENTS, FACTS = "latents.safetensors", "latents.json"
FLOOR = 1e-3
"""Least spread of a number of the latents: one that never changes must not turn noise into huge inputs."""


@dataclass(frozen=True)
class LatentFacts:
    """`latents.json`. The suffix names the encoder and its window: latents of one frame and of four are never taken for each
    other."""

    encoder: str
    window: int  # frames that each latent is made of, the last of them its own
    context: int  # latents that a Prophet knows
    offset: int  # latents that it foretells
    latent: int  # numbers in each
    fps: float
    camera: str

    @property
    def suffix(self) -> str:
        """Such as `vjepa2_m4`."""
        return suffix_of(self.encoder, self.window)


def suffix_of(encoder: str, window: int) -> str:
    """What latents of an encoder and a window are called."""
    return f"{encoder}_m{window}"


@dataclass(frozen=True)
class Latents:
    """Latents f32 [F, Z] of every frame, the episode of each i64 [F], and their spread over all frames, f32 [Z] each."""

    facts: LatentFacts
    values: np.ndarray
    episode: np.ndarray
    mean: np.ndarray
    std: np.ndarray

    def around(self, frames: np.ndarray, stride: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of frames [B]: past [B, T, Z], `stride` frames apart, the future [B, K, Z] frame by frame, and what of it lies within
        the episode [B, K]. Both stop at the ends of the episode, whose first and last latent are repeated."""
        t, k = self.facts.context, self.facts.offset
        first, last = self._ends
        wanted = frames[:, None] + np.concatenate([np.arange(1 - t, 1) * stride, np.arange(1, k + 1)])
        inside = np.clip(wanted, first[frames][:, None], last[frames][:, None])
        found = self.values[inside]
        return found[:, :t], found[:, t:], (inside == wanted)[:, t:]

    @cached_property
    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        _, first, which, counts = np.unique(self.episode, return_index=True, return_inverse=True, return_counts=True)
        return first[which], (first + counts - 1)[which]


def made(facts: LatentFacts, values: np.ndarray, episode: np.ndarray) -> Latents:
    """Latents of frames, with their spread."""
    values = values.astype(np.float32)
    return Latents(facts, values, episode.astype(np.int64), values.mean(0), np.maximum(values.std(0), np.float32(FLOOR)))


def save_latents(folder: Path, latents: Latents) -> None:
    """Write `latents.safetensors` and `latents.json`."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.ascontiguousarray(getattr(latents, name)) for name in ("values", "episode", "mean", "std")}
    save_file(arrays, folder / LATENTS)
    (folder / FACTS).write_text(json.dumps({**asdict(latents.facts), "suffix": latents.facts.suffix}, indent=1) + "\n")


def load_latents(folder: Path, suffix: str | None = None) -> Latents:
    """Latents of a folder.

    Raises:
        InputError: R410 when files are missing, are not latents, or have another suffix than is wanted.
    """
    from safetensors.numpy import load_file

    try:
        said = json.loads((folder / FACTS).read_text())
        called = said.pop("suffix")
        facts = LatentFacts(**said)
        arrays = load_file(folder / LATENTS)
        found = Latents(facts, *(arrays[name] for name in ("values", "episode", "mean", "std")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"`{folder.name}` holds no latents: {str(error).splitlines()[0][:120]}"
        raise InputError(Problem("R410", message, "make them by the stage `latents`")) from error
    if called != facts.suffix or (suffix is not None and suffix != called):
        message = f"the latents are `{called}`, not `{suffix or facts.suffix}`"
        raise InputError(Problem("R410", message, "latents of another encoder or window mean something else: make them again"))
    return found
