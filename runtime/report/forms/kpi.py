"""The form of `kpi` in `report.json`: key figures of every location and of every week."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Form

Kpi = Literal["artifact_pass_rate", "world_model", "policy_in_world_model", "irl_proxy", "irl", "gap"]
Trend = Literal["improves", "stalls", "does not improve, may harm", "worsens", "undecided", "not run"]


class KpiRow(Form):
    """A key figure of one approach in one week, in points. Without a `location` it is over all of that week."""

    kpi: Kpi
    """Which figure."""
    domain: Domain | None
    """Where it was measured; null for artifacts. Of a gap the simulated side."""
    real: Domain | None
    """What a gap is held against."""
    approach: str
    """Id of the approach."""
    location: str | None
    """Id of the location, or null."""
    week: str
    """ISO week, such as 2026-W09."""
    value: float
    """The estimate."""
    band: Band
    """Low and high end."""
    n: int
    """Variants, attempts or trials; of a gap the real ones."""
    locations: int
    """Locations it is over."""


class Number(Form):
    """A change that a rule looked at."""

    kpi: Kpi
    """Which figure."""
    meaning: str
    """What it is, in words."""
    trend: Trend
    """Stalls where the whole band is below what is worth having."""
    value: float | None
    """Change, points; null where it was not measured."""
    band: Band | None
    """Its band."""


class Advice(Form):
    """What follows from how figures moved."""

    rule: str | None
    """The rule that holds (`runtime/stats/kpi/decision.py`): `exploitation`, `robustness` (to the gap: simulation improves,
    trials outside of it do not), `coverage`, `simulation-misses-it` or `roll-out`; null when none does."""
    advice: str
    """The recommendation, or what is lacking for one."""
    because: list[Number]
    """The figures that the rule looked at."""


class Point(Form):
    """A week's value."""

    week: str
    """ISO week."""
    value: float
    """Points."""


class Moved(Form):
    """How a figure over all locations moved from its first week to its last."""

    kpi: Kpi
    """Which figure."""
    domain: Domain | None
    """Where it was measured."""
    real: NotRequired[Domain | None]
    """What a gap is held against."""
    trend: Trend
    """Stalls where the whole band is below what is worth having."""
    value: float | None
    """Change, points."""
    band: Band | None
    """Its band."""
    weeks: NotRequired[int]
    """Weeks with a value; this and what follows are absent where the figure has no trend."""
    first: NotRequired[Point]
    """The first of them."""
    last: NotRequired[Point]
    """The last."""
    asked: NotRequired[str]
    """What the rule asked for, which this figure answers."""


class History(Form):
    """How an approach's figures moved."""

    approach: Annotated[str, Field(description="Id of the approach.")]
    weeks: Annotated[int, Field(description="Weeks in which anything was measured.")]
    moved: Annotated[list[Moved], Field(description="Every figure with three weeks or more.")]


class KpiTrend(History):
    """An approach's history and what follows from it."""

    rule: str | None
    """The rule that holds (`runtime/stats/kpi/decision.py`): `exploitation`, `robustness` (to the gap: simulation improves,
    trials outside of it do not), `coverage`, `simulation-misses-it` or `roll-out`; null when none does."""
    advice: str
    """The recommendation, or what is lacking for one."""
    because: list[Moved]
    """The figures that the rule looked at."""


class KpiPack(Form):
    """Key figures. What was not measured has no row."""

    level: float
    """Confidence level of every band."""
    approaches: list[str]
    """Whose figures: the baseline and the treatments."""
    baseline: str | None
    """The policy in use, whose trend is the study's."""
    weeks: list[str]
    """Weeks in which anything was measured."""
    meaning: dict[str, str]
    """Figure -> what it is, in words."""
    not_run: list[Kpi]
    """Figures that were measured nowhere."""
    undated: int
    """Trials and artifacts of no known day; they are in no week."""
    rows: list[KpiRow]
    """Every figure."""
    trends: list[KpiTrend]
    """By approach."""
    method: dict[str, str]
    """How figures are made, in words."""
