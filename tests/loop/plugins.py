"""Snakemake's executor plug-ins, which are not in the default environment because every start would import them."""

from importlib.util import find_spec

import pytest


def needs_plugin(name: str) -> pytest.MarkDecorator:
    """Skip where an executor plug-in is not installed."""
    absent = find_spec(f"snakemake_executor_plugin_{name}") is None
    return pytest.mark.skipif(absent, reason=f"Snakemake's {name} plug-in is absent: ./uvw sync --group cluster")
