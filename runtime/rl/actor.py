"""Policies that PPO trains: the small policy whole, or a perceptron beside it that adds to what it means."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from runtime.learn.dataset import ACTION, STATE
from runtime.learn.normaliser import EPS
from runtime.learn.small.learner import LightLearner
from runtime.learn.small.network import places_loss
from runtime.rl.rollout import Experience

type Demos = Callable[[], dict[str, np.ndarray]]


class Whole:
    """All weights of a small policy are trained. A chunk's first `n_action_steps` are its decision [N, k, J], radians."""

    def __init__(self, learner: LightLearner, demos: Demos | None = None, demo_weight: float = 0.0) -> None:
        """With `demos`, which draws batches of windows, cloning these is a loss beside the reward."""
        self.learner, self.every = learner, learner.spec.n_action_steps
        self._demos, self._demo_weight = demos, demo_weight
        self._mean, self._sd = (torch.from_numpy(learner.stats[ACTION][name]) for name in ("mean", "std"))
        low_high = (learner.stats[STATE][name] for name in ("mean", "std"))
        self._state_mean, self._state_sd = (torch.from_numpy(value) for value in low_high)

    def parameters(self) -> Iterable[Tensor]:
        """What is trained."""
        return self.learner.net.parameters()

    def inputs(self, images: Mapping[str, np.ndarray], state: np.ndarray) -> tuple[list[Tensor], Tensor]:
        """Pictures and joints, normalised as the policy wants them."""
        seen = [self.learner.image(images[c], c) for c in self.learner.spec.camera_keys]
        return seen, (torch.from_numpy(state) - self._state_mean) / (self._state_sd + EPS)

    def mean(self, images: Mapping[str, np.ndarray], state: np.ndarray) -> Tensor:
        """What the policy means to do [N, k, J], radians."""
        return self._meant(*self.inputs(images, state))[0]

    def _meant(self, pictures: list[Tensor], joints: Tensor) -> tuple[Tensor, list[Tensor]]:
        seen = self.learner.net.look(pictures)
        return self.chunk(seen, joints)[:, : self.every] * (self._sd + EPS) + self._mean, seen

    def chunk(self, seen: list[Tensor], joints: Tensor) -> Tensor:
        """Keypoints and joints to normalised actions [N, chunk, J]."""
        return self.learner.net.act(seen, joints)

    def plan(self, images: Mapping[str, np.ndarray], state: np.ndarray, privileged: np.ndarray) -> np.ndarray:
        """See `rollout.Plan`."""
        with torch.no_grad():
            return self.mean(images, state).numpy().astype(np.float64)

    def of(self, some: Experience, rows: np.ndarray) -> tuple[Tensor, Tensor | float]:
        """See `runtime.rl.train.Trainee`: beside the reward, keypoints in the twin's pictures, and the demos."""
        images = {name: images[rows] for name, images in some.images.items()}
        mean, seen = self._meant(*self.inputs(images, some.state[rows]))
        beside: Tensor | float = 0.0
        if weight := self.learner.spec.places_weight:
            for keypoints, camera in zip(seen, self.learner.spec.camera_keys, strict=True):
                beside = beside + weight * places_loss(keypoints, torch.from_numpy(some.places[camera][rows]))
        if self._demos:
            beside = beside + self._demo_weight * self.learner.loss_of(self.chunk, self._demos(), True)
        return mean, beside

    def finish(self) -> LightLearner:
        """The policy to publish."""
        return self.learner


class Residual(Whole):
    """A perceptron of `hidden` units that looks through the frozen policy's keypoints, and adds to its plan (Silver et al.,
    "Residual Policy Learning", 2018). It begins with nothing to add; what is published is one wider small policy that does both.
    """

    def __init__(self, learner: LightLearner, hidden: int, demos: Demos | None = None, demo_weight: float = 0.0) -> None:
        super().__init__(learner, demos, demo_weight)
        learner.net.requires_grad_(False)
        inputs, outputs = learner.weights()["net.plan.0.weight"].shape[1], len(learner.weights()["net.plan.4.bias"])
        self.hidden = hidden
        self.beside = nn.Sequential(
            nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, outputs)
        )
        for name in ("weight", "bias"):
            nn.init.zeros_(self.beside.get_parameter(f"4.{name}"))

    def parameters(self) -> Iterable[Tensor]:
        """See `Whole.parameters`."""
        return self.beside.parameters()

    def chunk(self, seen: list[Tensor], joints: Tensor) -> Tensor:
        """See `Whole.chunk`."""
        own = super().chunk(seen, joints)
        return own + self.beside(torch.cat([*seen, joints], dim=1)).view(own.shape)

    def finish(self) -> LightLearner:
        """Both side by side in the hidden layers, with nothing between them, and added up in the last."""
        old, spec = self.learner, self.learner.spec
        wider = replace(spec, extra={**old.options, "hidden": old.options["hidden"] + self.hidden})
        wide, one, two = LightLearner(wider, old.stats), old.weights(), self.beside.state_dict()
        for name, into in wide.weights().items():
            plain = name.removeprefix("net.plan.")
            into.copy_(one[name] if name.startswith("net.eyes") else beside(plain, one[name], two[plain]))
        return wide


def beside(name: str, one: Tensor, two: Tensor) -> Tensor:
    """A parameter, such as `0.weight`, of two perceptrons of the same inputs and layers 0, 2 and 4, whose outputs are added
    up."""
    layer, is_weight = name[0], name.endswith("weight")
    if layer == "4":
        return torch.cat([one, two], dim=1) if is_weight else one + two
    return torch.block_diag(one, two) if is_weight and layer == "2" else torch.cat([one, two])
