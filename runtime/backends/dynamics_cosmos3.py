"""Cosmos 3 forward dynamics, through diffusers."""

from pathlib import Path

from runtime.foresight import worker
from runtime.foresight.foresight import Foresight


class Cosmos3(Foresight):
    """Role `dynamics`."""

    pipeline = "cosmos3"
    program = Path(worker.__file__)
