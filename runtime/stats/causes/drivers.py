"""Which factors drive success, and by how much: analysis of variance over initial states, places kept apart.

The unit is the initial state: its outcome is the mean over the seeds that ran it, so trials of several policies from one state
are no further evidence. Numbers are cut into thirds, words stand for themselves. Within each place (location and task) outcomes
are taken from the place's mean, so that a hard place is no effect. A factor's F-test says whether any levels differ, its band is
Scheffé's (1953), which allows for having chosen the best level and the worst, and Benjamini and Hochberg (1995) hold false
discoveries over all factors and approaches of a domain. It speaks of these very policies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import stats

from runtime.bound.domain import Domain
from runtime.report.forms.base import Direction
from runtime.report.forms.drivers import Driver, Level, Shift, Untested
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.multiple import benjamini_hochberg, holm, p_value
from runtime.stats.inference.rate import rates
from runtime.stats.inference.uplift import POINTS, Uplift, uplifts
from runtime.stats.prior.together import headlines
from runtime.stats.table.factors import Value, unpacked
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.pairing import without_copies
from runtime.stats.table.table import rows

FEWEST = 12
"""Initial states below which nothing is tested."""
MOST_WORDS = 8
"""Different values up to which a factor is taken word by word; of more words nothing is said."""
PARTS = 3
"""Into how many parts numbers are cut."""


@dataclass(frozen=True)
class Unit:
    """An initial state of one approach: where, its factors, its mean outcome and over how many trials."""

    place: tuple[str, str]
    factors: Mapping[str, Value]
    outcome: float
    trials: int


def units_of(table: pa.Table) -> dict[tuple[str, Domain], list[Unit]]:
    """(approach, domain) -> its initial states, of trials that say their factors."""
    found: dict[tuple[str, Domain], dict[tuple, list[float]]] = {}
    if "factors" not in table.column_names:
        return {}
    names = ("approach", "domain", "location", "task", "initial_state", "factors", "success")
    for approach, domain, location, task, state, cell, success in rows(without_copies(table), *names):
        if cell:
            found.setdefault((approach, domain), {}).setdefault((location, task, state, cell), []).append(float(success))
    return {
        key: [Unit((x, t), unpacked(cell), float(np.mean(won)), len(won)) for (x, t, _, cell), won in states.items()]
        for key, states in found.items()
    }


def drivers(table: pa.Table, level: float) -> tuple[list[Driver], list[Untested]]:
    """Every factor of every approach, the smallest p-value of a domain first; and those that cannot be told apart."""
    tested: list[Driver] = []
    untested: dict[tuple[Domain, str], str] = {}
    for (approach, domain), units in sorted(units_of(table).items()):
        for factor in sorted({name for unit in units for name in unit.factors}):
            here = [unit for unit in units if factor in unit.factors]
            found = _tested(approach, domain, here, factor, level)
            if isinstance(found, str):
                untested.setdefault((domain, factor), found)
            elif found is not None:
                tested.append(found)
    for domain in {row["domain"] for row in tested}:
        mine = [row for row in tested if row["domain"] == domain]
        for row, adjusted in zip(mine, benjamini_hochberg([row["p_value"] for row in mine]), strict=True):
            row["p_adjusted"], row["drives"] = round(adjusted, 6), adjusted <= 1 - level + 1e-12
    tested.sort(key=lambda row: (row["domain"], row["p_value"], row["approach"], row["factor"]))
    known = {(row["domain"], row["factor"]) for row in tested}
    return tested, [{"domain": d, "factor": f, "why": why} for (d, f), why in sorted(untested.items()) if (d, f) not in known]


def _tested(approach: str, domain: Domain, units: Sequence[Unit], factor: str, level: float) -> Driver | str | None:
    """What one factor does; why it cannot be told, in words; None where it never varies."""
    values = [unit.factors[factor] for unit in units]
    if len(set(values)) < 2 or len({unit.outcome for unit in units}) < 2:
        return None
    if len(units) < FEWEST:
        return f"fewer than {FEWEST} initial states say it"
    labels = _labels(values)
    if labels is None:
        return f"it has more than {MOST_WORDS} words"
    order = list(dict.fromkeys(label for _, label in sorted(set(labels))))
    if len(order) < 2:
        return None
    level_of = np.array([order.index(label) for _, label in labels])
    places = sorted({unit.place for unit in units})
    place_of = np.array([places.index(unit.place) for unit in units])
    y = 100 * np.array([unit.outcome for unit in units])
    mean = float(y.mean())
    # Least squares with a mean for each place and each level but the first, the places taken off first (Frisch and Waugh).
    dummies, y = _within(np.eye(len(order))[level_of][:, 1:], place_of), _within(y[:, None], place_of)[:, 0]
    crossed, between = dummies.T @ dummies, len(order) - 1
    if np.linalg.matrix_rank(crossed, tol=1e-6) < between:
        return "it varies only between places, so it cannot be told apart from what else differs there"
    degrees = len(units) - len(places) - between
    if degrees < 3:
        return "too few initial states for so many places"
    inverse = np.linalg.inv(crossed)
    moved = inverse @ dummies.T @ y
    rest = float(((y - dummies @ moved) ** 2).sum())
    scatter, gained = rest / degrees, max(float((y**2).sum()) - rest, 0.0)
    ratio = gained / between / scatter if scatter > 1e-9 else (np.inf if gained > 1e-9 else 0.0)
    p_value = float(stats.f.sf(ratio, between, degrees))
    means = np.concatenate([[0.0], moved])
    best, worst = int(means.argmax()), int(means.argmin())
    contrast = (np.eye(len(order))[best] - np.eye(len(order))[worst])[1:]
    reach = float(between * stats.f.ppf(level, between, degrees) * scatter * contrast @ inverse @ contrast) ** 0.5
    effect, middle = float(means[best] - means[worst]), mean - float(means[level_of].mean())
    trials = np.bincount(level_of, [unit.trials for unit in units]).astype(int)
    found: list[Level] = [
        {
            "label": label,
            "states": int((level_of == k).sum()),
            "trials": int(trials[k]),
            "value": round(float(np.clip(middle + means[k], 0, 100)), 2),
        }
        for k, label in enumerate(order)
    ]
    return {
        "approach": approach,
        "domain": domain,
        "factor": factor,
        "levels": found,
        "effect": round(effect, 2),
        "band": (round(effect - reach, 2), round(min(effect + reach, 100.0), 2)),
        "best": order[best],
        "worst": order[worst],
        "p_value": p_value,
        "p_adjusted": 1.0,
        "drives": False,
    }


def _within(values: np.ndarray, place_of: np.ndarray) -> np.ndarray:
    """Columns [N, C] less their mean at each place."""
    sums = np.zeros((place_of.max() + 1, values.shape[1]))
    np.add.at(sums, place_of, values)
    return values - (sums / np.bincount(place_of)[:, None])[place_of]


def _labels(values: Sequence[Value]) -> list[tuple[float | str, str]] | None:
    """For each value a key to sort levels by and the level's name; None where words are too many."""
    numbers = [value for value in values if isinstance(value, (int, float))]
    different = sorted(set(values), key=str)
    if len(numbers) < len(values) or len(different) <= MOST_WORDS:
        if len(different) > MOST_WORDS:
            return None
        if len(numbers) == len(values):
            words = _numerals([float(value) for value in numbers])
            return [(float(value), word) for value, word in zip(numbers, words, strict=True)]
        return [(str(value), f"{value:.16g}" if isinstance(value, float) else str(value)) for value in values]
    cuts = np.quantile(numbers, np.linspace(0, 1, PARTS + 1))
    part = np.clip(np.searchsorted(cuts[1:-1], numbers, side="left"), 0, PARTS - 1)
    ends = _numerals(cuts.tolist(), 3)
    return [(float(k), f"{ends[k]} to {ends[k + 1]}") for k in part]


def _numerals(numbers: Sequence[float], digits: int = 6) -> list[str]:
    """Numbers with so many digits, or as many as tell different ones apart: labels that are the same would be one level."""
    most = len(set(numbers))
    enough = next((n for n in range(digits, 17) if len({f"{x:.{n}g}" for x in numbers}) == most), 17)
    return [f"{number:.{enough}g}" for number in numbers]


def shifts(table: pa.Table, baseline: str | None, level: float, shared_training: bool = False) -> list[Shift]:
    """Success and uplift under each word of each factor that has two to eight of them, beside all trials that say it."""
    if "factors" not in table.column_names:
        return []
    cells = [unpacked(cell) for cell in table["factors"].to_pylist()]
    words: dict[str, set[Value]] = {}
    for cell in cells:
        for factor, value in cell.items():
            words.setdefault(factor, set()).add(value)
    found: list[Shift] = []
    for factor, there in sorted(words.items()):
        if not (2 <= len(there) <= MOST_WORDS and any(isinstance(word, str) for word in there)):
            continue
        told: dict[tuple[str, str, Value | None], Uplift] = {}
        first = len(found)
        for word in (None, *sorted(there, key=str)):
            mine = table.filter(pa.array([factor in cell and (word is None or cell[factor] == word) for cell in cells]))
            trials = Trials.of(mine)
            own = headlines(uplifts(trials, baseline, level, shared_training))
            told |= {(u.approach, u.domain, word): u for u in own}
            gained = {(u.approach, u.domain): u.estimate for u in own}
            for rate in _widest(rates(Trials.of(without_copies(mine)), level, shared_training)):
                uplift = gained.get((rate.approach, rate.domain))
                found.append(
                    {
                        "approach": rate.approach,
                        "domain": rate.domain,
                        "factor": factor,
                        "word": None if word is None else str(word),
                        "trials": rate.trials,
                        "value": round(rate.estimate.value, 4),
                        "band": rate.estimate.band.to_json(),
                        "uplift": None if uplift is None else round(uplift.value, 4),
                        "uplift_band": None if uplift is None else uplift.band.to_json(),
                        "direction": None if uplift is None else uplift.direction,
                    }
                )
        said = _together(told, level)
        for row in found[first:]:
            if row["word"] is not None and row["direction"] is not None:
                row["direction"] = said[row["approach"], row["domain"], row["word"]]
    return found


def _together(told: Mapping[tuple[str, str, Value | None], Uplift], level: float) -> dict[tuple[str, str, str], Direction]:
    """(approach, domain, word) -> what holds under it with all words of its factor taken together (Holm)."""
    found: dict[tuple[str, str, str], Direction] = {}
    for approach, domain in dict.fromkeys(key[:2] for key in told):
        mine = {str(word): u for (a, d, word), u in told.items() if (a, d) == (approach, domain) and word is not None}
        # An undecided word needs no p-value of its own: whatever it is, it is above what the level leaves over.
        each = [
            1.0 if u.direction == "undecided" else p_value(lambda at, u=u: estimate(u.groups, at, POINTS).band)
            for u in mine.values()
        ]
        for (word, u), p in zip(mine.items(), holm(each), strict=True):
            found[approach, domain, word] = u.direction if p <= 1 - level + 1e-9 else "undecided"
    return found


def _widest(found: Iterable) -> list:
    """Of each approach and domain the row that is over most places."""
    rows: dict = {}
    for row in found:
        if row.location is None or (row.approach, row.domain) not in rows:
            rows[row.approach, row.domain] = row
    return list(rows.values())
