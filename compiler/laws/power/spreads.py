"""How far training runs differ, and how much two approaches have in common from one initial state, by kind of task and domain.

`spreads.csv` beside this file says what was measured. It is committed, and made of trials that studies exported by a command of
its own (`python -m benchmarks.spreads`): what a store happens to hold never moves a plan. Where it says nothing, the assumptions
of `compiler.laws.power.power` stand. Nothing that a job makes reads it, so it is part of no address.
"""

import csv
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from compiler.laws.power.power import BASE_RATE, SEED_SPREAD, STATE_CORRELATION
from compiler.project.project import Project
from compiler.spec.study import Study

TABLE = Path(__file__).with_name("spreads.csv")


@dataclass(frozen=True)
class Expected:
    """What a study's runs are expected to be like; spreads in points. `band` is that of `spread`, None where it is assumed."""

    spread: float = SEED_SPREAD
    correlation: float = STATE_CORRELATION
    band: tuple[float, float] | None = None

    @property
    def words(self) -> str:
        """As a note says it."""
        if self.band is None:
            return f"assumed: success rates near {100 * BASE_RATE:g}% that differ by {self.spread:g} points between seeds"
        low, high = self.band
        return (
            f"expected: success rates near {100 * BASE_RATE:g}% that differ by {self.spread:.0f} [{low:.0f}, {high:.0f}] points "
            "between seeds, as measured of such tasks before"
        )


@cache
def measured() -> dict[tuple[str, str, str], tuple[float, float, float]]:
    """(kind of task, domain, what) -> value, and low and high end of its 95 % band."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(r["task"], r["domain"], r["what"]): (float(r["value"]), float(r["low"]), float(r["high"])) for r in rows}


def expected(project: Project, study: Study, domains: Collection[str] = ()) -> Expected:
    """What to expect of a study in these domains (by default all of it); of several kinds of tasks and domains the one that
    differs most, so that no power is promised that one of them has not."""
    kinds = {project.tasks[task].kind for task in study.tasks if task in project.tasks} or {""}
    found = [_of(kind, domain) for kind in sorted(kinds) for domain in domains or study.trials]
    return max(found, key=lambda one: one.spread, default=Expected())


def _of(kind: str, domain: str) -> Expected:
    spread, common = (measured().get((kind, domain, what)) for what in ("seed_spread", "state_correlation"))
    known = Expected() if spread is None else Expected(spread[0], STATE_CORRELATION, spread[1:])
    return known if common is None else Expected(known.spread, max(common[0], 0.0), known.band)
