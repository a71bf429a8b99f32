"""A sheet to fill in beside a robot: blinded labels, an order by lot, the same initial states for every policy.

A randomised complete block design: each initial state is a block in which every policy has one trial, in an order drawn
for that block, so that drift over the day (light, battery, a tired operator) falls on all policies alike. The labels'
meaning stands in a key of its own, so that whoever judges success need not know it.
"""

import csv
import io
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from runtime.bound.trial_mapping import TrialMapping
from runtime.trials import values
from runtime.trials.fault import Fault, TrialsRefused, Where, refusal
from runtime.trials.raw import Raw

FORMAT = 1
COLUMNS = ("trial", "location", "task", "policy", "initial_state", "start", "success", "failure_mode", "score", "day", "notes")
"""`start` says how to set the initial state up; the last five are filled in by hand."""
MOST_TRIALS = 20_000


class Line(NamedTuple):
    """One trial of a sheet. `policy` is its blinded label."""

    trial: int
    policy: str
    initial_state: str


@dataclass(frozen=True)
class Sheet:
    """A sheet and its key: `labels` maps a label to (approach, training seed)."""

    study: str
    location: str
    task: str
    seed: int
    labels: dict[str, tuple[str, int]]
    lines: tuple[Line, ...]

    def text(self, starts: Mapping[str, str]) -> str:
        """The CSV to fill in; `starts` tells how to set up each initial state."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for trial, policy, state in self.lines:
            writer.writerow([trial, self.location, self.task, policy, state, starts.get(state, ""), *[""] * 5])
        return out.getvalue()

    def key(self) -> str:
        """The key, as JSON, to be kept from whoever judges."""
        labels = {label: {"approach": a, "seed": s} for label, (a, s) in self.labels.items()}
        return json.dumps({"format": FORMAT, **asdict(self), "labels": labels}, indent=1) + "\n"


def draw_sheet(
    study: str, location: str, task: str, policies: Sequence[tuple[str, int]], states: Sequence[str], seed: int
) -> Sheet:
    """Labels and order by lot; the same seed gives the same sheet.

    Args:
        study: id of the study.
        location: id of the location.
        task: id of the task.
        policies: (approach, training seed) of each.
        states: initial states.
        seed: of the lot.

    Raises:
        ValueError: when there is nothing to compare, or too much for one sheet.
    """
    if len(set(policies)) < 2 or not states:
        raise ValueError("a sheet needs at least two policies and one initial state")
    if len(policies) * len(states) > MOST_TRIALS:
        raise ValueError(f"a sheet of {len(policies) * len(states):,} trials is too long: at most {MOST_TRIALS:,}")
    lot = random.Random(json.dumps([study, location, task, sorted(policies), list(states), seed]))
    drawn = list(dict.fromkeys(policies))
    lot.shuffle(drawn)
    labels = {_letters(i): policy for i, policy in enumerate(drawn)}
    order = list(states)
    lot.shuffle(order)
    lines = []
    for state in order:
        block = list(labels)
        lot.shuffle(block)
        lines += [(label, state) for label in block]
    numbered = tuple(Line(i, label, state) for i, (label, state) in enumerate(lines, 1))
    return Sheet(study, location, task, seed, labels, numbered)


def read_key(content: bytes, name: str) -> Sheet:
    """A sheet from its key.

    Raises:
        TrialsRefused: T516 when this is no key.
    """
    try:
        found = json.loads(content)
        if found["format"] != FORMAT:
            raise ValueError
        labels = {str(label): (str(p["approach"]), int(p["seed"])) for label, p in found["labels"].items()}
        lines = tuple(Line(int(n), str(label), str(state)) for n, label, state in found["lines"])
        if any(line.policy not in labels for line in lines):
            raise ValueError
        study, location, task = (str(found[name]) for name in ("study", "location", "task"))
        return Sheet(study, location, task, int(found["seed"]), labels, lines)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        hint = "name the `.key.json` that was written with the sheet"
        raise refusal("T516", f"`{name}` is not the key of a sheet", hint, Where(name)) from error


def mapping_of(sheet: Sheet, raw: Raw) -> TrialMapping:
    """How a filled sheet becomes trials, labels resolved; refuses a sheet that is not the one that was printed.

    Raises:
        TrialsRefused: T507 a column is gone; T516 a row differs from what was printed, or comes twice.
    """
    lacking = [c for c in COLUMNS[:7] if c not in raw.columns and c != "start"]
    if lacking:
        header = Where(raw.file, max(1, raw.lines[0] - 1 if raw.lines else 1))
        hint = f"did somebody delete it? columns: {', '.join(raw.columns)}"
        raise TrialsRefused(*(Fault("T507", f"`{raw.file}` has no column `{c}`", hint, header) for c in lacking))
    printed = {str(line.trial): line for line in sheet.lines}
    faults, seen = [], set()
    for row in range(len(raw)):
        number = str(raw.columns["trial"][row])
        line = printed.get(number)
        if line is None or number in seen:
            wrong = "comes twice" if number in seen else "was not printed"
            hint = "give each trial its own row, as printed"
            faults.append(Fault("T516", f"trial `{values.shown(number)}` {wrong}", hint, raw.where(row, "trial")))
            continue
        seen.add(number)
        said = {"policy": line.policy, "initial_state": line.initial_state}
        said |= {"location": sheet.location, "task": sheet.task}
        for column, word in said.items():
            if str(raw.columns[column][row]) != word:
                message = f"trial {number} has `{values.shown(raw.columns[column][row])}`, printed was `{word}`"
                hint = "put back what was printed; if another policy or state ran, leave `success` empty"
                faults.append(Fault("T516", message, hint, raw.where(row, column)))
    if faults:
        raise TrialsRefused(*faults)
    columns = {"approach": "policy", "seed": "policy"}
    for name in ("location", "task", "initial_state", "success", "failure_mode", "score", "day"):
        if name in raw.columns and not (name == "score" and all(map(values.is_empty, raw.columns[name]))):
            columns[name] = name
    approaches = {label: approach for label, (approach, _) in sheet.labels.items()}
    seeds = {label: str(seed) for label, (_, seed) in sheet.labels.items()}
    return TrialMapping.model_validate(
        {
            "title": f"Sheet of {sheet.study} at {sheet.location}",
            "columns": columns,
            "fixed": {"domain": "irl"},
            "empty": "not_run",
            "rename": {"approach": approaches, "seed": seeds},
        }
    )


def _letters(index: int) -> str:
    """Labels as a spreadsheet names its columns: A to Z, then AA."""
    text = ""
    while index >= 0:
        text, index = chr(ord("A") + index % 26) + text, index // 26 - 1
    return text
