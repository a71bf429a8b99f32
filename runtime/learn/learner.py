"""A fresh policy of any architecture: ours, or LeRobot's own."""

from pathlib import Path

from runtime.learn.spec import Learner, Spec


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
