"""Meta-World, through LeRobot."""

from runtime.benchmarks.suite import Suite


class MetaWorld(Suite):
    """Role `benchmark`."""

    suite = "metaworld"
