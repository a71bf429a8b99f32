"""Files whose rows are frames, as LeRobot's datasets have them: their episodes are the trials."""

from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from math import inf
from typing import Any

from runtime.bound.trial_mapping import TrialMapping
from runtime.trials import values
from runtime.trials.fault import Where, refusal
from runtime.trials.raw import Raw

EPISODE, FRAME = "episode_index", "frame_index"


def by_episode(raw: Raw, mapping: TrialMapping, named: Collection[str]) -> Raw:
    """One row for each episode, where a file has a column `frame_index`; any other file as it is. `named` are the columns
    that the mapping speaks of.

    An episode succeeded when a frame says so; its score is the best of its frames, its steps the most. All else that
    is named must be the same in all of its frames.

    Raises:
        TrialsRefused: T502 when nothing tells episodes apart, or they say two things of one trial.
    """
    if FRAME not in raw.columns:
        return raw
    if EPISODE not in raw.columns:
        help_text = f"name episodes in a column `{EPISODE}`, or rename `{FRAME}` if rows are trials"
        raise refusal("T502", f"`{raw.file}` holds frames (`{FRAME}`), not trials", help_text, Where(raw.file))
    episodes: dict[str, list[int]] = defaultdict(list)
    for row, episode in enumerate(raw.columns[EPISODE]):
        episodes[str(episode)].append(row)
    arms = list(mapping.arms.values()) or [mapping.columns]
    best = {name for arm in arms for name in (arm.success, arm.score, arm.steps) if name}
    if not mapping.arms and mapping.columns.success is None and mapping.success_at is None:
        best.add("success")
    words = values.SUCCESS | {word.casefold() for word in mapping.words.success}

    def weight(value: Any) -> float:
        """How far a frame is: nothing said, failure or a number, success, and above all what nobody can read."""
        if values.is_empty(value):
            return -inf
        with suppress(ValueError):
            return values.as_number(value, mapping.decimal)
        word = str(value).strip().casefold()
        return 1.0 if word in words else 0.0 if word in values.FAILURE | {*map(str.casefold, mapping.words.failure)} else inf

    columns = {}
    for name, cells in raw.columns.items():
        if name in best:
            columns[name] = [max((cells[row] for row in rows), key=weight) for rows in episodes.values()]
            continue
        columns[name] = [cells[rows[0]] for rows in episodes.values()]
        odd = next((e for e, rows in episodes.items() if len({str(cells[row]) for row in rows}) > 1), None)
        if name in named and odd is not None:
            message = f"`{values.shown(name)}` differs between the frames of episode {values.shown(odd)}"
            raise refusal("T502", message, "name a column that is the same for a whole episode", Where(raw.file))
    lines = [raw.lines[rows[0]] for rows in episodes.values()]
    note = f"the {len(raw)} rows of `{raw.file}` are frames; its {len(episodes)} episodes are the trials"
    return replace(raw, columns=columns, lines=lines, notes=(*raw.notes, note))
