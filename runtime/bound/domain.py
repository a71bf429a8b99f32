"""Where a trial ran: one row for each domain, from the least real to the most. Whoever treats domains apart asks the row."""

from typing import TYPE_CHECKING, Literal, NamedTuple

About = Literal["simulation", "transfer", "real_robot"]
"""How far a claim reaches: the simulation itself, places that training saw only in captures, or real robots."""


class DomainRow(NamedTuple):
    """One domain.

    `words` and `at` name it in a sentence, `real` tells reality and its stand-ins from simulation, `prior` is the column of the
    decision matrix that its trials are held against, `carries` how far claims may reach that rest on them, `figure` the key
    figure that a policy's success there is. Trials `at_site` need a hidden site; those `by_people` are imported alone.
    """

    words: str
    at: str
    real: bool
    prior: Literal["world_model", "irl"]
    carries: tuple[About, ...]
    figure: Literal["policy_in_world_model", "irl_proxy", "irl"]
    at_site: bool = False
    by_people: bool = False


DOMAINS = {
    "world_model": DomainRow("world model", "in the world model", False, "world_model", ("simulation",), "policy_in_world_model"),
    "benchmark": DomainRow("benchmark", "in the benchmark", False, "world_model", ("simulation",), "policy_in_world_model"),
    "lab": DomainRow("bench", "at the bench", False, "world_model", ("simulation",), "policy_in_world_model"),
    "twin": DomainRow("twin", "in the twin", False, "world_model", ("simulation",), "policy_in_world_model"),
    "irl_proxy": DomainRow(
        "hidden site", "at the hidden site", True, "irl", ("simulation", "transfer"), "irl_proxy", at_site=True
    ),
    "irl": DomainRow(
        "real robot", "on the real robot", True, "irl", ("simulation", "transfer", "real_robot"), "irl", by_people=True
    ),
}
if TYPE_CHECKING:
    Domain = str
else:
    Domain = Literal[tuple(DOMAINS)]

SIMULATED = tuple(name for name, row in DOMAINS.items() if not row.real)
REAL = tuple(name for name, row in DOMAINS.items() if row.real)


def carrying(about: About) -> tuple[Domain, ...]:
    """Domains whose trials can carry a claim of that reach; everything else is a surrogate for it."""
    return tuple(name for name, row in DOMAINS.items() if about in row.carries)
