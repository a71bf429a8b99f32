"""A condition set: the initial states and factors of a task's trials, drawn once, recorded, and replayed by every policy.

States of different splits come from random streams of their own: demos begin from those of `train`, decisions on the way to a
result may use `development`, and trials of the study are `held_out`.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runtime.bound.conditions import GAP_LEVELS, GapLevel
from runtime.bound.hidden_gap import HiddenGap
from runtime.bound.task import Task
from runtime.problem import InputError, Problem
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.start import Start
from runtime.sim.tasks import kind_of

FILE = "conditions.json"
PURPOSES = {"held_out": "trial", "development": "development", "train": "demo"}
"""Split -> the random stream that its initial states are drawn from."""


@dataclass(frozen=True)
class Condition:
    """What one trial begins from: an initial state, and at a hidden site the level of its gap."""

    split: str
    start: Start
    gap: GapLevel | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is recorded: metres and radians, to the last digit. What the kind does not draw is left out."""
        turns, settings = self.start.turns_rad, self.start.settings
        return {
            "split": self.split,
            "initial_state": self.start.index,
            "objects_m": self.start.objects_m.tolist(),
            "joints_rad": self.start.joints_rad.tolist(),
            "gap": self.gap,
            **({} if turns is None else {"turns_rad": turns.tolist()}),
            **({"settings": dict(settings)} if settings else {}),
        }

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Condition":
        """As it was recorded."""
        joints, places = np.array(row["joints_rad"]), np.array(row["objects_m"])
        turns = np.array(row["turns_rad"]) if "turns_rad" in row else None
        return cls(row["split"], Start(row["initial_state"], joints, places, turns, row.get("settings", {})), row["gap"])


def draw(task: Task, split: str, count: int, seed: int, gaps: Sequence[GapLevel] = (), robot: Robot = SO101) -> list[Condition]:
    """The first `count` conditions of a split; of several levels of the gap each has the next."""
    kind = kind_of(task)
    levels = gaps or (None,)
    return [
        Condition(split, kind.draw_start(task, i, PURPOSES[split], seed, robot), levels[i % len(levels)]) for i in range(count)
    ]


def record(found: Sequence[Condition]) -> dict[str, Any]:
    """A condition set as one JSON-able value: every condition, what the levels of the gap mean at a site that states no gap of
    its own, and a digest of each split over all that its trials depend on.

    Raises:
        InputError: R274 when two splits share an initial state.
    """
    seen: dict[str, str] = {}
    for one in found:
        state = digest_of([one.start.objects_m.tolist(), one.start.joints_rad.tolist()])
        if seen.setdefault(state, one.split) != one.split:
            message = f"initial state {one.start.index} of `{one.split}` is one of `{seen[state]}` as well"
            raise InputError(Problem("R274", message, "give the task's `area` or `start_jitter_rad` more room", "task"))
    factors = {level: {"times": GAP_LEVELS[level], **_gap(level)} for level in dict.fromkeys(c.gap for c in found) if level}
    splits = {split: [c.to_json() for c in found if c.split == split] for split in PURPOSES}
    digests = {split: digest_of({"conditions": rows, "gap": factors}) for split, rows in splits.items()}
    return {"digests": digests, "gap": factors, "conditions": [row for rows in splits.values() for row in rows]}


def replay(folder: Path, first: int, end: int, split: str = "held_out") -> tuple[list[Condition], str]:
    """Conditions `first` to `end` of a split of a recorded set, and the digest of that split.

    Raises:
        InputError: R273 when the set does not hold so many, or is not as its digest says.
    """
    said = json.loads((folder / FILE).read_text())
    rows = [row for row in said["conditions"] if row["split"] == split]
    if digest_of({"conditions": rows, "gap": said["gap"]}) != said["digests"][split]:
        message = f"`{FILE}` was changed after it was recorded: its `{split}` states are not those of its digest"
        raise InputError(Problem("R273", message, "build the conditions again"))
    if end > len(rows):
        message = f"trials begin from {end} initial states, but {len(rows)} are recorded as `{split}`"
        raise InputError(Problem("R273", message, "plan again", "trials"))
    return [Condition.of(row) for row in rows[first:end]], said["digests"][split]


def alike(task: Task, found: Sequence[Condition]) -> Iterator[tuple[GapLevel | None, Task, list[Start]]]:
    """Conditions whose trials run side by side: the level of the gap, the task as their starts change it, and the starts."""
    groups: dict[tuple[str, str], list[Condition]] = {}
    for one in found:
        groups.setdefault((one.gap or "", json.dumps(one.start.settings, sort_keys=True)), []).append(one)
    for _, same in sorted(groups.items()):
        yield same[0].gap, task.under(same[0].start.settings), [one.start for one in same]


def digest_of(value: Any) -> str:
    """128 bits of SHA-256 of a value as canonical JSON, in 32 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _gap(level: GapLevel) -> dict[str, float]:
    return HiddenGap().times(GAP_LEVELS[level]).model_dump()
