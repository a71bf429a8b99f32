"""LeRobot's own architectures through LeRobot's own factories: made, trained, saved and run by name.

Small by default (these run on one CPU thread), never with downloaded weights. `small` works here too: that is the plain
LeRobot route, against which tests compare the light one.
"""

import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from runtime.learn.actor import PolicyFacts, check_observation
from runtime.learn.dataset import ACTION, IMAGE_PREFIX, PLACES_PREFIX, REPO_ID, STATE, checked_instruction, offline
from runtime.learn.normaliser import load_stats
from runtime.learn.spec import Spec
from runtime.problem import InputError, Problem

NAMES = {"small": "simkiln_small", "act": "act", "diffusion": "diffusion", "smolvla": "smolvla"}
NO_DOWNLOAD = {"pretrained_backbone_weights": None, "load_vlm_weights": False, "pretrained_path": None}
HUB = re.compile(r"[\w.-]+/[\w.-]+")
AT_ONCE = ("simkiln_small", "act", "smolvla")
"""Types whose `select_action` hands out a plan that they made from a single observation."""
PACKAGES = {"diffusion": ("diffusers", "diffusion"), "smolvla": ("transformers", "smolvla")}
"""Type -> a package that LeRobot needs for it, and the extra that brings it."""


def options(spec: Spec) -> dict[str, Any]:
    """Fields of the architecture's LeRobot config: our small sizes, then `spec.extra`."""
    chunks = {"chunk_size": spec.chunk, "n_action_steps": spec.n_action_steps}
    no_download = {"pretrained_backbone_weights": None}
    act = {**chunks, **no_download, "dim_model": 64, "n_heads": 4, "dim_feedforward": 256}
    act |= {"n_encoder_layers": 2, "n_vae_encoder_layers": 2, "latent_dim": 16}
    diffusion = {"n_obs_steps": spec.history, "horizon": spec.chunk, "n_action_steps": spec.n_action_steps, **no_download}
    diffusion |= {"drop_n_last_frames": max(0, spec.chunk - spec.n_action_steps - spec.history + 1)}
    diffusion |= {"use_group_norm": True, "down_dims": (32, 64), "diffusion_step_embed_dim": 32}
    diffusion |= {"spatial_softmax_num_keypoints": 16, "do_mask_loss_for_padding": True}
    diffusion |= {"num_train_timesteps": 50, "noise_scheduler_type": "DDIM", "num_inference_steps": 8}
    found = {
        **{"small": chunks | {"n_obs_steps": spec.history}, "act": act, "diffusion": diffusion, "smolvla": chunks}[
            spec.architecture
        ],
        **spec.extra,
    }
    if isinstance(side := found.get("resize_imgs_with_padding"), int):
        found["resize_imgs_with_padding"] = (side, side)
    if not HUB.fullmatch(str(found.get("vlm_model_name", "owner/name"))):
        problem = f"`vlm_model_name: {found['vlm_model_name']}` is not the name of a model of the Hub"
        help_ = "name it `OWNER/NAME`; it is looked for in the cache of this machine"
        raise InputError(Problem("R316", problem, help_, "stages.policy.options"))
    return found


class LeRobotLearner:
    """Any LeRobot policy as a `spec.Learner`."""

    def __init__(self, spec: Spec, dataset: Path) -> None:
        """Make the policy from the dataset's features; keeps the cameras that `spec` names."""
        check_packages(NAMES[spec.architecture])
        offline()
        from lerobot.configs.types import FeatureType, PolicyFeature
        from lerobot.datasets.dataset_metadata import LeRobotDatasetMetadata
        from lerobot.policies.factory import make_policy, make_policy_config, make_pre_post_processors

        import runtime.learn.small.plugin  # noqa: F401  registers ours

        inputs = {IMAGE_PREFIX + c: PolicyFeature(type=FeatureType.VISUAL, shape=(3, *spec.image_hw)) for c in spec.camera_keys}
        inputs[STATE] = PolicyFeature(type=FeatureType.STATE, shape=(spec.state_dim,))
        fields = {"device": "cpu", "push_to_hub": False, "input_features": inputs, **options(spec)}
        try:
            config = make_policy_config(NAMES[spec.architecture], **fields)
        except (TypeError, ValueError, NotImplementedError) as error:
            problem = f"LeRobot refuses the options of architecture `{spec.architecture}`: {error}"
            raise InputError(Problem("R316", problem, "see LeRobot's config class", "stages.policy.options")) from error
        self.spec, self.config = spec, config
        described = LeRobotDatasetMetadata(REPO_ID, root=Path(dataset))
        self._instruction = "" if described.tasks is None else str(next(iter(described.tasks.index), ""))
        try:
            self.policy = make_policy(config, ds_meta=described)
        except OSError as error:  # a model that its config names, and that is not in the cache
            message = f"architecture `{spec.architecture}` cannot be made: {str(error).splitlines()[0][:200]}"
            help_ = "nothing is downloaded here: get the model once by `hf download OWNER/NAME`"
            raise InputError(Problem("R316", message, help_, "stages.policy.options")) from error
        if getattr(config, "pretrained_backbone_weights", None) is None:
            _calm(self.policy)
        stats: Any = load_stats(dataset)
        self.before, self.after = make_pre_post_processors(config, dataset_stats=stats)
        seen, ahead = config.observation_delta_indices, config.action_delta_indices
        self.observation_deltas = None if seen is None else tuple(seen)
        self.action_deltas = tuple(ahead or ())

    def parameters(self) -> Iterable[Tensor]:
        """What LeRobot would optimise, without its groups: there is one learning rate."""
        given: Any = self.policy.get_optim_params()
        groups = [g["params"] if isinstance(g, dict) else [g] for g in given]
        return [p for group in groups for p in group]

    def loss(self, batch: dict[str, np.ndarray], train: bool) -> Tensor:
        """The policy's own loss; see `Learner.loss`."""
        self.policy.train(train)
        tensors = {k: _tensor(k, v) for k, v in batch.items() if self._wanted(k)}
        said = {"task": [self._instruction] * len(batch[ACTION])} if self.spec.architecture == "smolvla" else {}
        return self.policy.forward(self.before({**tensors, **said}))[0]

    def weights(self) -> dict[str, Tensor]:
        """The policy's state."""
        return self.policy.state_dict()

    def save(self, checkpoint: Path) -> None:
        """LeRobot's `save_pretrained` for the policy and both processors."""
        self.policy.save_pretrained(checkpoint)
        self.before.save_pretrained(checkpoint)
        self.after.save_pretrained(checkpoint)

    def _wanted(self, key: str) -> bool:
        camera = key.startswith(IMAGE_PREFIX) and key.removeprefix(IMAGE_PREFIX) in self.spec.camera_keys
        return camera or not key.startswith((IMAGE_PREFIX, PLACES_PREFIX))


class LeRobotActor:
    """A checkpoint run by LeRobot itself; see `actor.Actor`."""

    def __init__(self, checkpoint: Path, facts: PolicyFacts) -> None:
        """Load policy and processors with LeRobot's factories."""
        offline()
        from lerobot.configs import PreTrainedConfig
        from lerobot.policies.factory import get_policy_class, make_pre_post_processors

        import runtime.learn.small.plugin  # noqa: F401

        torch.set_num_threads(1)
        config = PreTrainedConfig.from_pretrained(checkpoint, local_files_only=True)
        config.device = "cpu"
        for name, value in NO_DOWNLOAD.items():  # all weights are in the checkpoint
            if hasattr(config, name):
                setattr(config, name, value)
        check_packages(config.type)
        self._keys = {key.rpartition(".")[2]: key for key in config.image_features}  # one without a name is `observation.image`
        self.facts = facts
        self.policy = get_policy_class(config.type).from_pretrained(checkpoint, config=config, strict=True)
        self.before, self.after = make_pre_post_processors(config, pretrained_path=str(checkpoint))
        # one that plans from a single observation gives its whole plan at once; others look at every step
        ensembles = getattr(config, "temporal_ensemble_coeff", None) is not None
        plans = config.type in AT_ONCE and facts["history"] == 1 and not ensembles
        self._at_once = int(facts["n_action_steps"]) if plans else 1
        self.reset(0)

    def reset(self, n: int) -> None:
        """See `Actor.reset`."""
        self._n = n
        self._ahead: list[np.ndarray] = []
        self.policy.reset()
        torch.manual_seed(int(self.facts["seed"]))

    @property
    def looks(self) -> bool:
        """See `Actor.looks`."""
        return not self._ahead

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        """See `Actor.act`."""
        task = checked_instruction(instruction)
        check_observation(self.facts, images, state, self._n, self.looks)
        if self._ahead:
            return self._ahead.pop(0)
        seen = {self._keys.get(c, IMAGE_PREFIX + c): _tensor(IMAGE_PREFIX + c, images[c]) for c in self.facts["camera_keys"]}
        with torch.inference_mode():
            batch = self.before({**seen, STATE: _tensor(STATE, state), "task": [task] * self._n})
            self._ahead = [self.after(self.policy.select_action(batch)).numpy().astype(np.float32) for _ in range(self._at_once)]
        return self._ahead.pop(0)


def check_packages(kind: str) -> None:
    """Say which package is missing before LeRobot does, half an import later."""
    package, extra = PACKAGES.get(kind, ("lerobot", ""))
    if find_spec(package) is None:
        message, key = f"a policy of type `{kind}` needs the package `{package}`", "stages.policy.architecture"
        raise InputError(Problem("B321", message, f"install `lerobot[{extra}]`, or choose another architecture", key))


def _calm(policy: torch.nn.Module) -> None:
    """Let the blocks of fresh ResNets whose batch norms are frozen (ACT's) begin as the identity: without weights to load such
    norms do nothing, and activations grow from block to block (Zhang et al., "Fixup Initialization", 2019)."""
    from torchvision.models.resnet import BasicBlock
    from torchvision.ops import FrozenBatchNorm2d

    blocks = [b for b in policy.modules() if isinstance(b, BasicBlock) and isinstance(b.bn1, FrozenBatchNorm2d)]
    for block in blocks:
        block.conv1.weight.data.mul_(len(blocks) ** -0.5)
        torch.nn.init.zeros_(block.conv2.weight)


def _tensor(key: str, value: np.ndarray) -> Tensor:
    x = torch.from_numpy(np.ascontiguousarray(value))
    if key.startswith(IMAGE_PREFIX):  # [..., H, W, 3] bytes -> [..., 3, H, W] in 0..1, as LeRobot's datasets give them
        return x.movedim(-1, -3).to(torch.float32).div(255).contiguous()
    return x.to(torch.float32) if key in (STATE, ACTION) else x
