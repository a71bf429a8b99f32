"""PushT, through gymnasium."""

from runtime.benchmarks.suite import Suite


class PushT(Suite):
    """Role `benchmark`."""

    suite = "pusht"
