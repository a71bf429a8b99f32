"""The condition set of a benchmark's trials: resets by their seeds, each with what is seen there."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runtime.benchmarks.suite import Environments
from runtime.benchmarks.trials import Idle, Reset, Rules, run_trials
from runtime.bound.benchmark import FoundBenchmark
from runtime.problem import InputError, Problem
from runtime.sim.trials.conditions import digest_of

FILE = "resets.json"


def draw(environments: Environments, seeds: Sequence[int]) -> list[Reset]:
    """The initial states of some seeds.

    Raises:
        InputError: R294 when two seeds begin from one state, or one seed from two.
    """
    found = [Reset.of(i, seed, environments.reset(0, seed)) for i, seed in enumerate(seeds)]
    key = "benchmark.environment"
    if found and not Reset.of(0, seeds[0], environments.reset(0, seeds[0])).is_again(found[0]):
        message = f"two resets with seed {seeds[0]} begin from different states"
        raise InputError(Problem("R294", message, "policies cannot be compared state by state there", key))
    first: dict[Any, Reset] = {}
    for one in found:
        other = first.setdefault((one.state, tuple(one.thumbs.items())), one)
        if other is not one:
            message = f"resets with seeds {other.seed} and {one.seed} begin from one and the same state"
            help = f"its trials would count as two: plan at most {one.index} trials, or choose another environment"
            raise InputError(Problem("R294", message, help, key))
    return found


def refuse_idle(environments: Environments, found: FoundBenchmark, resets: Sequence[Reset], rules: Rules) -> None:
    """Let trials run in which nobody acts.

    Raises:
        InputError: R293 when one succeeds; R292 when success is not reported.
    """
    for reset, one in zip(resets, run_trials(environments, Idle(found), resets, rules, "", 1), strict=True):
        if one.success:
            message = f"whoever does nothing succeeds after {one.steps} steps, from the state of seed {reset.seed}"
            help = "look at what `success` names: it has to say that the task is done"
            raise InputError(Problem("R293", message, help, "benchmark.success"))


def save(path: Path, resets: Sequence[Reset]) -> str:
    """Write a condition set; its digest."""
    rows = [{"initial_state": one.index, "seed": one.seed, "state": one.state, "thumbs": one.thumbs} for one in resets]
    digest = _digest(rows)
    path.write_text(json.dumps({"digest": digest, "resets": rows}) + "\n")
    return digest


def replay(folder: Path, first: int, end: int) -> tuple[list[Reset], str]:
    """Resets `first` to `end` of a recorded set, and its digest.

    Raises:
        InputError: R273 when it does not hold so many, or is not as its digest says.
    """
    said = json.loads((folder / FILE).read_text())
    rows = said["resets"]
    if _digest(rows) != said["digest"] or end > len(rows):
        message = f"`{FILE}` was changed after it was recorded, or has fewer than {end} states"
        raise InputError(Problem("R273", message, "plan again", "trials"))
    thumbs = [{name: tuple(levels) for name, levels in row["thumbs"].items()} for row in rows]
    found = [Reset(r["initial_state"], r["seed"], tuple(r["state"]), t) for r, t in zip(rows, thumbs, strict=True)]
    return found[first:end], said["digest"]


def _digest(rows: Sequence[dict[str, Any]]) -> str:
    """By seeds alone would say nothing of the states; by thumbs, another driver would be another protocol."""
    return digest_of([[row["initial_state"], row["seed"], list(row["state"])] for row in rows])
