"""V-JEPA 2 (transformers): the mean of its patches, of a picture that stands still."""

from runtime.foresight.encoded import ByFolder


class Vjepa2(ByFolder):
    """Role `encoder`."""

    kind = "vjepa2"
