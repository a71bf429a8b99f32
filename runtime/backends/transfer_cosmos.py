"""Cosmos-Transfer 2.5, through diffusers."""

from pathlib import Path

from runtime.foresight import worker
from runtime.foresight.foresight import Foresight


class CosmosTransfer(Foresight):
    """Role `transfer`: what it is shown are controls (edges, depth or segmentation), and the film is as long as they are."""

    pipeline = "transfer"
    program = Path(worker.__file__)
