"""Build one artifact: check the parents, call the stage, check what it made, publish."""

import platform
import sys
import time
from pathlib import Path
from typing import Any

from runtime.backend import start
from runtime.build.usage import Usage
from runtime.contract import Contract, mismatches
from runtime.job import Job
from runtime.out import Out
from runtime.problem import InputError, Problem
from runtime.stage import Stage, load_stages
from runtime.store.store import DamagedArtifact, Store
from runtime.tracking.build import Made
from runtime.tracking.log import Log


def execute(job: Job, store: Store, quiet: bool = False, log: Log | None = None) -> Path:
    """Build and publish the artifact of `job`, unless another builder did meanwhile; return its folder.

    What happens on the way goes to `log` as well.

    Raises:
        InputError: for input that a user can mend, a damaged parent, or a broken port contract.
        OSError: when the store cannot be written.
    """
    stage = load_stages()[job.stage]
    if stage.version != job.version:
        raise InputError(
            Problem("B310", f"stage `{job.stage}` is version {stage.version}, planned was {job.version}", "plan again")
        )
    log = log or Log()
    with store.building(job.stage, job.fingerprint) as folder:
        if store.has(job.stage, job.fingerprint):
            found = store.path(job.stage, job.fingerprint)
            log.end(Made("reused", folder=found))
            return found
        usage = Usage()
        params = stage.params.model_validate(job.params)
        parents = _parents(job, stage, params, store)
        source = Path(job.source_dir) if job.source_dir else None
        out = Out(folder, stage.makes, job.label, source, quiet, job.scope, log)
        backends = {role: start(role, chosen, job.places.get(role)) for role, chosen in job.backends.items()}
        metrics = stage.function(params, **parents, out=out, **backends)
        _check_made(stage, params, out, _contracts(job, store))
        facts = {
            "version": job.version,
            "params": job.params,
            "backends": job.backends,
            "content": job.content,
            "parents": {port: [f"{p.stage}/{p.fingerprint}" for p in found] for port, found in job.inputs.items()},
            "metrics": metrics,
            "contract": out.measured.to_json(),
            "scopes": job.scopes,
            "built": round(time.time(), 3),
            "cost": usage.cost(),
            **_where(job),
        }
        found = store.publish(job.stage, job.fingerprint, folder, facts)
        log.end(Made("built", folder=found, manifest=facts | job.address))
        return found


def _where(job: Job) -> dict[str, Any]:
    """Of back ends that run elsewhere, where that is, and the Python that this is."""
    python = {"python": sys.executable, "python_version": platform.python_version()}
    places = {role: {k: v for k, v in place.items() if k != "command"} | python for role, place in job.places.items()}
    return {"where": places} if places else {}


def _parents(job: Job, stage: Stage, params: Any, store: Store) -> dict[str, Path | list[Path] | None]:
    """Folders by port, after their sizes and contracts were checked."""
    expected = stage.expects(params)
    folders: dict[str, Path | list[Path] | None] = {}
    for port in stage.ports:
        found = job.inputs.get(port.name, [])
        for parent in found:
            try:
                manifest = store.check(parent.stage, parent.fingerprint, digests=False)
            except DamagedArtifact as damage:
                raise InputError(
                    Problem("B311", f"damaged parent: {damage}", "run `simkiln verify`, then build again")
                ) from damage
            offered = Contract.from_json(manifest.get("contract", {}))
            for odd in mismatches(expected.get(port.name, Contract()), offered):
                raise InputError(_contract_problem(f"`{job.stage}` takes `{port.name}`", odd.fact, odd.wanted, odd.offered))
        paths = [store.path(p.stage, p.fingerprint) for p in found]
        folders[port.name] = paths if port.many else (paths[0] if paths else None)
    for first, second in stage.agree:
        wanting, offering = (_contracts(job, store).get(port, Contract()) for port in (first, second))
        for odd in mismatches(wanting, offering):
            raise InputError(_contract_problem(f"`{first}` needs of `{second}`", odd.fact, odd.wanted, odd.offered))
    return folders


def _contracts(job: Job, store: Store) -> dict[str, Contract]:
    first = {port: found[0] for port, found in job.inputs.items() if found}
    return {port: Contract.from_json(store.manifest(p.stage, p.fingerprint).get("contract", {})) for port, p in first.items()}


def _check_made(stage: Stage, params: Any, out: Out, inputs: dict[str, Contract]) -> None:
    if missing := out.missing():
        raise RuntimeError(f"stage `{stage.name}` did not write {', '.join(missing)}")
    for odd in mismatches(stage.offers(params, inputs), out.measured):
        raise InputError(_contract_problem(f"`{stage.name}` promised", odd.fact, odd.wanted, odd.offered))


def _contract_problem(who: str, fact: str, wanted: object, offered: object) -> Problem:
    return Problem(
        "B312",
        f"port contract broken: {who} `{fact}` {wanted!r}, but the content has {offered!r}",
        f"make both ends agree on `{fact}`",
    )
