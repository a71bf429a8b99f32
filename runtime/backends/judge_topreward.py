"""TOPReward, as LeRobot has it."""

from runtime.foresight.judged import ByFolder


class TopReward(ByFolder):
    """Role `judge`."""

    model = "topreward"
    frames = 16
