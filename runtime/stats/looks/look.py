"""Interim looks: which comparisons at a place may stop, and which trials the next batch holds.

At each look every open comparison with the baseline has an always-valid band of *these training runs*: the mean over
initial states of the difference of both sides' success, averaged over seeds (`runtime.stats.looks.always_valid`). Once it
leaves out zero, further trials would only repeat what is known of these policies, and the comparison stops. What other
training seeds would do is another question, which the band of the uplift answers from the trials that ran; that it
keeps its level shows `benchmarks/interim.py`.

Everything here concerns one place alone: a location that joins a study changes no other one's trials.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from runtime.bound.sequential import Schedule
from runtime.report.forms.looks import Look, Seen
from runtime.stats.band import Band
from runtime.stats.inference.group import Outcomes
from runtime.stats.looks.allocation import neyman
from runtime.stats.looks.always_valid import confidence_sequence, leaves_out_zero


@dataclass(frozen=True)
class Comparison:
    """One approach against the baseline at a place, after `states` common initial states (each with every seed).

    `band` is the always-valid one, in points; None without a state that all runs have. `upto` is how many states its
    cells run until the next look: `states` where it stops.
    """

    approach: str
    states: int
    value: float
    band: Band | None
    stopped: bool
    spread: float
    upto: int

    def to_json(self) -> Seen:
        """As a row of `interim.json`."""
        band = self.band.to_json() if self.band else None
        shown = round(self.value, 4)
        return {"approach": self.approach, "states": self.states, "value": shown, "band": band, "stopped": self.stopped}


def cuts(trials: int, looks: int) -> list[int]:
    """States after each look, in equal batches as far as whole numbers allow, the last one all of `trials`.

    Raises:
        ValueError: with fewer trials than looks.
    """
    if not 1 <= looks <= trials:
        raise ValueError(f"{trials} trials cannot be looked at {looks} times")
    return [trials * (i + 1) // looks for i in range(looks)]


def batch(trials: int, schedule: Schedule | None, look: int, arm: str, before: Path | None) -> tuple[int, int]:
    """First initial state of a batch, and the one after its last: equal where it holds none.

    Args:
        trials: planned trials of the cell.
        schedule: when they are looked at; None runs all at once.
        look: which batch, from 1.
        arm: id of the approach.
        before: the interim look before this batch; None for the first.
    """
    if schedule is None:
        return 0, trials
    if before is None:
        return 0, cuts(schedule.trials, schedule.looks)[look - 1]
    said: Look = json.loads((before / "interim.json").read_text())
    return said["done"][arm], said["upto"][arm]


def differences(treated: Mapping[int, Outcomes], base: Mapping[int, Outcomes]) -> np.ndarray:
    """Difference at each initial state 0, 1, ... that all runs of both sides have, averaged over seeds: [N], -1..1."""
    seeds = sorted(treated.keys() & base.keys())
    if not seeds:
        return np.zeros(0)
    runs = [side[s] for s in seeds for side in (treated, base)]
    count = 0
    while all(str(count) in run for run in runs):
        count += 1
    return np.array([np.mean([treated[s][str(i)] - base[s][str(i)] for s in seeds]) for i in range(count)])


def interim(runs: Mapping[str, Mapping[int, Outcomes]], baseline: str, schedule: Schedule, look: int) -> list[Comparison]:
    """Every comparison with `baseline` after `look` (from 1), in the order of `runs`.

    A comparison that stops leaves its remaining trials over. Where `schedule.most` allows more than `trials` a cell,
    they go to the open ones, to each by the spread of its differences (Neyman), spread over the looks that are left.

    Args:
        runs: approach -> seed -> outcomes by initial state, whose ids are 0, 1, ...
        baseline: id of the approach that the others are compared with.
        schedule: what a cell is planned to run.
        look: how many looks there were, this one included.
    """
    ends = cuts(schedule.trials, schedule.looks)
    found = [
        _comparison(approach, differences(own, runs[baseline]), schedule.level)
        for approach, own in runs.items()
        if approach != baseline
    ]
    if look >= schedule.looks:
        return found
    upto = _next(found, schedule, ends, look)
    return [replace(one, upto=n) for one, n in zip(found, upto, strict=True)]


def _comparison(approach: str, seen: np.ndarray, level: float) -> Comparison:
    """What the differences `seen` say by now."""
    if not len(seen):
        return Comparison(approach, 0, 0.0, None, False, _spread(seen), 0)
    band = confidence_sequence(seen, level)
    points = Band(100 * band.low, 100 * band.high)
    stopped = bool(leaves_out_zero(seen, level)[-1])
    return Comparison(approach, len(seen), 100 * float(seen.mean()), points, stopped, _spread(seen), len(seen))


def _spread(seen: np.ndarray) -> float:
    """Standard deviation of a difference, one gained and one lost pair added: a few equal outcomes are no proof."""
    return float(np.concatenate([seen, [1.0, -1.0]]).std())


def _next(found: Sequence[Comparison], schedule: Schedule, ends: Sequence[int], look: int) -> list[int]:
    """States that each comparison runs until the next look."""
    if schedule.most <= schedule.trials:
        return [one.states if one.stopped else ends[look] for one in found]
    left = schedule.trials * len(found) - sum(one.states for one in found)
    share = round(left / (schedule.looks - look))
    most = [one.states if one.stopped else max(schedule.most, one.states) for one in found]
    more = neyman([one.spread for one in found], [one.states for one in found], max(share, 0), most=most)
    return [one.states + n for one, n in zip(found, more, strict=True)]
