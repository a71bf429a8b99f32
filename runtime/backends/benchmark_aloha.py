"""ALOHA in MuJoCo, through gymnasium."""

from runtime.benchmarks.suite import Suite


class Aloha(Suite):
    """Role `benchmark`."""

    suite = "aloha"
