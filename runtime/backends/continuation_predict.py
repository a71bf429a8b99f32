"""Cosmos-Predict 2.5, through diffusers."""

from pathlib import Path

from runtime.foresight import worker
from runtime.foresight.foresight import Foresight


class Predict(Foresight):
    """Role `continuation`."""

    pipeline = "predict"
    program = Path(worker.__file__)
