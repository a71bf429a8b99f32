"""How the columns of somebody else's file become trials: one small YAML file, kept beside the specs."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from runtime.bound.base import Bound
from runtime.bound.domain import Domain

NameField = Literal["approach", "location", "task", "seed", "domain", "initial_state"]
"""What names a trial; each comes from columns, from the file's name, or is the same for the whole file."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""What something is called: text on one line."""
Column = Annotated[str, StringConstraints(min_length=1)]
"""A column as the file's header has it."""
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
"""A day as 2026-03-05."""
FactorName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""What a factor is called: small letters, digits and `_`."""
Columns = Annotated[list[Column], Field(min_length=1, max_length=20)]


class Arm(Bound):
    """The columns of one approach in a wide file, where each row holds one initial state and every approach."""

    success: Column | None = None
    """Column of success; left out where `success_at` makes it of the score."""
    score: Column | None = None
    """Column of the score."""
    failure_mode: Column | None = None
    """Column of how it failed."""
    steps: Column | None = None
    """Column of control steps."""


class TrialColumns(Bound):
    """Which column holds what. A name made of several columns is joined with `-`."""

    approach: Column | Columns | None = None
    """Which approach acted (not in wide files)."""
    location: Column | Columns | None = None
    """Where."""
    task: Column | Columns | None = None
    """Which task."""
    seed: Column | None = None
    """Seed index of the training run, or of the evaluation (see `seeds`)."""
    domain: Column | Columns | None = None
    """world_model, twin, irl_proxy or irl."""
    initial_state: Column | Columns | None = None
    """What the trial started from; trials with the same one are paired. By default the row's place in its cell."""
    success: Column | None = None
    """Whether it succeeded: 1/0, true/false, yes/no (not in wide files)."""
    successes: Column | None = None
    """In a table of counts: how many trials of a row succeeded. They are compared unpaired."""
    trials: Column | None = None
    """In a table of counts: how many trials a row stands for."""
    score: Column | None = None
    """Partial success, 0 to `score_max`, or a percentage such as `75 %`."""
    failure_mode: Column | None = None
    """How it failed."""
    steps: Column | None = None
    """Control steps."""
    invalid: Column | None = None
    """Whether the trial tells nothing of the policy (a camera fell off, an emergency stop): 1/0, true/false, yes/no, or why in
    words; empty where it counts. Such trials may lack success. They are left out of rates, and counted beside them."""
    valid: Column | None = None
    """The same the other way round: whether the trial counts."""
    day: Column | None = None
    """The day on which the trial took place (see `day_format`); where it is empty, the day of the import counts."""


class PreferenceColumns(Bound):
    """Columns of a file in which each row compares two approaches: `simkiln trials prefer` reads it."""

    first: Column
    """One of the two."""
    second: Column
    """The other one."""
    preferred: Column
    """Which was preferred: `a`, `b` or `tie` (or left, right, draw and their like), or the name of either."""
    judge: Column | None = None
    """Who judged. From eight on they count as clusters, since each agrees with himself."""


class FixedNames(Bound):
    """What is the same for every row."""

    approach: Name | None = None
    """Id of the approach."""
    location: Name | None = None
    """Id of the location."""
    task: Name | None = None
    """Id of the task."""
    seed: int | None = Field(None, ge=0)
    """Seed index."""
    domain: Domain | None = None
    """Where the trials ran."""
    day: Day | None = None
    """The day on which all these trials took place, such as 2026-03-05."""


class Renames(Bound):
    """Word of the file -> our word, for each field."""

    approach: dict[str, Name] = Field(default_factory=dict)
    """Of approaches."""
    location: dict[str, Name] = Field(default_factory=dict)
    """Of locations."""
    task: dict[str, Name] = Field(default_factory=dict)
    """Of tasks."""
    seed: dict[str, Name] = Field(default_factory=dict)
    """Of seeds, such as `{ckpt-a: "0"}`."""
    domain: dict[str, Domain] = Field(default_factory=dict)
    """Of domains."""
    initial_state: dict[str, Name] = Field(default_factory=dict)
    """Of initial states."""
    failure_mode: dict[str, Name] = Field(default_factory=dict)
    """Of failure modes."""

    def of(self, field: str, word: str) -> str:
        """Our word for one of the file's."""
        return getattr(self, field).get(word, word)


class Words(Bound):
    """Words of the file that count as success or failure, beside the usual ones."""

    success: list[str] = Field(default_factory=list)
    """Words for success."""
    failure: list[str] = Field(default_factory=list)
    """Words for failure."""


class TrialMapping(Bound):
    """How a file becomes trials."""

    title: str = Field("", max_length=200)
    """What people call these trials."""
    source: str = Field("", max_length=2000)
    """Where the file comes from: who measured, a link, a licence. Kept with the trials."""
    form: Literal["csv", "parquet", "json", "jsonl", "xlsx", "lerobot", "arena", "vla_eval"] | None = None
    """Form of the file; by default by its suffix (`eval_info.json` is LeRobot's, `episode_results….jsonl` Isaac Lab Arena's,
    `…_aggregate.json` vla-eval's)."""
    sheet: str | None = Field(None, max_length=200)
    """The sheet of a workbook that holds the trials; by default the first one."""
    encoding: Literal["utf-8", "utf-16", "cp1252", "latin-1"] = "utf-8"
    """Encoding of a CSV or JSON file."""
    separator: Literal[",", ";", "\t", "|"] | None = None
    """What separates the cells of a CSV file; by default what its header is separated by."""
    decimal: Literal[".", ","] = "."
    """Decimal mark of numbers."""
    file_name: str | None = None
    """End of the files' path with names in braces, for example `{approach}/seed-{seed}/eval_info.json`."""
    columns: TrialColumns = TrialColumns()
    """Which column holds what."""
    arms: dict[Name, Arm] = Field(default_factory=dict)
    """For wide files: approach -> its columns."""
    fixed: FixedNames = FixedNames()
    """What is the same for every row."""
    factors: dict[FactorName, Column] = Field(default_factory=dict, max_length=50)
    """What varied from trial to trial -> its column: `object_x_m: x`, `light: lighting`, `shift: held_out`. Numbers stay
    numbers, all else is a word. A name ends in its unit; `object_x_…` and `object_y_…` make a map of the work area, and what has
    two to eight words a table by word."""
    preferences: PreferenceColumns | None = None
    """Of a file of preferences in place of trials: its columns."""
    rename: Renames = Renames()
    """Words of the file that are others of ours."""
    words: Words = Words()
    """Words for success and failure."""
    score_max: float = Field(1.0, gt=0)
    """The best score in the file's units; scores are kept as 0 to 1."""
    success_at: float | None = Field(None, ge=0)
    """In a file of scores alone: the score, in the file's units, from which on a trial counts as a success."""
    day_format: str | None = Field(None, max_length=40)
    """How `columns.day` is written, in the marks of strptime: `%d.%m.%Y` for 5.3.2026. By default ISO 8601: a day as
    2026-03-05, or a time that begins with one."""
    empty: Literal["refuse", "not_run"] = "refuse"
    """What an empty cell of success means: a mistake, or a trial that did not take place."""
    seeds: Literal["training", "evaluation"] = "training"
    """What `seed` counts: training runs, or repetitions with one trained policy. With the latter, bands speak of that
    very policy and of no other training run."""

    @model_validator(mode="after")
    def _wide_or_long(self) -> Self:
        if self.arms and (self.columns.approach or self.columns.success or self.fixed.approach):
            raise ValueError("`arms` name approach and success already: leave both out of `columns` and `fixed`")
        c, scores = self.columns, [arm.score for arm in self.arms.values()] or [self.columns.score]
        made = [arm.success for arm in self.arms.values()] or [c.success]
        if c.successes or c.trials:
            if not (c.successes and c.trials):
                raise ValueError("`successes` and `trials` go together: a row says how many of how many")
            if self.arms or self.success_at is not None or c.success or c.score or c.failure_mode or c.steps or c.initial_state:
                raise ValueError("counts (`successes`, `trials`) say nothing of single trials: leave out the columns of those")
        elif self.success_at is not None and (None in scores or any(made)):
            raise ValueError("`success_at` makes success of the score: name a `score`, and leave out `success`")
        elif self.success_at is None and self.arms and None in made:
            raise ValueError("an arm names its column of `success`, or the mapping says `success_at` for its `score`")
        if self.columns.day and self.fixed.day:
            raise ValueError("`columns` and `fixed` both say the `day`: leave one out")
        return self
