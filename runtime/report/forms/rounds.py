"""The form of rounds of mining, and of audits of their judge, in `report.json`."""

from runtime.report.forms.base import Form


class RoundRow(Form):
    """One round of one approach at a task and a place: means over its training runs; null where nothing was recorded."""

    approach: str
    """Id of the approach."""
    task: str
    """Id of the task."""
    location: str
    """Id of the location."""
    round: int
    """Number of the round, from 1."""
    runs: int
    """Training runs."""
    imagined: float | None
    """Share of rollouts in the world model that the judge takes for done."""
    hard: float | None
    """Share of hard failures in what was kept."""
    twin: float | None
    """Share of what was kept that succeeded in the twin, before this round's training."""
    judge_right: float | None
    """Share of what was kept of which the judge was right."""
    rehearsed: float | None
    """Success of this round's policy in its rehearsal."""
    rolled_back: int
    """Runs whose policy went back to the round before."""
    world_back: int
    """Runs whose world model did."""
    twin_rollouts: int
    """Rollouts in the twin that these runs took in this round, rehearsals aside."""


class JudgeRow(Form):
    """How far a judge agreed with the twin at a task and a place."""

    task: str
    """Id of the task."""
    location: str
    """Id of the location."""
    auc: float | None
    """Chance that of a success and a failure the success has the greater score."""
    ece: float | None
    """Expected calibration error."""
    stuck: float | None
    """The larger of the shares of true successes at its floor and of true failures at its ceiling."""
    episodes: int
    """Rollouts that it judged."""


class AuditForm(Form):
    """People against the judge, on a blinded sheet."""

    n: int
    """Rollouts that people could tell, of those that are still the study's."""
    outdated: int
    """Rollouts that they could tell and that are no longer the study's: another judge's, or another policy's."""
    unclear: int
    """Rollouts that they could not."""
    agree: float
    """Share of which both say the same."""
    kappa: float | None
    """Cohen's kappa; null where one side always said the same."""
    low: float | None
    """Lower end of its band."""
    high: float | None
    """Upper end."""


class RoundsForm(Form):
    """All rounds."""

    rows: list[RoundRow]
    """By task, place, approach and round."""
    judges: list[JudgeRow]
    """By task and place."""
    audit: AuditForm | None
    """Null where nobody audited."""
