"""The form of `report.json`, for its JSON Schema: what other programs may rely on in a report.

The report stage writes it into its artifact; `build/report/STUDY.json` is the same with `labels`, the titles and spec
lines of today. Readers must bear keys that they do not know: keys are added, never renamed or given another meaning.
"""

from typing import Literal, NotRequired

from runtime.bound.cell import Domain
from runtime.bound.frame import StudyFrame
from runtime.report.forms.base import Form, Standing
from runtime.report.forms.cost import CostRow
from runtime.report.forms.evidence import Evidence
from runtime.report.forms.failures import FailureRow
from runtime.report.forms.films import Films
from runtime.report.forms.judged import ClaimVerdict, GateVerdict
from runtime.report.forms.kpi import KpiPack
from runtime.report.forms.learning import LearningForm
from runtime.report.forms.provenance import Provenance
from runtime.report.forms.reality import SimReal
from runtime.report.forms.worth import Worth


class Token(Form, total=False):
    """A piece of a sentence: `text`, or a thing by `kind` and `id`, whose title is in `labels`."""

    text: str
    """Plain words."""
    kind: str
    """Such as `approach`."""
    id: str
    """The thing's id."""


class Label(Form):
    """What a thing is called today and where it is specified."""

    title: str
    """Its title."""
    file: NotRequired[str]
    """Spec file, relative to the project."""
    line: NotRequired[int]
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
    labels: NotRequired[dict[str, Label]]
    """`KIND:ID` -> title and spec line; only in `build/report/STUDY.json`, for they change without a build."""
