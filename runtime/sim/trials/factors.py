"""What explains the gap between twin and hidden site: the site's true factors put into trials one after another.

A factor's part is the change in success when it is put in, mean over several orders of putting in: Shapley's value by sampled
orders (Castro, Gómez and Tejada 2009), each order followed by its reverse, so that no factor is early more often than late. In
every order the parts sum to the whole.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from runtime.bound.hidden_gap import GAP_FACTORS

RECONSTRUCTION = "reconstruction"
"""The first factor of every order: the nominal site in place of the twin, so what capture, splat and twin got wrong."""
_STREAM = 61

type Outcomes = Mapping[int, bool]
"""Initial state -> whether the trial succeeded."""


class Change(NamedTuple):
    """One trial before and after a factor was put in."""

    order: int
    factor: str
    initial_state: int
    before: bool
    after: bool


def draw_orders(count: int, seed: tuple[int, ...]) -> list[tuple[str, ...]]:
    """`count` orders of the factors, each second one the reverse of the one before it."""
    rng, names = np.random.default_rng([_STREAM, *seed]), sorted(GAP_FACTORS)
    drawn = [tuple(names[i] for i in rng.permutation(len(names))) for _ in range((count + 1) // 2)]
    return [order for one in drawn for order in (one, one[::-1])][:count]


def walk(
    twin: Outcomes,
    orders: Sequence[tuple[str, ...]],
    at_site: Callable[[frozenset[str]], Outcomes],
    deviating: Collection[str] = tuple(GAP_FACTORS),
) -> Iterator[Change]:
    """Every change of every order.

    Args:
        twin: outcomes in the twin.
        orders: of `GAP_FACTORS`.
        at_site: runs the trials at the site with these factors of its gap alone; called once for each combination.
        deviating: the factors that are not zero; the others change nothing, and nothing is tried to see that.
    """
    known: dict[frozenset[str], Outcomes] = {}
    for number, order in enumerate(orders):
        before, inside = twin, frozenset[str]()
        for factor in (RECONSTRUCTION, *order):
            inside |= {factor} & set(deviating)
            if inside not in known:
                known[inside] = at_site(inside)
            after = known[inside]
            for state, success in before.items():
                yield Change(number, factor, state, success, after[state])
            before = after


def combinations(orders: Sequence[tuple[str, ...]], deviating: Collection[str]) -> int:
    """How many combinations of deviating factors the orders come by."""
    return len({frozenset(order[:k]) & set(deviating) for order in orders for k in range(len(order) + 1)})
