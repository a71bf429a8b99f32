"""A policy to be trained: a fresh one of any architecture, ours or LeRobot's own, or one that goes on from a checkpoint."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from runtime.learn.actor import PolicyFacts
from runtime.learn.spec import Learner, Spec
from runtime.problem import InputError, Problem

if TYPE_CHECKING:
    from runtime.learn.small.learner import LightLearner


def make_learner(spec: Spec, dataset: Path) -> Learner:
    """A fresh policy for the demos at `dataset`; weights come from torch's global seed.

    The small policy is trained without importing LeRobot (its import costs as much CPU as a third of the training); its
    checkpoint is byte for byte what LeRobot's `save_pretrained` writes, which a test holds.
    """
    if spec.architecture == "small":
        from runtime.learn.normaliser import load_stats
        from runtime.learn.small.learner import LightLearner

        return LightLearner(spec, load_stats(dataset))
    from runtime.learn.zoo import LeRobotLearner

    return LeRobotLearner(spec, dataset)


def resumed(checkpoint: Path, facts: PolicyFacts, dataset: Path, places_weight: float = 0.0) -> "LightLearner":
    """The policy of a checkpoint, to be trained on. Its normaliser is that of the demos at `dataset`, which it was trained on.

    Raises:
        InputError: R319 when it is not a `small` one, or was trained on other demos.
    """
    from safetensors.torch import load_file

    learner = fresh_like(checkpoint, facts, dataset, places_weight)
    if (told := _differs(checkpoint, dataset)) is not None:
        message = f"the policy was made from other demos than it is to be trained on with: statistics of `{told}` differ"
        help_ = "give the stage the demos that the policy reads, such as `inputs: {refine: {demos: enrichment}}`"
        raise InputError(Problem("R319", message, help_, "demos"))
    live, stored = learner.weights(), load_file(checkpoint / "model.safetensors")
    for name, value in live.items():
        value.copy_(stored[name])
    return learner


def fresh_like(checkpoint: Path, facts: PolicyFacts, dataset: Path, places_weight: float = 0.0) -> "LightLearner":
    """An untrained policy of the sizes of a checkpoint; weights come from torch's global seed.

    Raises:
        InputError: R319 when that is not a `small` one.
    """
    from runtime.learn.normaliser import load_stats
    from runtime.learn.small.learner import OPTIONS, LightLearner

    if facts["architecture"] != "small":
        message = f"a policy of architecture `{facts['architecture']}` cannot be trained on from its checkpoint"
        raise InputError(Problem("R319", message, "choose `architecture: small`", "stages.policy.architecture"))
    config = json.loads((checkpoint / "config.json").read_text())
    dims = facts["state_dim"], facts["action_dim"], facts["chunk"], facts["n_action_steps"]
    height, width = facts["image_hw"]
    options = {name: config[name] for name in OPTIONS}
    cameras = tuple(facts["camera_keys"])
    spec = Spec("small", cameras, (height, width), *dims, options, places_weight, facts["history"])
    return LightLearner(spec, load_stats(dataset))


def _differs(checkpoint: Path, dataset: Path) -> str | None:
    """A feature by which a checkpoint's normaliser is not that of a dataset, if there is one."""
    from runtime.learn.load import load_normaliser
    from runtime.learn.normaliser import load_stats

    stored, fresh = load_normaliser(checkpoint), load_stats(dataset)
    return next(
        (
            feature
            for feature, entry in fresh.items()
            if not entry.keys() <= stored.get(feature, {}).keys()
            or any(not np.array_equal(value, stored[feature][statistic]) for statistic, value in entry.items())
        ),
        None,
    )


def begin_from(learner: Learner, checkpoint: Path) -> None:
    """Give a fresh policy the weights of a checkpoint, and nothing else of it.

    Raises:
        InputError: R397 when they do not fit: another architecture, or other sizes.
    """
    from safetensors.torch import load_file

    live, stored = learner.weights(), load_file(checkpoint / "model.safetensors")
    odd = [name for name, value in live.items() if name not in stored or stored[name].shape != value.shape]
    if odd:
        message = f"the policy that training is to start from does not fit: `{odd[0]}` is absent or of another size"
        raise InputError(Problem("R397", message, "give both the same architecture, options, cameras and chunk", "policy"))
    for name, value in live.items():
        value.copy_(stored[name])
