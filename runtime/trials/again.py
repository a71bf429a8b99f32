"""Names of initial states that a file tries more than once, told apart."""

from collections import Counter
from collections.abc import Iterable


def numbered(states: Iterable[str]) -> list[str]:
    """Each state's name; from its second trial on with its number, so that first pairs with first and second with second."""
    seen: Counter[str] = Counter()
    found = []
    for state in states:
        seen[state] += 1
        found.append(state if seen[state] == 1 else f"{state} again {seen[state] - 1}")
    return found
