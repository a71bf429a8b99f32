"""The form of `report.json`, for its JSON Schema: what other programs may rely on in a report.

The report stage writes it into its artifact; `build/report/STUDY.json` is the same with `labels`, the titles and spec
lines of today. Readers must bear keys that they do not know: keys are added, never renamed or given another meaning.
"""

from typing import Any, Literal

from pydantic import Field

from runtime.bound.cell import Domain
from runtime.bound.frame import StudyFrame
from runtime.report.forms.base import Band, Direction, Form, Standing
from runtime.report.forms.beyond import Belief
from runtime.report.forms.determinism import DomainTwice
from runtime.report.forms.effects import Effects
from runtime.report.forms.films import Films
from runtime.report.forms.kpi import KpiPack
from runtime.report.forms.learning import LearningForm
from runtime.report.forms.looks import Sequential
from runtime.report.forms.reality import SimReal
from runtime.report.forms.worth import Fleet, Worth


class Token(Form):
    """A piece of a sentence: `text`, or a thing by `kind` and `id`, whose title is in `labels`."""

    text: str | None = None
    """Plain words."""
    kind: str | None = None
    """Such as `approach`."""
    id: str | None = None
    """The thing's id."""


class Estimate(Form):
    """A measured number with its band, in points on the 100-point scale."""

    value: float
    """The estimate."""
    band: Band
    """Low and high end."""
    level: float
    """Confidence level of the band."""


class Expected(Form):
    """The decision matrix's range for a row of uplift, and how the band lies to it."""

    range: Band
    """Points, low and high."""
    kind: Literal["world_model", "irl"]
    """Which of the row's two ranges."""
    relation: Literal["inside", "overlapping", "outside"]
    """The measured band, seen from the range."""


class UpliftRow(Estimate):
    """Uplift of an approach over the baseline in one domain. Without a `location` it is pooled over all."""

    approach: str
    """Id of the approach."""
    domain: Domain
    """Where the trials ran."""
    location: str | None
    """Id of the location, or null."""
    task: str | None
    """Id of the task, or null."""
    direction: Direction
    """Undecided where the band includes zero."""
    pairs: int
    """Pairs of trials compared."""
    seeds: int
    """Training seeds compared."""
    prior: Expected | None
    """What was expected beforehand."""
    seeds_needed: int | None
    """Seeds per location that would decide, if the estimate stayed."""
    notes: list[str]
    """What weakens the comparison."""


class RateRow(Estimate):
    """Success rate of an approach in one domain; without a `location` pooled."""

    approach: str
    """Id of the approach."""
    domain: Domain
    """Where the trials ran."""
    location: str | None
    """Id of the location, or null."""
    task: str | None
    """Id of the task, or null."""
    trials: int
    """Trials."""


class CellRow(Form):
    """One trained policy in one domain."""

    approach: str
    """Id of the approach."""
    location: str
    """Id of the location."""
    task: str
    """Id of the task."""
    seed: int
    """Training seed, as the study lists it."""
    domain: Domain
    """Where the trials ran."""
    trials: int
    """Trials."""
    successes: int
    """Successes among them."""
    value: float
    """Success rate, points."""
    band: Band
    """Wilson's interval of that one policy."""


class Counts(Form):
    """How much was measured."""

    trials: int
    """Trials in all."""
    cells: int
    """Planned cells."""
    locations: int
    """Locations."""
    seeds: int
    """Training seeds."""


class NewLocation(Form):
    """Uplift at a location that was not measured, the location being the unit."""

    band: Band
    """Prediction band."""
    locations: int
    """Locations it rests on."""


class Joint(Form):
    """A comparison beside the others of its domain."""

    approach: str
    """Id of the approach."""
    domain: Domain
    """Where the trials ran."""
    p_value: float
    """Of no uplift, by this comparison alone."""
    p_holm: float
    """Holm's, over the approaches of the domain."""
    band: Band
    """Holds at once with those of the domain's other approaches."""
    new_location: NewLocation | None
    """Null with one location."""
    belief: Belief | None
    """Null without an expected range."""


class Evidence(Form):
    """What the trials say."""

    baseline: str | None
    """Id of the approach that the others are compared with."""
    level: float
    """Confidence level of the study."""
    method: dict[str, str]
    """How bands, pairs and corrections are made, in words."""
    counts: Counts
    """How much was measured."""
    uplift: list[UpliftRow]
    """Every comparison."""
    sequential: Sequential | None
    """Interim looks; null where all planned trials ran at once."""
    reproducible: list[DomainTwice]
    """Whether trials run twice ended the same, by domain."""
    together: list[Joint]
    """Per approach and domain, what goes beyond its own band."""
    rates: list[RateRow]
    """Every success rate."""
    cells: list[CellRow]
    """Every trained policy."""
    effects: Effects
    """Effect sizes over training runs."""
    fleet: list[Fleet]
    """Approaches over three or more locations, each location drawn towards all."""


class Waived(Form):
    """Who answers for a failure."""

    reason: str
    """Why it is accepted."""
    owner: str
    """Who says so."""
    until: str
    """Last day on which it holds."""


class GateVerdict(Form):
    """A gate and how it stands."""

    id: str
    """Id of the gate."""
    status: Standing
    """A gate with nothing to judge is not run, which is never a success."""
    metric: str
    """What is judged."""
    wanted: str
    """What the rule asks for, in words."""
    value: float | None
    """What was found; of several parts, the one that decides."""
    band: Band | None
    """Its band; null for a metric without one."""
    n: int
    """Trials or artifacts judged."""
    reason: str
    """Value, band and threshold in words, and what would decide."""
    waived: Waived | None
    """The waiver that covers the outcome."""


class Link(Form):
    """One comparison that a claim rests on."""

    link: str
    """Its name within the claim."""
    approach: str
    """Id of the approach."""
    over: str
    """Id of what it is compared with."""
    domain: Domain
    """Where the trials ran."""
    wanted: str
    """What the claim asks of the band, in words."""
    level: float
    """Confidence level of the band."""
    status: Standing
    """How this comparison stands."""
    value: float | None
    """Uplift, points."""
    band: Band | None
    """Its band."""


class ClaimVerdict(Form):
    """A claim and how it stands."""

    id: str
    """Id of the claim within the study."""
    kind: str
    """Such as `superior`."""
    status: Standing
    """As a status: supported is passed, refuted is failed."""
    verdict: Literal["supported", "refuted", "undecided", "not run"]
    """In the words of claims."""
    reason: str
    """The weakest link in words."""
    weakest: str | None
    """Name of the comparison that decides."""
    links: list[Link]
    """Every comparison."""
    waived: Waived | None
    """The waiver that covers the outcome."""


class Change(Form):
    """Change of a failure mode's share against the baseline, points. Bands of one approach hold together."""

    value: float
    """Negative: less often."""
    band: Band
    """Low and high end."""
    level: float
    """Confidence level of this one band."""
    direction: Literal["less often", "more often", "undecided"]
    """Undecided where the band includes zero."""


class Mode(Form):
    """One way to fail."""

    mode: str
    """Its name, given by the task."""
    count: int
    """Trials that failed so."""
    share: float
    """Percent of all trials, each place counting the same."""
    band: Band
    """Band of the share."""
    change: Change | None
    """Null for the baseline."""


class FailureRow(Form):
    """How one approach failed in one domain."""

    approach: str
    """Id of the approach."""
    domain: Domain
    """Where the trials ran."""
    trials: int
    """Trials, successes among them."""
    modes: list[Mode]
    """Every mode that occurs in the study, the most frequent first."""


class PointCost(Form):
    """What a point of uplift costs in one domain."""

    domain: Domain
    """Where the uplift was measured."""
    unit: Literal["cpu_s", "gpu_s"]
    """GPU seconds where any were used, else CPU seconds."""
    value: float
    """Cost by the estimate."""
    band: Band
    """Cost at the ends of the uplift's band."""


class CostRow(Form):
    """What one approach took that the baseline did not."""

    approach: str
    """Id of the approach."""
    artifacts: int
    """Artifacts that the baseline was not made from."""
    cpu_s: float
    """CPU seconds of these."""
    gpu_s: float
    """GPU seconds of these."""
    per_point: list[PointCost]
    """Where the approach helps."""


class ArtifactRow(Form):
    """One artifact that the report rests on."""

    stage: str
    """Its stage."""
    fingerprint: str
    """Its address, together with the stage."""
    version: int
    """Version of the stage."""
    cpu_s: float
    """CPU seconds that building it took."""
    metrics: dict[str, Any]
    """What the stage recorded of it."""


class Provenance(Form):
    """Where the numbers come from."""

    artifacts: list[ArtifactRow]
    """Every artifact above the report."""
    cpu_s: float
    """CPU seconds in all."""
    peak_mb: float
    """Most memory of one job, megabytes."""
    commands: list[str]
    """What makes the report again, in a checkout."""


class Label(Form):
    """What a thing is called today and where it is specified."""

    title: str
    """Its title."""
    file: str | None = None
    """Spec file, relative to the project."""
    line: int | None = None
    """Line in it."""


class Report(Form):
    """A study's report as data."""

    study: StudyFrame
    """What was planned."""
    status: Standing
    """The worst over gates and claims; what is waived counts as undecided."""
    headline: list[Token]
    """The first sentence of the report."""
    roles: dict[str, Literal["baseline", "placebo", "untrained", "treatment"]]
    """Approach -> what it is for, read off its artifacts."""
    domains: list[Domain]
    """Domains with trials, from the most real to the least."""
    not_run: list[list[Token]]
    """Everything planned that did not happen, as sentences."""
    gates: list[GateVerdict]
    """In the study's order."""
    claims: list[ClaimVerdict]
    """In the study's order."""
    evidence: Evidence
    """Uplift, rates and cells."""
    failures: list[FailureRow]
    """Failure modes by approach and domain."""
    sim_real: list[SimReal]
    """Every pair of a simulated and a real domain with policies in common."""
    films: Films
    """Typical trials."""
    learning: LearningForm | None
    """Null where the study asks for none."""
    kpi: KpiPack
    """Key figures by location and week."""
    costs: list[CostRow]
    """Every approach but the baseline."""
    worth: Worth
    """What sure points cost, and what to try next."""
    provenance: Provenance
    """Artifacts and cost."""
    labels: dict[str, Label] = Field(default_factory=dict)
    """`KIND:ID` -> title and spec line; only in `build/report/STUDY.json`, for they change without a build."""
