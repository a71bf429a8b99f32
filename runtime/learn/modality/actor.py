"""`small_world` that acts: it looks when it plans, with the eyes of a world model too, and remembers what it foresees."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from runtime.learn.actor import PolicyFacts, check_observation
from runtime.learn.dataset import ACTION, IMAGE_PREFIX, STATE, checked_instruction
from runtime.learn.modality.encoding import read_encoder
from runtime.learn.modality.learner import network_of
from runtime.learn.modality.memory import ENCODER, MEMORY, UNSEEING
from runtime.learn.modality.modality import Mode, Window
from runtime.learn.normaliser import Stats, denormalise, normalise


class SmallWorldActor:
    """See the module, and `Actor`."""

    def __init__(self, checkpoint: Path, facts: PolicyFacts, stats: Stats) -> None:
        """Read network, encoder, and what is remembered in rollouts."""
        torch.set_num_threads(1)
        self.facts, self._stats = facts, stats
        config = json.loads((checkpoint / "config.json").read_text())
        said = json.loads((checkpoint / MEMORY).read_text())
        self.mode: Mode = said["rollout"]
        self._net = network_of(checkpoint, config, len(facts["camera_keys"]))
        self._steps, self._context = int(config["flow_steps"]), int(config["world_context"])
        self._camera = str(said["camera"])
        sees = self._net.world is not None and self.mode not in UNSEEING
        self._eyes = read_encoder(checkpoint / ENCODER) if sees else None
        self.reset(0)

    def reset(self, n: int) -> None:
        """See `Actor.reset`."""
        self._n, self._at, self._chunk = n, 0, None
        self._past: list[Tensor] = []
        # each trial has luck of its own, whoever else runs beside it, and that of actions is the same whatever is remembered
        self._luck, self._noise = ([np.random.default_rng((int(self.facts["seed"]), i, x)) for i in range(n)] for x in (0, 1))

    @property
    def looks(self) -> bool:
        """See `Actor.looks`."""
        return self._chunk is None or self._at == self.facts["n_action_steps"]

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        """See `Actor.act`."""
        checked_instruction(instruction)
        check_observation(self.facts, images, state, self._n, self.looks)
        if self._chunk is None or self._at == self.facts["n_action_steps"]:
            self._chunk, self._at = self._plan(images, state), 0
        self._at += 1
        return self._chunk[:, self._at - 1]

    @torch.no_grad()
    def _plan(self, images: dict[str, np.ndarray], state: np.ndarray) -> np.ndarray:
        stats, facts, world = self._stats, self.facts, self._net.world
        proprio = torch.from_numpy(normalise(np.asarray(state, np.float32), stats[STATE]))
        pictures = []
        for camera in facts["camera_keys"]:
            entry = {name: value.reshape(3) for name, value in stats[IMAGE_PREFIX + camera].items() if name in ("mean", "std")}
            pictures.append(torch.from_numpy(normalise(images[camera].astype(np.float32) / 255, entry)).permute(0, 3, 1, 2))
        _, features = self._net.look(pictures, proprio)
        noise = _drawn(self._luck, facts["chunk"], facts["action_dim"])
        if world is not None and self.mode != "none":
            sizes = world.sizes
            world.remember(Window(self._remembered(images, state)), self.mode, _drawn(self._noise, sizes.offset, sizes.latent))
        out = self._net.sample(features, noise, self._steps)
        if world is not None:
            world.forget()
        if facts["state_dim"] == facts["action_dim"]:
            out = out + proprio[:, None]
        return denormalise(out.numpy(), stats[ACTION]).astype(np.float32)

    def _remembered(self, images: dict[str, np.ndarray], state: np.ndarray) -> Tensor:
        """Latents of what was seen at the last plans [N, T, Z], the first one again where there were fewer."""
        assert self._net.world is not None
        if self._eyes is None:
            return self._net.world.mean.expand(self._n, self._context, -1)
        latent = torch.from_numpy(self._eyes(images[self._camera][:, None], np.asarray(state)))
        self._past = [*(self._past or [latent] * (self._context - 1)), latent][-self._context :]
        return torch.stack(self._past, 1)


def _drawn(luck: list[np.random.Generator], *shape: int) -> Tensor:
    """A normal draw of each trial, [N, ...]."""
    return torch.from_numpy(np.stack([one.standard_normal(shape, np.float32) for one in luck]))
