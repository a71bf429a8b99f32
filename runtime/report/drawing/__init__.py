"""Pictures, tables and words that sections of the report share."""

from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, object]]
"""A flat table, for CSV."""
Drawn = dict[str, Any]
"""Names and values that a template reads."""
