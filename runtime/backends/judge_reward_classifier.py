"""LeRobot's reward classifier."""

from runtime.foresight.judged import ByFolder


class RewardClassifier(ByFolder):
    """Role `judge`."""

    model = "reward_classifier"
    frames = 0
