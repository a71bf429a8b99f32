"""Which domains' trials are paired, and which runs are one training run: decided once, when a study's trials are joined, and
carried by their table.

Uplift, gates, claims and failure modes all compare trials of one table. What the table says of pairing travels with it
as metadata of its schema, through Parquet too, so that no reader of it can decide otherwise.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa

from runtime.bound.cell import Cell

METADATA = b"simkiln.pairing"
RUNS = b"simkiln.runs"
FIXED = b"simkiln.fixed"
PLACEBOS = b"simkiln.placebos"
WORLDS = b"simkiln.worlds"

Shared = Mapping[tuple[str, str, str, int], Sequence[Sequence[str]]]
"""(domain, location, task, seed index) -> approaches that tried the very same policy there, group by group."""


@dataclass(frozen=True)
class Pairing:
    """Whether trials of a domain are paired, and what is to be said of that beside every comparison."""

    pair: bool
    note: str


def with_pairing(table: pa.Table, found: Mapping[str, Pairing]) -> pa.Table:
    """The table, knowing of domains that there is something to say of."""
    said = json.dumps({domain: asdict(one) for domain, one in sorted(found.items())})
    return table.replace_schema_metadata({**(table.schema.metadata or {}), METADATA: said})


def pairing_of(table: pa.Table) -> dict[str, Pairing]:
    """Domain -> what the table knows; a domain that is not named pairs."""
    said = (table.schema.metadata or {}).get(METADATA)
    return {domain: Pairing(**one) for domain, one in json.loads(said).items()} if said else {}


def with_runs(table: pa.Table, policies: Mapping[Cell, str]) -> pa.Table:
    """The table, knowing which approaches tried the very same policy; as it is where none did. `policies` are addresses."""
    tried: dict[tuple[str, str, str, int], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for cell, policy in policies.items():
        tried[cell.domain, cell.location, cell.task, cell.seed][policy].append(cell.approach)
    found = {at: [sorted(same) for same in by_policy.values() if len(same) > 1] for at, by_policy in sorted(tried.items())}
    return with_shared(table, found)


def with_shared(table: pa.Table, shared: Shared) -> pa.Table:
    """The table, knowing which approaches tried the very same policy; as it is where none did."""
    found = [[*at, list(group)] for at, groups in shared.items() for group in groups]
    return table.replace_schema_metadata({**(table.schema.metadata or {}), RUNS: json.dumps(found)}) if found else table


def runs_of(table: pa.Table) -> Shared:
    """What the table knows of approaches that tried the very same policies."""
    found: dict[tuple[str, str, str, int], list[list[str]]] = defaultdict(list)
    for domain, location, task, seed, approaches in json.loads((table.schema.metadata or {}).get(RUNS, b"[]")):
        found[domain, location, task, seed].append(approaches)
    return dict(found)


def with_fixed(table: pa.Table, approaches: Iterable[tuple[str, str]]) -> pa.Table:
    """The table, knowing of (approach, domain) whose seeds are repetitions with one policy; as it is where there are none."""
    said = sorted(approaches)
    return table.replace_schema_metadata({**(table.schema.metadata or {}), FIXED: json.dumps(said)}) if said else table


def fixed_of(table: pa.Table) -> frozenset[tuple[str, str]]:
    """(approach, domain) of which the table knows that one policy was tried, whatever the seed."""
    return frozenset((approach, domain) for approach, domain in json.loads((table.schema.metadata or {}).get(FIXED, b"[]")))


def with_placebos(table: pa.Table, baseline: str | None, placebos: Collection[str]) -> pa.Table:
    """The table, knowing of placebos whose runs count as further runs of the baseline; as it is where there are none."""
    said = json.dumps({str(baseline): list(placebos)})
    return table.replace_schema_metadata({**(table.schema.metadata or {}), PLACEBOS: said}) if baseline and placebos else table


def placebos_of(table: pa.Table) -> dict[str, list[str]]:
    """Baseline -> placebos whose runs count as its own in every other comparison."""
    return json.loads((table.schema.metadata or {}).get(PLACEBOS, b"{}"))


def with_worlds(table: pa.Table, models: Mapping[tuple[str, str], str]) -> pa.Table:
    """The table, knowing of (location, task) where all trials in the world model ran in one; as it is without any."""
    said = json.dumps([[*place, model] for place, model in sorted(models.items())])
    return table.replace_schema_metadata({**(table.schema.metadata or {}), WORLDS: said}) if models else table


def worlds_of(table: pa.Table) -> dict[tuple[str, str], str]:
    """(location, task) -> the world model that all trials there ran in."""
    found = json.loads((table.schema.metadata or {}).get(WORLDS, b"[]"))
    return {(location, task): model for location, task, model in found}


def without_copies(table: pa.Table) -> pa.Table:
    """The table without trials of one policy that stand again for further seeds of the study: one of each is left."""
    fixed = fixed_of(table)
    if not fixed:
        return table
    names = ("approach", "domain", "location", "task", "seed", "initial_state", "success", "score", "failure_mode")
    columns = [table[name].to_pylist() if name in table.column_names else [None] * len(table) for name in names]
    listed = list(zip(*columns, strict=True))
    runs: dict[tuple, dict[int, set[tuple]]] = defaultdict(lambda: defaultdict(set))
    for row in listed:
        if row[:2] in fixed:
            runs[row[:4]][row[4]].add(row[5:])
    alike = {cell: min(seeds) for cell, seeds in runs.items() if len(set(map(frozenset, seeds.values()))) == 1}
    return table.filter(pa.array([row[4] == alike.get(row[:4], row[4]) for row in listed], pa.bool_()))


def weakest(*found: Pairing | None) -> Pairing | None:
    """What holds of trials of several domains compared with one another: one that does not pair decides."""
    known = [one for one in found if one is not None]
    return min(known, key=lambda one: one.pair, default=None)
