"""LIBERO, through LeRobot."""

from runtime.benchmarks.suite import Suite


class Libero(Suite):
    """Role `benchmark`."""

    suite = "libero"
