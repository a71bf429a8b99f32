"""A local model that is shown pictures and answers, of whatever family transformers knows."""

from runtime.foresight.judged import ByFolder


class Vlm(ByFolder):
    """Role `judge`."""

    model = "vlm"
