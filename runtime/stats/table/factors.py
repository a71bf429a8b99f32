"""What varied from trial to trial: names with units and their values, as a column of a table of trials holds them."""

import json
from collections.abc import Mapping
from functools import lru_cache

Value = float | str
"""A number in the unit that its name ends in, or a word."""


def packed(found: Mapping[str, object]) -> str | None:
    """One cell of the column `factors`: a JSON object, sorted by name; None where there are none."""
    return json.dumps(dict(sorted(found.items())), separators=(",", ":"), ensure_ascii=False) if found else None


@lru_cache(100_000)
def unpacked(cell: str | None) -> Mapping[str, Value]:
    """The factors of one trial; none where its cell is empty."""
    return json.loads(cell) if cell else {}
