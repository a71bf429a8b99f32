"""Cosmos-Predict 2.5, through diffusers."""

from runtime.foresight.foresight import Foresight


class Predict(Foresight):
    """Role `continuation`."""

    pipeline = "predict"
