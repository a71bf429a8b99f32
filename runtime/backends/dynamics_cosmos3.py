"""Cosmos 3 forward dynamics, through diffusers."""

from runtime.foresight.foresight import Foresight


class Cosmos3(Foresight):
    """Role `dynamics`."""

    pipeline = "cosmos3"
