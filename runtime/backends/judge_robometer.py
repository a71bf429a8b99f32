"""Robometer, as LeRobot has it."""

from runtime.foresight.judged import ByFolder


class Robometer(ByFolder):
    """Role `judge`."""

    model = "robometer"
