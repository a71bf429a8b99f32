"""Build one artifact: check the parents, call the stage, check what it made, publish."""

import platform
import shutil
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from runtime.backend import how_to_install, info, start
from runtime.build.captured import COPY, captured
from runtime.build.code_digest import at_start, changed_since
from runtime.build.environment import environment
from runtime.build.usage import Usage
from runtime.contract import Contract, mismatches
from runtime.job import Job
from runtime.libraries import Precision, installed, installed_there, rounded
from runtime.out import Out
from runtime.problem import InputError, Problem
from runtime.stage import Params, Stage, load_stages
from runtime.store.reading import Reading
from runtime.store.store import AbsentArtifact, DamagedArtifact, Store, UnreadableArtifact
from runtime.tracking.build import Made
from runtime.tracking.log import Log


def execute(job: Job, store: Store, quiet: bool = False, log: Log | None = None) -> Path:
    """Build and publish the artifact of `job`, unless another builder did meanwhile; return its folder.

    What happens on the way goes to `log` as well.

    Raises:
        InputError: for input that a user can mend, a damaged parent, a broken port contract, other code than was planned with
            (B310), or libraries that are not as pinned (B318).
        OSError: when the store cannot be written.
    """
    stage = load_stages()[job.stage]
    if stage.version != job.version:
        message = f"stage `{job.stage}` is version {stage.version}, planned was {job.version}"
        raise InputError(Problem("B310", message, "plan again"))
    if problems := [*_other_code(job), *_other_libraries(job, stage)]:
        raise InputError(*problems)
    log = log or Log()
    with store.building(*job.address) as folder:
        if store.has(*job.address):
            found = store.path(*job.address)
            log.end(Made("reused", folder=found))
            return found
        usage = Usage()
        params = stage.params.model_validate(job.params)
        reading = Reading(store, folder.stat().st_ctime_ns)
        parents = _parents(job, stage, params, store, reading)
        source = captured(job, stage, params, folder)
        out = Out(folder, stage.makes, job.label, source, quiet, job.scope, log, store.scratch(*job.address))
        backends = {role: start(role, chosen, job.places.get(role)) for role, chosen in job.backends.items()}
        metrics = stage.function(params, **parents, out=out, **backends)
        if source:
            shutil.rmtree(folder / COPY)
        with _undamaged(" (since this began to be built)"):
            reading.again()
        if changed := [name for name in job.digests if changed_since(name)]:
            raise InputError(_odd_code(changed[0], "changed while it ran"))
        _check_made(stage, params, out, _contracts(job, store))
        facts = {
            "version": job.version,
            "params": job.params,
            "backends": job.backends,
            "libraries": job.libraries,
            "code": job.code,
            "digests": job.digests,
            "content": job.content,
            "parents": job.parents,
            "read": reading.seals,
            "metrics": metrics,
            "contract": out.measured.to_json(),
            "scopes": job.scopes,
            "built": round(time.time(), 3),
            "cost": usage.cost(),
            "environment": environment(),
            **_where(job),
        }
        found = store.publish(*job.address, folder, facts)
        log.end(Made("built", folder=found, manifest=facts | {"stage": job.stage, "fingerprint": job.fingerprint}))
        return found


def _other_code(job: Job) -> Iterator[Problem]:
    """Code that is not what the address was made of: edited since, or another checkout on this machine."""
    for name, digest in job.digests.items():
        if at_start(name)[0] != digest:
            yield _odd_code(name, "is another one than this was planned with")


def _odd_code(name: str, how: str) -> Problem:
    return Problem("B310", f"the code of `{name}` {how}", "plan again, with the same code in all places")


def _other_libraries(job: Job, stage: Stage) -> Iterator[Problem]:
    """Libraries whose installed version differs from the pinned one as far as that is part of the address."""
    chosen = {role: info(role, said["name"]) for role, said in job.backends.items()}
    counted: dict[str, Precision] = dict(stage.libraries)
    for role, one in chosen.items():
        if one.where.process:  # a Python of its own, which only its description speaks of
            there = installed_there(job.places[role]["command"], one.counted) if one.counted else {}
            pairs = ((name, one.pinned[name], found) for name, found in there.items())
            yield from _odd_libraries(pairs, one.counted, f"where `{one.name}` runs", how_to_install(one))
        else:
            counted |= one.counted
    away = next((one for one in chosen.values() if not (one.where.here or one.where.process)), None)
    for name, pin in job.pins.items():
        help = f"`uv pip install --python {sys.executable} {name}=={pin}`; `uv sync` for all of ours"
        help = how_to_install(away) if away is not None and name in away.pinned else help
        yield from _odd_libraries([(name, pin, installed(name))], counted, "here", help)


def _odd_libraries(
    versions: Iterable[tuple[str, str, str | None]], counted: Mapping[str, Precision], where: str, help: str
) -> Iterator[Problem]:
    """Of names with pinned and found versions those that differ in as much of them as counts."""
    for name, pin, found in versions:
        wanted = rounded(pin, counted.get(name, "exact"))
        if found is None or rounded(found, counted.get(name, "exact")) != wanted:
            yield Problem("B318", f"`{name}` is {found or 'not installed'} {where}, and the address says {wanted}", help)


def _where(job: Job) -> dict[str, object]:
    """Of back ends that run elsewhere, where that is, and the Python that this is."""
    python = {"python": sys.executable, "python_version": platform.python_version()}
    places = {role: {k: v for k, v in place.items() if k != "command"} | python for role, place in job.places.items()}
    return {"where": places} if places else {}


def _parents(job: Job, stage: Stage, params: Params, store: Store, reading: Reading) -> dict[str, Path | list[Path] | None]:
    """Folders by port, after their digests and contracts were checked."""
    expected = stage.expects(params)
    folders: dict[str, Path | list[Path] | None] = {}
    for port in stage.ports:
        found = job.inputs.get(port.name, [])
        for parent in found:
            with _undamaged():
                manifest = reading.check(*parent)
            offered = Contract.from_json(manifest.get("contract", {}))
            _hold(f"`{job.stage}` takes `{port.name}`", expected.get(port.name, Contract()), offered)
        paths = [store.path(*parent) for parent in found]
        folders[port.name] = paths if port.many else (paths[0] if paths else None)
    for first, second in stage.agree:
        wanting, offering = (_contracts(job, store).get(port, Contract()) for port in (first, second))
        _hold(f"`{first}` needs of `{second}`", wanting, offering)
    return folders


@contextmanager
def _undamaged(when: str = "") -> Generator[None]:
    """Say of a damaged parent what to do."""
    try:
        yield
    except AbsentArtifact as gone:
        raise InputError(Problem("B311", f"a parent is gone: {gone}", "build again: it is planned again")) from gone
    except UnreadableArtifact as trouble:
        raise InputError(
            Problem("B311", f"a parent cannot be read: {trouble}", "mend the disk, the mount or the rights, then build again")
        ) from trouble
    except DamagedArtifact as damage:
        help = "run `simkiln verify`, which sets it aside with what was made from it, then build again"
        raise InputError(Problem("B311", f"damaged parent{when}: {damage}", help)) from damage


def _contracts(job: Job, store: Store) -> dict[str, Contract]:
    first = {port: found[0] for port, found in job.inputs.items() if found}
    return {port: Contract.from_json(store.manifest(*parent).get("contract", {})) for port, parent in first.items()}


def _check_made(stage: Stage, params: Params, out: Out, inputs: dict[str, Contract]) -> None:
    if missing := out.missing():
        raise RuntimeError(f"stage `{stage.name}` did not write {', '.join(missing)}")
    _hold(f"`{stage.name}` promised", stage.offers(params, inputs), out.measured)


def _hold(who: str, wanted: Contract, offered: Contract) -> None:
    """Refuse content that says something else than was wanted of it."""
    for odd in mismatches(wanted, offered):
        message = f"port contract broken: {who} `{odd.fact}` {odd.wanted!r}, but the content has {odd.offered!r}"
        raise InputError(Problem("B312", message, f"make both ends agree on `{odd.fact}`"))
