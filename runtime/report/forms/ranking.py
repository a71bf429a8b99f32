"""The form of rankings, in `report.json`."""

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Direction, Form


class Pair(Form):
    """The success of one approach less that of another, points."""

    first: str
    """Id of the approach that came out higher."""
    second: str
    """Id of the other one."""
    value: float
    """The first one's success less the second one's."""
    band: Band
    """Holds at once with those of all pairs of the domain."""
    direction: Direction
    """Undecided where the band includes zero."""


class Ranked(Form):
    """An approach among all of its domain."""

    approach: str
    """Its id."""
    value: float
    """Its success rate, points."""
    band: Band
    """Of that rate alone."""
    rank: tuple[int, int]
    """Best and worst place that the pairs leave open; the intervals of all approaches hold at once."""
    best: bool
    """Whether none is surely better."""
    letters: str
    """Approaches that share a letter cannot be told apart."""


class Ranking(Form):
    """All approaches of a domain that ran at the same places, against each other."""

    domain: Domain
    """Where the trials ran."""
    level: float
    """At which bands of all pairs, and intervals of all ranks, hold at once."""
    pair_level: float
    """Level of each pair's band by itself."""
    places: int
    """Locations and tasks that they are compared over."""
    rows: list[Ranked]
    """The highest success first."""
    pairs: list[Pair]
    """Every pair."""
    left_out: list[str]
    """Approaches that ran at other places."""


class Preferred(Form):
    """An approach among those that people chose between."""

    approach: str
    """Its id."""
    value: float
    """How probably it is preferred to one of average strength where it is no tie, percent."""
    compared: int
    """Comparisons that it was in."""
    rank: tuple[int, int]
    """Best and worst place that the pairs leave open."""
    best: bool
    """Whether none is surely preferred to it."""
    letters: str
    """Approaches that share a letter cannot be told apart."""


class Preferences(Form):
    """What preferences between two at a time say of all."""

    level: float
    """At which bands of all pairs hold at once."""
    comparisons: int
    """How many there were."""
    ties: int
    """Ties among them."""
    judges: int | None
    """Judges that count as clusters; null where comparisons count one by one."""
    rows: list[Preferred]
    """The strongest first."""
    pairs: list[Pair]
    """Every pair: how probably the first is preferred to the second where it is no tie, percent; undecided where the band
    holds 50."""
