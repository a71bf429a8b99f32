"""A world model as an artifact, and imagining with it: from a few pictures and the actions that follow to what will be seen."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from runtime.problem import InputError, Problem
from runtime.world.network import Network, Sizes, World, over
from runtime.world.skeleton import Skeleton, View

WEIGHTS, FACTS = "world.safetensors", "world.json"
PAINTED_AT_ONCE = 64
KEPT = 16 / 255
"""What painting lacks of the last true picture is added again where what is painted has changed by less than about this."""


@dataclass(frozen=True)
class Imagined:
    """N worlds imagined for T steps, the members' mean but for what says otherwise; all of them numpy."""

    joints: np.ndarray  # [N, T, J]
    tip: np.ndarray  # [N, T, 3] metres
    objects: np.ndarray  # [N, T, K, 3]
    turns: np.ndarray  # [N, T, K, 2]
    done: np.ndarray  # [N, T] probability that it was done by then
    contact: np.ndarray  # [N, T] probability
    force_n: np.ndarray  # [N, T] newtons
    reward: np.ndarray  # [N, T]
    sd_m: np.ndarray  # [N, T, 2] expected error of tip and objects: what members say, and how far they are apart
    apart_m: np.ndarray  # [N, T, 2] the latter alone
    apart_done: np.ndarray  # [N, T] standard deviation of `done` over members


@dataclass(frozen=True)
class Kept:
    """Of the last true pictures: what is painted of them, and what that lacks, each [N, 3, H, W] in -1..1."""

    painted: Tensor
    rest: Tensor


class WorldModel:
    """A network and the place that it stands for: the empty picture, the shadow's strength, the task's clock."""

    def __init__(self, network: Network, behind: np.ndarray, facts: dict[str, Any]) -> None:
        """`behind` u8 [H, W, 3] is the twin's picture without robot and objects."""
        self.network, self.facts = network.eval(), facts
        self.behind = torch.from_numpy(behind.copy()).permute(2, 0, 1).float() / 255

    @property
    def members(self) -> int:
        """Of the ensemble."""
        return self.network.sizes.members

    def save(self, folder: Path) -> None:
        """Weights and what is needed to read them."""
        from safetensors.torch import save_file

        weights = {name: value.contiguous().clone() for name, value in self.network.state_dict().items()}
        save_file({**weights, "behind": self.behind.contiguous()}, folder / WEIGHTS)
        (folder / FACTS).write_text(json.dumps({**self.facts, "network": self.network.facts()}, indent=1) + "\n")

    @torch.no_grad()
    def look(self, pictures: np.ndarray, joints: np.ndarray, actions: np.ndarray) -> World:
        """Worlds of all members after k looks.

        Args:
            pictures: u8 [N, k, H, W, 3].
            joints: [N, k, J], rad.
            actions: [N, k - 1, J] between them.
        """
        seen = torch.from_numpy(pictures).permute(0, 1, 4, 2, 3).float() / 255
        q, a = torch.from_numpy(joints.astype(np.float32)), torch.from_numpy(actions.astype(np.float32))
        n, k = q.shape[:2]
        behind = self.behind.expand(n * k, -1, -1, -1)
        eyes = [
            self.network.see(*x) for x in zip(*(y.split(128) for y in (seen.flatten(0, 1), behind, q.flatten(0, 1))), strict=True)
        ]
        found = [torch.cat(x).view(n, k, *x[0].shape[1:]) for x in zip(*eyes, strict=True)]
        return self.network.ensemble.settle([self._all(x) for x in found], self._all(q), self._all(a))

    def _all(self, x: Tensor) -> Tensor:
        return x.expand(self.members, *x.shape)

    def paint(self, joints: Tensor, objects: Tensor, turns: Tensor, kept: Kept | None = None) -> Tensor:
        """States to pictures [N, 3, H, W] in 0..1; gradients pass. Where the picture is still as `kept` was painted, what
        painting lacks of the true one is added."""
        parts = zip(*(x.split(PAINTED_AT_ONCE) for x in (joints, objects, turns)), strict=True)
        seen = torch.cat([over(self.network.painter(*part), self.behind[None], self.facts["shadow"]) for part in parts])
        if kept is not None:
            changed = (seen - kept.painted).abs().amax(1, keepdim=True) / KEPT
            seen = seen + torch.exp(-changed * changed) * kept.rest
        return seen.clamp(0, 1)

    @torch.no_grad()
    def keep(self, pictures: np.ndarray, joints: Tensor, objects: Tensor, turns: Tensor) -> Kept:
        """What `paint` is to keep of true pictures u8 [N, H, W, 3] of these states, less what may be the camera's noise."""
        painted = self.paint(joints, objects, turns)
        rest = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255 - painted
        noise = float(self.facts["noise_sd"]) / 255
        return Kept(painted, rest * (rest * rest / (rest * rest + noise * noise + 1e-9)))

    @torch.no_grad()
    def pictures(self, imagined: Imagined, step: int, kept: Kept | None = None) -> np.ndarray:
        """What is seen u8 [N, H, W, 3] of one step of the members' mean worlds, without noise."""
        state = [torch.from_numpy(x[:, step]) for x in (imagined.joints, imagined.objects, imagined.turns)]
        return (self.paint(*state, kept) * 255 + 0.5).to(torch.uint8).permute(0, 2, 3, 1).numpy()

    @torch.no_grad()
    def imagine(self, worlds: World, actions: np.ndarray) -> Imagined:
        """Worlds carried on through actions [N, T, J] without a further look."""
        a, steps, said_of = self._all(torch.from_numpy(actions.astype(np.float32))), [], []
        for t in range(actions.shape[1]):
            worlds, told = self.network.ensemble.step(worlds, a[:, :, t])
            steps.append(worlds)
            said_of.append(told)
        stack = {name: torch.stack([getattr(w, name) for w in steps], 2) for name in ("joints", "tip", "objects", "turns")}
        said = {
            name: torch.stack([getattr(x, name) for x in said_of], 2)
            for name in ("success", "contact", "log_force", "reward", "log_sd")
        }
        left = torch.cumprod(1 - torch.sigmoid(said["success"]), 2)  # [M, N, T] not done yet
        mean = {name: x.mean(0) for name, x in stack.items()}
        spread = torch.stack(
            [((stack["tip"] - mean["tip"]) ** 2).sum(-1), ((stack["objects"] - mean["objects"]) ** 2).sum(-1).mean(-1)], -1
        ).mean(0)
        own = (torch.exp(2 * said["log_sd"]) * 1e-4).mean(0)
        return Imagined(
            *(mean[name].numpy() for name in ("joints", "tip", "objects", "turns")),
            (1 - left).mean(0).numpy(),
            torch.sigmoid(said["contact"]).mean(0).numpy(),
            torch.expm1(said["log_force"].mean(0).clamp_min(0)).numpy(),
            said["reward"].mean(0).numpy(),
            (own + spread).sqrt().numpy(),
            spread.sqrt().numpy(),
            (1 - left).std(0, correction=0).numpy(),
        )


def read_world(folder: Path) -> WorldModel:
    """A published world model.

    Raises:
        InputError: R344 when files are missing, or it is made of what this version does not know or of other weights.
    """
    from safetensors.torch import load_file

    for name in (WEIGHTS, FACTS):
        if not (folder / name).is_file():
            raise InputError(Problem("R344", f"the world model has no `{name}`", "build it again"))
    facts, weights = json.loads((folder / FACTS).read_text()), load_file(folder / WEIGHTS)
    behind = (weights.pop("behind").permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    made = facts.pop("network")
    if strange := sorted(set(made["sizes"]) - {f.name for f in fields(Sizes)}):
        message = f"the world model was made by another version of simkiln: this one does not know its `{strange[0]}`"
        raise InputError(Problem("R344", message, "read it with that version, or build it again"))
    network = network_of(made)
    try:
        network.load_state_dict(weights)
    except RuntimeError:
        raise InputError(
            Problem("R344", f"`{WEIGHTS}` is not of the network that `{FACTS}` tells of", "build it again")
        ) from None
    return WorldModel(network, behind, facts)


def network_of(facts: dict[str, Any]) -> Network:
    """An empty network of the shape that `Network.facts` tells."""
    return Network(Sizes(**facts["sizes"]), Skeleton(facts["bodies"], facts["segments"], **facts["skeleton"]), View())
