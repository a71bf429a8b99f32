"""A set of trials that was imported, as a study's uplift is told of it."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from runtime.bound.base import Bound, later
from runtime.bound.trial_mapping import Day

SetName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""Name of a folder below `trials/`."""


class ImportedSet(Bound):
    """The set and the digest of its trials: another content is another address."""

    name: SetName
    """Name of the set."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of its `trials.parquet`."""
    day: Day | None = None
    """Day of the import (UTC): when trials took place that do not say so themselves."""
    seeds: Literal["training", "evaluation"] = later("training", since=1)
    """What its seeds count: training runs, or repetitions with one trained policy."""
