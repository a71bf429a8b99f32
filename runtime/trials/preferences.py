"""Preferences between two approaches at a time, read from files by a mapping."""

from collections.abc import Sequence
from pathlib import Path

from runtime.bound.trial_mapping import PreferenceColumns, TrialMapping
from runtime.stats.ranking.preferences import Compared, apart
from runtime.trials import values
from runtime.trials.fault import Fault, TrialsRefused, refusal
from runtime.trials.raw import Raw
from runtime.trials.read import read_bytes, read_raw

FIRST, SECOND = frozenset(["a", "first", "left", "1", ">"]), frozenset(["b", "second", "right", "2", "<"])
TIE = frozenset(["tie", "tied", "draw", "equal", "same", "both", "neither", "0", "="])


def read_preferences(files: Sequence[tuple[str, Path]], mapping: TrialMapping) -> list[Compared]:
    """The comparisons of several files.

    Args:
        files: how messages call each, and its path.
        mapping: with `preferences`.

    Raises:
        TrialsRefused: with every mistake of the first file that has any; T508 when the mapping names no preferences; T521 when
            approaches do not hang together.
    """
    names = mapping.preferences
    if names is None:
        message = "the mapping does not say which columns hold preferences"
        raise refusal("T508", message, "add `preferences: {first: …, second: …, preferred: …}`", key=())
    found: list[Compared] = []
    for name, path in files:
        found += _of(read_raw(read_bytes(path, name), name, mapping), mapping, names)
    groups = apart(found)
    if len(groups) > 1:
        shown = "; ".join(", ".join(f"`{name}`" for name in group[:4]) + " …" * (len(group) > 4) for group in groups[:4])
        message = f"nothing compares these groups with each other: {shown}"
        raise refusal("T521", message, "compare one of each with one of another, or read them apart", key=("preferences",))
    return found


def _of(raw: Raw, mapping: TrialMapping, names: PreferenceColumns) -> list[Compared]:
    wanted = {field: column for field, column in names if column is not None}
    faults = [
        Fault("T507", f"`{raw.file}` has no column `{values.shown(c)}`", "", None, ("preferences", f), tuple(raw.columns), c)
        for f, c in wanted.items()
        if c not in raw.columns
    ]
    if faults:
        raise TrialsRefused(*faults)
    found = []
    for row in range(len(raw)):
        cells = {field: raw.columns[column][row] for field, column in wanted.items()}
        try:
            first, second = (mapping.rename.of("approach", values.as_name(cells[side])) for side in ("first", "second"))
            won = _won(cells["preferred"], values.as_name(cells["first"]), values.as_name(cells["second"]))
            if first == second:
                raise ValueError(f"`{values.shown(first)}` is compared with itself")
            judge = None if names.judge is None else values.as_name(cells["judge"])
        except ValueError as error:
            where = raw.where(row, names.preferred)
            faults.append(Fault("T509", f"{error}{raw.said(row)}", "mend the row", where))
            continue
        found.append(Compared(first, second, won, judge))
    if faults:
        raise TrialsRefused(*faults)
    return found


def _won(value: object, first: str, second: str) -> int:
    """1, -1 or 0: from `a`, `b`, `tie`, their like, or the name of either."""
    word = values.as_name(value)
    folded = word.casefold()
    if word in (first, second):
        return 1 if word == first else -1
    if folded in FIRST | SECOND | TIE:
        return 1 if folded in FIRST else -1 if folded in SECOND else 0
    raise ValueError(
        f"`{values.shown(word)}` is none of a, b, tie, and neither `{values.shown(first)}` nor `{values.shown(second)}`"
    )
