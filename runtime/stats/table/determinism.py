"""What running trials twice says of a study: per domain, and per location of it.

A policy's own artifact counts once, however many approaches share it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.bound.cell import Cell
from runtime.bound.domain import Domain
from runtime.bound.frame import Reproducible
from runtime.problem import InputError, Problem
from runtime.report.forms.determinism import DomainTwice
from runtime.stats.status import Status
from runtime.stats.table.pairing import Pairing
from runtime.stats.table.reproducible import Disagreement, disagreement, tally
from runtime.stats.table.table import KEY
from runtime.stats.table.table import SCHEMA as TRIALS

FILE = "twice.parquet"
SCHEMA = pa.schema([TRIALS.field(name) for name in (*KEY, "success")])
"""Columns of second runs."""


@dataclass(frozen=True)
class Determinism:
    """What was found. `domains` maps each domain with trials to its disagreement, None where nothing was run twice;
    `places` does so for (domain, location)."""

    limits: Reproducible
    domains: Mapping[Domain, Disagreement | None]
    places: Mapping[tuple[str, str], Disagreement]

    def status(self, domain: Domain) -> Status:
        """Passed, failed or undecided by the whole exact band; not run where no trial was run twice."""
        found = self.domains.get(domain)
        return Status.NOT_RUN if found is None else found.reproduces(self.limits.limit(domain))

    def pairing(self) -> dict[str, Pairing]:
        """What is to be done, and said, about comparisons in a domain; nothing about one that reproduces."""
        found = {}
        for domain, one in self.domains.items():
            if one is None:
                continue
            limit = self.limits.limit(domain)
            match self.status(domain):
                case Status.FAILED:
                    found[domain] = Pairing(False, f"{one.refusal(limit)}; compared unpaired")
                case Status.UNDECIDED:
                    found[domain] = Pairing(True, one.doubt(limit))
        return found

    def odd_locations(self, domain: str) -> dict[str, float]:
        """Location -> share of trials (0..1) that ended differently, where the whole band lies above the limit."""
        limit = self.limits.limit(domain)
        return {
            location: one.rate / 100
            for (where, location), one in self.places.items()
            if where == domain and one.reproduces(limit) is Status.FAILED
        }

    def rows(self) -> list[DomainTwice]:
        """One JSON-able row per domain."""
        return [self._row(domain, found) for domain, found in self.domains.items()]

    def _row(self, domain: Domain, found: Disagreement | None) -> DomainTwice:
        status = self.status(domain)
        return {
            "domain": domain,
            "trials": found.trials if found else 0,
            "differing": found.differing if found else 0,
            "rate": round(found.rate, 4) if found else None,
            "band": found.band.to_json() if found else None,
            "level": found.level if found else None,
            "limit": self.limits.limit(domain),
            "status": status.value,
            "paired": status is not Status.FAILED,
        }


def determinism(table: pa.Table, again: pa.Table, limits: Reproducible, level: float) -> Determinism:
    """Compare the trials of a study with second runs of some of them.

    Args:
        table: as `runtime.stats.table.table.join` makes it.
        again: second runs with the columns `KEY` and `success`, as `second_runs` gives them.
        limits: what is put up with.
        level: confidence level of the exact bands.
    """
    counts = tally(table, again, "domain", "location")
    domains: dict[Domain, Disagreement | None] = {}
    for domain in sorted(set(table["domain"].to_pylist())):
        here = [found for (where, _), found in counts.items() if where == domain]
        trials, differing = (sum(found[i] for found in here) for i in (0, 1))
        domains[domain] = disagreement(domain, trials, differing, level) if trials else None
    places = {(domain, x): disagreement(domain, *found, level) for (domain, x), found in sorted(counts.items())}
    return Determinism(limits, domains, places)


def second_runs(folders: Sequence[Path], cells: Sequence[Cell]) -> pa.Table:
    """Second runs beside the trials of evaluations, named by the first cell that each evaluation stands for.

    Raises:
        InputError: X427 when one cannot be read.
    """
    parts = [SCHEMA.empty_table()]
    first = dict(reversed(list(zip(folders, cells, strict=True))))
    for folder, cell in first.items():
        try:
            found = pq.read_table(folder / FILE, columns=["initial_state", "success"])
        except (OSError, pa.ArrowException) as error:
            message = f"second runs of {folder.name} cannot be read: {error}"
            raise InputError(Problem("X427", message, "build them again")) from error
        named = {name: [getattr(cell, name)] * found.num_rows for name in KEY if name != "initial_state"}
        columns = named | {name: found[name] for name in found.column_names}
        parts.append(pa.table({name: columns[name] for name in SCHEMA.names}, schema=SCHEMA))
    return pa.concat_tables(parts)
