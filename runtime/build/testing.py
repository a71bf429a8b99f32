"""Run a single stage by hand, through the same code as a planned job."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runtime.backend import DEFAULTS, info
from runtime.build.execute import execute
from runtime.job import Job, Parent
from runtime.stage import load_stages
from runtime.store.manifest import lineage, read_manifest
from runtime.store.store import Store


def run_stage(
    name: str,
    params: dict[str, Any],
    inputs: Mapping[str, Path | list[Path]],
    store: Path,
    source_dir: Path | None = None,
    scope: dict[str, str] | None = None,
    backends: dict[str, str] | None = None,
    asset_roots: dict[str, Path] | None = None,
) -> Path:
    """Build stage `name` from published artifact folders and return the new artifact's folder.

    Args:
        inputs: port -> artifact folder(s) inside `store`, as returned by earlier calls. What is the baseline's and not given is
            the one of its kind that the others were made from.

    Raises:
        AssertionError: when it records a metric that the stage does not declare.
    """
    stage = load_stages()[name]
    validated = stage.params.model_validate(params)
    parents: dict[str, list[Parent]] = {}
    for port, given in inputs.items():
        folders = given if isinstance(given, list) else [given]
        parents[port] = [Parent(f.parent.name, f.name) for f in folders]
    made_of = lineage(folder for given in inputs.values() for folder in (given if isinstance(given, list) else [given]))
    for port in (port for port in stage.ports if port.whose == "baseline" and port.name not in inputs):
        found = [Parent(one["stage"], one["fingerprint"]) for one in made_of if load_stages()[one["stage"]].kind == port.kind]
        parents |= {port.name: found} if len(found) == 1 else {}
    chosen = {role: (backends or {}).get(role) or DEFAULTS[role] for role in stage.backends}
    described = {role: {"name": b, "version": info(role, b).version} for role, b in chosen.items()}
    dumped = validated.model_dump(mode="json")
    identity = json.dumps(
        [name, stage.version, dumped, {k: [p.fingerprint for p in v] for k, v in parents.items()}, described, str(source_dir)],
        sort_keys=True,
    )
    job = Job(
        stage=name,
        version=stage.version,
        fingerprint=hashlib.sha256(identity.encode()).hexdigest()[:32],
        label=name,
        scope=scope or {},
        params=dumped,
        inputs=parents,
        backends=described,
        origins={},
        source_dir=str(source_dir) if source_dir else None,
        asset_roots={name: str(root) for name, root in (asset_roots or {}).items()},
    )
    made = execute(job, Store(store), quiet=True)
    if unknown := [name for name in _names(read_manifest(made)["metrics"] or {}) if stage.metrics and stage.unit(name) is None]:
        raise AssertionError(f"stage {name}: `metrics` in its declaration lacks {', '.join(unknown)}")
    return made


def _names(metrics: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Dotted names of metrics."""
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            yield from _names(value, f"{above}{name}.")
        else:
            yield above + name
