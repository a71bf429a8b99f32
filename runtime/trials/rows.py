"""Rows of a file to trials, by a mapping; every mistake is told with the place of its cell."""

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pyarrow as pa

from runtime.bound.domain import Domain
from runtime.bound.trial_mapping import Arm, TrialMapping
from runtime.stats.table.factors import packed
from runtime.stats.table.invalid import invalid_mode
from runtime.stats.table.table import DATED
from runtime.trials import values
from runtime.trials.fault import Fault, TrialsRefused, Where, refusal
from runtime.trials.file_name import names_in
from runtime.trials.frames import by_episode
from runtime.trials.raw import Raw
from runtime.trials.records import MOST_ROWS

NAMES = ("approach", "location", "task", "domain")
TRIAL_SCHEMA = pa.schema([*(f for f in DATED if f.name != "protocol"), ("source_file", pa.string()), ("source_row", pa.int64())])
"""A trial from elsewhere: the columns of a table of trials but for the protocol, which nobody knows, and where
each row was read."""
_MOST_FAULTS = 200


def convert(raw: Raw, mapping: TrialMapping) -> tuple[pa.Table, list[str]]:
    """The trials of one file, and what is to be said about them.

    Raises:
        TrialsRefused: T507 a column that the file lacks; T508 something that nothing names; T509 a value that does not
            fit; T510 success and failure mode contradict each other.
    """
    named = names_in(raw.file, mapping)
    _refuse_unknown_columns(raw, mapping)
    _refuse_nameless(raw, mapping, named)
    raw = by_episode(raw, mapping, {name for _, name in wanted_columns(mapping)})
    reader = _Reader(raw, mapping, named)
    arms = list(mapping.arms.items()) or [(None, _long_arm(mapping))]
    rows: list[tuple] = []
    not_run = 0
    for row in range(len(raw)):
        if mapping.columns.trials:
            rows += reader.counted(row)
            continue
        for approach, arm in arms:
            trial = reader.trial(row, approach, arm)
            if trial is not None:
                rows.append(trial)
            elif reader.left_out:
                not_run += 1
        if len(reader.faults) > _MOST_FAULTS or len(rows) > MOST_ROWS:
            break
    if reader.faults:
        raise TrialsRefused(*reader.faults)
    if len(rows) > MOST_ROWS:
        raise refusal("T512", f"`{raw.file}` counts more than {MOST_ROWS:,} trials", "split it", Where(raw.file))
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in TRIAL_SCHEMA]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, TRIAL_SCHEMA, strict=True)]
    notes = list(raw.notes)
    if not_run:
        notes.append(f"{not_run} trials of `{raw.file}` did not take place (success is empty)")
    return pa.Table.from_arrays(arrays, schema=TRIAL_SCHEMA), notes


def _long_arm(mapping: TrialMapping) -> Arm:
    c = mapping.columns
    success = None if mapping.success_at is not None else c.success or "success"
    return Arm(success=success, score=c.score, failure_mode=c.failure_mode, steps=c.steps)


def wanted_columns(mapping: TrialMapping) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Path in the mapping and name of every column that it speaks of."""
    for field, found in mapping.columns:
        if isinstance(found, str):
            yield ("columns", field), found
        elif found:
            yield from ((("columns", field, i), column) for i, column in enumerate(found))
    yield from ((("factors", factor), column) for factor, column in mapping.factors.items())
    for approach, arm in mapping.arms.items():
        yield from ((("arms", approach, field), column) for field, column in arm if column is not None)


def _refuse_unknown_columns(raw: Raw, mapping: TrialMapping) -> None:
    wanted = list(wanted_columns(mapping))
    one_way = mapping.columns.success or mapping.columns.successes or mapping.success_at is not None
    if not mapping.arms and not one_way:
        wanted.append((("columns",), "success"))
    faults = [
        Fault(
            "T507",
            f"`{raw.file}` has no column `{values.shown(column)}`",
            _hint(mapping, key),
            None,
            key,
            tuple(raw.columns),
            column,
        )
        for key, column in wanted
        if column not in raw.columns
    ]
    if faults:
        raise TrialsRefused(*faults)


def _hint(mapping: TrialMapping, key: tuple) -> str:
    """What else there may be where success is neither named nor there."""
    if key != ("columns",) or mapping.columns.score is None:
        return ""
    return "name the column of `success`, or say with `success_at` from which score on a trial is one"


def _refuse_nameless(raw: Raw, mapping: TrialMapping, named: dict[str, str]) -> None:
    faults = []
    for field in NAMES:
        if field == "approach" and mapping.arms:
            continue
        ways = [getattr(mapping.columns, field), getattr(mapping.fixed, field), named.get(field)]
        given = sum(way is not None for way in ways)
        if given == 0:
            help_text = f"name its column under `columns`, or write it under `fixed`: `{field}: …`"
            faults.append(Fault("T508", f"nothing says the {field} of the trials in `{raw.file}`", help_text, key=("columns",)))
        elif given > 1:
            key = ("fixed" if ways[1] is not None else "columns", field)
            help_text = "leave one of `columns`, `fixed` and `file_name`"
            faults.append(Fault("T508", f"the {field} is said more than once", help_text, key=key))
    if faults:
        raise TrialsRefused(*faults)


class _Reader:
    """Reads one trial of one row; collects what is wrong."""

    def __init__(self, raw: Raw, mapping: TrialMapping, named: dict[str, str]) -> None:
        self.raw, self.mapping, self.named = raw, mapping, named
        self.faults: list[Fault] = []
        self.left_out = False
        self.success = values.SUCCESS | {w.casefold() for w in mapping.words.success}
        self.failure = values.FAILURE | {w.casefold() for w in mapping.words.failure}
        self.success -= {w.casefold() for w in mapping.words.failure}
        self.failure -= {w.casefold() for w in mapping.words.success}
        self.places: dict[tuple, int] = {}

    def trial(self, row: int, approach: str | None, arm: Arm) -> tuple | None:
        """One row of `TRIAL_SCHEMA`; None where it is wrong or did not take place (`left_out`)."""
        self.left_out = False
        before = len(self.faults)
        told = arm.success or arm.score
        assert told is not None, "the mapping was held against this"
        if (invalid := self.invalid(row)) is not None:
            return self.counts_for_nothing(row, approach, arm, invalid)
        if len(self.faults) > before:
            return None
        if values.is_empty(self.raw.columns[told][row]):
            if self.mapping.empty == "not_run":
                self.left_out = True
            else:
                what = "success" if arm.success else "the score"
                hint = "fill it in; `empty: not_run` in the mapping leaves out trials that did not take place"
                self.fault(row, told, f"{what} is empty", "T509", hint)
            return None
        score, limit = self.score(row, arm), self.mapping.success_at
        if arm.success:
            words = self.success, self.failure, self.mapping.decimal
            success = self.read(row, arm.success, lambda v: values.as_success(v, *words))
        else:
            success = None if score is None or limit is None else score >= limit / self.mapping.score_max * (1 - 1e-9)
        if arm.score is None:
            score = float(bool(success))
        return self.ended(row, approach, arm, before, (success, score, self.mode(row, arm, success)))

    def ended(
        self, row: int, approach: str | None, arm: Arm, before: int, how: tuple[bool | None, float | None, str]
    ) -> tuple | None:
        """A row of `TRIAL_SCHEMA` of a trial that ended so; None where it is wrong (there are more faults than `before`)."""
        names = {field: self.name(row, field) for field in NAMES if not (field == "approach" and approach)}
        names["approach"] = approach or names.get("approach")
        seed, steps = self.seed(row), None
        if arm.steps and not values.is_empty(self.raw.columns[arm.steps][row]):
            steps = self.read(row, arm.steps, lambda v: values.as_count(v, self.mapping.decimal))
        day = self.day(row)
        self.check_domain(row, names["domain"])
        if len(self.faults) > before:
            return None
        cell = (names["approach"], names["location"], names["task"], seed, names["domain"])
        state = self.state(row, cell)
        if state is None:
            return None
        where = (names["location"], names["task"], names["approach"], seed, names["domain"], state)
        return (*where, *how, steps, self.factors(row), day, self.raw.file, self.raw.lines[row])

    def invalid(self, row: int) -> str | None:
        """Why a trial tells nothing of the policy, empty where nobody said; None where it counts."""
        c = self.mapping.columns
        for column, told in ((c.invalid, True), (c.valid, False)):
            if column is None or values.is_empty(self.raw.columns[column][row]):
                continue
            cell = self.raw.columns[column][row]
            try:
                if values.as_success(cell, self.success, self.failure, self.mapping.decimal) is told:
                    return ""
            except ValueError as error:
                if not told:
                    self.fault(row, column, str(error), "T509", f"say whether the trial counts in `{values.shown(column)}`")
                else:
                    return values.as_name(cell)
        return None

    def counts_for_nothing(self, row: int, approach: str | None, arm: Arm, reason: str) -> tuple | None:
        """The row of an invalid trial: no success and no progress, whatever else it says."""
        return self.ended(row, approach, arm, len(self.faults), (False, 0.0, invalid_mode(reason)))

    def counted(self, row: int) -> list[tuple]:
        """The trials that a row of a table of counts stands for: successes first, each from a state of its own."""
        c, before = self.mapping.columns, len(self.faults)
        assert c.successes, "the mapping was held against this"
        assert c.trials, "and against this"
        won = self.read(row, c.successes, lambda v: values.as_count(v, self.mapping.decimal))
        count = self.read(row, c.trials, lambda v: values.as_count(v, self.mapping.decimal))
        names = {field: self.name(row, field) for field in NAMES}
        seed, day = self.seed(row), self.day(row)
        self.check_domain(row, names["domain"])
        if won is not None and count is not None and won > count:
            self.fault(row, c.successes, f"{won} successes of {count} trials", "T509", "mend either")
        elif count is not None and count > MOST_ROWS:
            self.fault(row, c.trials, f"{count} trials are more than {MOST_ROWS:,}", "T509", "mend it")
        if len(self.faults) > before or won is None or count is None:
            return []
        cell = (names["approach"], names["location"], names["task"], seed, names["domain"])
        first = self.places.get(cell, 0)
        self.places[cell] = first + count
        where = (names["location"], names["task"], names["approach"], seed, names["domain"])
        read = (self.factors(row), day, self.raw.file, self.raw.lines[row])
        state = f"{values.COUNTED}{names['approach']}"
        return [(*where, f"{state} {first + i}", i < won, float(i < won), "", None, *read) for i in range(count)]

    def check_domain(self, row: int, domain: str | None) -> None:
        """Tell a domain that there is not."""
        if domain is not None and domain not in get_args(Domain):
            message = f"`{values.shown(domain)}` is not a domain"
            hint = f"domains: {', '.join(get_args(Domain))}; `rename: {{domain: …}}` maps the file's words to them"
            self.fault(row, _first(self.mapping.columns.domain), message, "T509", hint)

    def name(self, row: int, field: str) -> str | None:
        """What a name field says: fixed, from the file's name, or from columns; renamed."""
        fixed = getattr(self.mapping.fixed, field, None)
        columns = getattr(self.mapping.columns, field)
        found = fixed if fixed is not None else self.named.get(field)
        if found is None:
            columns = [columns] if isinstance(columns, str) else columns
            parts = [self.read(row, column, values.as_name) for column in columns]
            found = "-".join(part for part in parts if part is not None)
            if None in parts:
                return None
        return self.mapping.rename.of(field, found)

    def seed(self, row: int) -> int:
        """The seed index: 0 where nothing names one."""
        if self.mapping.fixed.seed is not None:
            return self.mapping.fixed.seed
        column = self.mapping.columns.seed
        if column is None and "seed" not in self.named:
            return 0
        word = str(self.raw.columns[column][row]) if column else self.named["seed"]
        try:
            return values.as_count(self.mapping.rename.of("seed", word), self.mapping.decimal)
        except ValueError as error:
            if column:
                self.fault(row, column, str(error), "T509", "number the seeds from 0 under `rename: {seed: …}`")
            elif row == 0:
                self.fault(row, None, f"the file's name: {error}", "T509", "number the seeds under `rename: {seed: …}`")
        return 0

    def factors(self, row: int) -> str | None:
        """What varied in the trial, as `runtime.stats.table.factors` keeps it; None where nothing is named."""
        columns, named = self.raw.columns, {**self.raw.factors, **self.mapping.factors}
        found = {factor: columns[c][row] for factor, c in named.items() if not values.is_empty(columns[c][row])}
        for factor in found:
            found[factor] = self.read(row, named[factor], lambda v: values.as_factor(v, self.mapping.decimal))
        return packed(found)

    def day(self, row: int) -> str | None:
        """When it took place; None where nothing says so."""
        column = self.mapping.columns.day
        if column is None or values.is_empty(self.raw.columns[column][row]):
            return self.mapping.fixed.day
        return self.read(row, column, lambda v: values.as_day(v, self.mapping.day_format))

    def state(self, row: int, cell: tuple) -> str | None:
        """The initial state; by default the row's place among those of its cell."""
        if self.mapping.columns.initial_state or "initial_state" in self.named:
            return self.name(row, "initial_state")
        self.places[cell] = self.places.get(cell, -1) + 1
        return str(self.places[cell])

    def score(self, row: int, arm: Arm) -> float | None:
        """0..1, also of a percentage; None where there is no score, or none that fits."""
        if arm.score is None:
            return None
        found = self.read(row, arm.score, lambda v: values.as_number(v, self.mapping.decimal))
        if found is None:
            return None
        most = 1.0 if values.is_percentage(self.raw.columns[arm.score][row]) else self.mapping.score_max
        if not 0 <= found <= most * (1 + 1e-9):
            message = f"score {found:g} is not within 0 and {most:g}"
            self.fault(row, arm.score, message, "T509", "say the best score as `score_max` in the mapping")
        return min(found / most, 1.0)

    def mode(self, row: int, arm: Arm, success: bool | None) -> str:
        """How it failed; empty on success."""
        if arm.failure_mode is None:
            return ""
        value = self.raw.columns[arm.failure_mode][row]
        word = "" if value is None else str(value).strip()
        nothing = values.is_empty(value) or word.lower() in values.NO_FAILURE
        if success and not nothing:
            message = f"a success that failed by `{values.shown(word)}`"
            self.fault(row, arm.failure_mode, message, "T510", "mend either; failure modes belong to failures only")
        if success is False and word.lower() in ("success", "succeeded", "ok"):
            self.fault(row, arm.failure_mode, f"a failure whose failure mode says `{values.shown(word)}`", "T510", "mend either")
        return "" if nothing else self.mapping.rename.of("failure_mode", word)

    def read[T](self, row: int, column: str, reader: Callable[[Any], T]) -> T | None:
        """A cell through a reader; None and a fault where it does not fit."""
        try:
            return reader(self.raw.columns[column][row])
        except (ValueError, OverflowError) as error:
            self.fault(row, column, str(error), "T509", f"mend the cell in column `{values.shown(column)}`")
            return None

    def fault(self, row: int, column: str | None, message: str, code: str, help_text: str) -> None:
        """Tell a mistake of a cell."""
        where = self.raw.where(row, column) if column else Where(self.raw.file)
        self.faults.append(Fault(code, message + (self.raw.said(row) if column else ""), help_text, where))


def _first(columns: str | list[str] | None) -> str | None:
    return columns[0] if isinstance(columns, list) and columns else columns if isinstance(columns, str) else None
