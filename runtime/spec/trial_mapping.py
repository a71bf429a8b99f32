"""How the columns of somebody else's file become trials: one small YAML file, kept beside the specs."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from runtime.spec.cell import Domain

NameField = Literal["approach", "location", "task", "seed", "domain", "initial_state"]
"""What names a trial; each comes from columns, from the file's name, or is the same for the whole file."""


class MappingPart(BaseModel):
    """A mapping inside the file: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Arm(MappingPart):
    """The columns of one approach in a wide file, where each row holds one initial state and every approach."""

    success: str = Field(min_length=1)
    """Column of success."""
    score: str | None = None
    """Column of the score."""
    failure_mode: str | None = None
    """Column of how it failed."""
    steps: str | None = None
    """Column of control steps."""


class TrialColumns(MappingPart):
    """Which column holds what. A name made of several columns is joined with `-`."""

    approach: str | list[str] | None = None
    """Which approach acted (not in wide files)."""
    location: str | list[str] | None = None
    """Where."""
    task: str | list[str] | None = None
    """Which task."""
    seed: str | None = None
    """Seed index of the training run, or of the evaluation (see `seeds`)."""
    domain: str | list[str] | None = None
    """world_model, twin, irl_proxy or irl."""
    initial_state: str | list[str] | None = None
    """What the trial started from; trials with the same one are paired. By default the row's place in its cell."""
    success: str | None = None
    """Whether it succeeded: 1/0, true/false, yes/no (not in wide files)."""
    score: str | None = None
    """Partial success, 0 to `score_max`."""
    failure_mode: str | None = None
    """How it failed."""
    steps: str | None = None
    """Control steps."""


class FixedNames(MappingPart):
    """What is the same for every row."""

    approach: str | None = None
    """Id of the approach."""
    location: str | None = None
    """Id of the location."""
    task: str | None = None
    """Id of the task."""
    seed: int | None = Field(None, ge=0)
    """Seed index."""
    domain: Domain | None = None
    """Where the trials ran."""


class Words(MappingPart):
    """Words of the file that count as success or failure, beside the usual ones."""

    success: list[str] = Field(default_factory=list)
    """Words for success."""
    failure: list[str] = Field(default_factory=list)
    """Words for failure."""


class TrialMapping(MappingPart):
    """How a file becomes trials."""

    title: str = Field("", max_length=200)
    """What people call these trials."""
    source: str = Field("", max_length=2000)
    """Where the file comes from: who measured, a link, a licence. Kept with the trials."""
    form: Literal["csv", "parquet", "json", "jsonl", "lerobot"] | None = None
    """Form of the file; by default by its suffix (`eval_info.json` is LeRobot's)."""
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
    arms: dict[str, Arm] = Field(default_factory=dict)
    """For wide files: approach -> its columns."""
    fixed: FixedNames = FixedNames()
    """What is the same for every row."""
    rename: dict[NameField | Literal["failure_mode"], dict[str, str]] = Field(default_factory=dict)
    """Field -> word of the file -> our word."""
    words: Words = Words()
    """Words for success and failure."""
    score_max: float = Field(1.0, gt=0)
    """The best score in the file's units; scores are kept as 0 to 1."""
    empty: Literal["refuse", "not_run"] = "refuse"
    """What an empty cell of success means: a mistake, or a trial that did not take place."""
    seeds: Literal["training", "evaluation"] = "training"
    """What `seed` counts: training runs, or repetitions with one trained policy. With the latter, bands speak of that
    very policy and of no other training run."""

    @model_validator(mode="after")
    def _wide_or_long(self) -> Self:
        if self.arms and (self.columns.approach or self.columns.success or self.fixed.approach):
            raise ValueError("`arms` name approach and success already: leave both out of `columns` and `fixed`")
        return self
