"""Trials arranged for statistics: outcomes by approach, domain, location, task and seed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from runtime.bound.domain import Domain
from runtime.stats.table.invalid import without_invalid
from runtime.stats.table.one_protocol import refuse_mixed_protocols
from runtime.stats.table.pairing import Pairing, Shared, fixed_of, pairing_of, placebos_of, runs_of, worlds_of
from runtime.stats.table.table import KEY, rows

Place = tuple[str, str]
"""(location, task)"""
Runs = dict[Place, dict[int, dict[str, float]]]
"""Place -> training seed -> initial state -> outcome, 0..1."""


@dataclass(frozen=True)
class Trials:
    """Outcomes of a joined table by approach and domain, and how often each failure mode came."""

    outcomes: dict[tuple[str, Domain], Runs]
    failures: dict[tuple[str, Domain], dict[Place, dict[str, int]]] = field(default_factory=dict)
    pairing: dict[str, Pairing] = field(default_factory=dict)
    """Domain -> whether its trials pair; one that is not named does."""
    shared: Shared = field(default_factory=dict)
    """Where approaches tried the very same policies."""
    fixed: frozenset[tuple[str, str]] = frozenset()
    """(approach, domain) that tried one policy, whatever the seed."""
    placebos: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Baseline -> placebos whose runs count as further runs of it."""
    worlds: Mapping[Place, str] = field(default_factory=dict)
    """Place -> the one world model that all trials of the domain `world_model` ran in there."""
    factors: Mapping[tuple[Domain, Place], Mapping[str, str]] = field(default_factory=dict)
    """What varied in each trial, packed, by initial state; states without are left out."""
    known: dict[tuple, bool] = field(default_factory=dict, compare=False, repr=False)
    """What was found of these trials once and holds for all comparisons."""

    @classmethod
    def of(cls, table: pa.Table, column: str = "success") -> "Trials":
        """Arrange a table that `runtime.stats.table.table.join` made, by its column `success` or `score`; invalid trials are
        left out.

        Raises:
            InputError: X447 when trials of one task and domain are of different protocols.
        """
        refuse_mixed_protocols(table)
        table = without_invalid(table)
        outcomes: dict = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
        failures: dict = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
        names = (*KEY, column, "success", "failure_mode")
        for approach, location, task, seed, domain, state, value, success, mode in rows(table, *names):
            outcomes[approach, domain][location, task][seed][state] = float(value)
            if not success:
                failures[approach, domain][location, task][mode or "unnamed"] += 1
        factors: dict = defaultdict(dict)
        if "factors" in table.column_names:
            for domain, location, task, state, cell in rows(table, "domain", "location", "task", "initial_state", "factors"):
                if cell is not None:
                    factors[domain, (location, task)][state] = cell
        return cls(
            {k: {p: dict(runs) for p, runs in v.items()} for k, v in outcomes.items()},
            {k: {p: dict(modes) for p, modes in v.items()} for k, v in failures.items()},
            pairing_of(table),
            runs_of(table),
            fixed_of(table),
            placebos_of(table),
            worlds_of(table),
            dict(factors),
        )

    def approaches(self) -> list[str]:
        """Ids of the approaches, sorted."""
        return sorted({approach for approach, _ in self.outcomes})

    def domains(self) -> list[Domain]:
        """Domains in which any trial ran, sorted."""
        return sorted({domain for _, domain in self.outcomes})

    def places(self, approach: str, domain: Domain) -> Runs:
        """Runs by place; empty when nothing ran."""
        return self.outcomes.get((approach, domain), {})

    def same_runs(self, one: str, other: str, domain: Domain, place: Place, seeds: Iterable[int]) -> bool:
        """Whether two approaches tried the very same policies at a place, seed by seed: luck in training is common to them."""
        groups = [self.shared.get((domain, *place, seed), ()) for seed in seeds]
        return bool(groups) and all(any(one in group and other in group for group in here) for here in groups)
