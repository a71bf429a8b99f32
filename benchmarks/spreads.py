"""How far training runs differ, and how much two approaches have in common from one initial state: the table that power reads.

    python -m benchmarks.spreads [FILE.parquet ...] [--out compiler/laws/power/spreads.csv]

FILEs are exports of studies (`simkiln trials export`), by default all `trials.parquet` that are committed below docs/results.
Counted are approaches whose runs are trainings (no brought checkpoint) and succeed in 5 to 95% of trials at a place; of
approaches that tried the very same policies one. `benchmarks/spreads.csv`, what `benchmarks.recipe` found at sites 411 to 414
before studies were exported, counts as well.

`seed_spread` is the standard deviation between training runs in points, luck in trials taken off, pooled over places and
approaches; its band is chi-square's of the whole variance. `state_correlation` is that of outcomes of the baseline and another
approach, runs of one seed index, over the initial states of a place, with Fisher's band over states. Both by kind of task and
domain; rows of fewer than 8 degrees of freedom or 40 states are left out. The table names each file with its SHA-256.
"""

import argparse
import csv
import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.scenes import ROOT, TASKS, task_spec
from runtime.stats.table.table import rows
from runtime.trials.exported import Exported, unpack

TABLE = ROOT / "compiler" / "laws" / "power" / "spreads.csv"
BEFORE = Path(__file__).with_name("spreads.csv")
TRIALS_BEFORE = 40
LEVEL, LEAST_DEGREES, LEAST_STATES, ROOM = 0.95, 8, 40, 5.0
Runs = dict[int, dict[str, float]]
Key = tuple[str, str]
"""(kind of task, domain)"""
Found = tuple[float, float, int]
"""Variance between runs in points squared, that of luck in trials within it, and degrees of freedom."""


def cells(found: Exported) -> dict[tuple[str, str, str, str], Runs]:
    """(kind of task, domain, location, approach) -> seed -> state -> success, of tasks in specs/tasks."""
    names = {task for (task,) in rows(found.table, "task")}
    kinds = {task: task_spec(task)[0]["kind"] for task in names if (TASKS / f"{task}.yaml").is_file()}
    runs: dict[tuple[str, str, str, str], Runs] = defaultdict(lambda: defaultdict(dict))
    columns = ("task", "domain", "location", "approach", "seed", "initial_state", "success")
    for task, domain, location, approach, seed, state, won in rows(found.table, *columns):
        if task in kinds and (approach, domain) not in found.facts.fixed:
            runs[kinds[task], domain, f"{location} {task}", approach][seed][state] = float(won)
    return runs


def of_seeds(runs: dict[tuple[str, str, str, str], Runs]) -> Iterator[tuple[Key, Found]]:
    """Each place and approach with two runs or more and room to differ."""
    for (kind, domain, _, _), own in runs.items():
        states = sorted(set.intersection(*(set(run) for run in own.values())))
        x = 100 * np.array([[run[state] for state in states] for run in own.values()])
        if len(x) > 1 and len(states) > 1 and ROOM <= x.mean() <= 100 - ROOM:
            # Runs begin from the same states, so that luck between them is what is left of trials without runs and states.
            left = x - x.mean(0) - x.mean(1, keepdims=True) + x.mean()
            luck = float((left**2).sum()) / (len(x) - 1) / (len(states) - 1) / len(states)
            yield (kind, domain), (float(x.mean(1).var(ddof=1)), luck, len(x) - 1)


def before() -> Iterator[tuple[Key, Found]]:
    """What `benchmarks.recipe` found at hidden sites, without luck in trials, which is put back."""
    for row in csv.DictReader(BEFORE.read_text().splitlines()):
        luck = 1e4 * 0.25 / TRIALS_BEFORE
        degrees = int(row["sites"]) * (int(row["seeds"]) - 1)
        yield (row["task"], "irl_proxy"), (float(row["spread"]) ** 2 + luck, luck, degrees)


def seed_spread(found: Iterable[Found]) -> dict[str, Any] | None:
    """Pooled by degrees of freedom; None where there are too few."""
    listed = np.array(list(found))
    degrees = listed[:, 2].sum()
    if degrees < LEAST_DEGREES:
        return None
    whole, luck = (float((listed[:, i] * listed[:, 2]).sum() / degrees) for i in (0, 1))
    ends = [degrees * whole / stats.chi2.ppf(p, degrees) for p in ((1 + LEVEL) / 2, (1 - LEVEL) / 2)]
    value, low, high = (max(v - luck, 0.0) ** 0.5 for v in (whole, *ends))
    return {"value": round(value, 1), "low": round(low, 1), "high": round(high, 1), "units": int(degrees)}


def of_states(found: Exported, runs: dict[tuple[str, str, str, str], Runs]) -> Iterator[tuple[Key, tuple[float, float, int]]]:
    """Each place and approach beside the baseline: covariance, product of deviations (both summed over seeds), and states."""
    baseline = found.facts.frame.baseline
    for (kind, domain, place, approach), own in runs.items():
        other = runs.get((kind, domain, place, str(baseline)), {})
        if approach == baseline:
            continue
        sums, states = np.zeros(2), 0
        for seed in own.keys() & other.keys():
            common = sorted(own[seed].keys() & other[seed].keys())
            a, b = (np.array([side[seed][s] for s in common]) for side in (own, other))
            if len(common) > 1 and a.std() * b.std() > 0:
                sums += [float(((a - a.mean()) * (b - b.mean())).mean()), float(a.std() * b.std())]
                states = max(states, len(common))
        if states:
            yield (kind, domain), (sums[0], sums[1], states)


def correlation(found: Iterable[tuple[float, float, int]]) -> dict[str, Any] | None:
    """Pooled; None where it rests on too few states."""
    listed = np.array(list(found))
    states = int(listed[:, 2].sum())
    if states < LEAST_STATES:
        return None
    value = float(listed[:, 0].sum() / listed[:, 1].sum())
    off = stats.norm.ppf((1 + LEVEL) / 2) / (states - 3) ** 0.5
    low, high = (math.tanh(math.atanh(value) + sign * off) for sign in (-1, 1))
    return {"value": round(value, 2), "low": round(low, 2), "high": round(high, 2), "units": states}


def distinct(runs: dict[tuple[str, str, str, str], Runs], exported: Exported) -> dict[tuple[str, str, str, str], Runs]:
    """Without approaches that tried the policies of another."""
    again = {
        (domain, f"{location} {task}", approach)
        for (domain, location, task, _), groups in exported.shared().items()
        for group in groups
        for approach in sorted(group, key=exported.facts.approaches.index)[1:]
    }
    return {key: own for key, own in runs.items() if (key[1], key[2], key[3]) not in again}


def table(files: Iterable[Path]) -> list[dict[str, Any]]:
    """The rows of the table."""
    by_seed, by_state, sources = defaultdict(list), defaultdict(list), defaultdict(set)
    for key, one in before():
        by_seed[key].append(one)
        sources[key, "seed_spread"].add("benchmarks/spreads.csv")
    for file in files:
        content = file.read_bytes()
        exported = unpack(content, file.name)
        own, source = cells(exported), f"{file.name} {hashlib.sha256(content).hexdigest()[:12]}"
        for key, one in of_seeds(distinct(own, exported)):
            by_seed[key].append(one)
            sources[key, "seed_spread"].add(source)
        for key, one in of_states(exported, own):
            by_state[key].append(one)
            sources[key, "state_correlation"].add(source)
    made = []
    for what, groups, pooled in (("seed_spread", by_seed, seed_spread), ("state_correlation", by_state, correlation)):
        for key in sorted(groups):
            if (row := pooled(groups[key])) is not None:
                made.append(
                    {"task": key[0], "domain": key[1], "what": what, **row, "source": "; ".join(sorted(sources[key, what]))}
                )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*", default=sorted((ROOT / "docs" / "results").rglob("trials.parquet")))
    parser.add_argument("--out", type=Path, default=TABLE)
    given = parser.parse_args()
    made = table(given.files)
    with given.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("task", "domain", "what", "value", "low", "high", "units", "source"), lineterminator="\n")
        writer.writeheader()
        writer.writerows(made)
    for row in made:
        band = f"{row['value']:6g} [{row['low']:g}, {row['high']:g}]"
        print(f"{row['task']:14} {row['domain']:11} {row['what']:18} {band} {row['source']}")


if __name__ == "__main__":
    main()
