"""Every table of a report, made again from the trials in the store, and held against what the report says.

Nothing that was derived is believed: uplift, gates, claims and the report's content are computed once more beside links
to the trials and what those were made from. Trials of mixed provenance are refused before that.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.out import Out
from runtime.problem import InputError, Problem
from runtime.report.roles import Manifest
from runtime.stage import Stage, load_stages
from runtime.store.store import MANIFEST, DamagedArtifact, Store

DERIVED = ("uplift", "gate", "claim", "report")
"""Stages that only compute from trials, parents before children."""
TRIED = ("trials", "curve", "factors")
"""Roles of stages that make trials."""
TOLERANCE = 2e-4
"""Numbers in reports are rounded to 1e-4; libraries of another build may round the last digit the other way."""


@dataclass(frozen=True)
class Difference:
    """One value of a table that trials do not bear out."""

    table: str
    path: str
    said: Any
    found: Any


@dataclass(frozen=True)
class Recomputed:
    """What came of it: trials read, values compared by table, and those that differ."""

    trials: int
    compared: Mapping[str, int]
    differences: tuple[Difference, ...]


def recompute(store: Store, report: str) -> Recomputed:
    """Make the tables of a published report again.

    Args:
        store: where the report and all that it was made from is.
        report: the report's fingerprint.

    Raises:
        InputError: when an artifact is absent or damaged, or trials are of mixed provenance.
    """
    import pyarrow.parquet as pq

    manifests = lineage(store, ("report", report))
    if problems := list(mixed(manifests.values())):
        raise InputError(*problems)
    compared: dict[str, int] = {}
    differences: list[Difference] = []
    with tempfile.TemporaryDirectory(prefix="simkiln-recompute-") as folder:
        shadow = Path(folder)
        for stage, fingerprint in manifests:
            if stage not in DERIVED:
                (shadow / stage).mkdir(exist_ok=True)
                (shadow / stage / fingerprint).symlink_to(store.path(stage, fingerprint).resolve())
        for stage in DERIVED:
            for fingerprint in [f for s, f in manifests if s == stage]:
                _make(load_stages()[stage], manifests[stage, fingerprint], shadow)
                name = _name(manifests[stage, fingerprint])
                pairs = list(_compared(store.path(stage, fingerprint), shadow / stage / fingerprint, stage))
                compared[name] = sum(count for count, _ in pairs)
                differences += [Difference(name, *odd) for _, found in pairs for odd in found]
        tables = [shadow / stage / fingerprint / "trials.parquet" for stage, fingerprint in manifests if stage == "uplift"]
        trials = sum(pq.read_metadata(table).num_rows for table in tables)
    return Recomputed(trials, compared, tuple(differences))


def lineage(store: Store, address: tuple[str, str]) -> dict[tuple[str, str], Manifest]:
    """Address -> manifest of an artifact and all that it was made from. Trials and tables are read byte by byte.

    Raises:
        InputError: when one is absent or damaged.
    """
    read = {*DERIVED, *(name for name, of in load_stages().items() if of.role in TRIED)}
    waiting, found = [address], {}
    while waiting:
        stage, fingerprint = waiting.pop()
        if (stage, fingerprint) in found:
            continue
        try:
            manifest = store.check(stage, fingerprint, digests=stage in read)
        except DamagedArtifact as damage:
            raise InputError(
                Problem("X443", f"the report cannot be checked: {damage}", "run `simkiln verify`, then build again")
            ) from damage
        found[stage, fingerprint] = manifest
        parents = [parent for of_port in manifest.get("parents", {}).values() for parent in of_port]
        waiting += [(stage, fingerprint) for stage, _, fingerprint in (parent.partition("/") for parent in parents)]
    return dict(sorted(found.items()))


def mixed(manifests: Iterable[Manifest]) -> Iterator[Problem]:
    """One problem for each stage whose artifacts are of several versions, or of several back ends in one role."""
    versions: dict[str, set[str]] = defaultdict(set)
    backends: dict[tuple[str, str], set[str]] = defaultdict(set)
    for manifest in manifests:
        versions[manifest["stage"]].add(str(manifest["version"]))
        for role, chosen in manifest.get("backends", {}).items():
            backends[manifest["stage"], role].add(f"{chosen['name']} {chosen['version']}")
    fix = "build the study again from one checkout"
    for stage, found in versions.items():
        now = str(load_stages()[stage].version) if stage in load_stages() else min(found)
        if len(found) > 1:
            message = f"mixed provenance: artifacts of `{stage}` are of versions {', '.join(sorted(found))}"
            yield Problem("X444", message, fix)
        elif found != {now}:
            message = f"mixed provenance: artifacts of `{stage}` are of version {min(found)}, the code is version {now}"
            yield Problem("X444", message, fix)
    for (stage, role), found in backends.items():
        if len(found) > 1:
            message = f"mixed provenance: artifacts of `{stage}` had back ends {', '.join(sorted(found))} as {role}"
            yield Problem("X444", message, fix)


def _name(manifest: Manifest) -> str:
    """`uplift`, `report`, or `gate/ID` and `claim/ID`."""
    stage, scopes = manifest["stage"], manifest.get("scopes") or [{}]
    if stage in ("gate", "claim"):
        return f"{stage}/{scopes[0].get(stage, manifest['fingerprint'][:12])}"
    return stage


def _make(stage: Stage, manifest: Manifest, shadow: Path) -> None:
    """Compute a derived artifact again, next to links to what it is made from."""
    target = shadow / stage.name / manifest["fingerprint"]
    target.mkdir(parents=True)
    params = stage.params.model_validate(manifest["params"])
    if stage.name == "report":
        params = params.model_copy(update={"most_pictured": 0})
    parents: dict[str, Any] = {}
    for port in stage.ports:
        folders = [shadow / parent for parent in manifest["parents"].get(port.name, [])]
        parents[port.name] = folders if port.many else (folders[0] if folders else None)
    metrics = stage.function(params, **parents, out=Out(target, stage.makes, quiet=True))
    facts = {**manifest, "metrics": json.loads(json.dumps(metrics))}
    (target / MANIFEST).write_text(json.dumps(facts, sort_keys=True))


def _compared(said: Path, found: Path, stage: str) -> Iterator[tuple[int, list[tuple[str, Any, Any]]]]:
    """Per file of JSON: how many values were compared, and (path, said, found) of those that differ."""
    from runtime.report.content import PICTURED

    for file in sorted(found.glob("*.json")):
        if file.name != MANIFEST:
            old, new = json.loads((said / file.name).read_text()), json.loads(file.read_text())
            if stage == "report":
                old, new = ({k: v for k, v in value.items() if k not in PICTURED} for value in (old, new))
            count, odd = differing(old, new)
            yield count, [(f"{file.name}: {path}", a, b) for path, a, b in odd]


def differing(said: Any, found: Any) -> tuple[int, list[tuple[str, Any, Any]]]:
    """How many values two JSON values have, and (path, said, found) of those that differ by more than rounding."""
    pairs = list(_leaves(said, found))
    return len(pairs), [(path, a, b) for path, a, b in pairs if not _equal(a, b)]


def _leaves(said: Any, found: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(said, dict) and isinstance(found, dict):
        for key in dict.fromkeys([*said, *found]):
            yield from _leaves(said.get(key), found.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        for i, (a, b) in enumerate(zip(said, found, strict=True)):
            yield from _leaves(a, b, f"{path}[{i}]")
    else:
        yield path, said, found


def _equal(a: Any, b: Any) -> bool:
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (a, b))
    return abs(a - b) <= TOLERANCE if numbers else a == b
