"""`small_world` in training: the small flow-matching policy, with cached latents of the demos' frames beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from runtime.learn.dataset import ACTION, IMAGE_PREFIX, STATE, Arrays
from runtime.learn.modality.latents import Latents
from runtime.learn.modality.modality import LOGGED, Mode, Sizes, Window
from runtime.learn.modality.network import FlowNet
from runtime.learn.modality.objective import flowed
from runtime.learn.normaliser import Stats
from runtime.learn.small.learner import LightLearner
from runtime.learn.small.network import Dims
from runtime.learn.spec import Spec
from runtime.learn.train import Recipe, train
from runtime.problem import InputError, Problem

SMALL_WORLD_TYPE = "simkiln_small_world"
HELD_OUT_SEED = 0x51ED
RECENT = 50
"""Steps, the last ones, over which what is logged is averaged."""


@dataclass(frozen=True)
class Memory:
    """What the policy is given to remember, and what it learns by beside actions."""

    mode: Mode
    world_weight: float = 0.2
    """Weight of the auxiliary loss; the Prophet's own weighs 1."""
    width: int = 64
    flow_steps: int = 4


class SmallWorldLearner(LightLearner):
    """See the module, and `spec.Learner`."""

    def __init__(self, spec: Spec, stats: Stats, latents: Latents, memory: Memory) -> None:
        """Make it; the same torch seed gives the same weights of all that is not the memory, whatever that is.

        Raises:
            InputError: R413 when there are other latents than frames.
        """
        self.memory, self.latents = memory, latents
        super().__init__(spec, stats)
        self.logs: list[dict[str, float]] = []
        world = self.net.world
        if world is not None:
            world.mean.copy_(torch.from_numpy(latents.mean))
            world.std.copy_(torch.from_numpy(latents.std))

    def _network(self, dims: Dims) -> FlowNet:
        facts = self.latents.facts
        sizes = Sizes(facts.latent, facts.context, facts.offset, dims.hidden, self.memory.width)
        learns = self.memory.mode != "none" or self.memory.world_weight > 0
        return FlowNet(dims, sizes if learns else None)

    def loss(self, batch: dict[str, np.ndarray], train: bool) -> Tensor:
        """Of the velocity of noisy actions; in training the Prophet's, the auxiliary one and that of keypoints as well. What is
        held out is seen with the same noise every time."""
        self.net.train(train)
        images = [self.image(batch[IMAGE_PREFIX + c], c) for c in self.spec.camera_keys]
        state, action = (self._vector(batch[k], k) for k in (STATE, ACTION))
        luck = None if train else torch.Generator().manual_seed(HELD_OUT_SEED)
        window, mode, weight = None, self.memory.mode, self.memory.world_weight
        if self.net.world is not None:
            known = self.latents.around(batch["index"], self.spec.n_action_steps)
            window = Window(*(torch.from_numpy(x) for x in known))
        pad = torch.from_numpy(batch["action_is_pad"])
        flow = flowed(self.net, (images, state, action, pad), window, mode, luck)
        if not train:
            return flow.loss
        total = self._with_places(flow.loss, flow.keypoints, batch)
        if self.net.world is not None and window is not None:
            total, found = flow.with_world(self.net, total, window, mode, weight)
            log = self.net.world.logged(found, total)
        else:
            log = dict.fromkeys(LOGGED, 0.0) | {"loss_total": float(total.detach())}
        self.logs = [*self.logs[-RECENT + 1 :], log]
        return total

    def logged(self) -> dict[str, float]:
        """All that is logged, averaged over the last steps; nothing of a policy that was not trained."""
        return {name: float(np.mean([log[name] for log in self.logs])) for name in LOGGED} if self.logs else {}

    def _config(self) -> dict[str, Any]:
        facts, memory = self.latents.facts, self.memory
        own: dict[str, Any] = {"type": SMALL_WORLD_TYPE, "world_memory_mode_train": memory.mode, "flow_steps": memory.flow_steps}
        own |= {"world_context": facts.context, "world_offset": facts.offset, "world_latent_dim": facts.latent}
        own |= {"world_prophet_width": memory.width, "world_loss_weight": memory.world_weight, "world_suffix": facts.suffix}
        return super()._config() | own


def matched(latents: Latents, arrays: Arrays) -> Latents:
    """The latents, where they are those of these demos.

    Raises:
        InputError: R413.
    """
    if not np.array_equal(latents.episode, arrays.episode_index) or latents.facts.fps != float(arrays.fps):
        message = f"the latents are of {len(latents.episode)} frames, and not of these {len(arrays.episode_index)}"
        raise InputError(Problem("R413", message, "make them from the same demos", "inputs.world_policy"))
    if latents.facts.camera not in arrays.images:
        message = f"the latents are of the camera `{latents.facts.camera}`, which the policy does not look through"
        raise InputError(Problem("R413", message, f"add `{latents.facts.camera}`", "stages.world_policy.camera_keys"))
    return latents


def smoke(learner: "SmallWorldLearner", arrays: Arrays, recipe: Recipe, steps: int = 2) -> int:
    """Train for so many steps; how many there were.

    Raises:
        InputError: R414 when a loss or a weight is not a finite number then.
    """
    train(learner, arrays, replace(recipe, steps=steps))
    losses = [log["loss_total"] for log in learner.logs]
    if not np.isfinite(losses).all() or not all(bool(torch.isfinite(x).all()) for x in learner.weights().values()):
        message = f"after {steps} steps of training there are numbers that are not finite: losses {losses}"
        raise InputError(Problem("R414", message, "look at the demos and latents, or take a smaller `learning_rate`"))
    return len(losses)


def network_of(checkpoint: Path, config: Mapping[str, Any], cameras: int) -> FlowNet:
    """The network of a checkpoint.

    Raises:
        InputError: R413 when its weights are not those of its config.
    """
    hw = next(f["shape"][1:] for f in config["input_features"].values() if f["type"] == "VISUAL")
    state, action = config["input_features"][STATE]["shape"][0], config["output_features"][ACTION]["shape"][0]
    sizes = config["width"], config["keypoints"], config["hidden"]
    dims = Dims(cameras, (hw[0], hw[1]), state, action, config["chunk_size"], *sizes)
    weights = {name.removeprefix("net."): value for name, value in load_file(checkpoint / "model.safetensors").items()}
    known = config["world_latent_dim"], config["world_context"], config["world_offset"], config["hidden"]
    has = any(name.startswith("world.") for name in weights)
    net = FlowNet(dims, Sizes(*known, config["world_prophet_width"]) if has else None)
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        message = f"the checkpoint's weights are not those of its config: {str(error).splitlines()[-1].strip()[:160]}"
        raise InputError(Problem("R413", message, "build the policy again")) from error
    return net.eval()
