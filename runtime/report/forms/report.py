"""The form of `report.json`, for its JSON Schema: what other programs may rely on in a report.

The report stage writes it into its artifact; `build/report/STUDY.json` is the same with `labels`, the titles and spec
lines of today. Readers must bear keys that they do not know: keys are added, never renamed or given another meaning.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import GetPydanticSchema

from runtime.bound.domain import Domain
from runtime.bound.frame import StudyFrame
from runtime.bound.gate import StoppedBy
from runtime.report.forms.base import Form, Standing
from runtime.report.forms.claims import ClaimVerdict
from runtime.report.forms.context import ContextRow
from runtime.report.forms.costs import CostRow
from runtime.report.forms.drivers import Drivers
from runtime.report.forms.duration import Times
from runtime.report.forms.evidence import Evidence
from runtime.report.forms.factors import FactorsForm
from runtime.report.forms.failures import FailureRow
from runtime.report.forms.films import Films
from runtime.report.forms.gates import GateVerdict
from runtime.report.forms.inventory import InventoryRow
from runtime.report.forms.kpi import KpiPack
from runtime.report.forms.learning import LearningForm
from runtime.report.forms.made_of import MadeOfRow
from runtime.report.forms.own_worlds import OwnWorldRow
from runtime.report.forms.paced import PacedForm
from runtime.report.forms.pictures import PicturedRoom
from runtime.report.forms.provenance import Provenance
from runtime.report.forms.quality import PlaceQuality
from runtime.report.forms.ranking import Preferences, Ranking
from runtime.report.forms.reality import SimReal
from runtime.report.forms.reinforcement import RlRow
from runtime.report.forms.rounds import RoundsForm
from runtime.report.forms.training import TrainingRow
from runtime.report.forms.verdict import ApproachRow, Decision, NullNote, Role, Token
from runtime.report.forms.worth import Worth

Frame = Annotated[dict[str, Any], GetPydanticSchema(lambda _, handler: handler(StudyFrame))]
"""A `StudyFrame` as JSON."""
Stopped = Annotated[dict[str, Any], GetPydanticSchema(lambda _, handler: handler(StoppedBy))]
"""A `StoppedBy` as JSON."""


class Label(Form):
    """What a thing is called today and where it is specified."""

    title: str
    """Its title."""
    file: NotRequired[str]
    """Spec file, relative to the project."""
    line: NotRequired[int]
    """Line in it."""
    advice: NotRequired[str]
    """Of a gate: what to do where it fails."""


class MilestoneRow(Form):
    """A milestone as it stands on the day that the report is shown."""

    id: str
    """Its id within the study."""
    title: str
    """What people call it."""
    due: str
    """The day it is due, as `2026-03-15`."""
    kind: Literal["gate", "claim"]
    """What decides it."""
    by: str
    """Id of that."""
    state: Literal["late", "decided", "open"]
    """`decided`: what decides it passed or failed. `late`: it has not, and the day is over."""
    status: str
    """How that stands."""


class Report(Form):
    """A study's report as data. Keys stand in this order."""

    study: Frame
    """What was planned."""
    status: Standing
    """The worst over gates and claims; what is waived counts as undecided."""
    headline: list[Token]
    """The first sentence of the report."""
    roles: dict[str, Role]
    """Approach -> what it is for, read off its artifacts."""
    domains: list[Domain]
    """Domains with trials, from the most real to the least."""
    approaches: list[ApproachRow]
    """Every approach but the baseline: treatments, then the controls."""
    null: NullNote
    """What a placebo says."""
    not_run: list[list[Token]]
    """Everything planned that did not happen, as sentences."""
    stopped: list[Stopped]
    """What failed gates have stopped."""
    gates: list[GateVerdict]
    """In the study's order."""
    claims: list[ClaimVerdict]
    """In the study's order."""
    decisions: list[Decision]
    """A recommendation for each treatment that was compared."""
    evidence: Evidence
    """Uplift, rates and cells."""
    preferences: Preferences | None
    """What people preferred between two approaches at a time; null where nothing was kept."""
    ranking: list[Ranking]
    """All approaches against each other, by domain; none where fewer than three can be."""
    drivers: Drivers
    """What varied between trials, and what of it drives success."""
    times: list[Times]
    """Time to success of every task in every domain whose trials say their steps."""
    failures: list[FailureRow]
    """Failure modes by approach and domain."""
    sim_real: list[SimReal]
    """Every pair of a simulated and a real domain with policies in common."""
    kpi: KpiPack
    """Key figures by location and week."""
    quality: list[PlaceQuality]
    """Figures of the places themselves."""
    pictures: list[PicturedRoom]
    """Locations that are pictured."""
    inventory: list[InventoryRow]
    """What their twins hold, and how that is known."""
    films: Films
    """Typical trials."""
    rounds: RoundsForm | None
    """Rounds of mining in a world model, their judge, and what people said of it."""
    paced: PacedForm | None
    """What rounds at the place admitted of a world model; null without such."""
    reinforcement: list[RlRow]
    """Learning curves of policies that were improved in a twin."""
    training: list[TrainingRow]
    """Loss of training runs on held-out demos."""
    context: list[ContextRow]
    """What policies and world models were shown besides, and whether it matters."""
    own_worlds: list[OwnWorldRow]
    """Approaches' policies in the world models that they make, where a study asks for it."""
    learning: LearningForm | None
    """Null where the study asks for none."""
    factors: FactorsForm | None
    """What explains the gap to hidden sites; null where the study asks for none."""
    costs: list[CostRow]
    """Every approach but the baseline."""
    made_of: list[MadeOfRow]
    """What bands are made of, and what doubling seeds or trials would bring."""
    worth: Worth
    """What sure points cost, and what to try next."""
    provenance: Provenance
    """Artifacts and cost."""
    milestones: NotRequired[list[MilestoneRow]]
    """By their days; only in `build/report/STUDY.json`, for they follow the day."""
    labels: NotRequired[dict[str, Label]]
    """`KIND:ID` -> title and spec line; only in `build/report/STUDY.json`, for they change without a build."""
