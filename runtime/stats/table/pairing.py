"""Which domains' trials are paired: decided once, when a study's trials are joined, and carried by their table.

Uplift, gates, claims and failure modes all compare trials of one table. What the table says of pairing travels with it
as metadata of its schema, through Parquet too, so that no reader of it can decide otherwise.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pyarrow as pa

METADATA = b"simkiln.pairing"


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


def weakest(*found: Pairing | None) -> Pairing | None:
    """What holds of trials of several domains compared with one another: one that does not pair decides."""
    known = [one for one in found if one is not None]
    return min(known, key=lambda one: one.pair, default=None)
