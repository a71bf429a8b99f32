"""Every artifact of a store against its manifest, digests and all."""

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import Any, Literal

from pydantic import ValidationError

from compiler.graph.fingerprint import addressed, fingerprint
from compiler.graph.identity import Identity
from compiler.graph.node import Address, Node
from runtime.problem import InputError, Problem
from runtime.report.recompute import lineage
from runtime.stage import REGISTRY, load_stages
from runtime.store.marker import FINGERPRINT, refuse
from runtime.store.store import SEAL, DamagedArtifact, Store, UnreadableArtifact, is_sealed

BATCH = 256
"""Artifacts that are handed to the threads at once, so that a million of them take no memory."""


@dataclass(frozen=True)
class Finding:
    """What became of one artifact. `unreadable` is a trouble of the machine, such as a disk or rights; not damage. `tainted`
    is one that is as it was published, and was, or may have been, made from one that was damaged."""

    stage: str
    fingerprint: str
    state: Literal["whole", "damaged", "unreadable", "tainted"]
    reason: str = ""


def folders(store: Store, stage: str | None = None) -> list[Address]:
    """Every folder where an artifact should be, with or without a manifest, sorted; of one stage or of all.

    Raises:
        InputError: R230 when the folder is no store.
    """
    refuse(store.root)
    found: list[Address] = []
    with suppress(FileNotFoundError):
        stages = [e.name for e in os.scandir(store.root) if e.is_dir() and not e.name.startswith(".")]
        for name in stages if stage is None else [s for s in stages if s == stage]:
            found += [(name, entry.name) for entry in os.scandir(store.root / name) if entry.is_dir()]
    return sorted(address for address in found if ours(store, address))


def ours(store: Store, address: Address) -> bool:
    """Whether a folder of a store may be moved or deleted: it is called as artifacts are, and its stage is one that is
    known, or its manifest is one that we sealed."""
    if not FINGERPRINT.fullmatch(address[1]):
        return False
    if address[0] in (REGISTRY or load_stages()):
        return True
    with suppress(DamagedArtifact):
        manifest = store.manifest(*address)
        return is_sealed(manifest) and SEAL in manifest
    return False


def inspect(store: Store, addresses: Iterable[Address], threads: int = 2) -> Iterator[Finding]:
    """Findings in the order of the addresses; an artifact that is removed meanwhile is left out.

    Hashing releases the interpreter's lock, so two threads keep two cores busy.
    """
    with ThreadPoolExecutor(max(1, threads)) as pool:
        for batch in batched(addresses, BATCH):
            yield from (finding for finding in pool.map(partial(_finding, store), batch) if finding is not None)


def _finding(store: Store, address: Address) -> Finding | None:
    try:
        store.check(*address)
    except UnreadableArtifact as trouble:
        return Finding(*address, "unreadable", str(trouble).removeprefix(f"{'/'.join(address)} "))
    except DamagedArtifact as damage:
        if not store.path(*address).exists():
            return None
        return Finding(*address, "damaged", str(damage).removeprefix(f"{'/'.join(address)}: "))
    except (KeyError, TypeError, AttributeError):
        return Finding(*address, "damaged", "the manifest is not one of ours")
    except FileNotFoundError:
        return None if not store.path(*address).exists() else Finding(*address, "damaged", "a file is gone")
    except OSError as error:
        return Finding(*address, "unreadable", (error.strerror or "cannot be read").lower())
    return Finding(*address, "whole")


def strangers(store: Store, node: Node) -> None:
    """Refuse an artifact when it, or anything that it was made from, stands under another plan's address.

    An address is a hash of stage, version, parameters, parents, back ends and source. A manifest that hashes to another
    one was moved, edited, or copied from elsewhere.

    Raises:
        InputError: X444 for each such artifact; X443 when one is absent or damaged.
    """
    problems = []
    for (stage, address), m in lineage(store, node.address).items():
        inputs = {port: [parent.partition("/")[2] for parent in found] for port, found in m["parents"].items()}
        if _rehashed(stage, m, inputs) != address:
            message = f"mixed provenance: {stage}/{address[:12]} was made from other things than its address says"
            problems.append(Problem("X444", message, "remove it, and build again"))
    if problems:
        raise InputError(*problems)


def _rehashed(stage: str, m: Mapping[str, Any], inputs: dict[str, list[str]]) -> str:
    """The address that a manifest hashes to; parameters of another version of the stage count as they are recorded."""
    params, known = m["params"], load_stages().get(stage)
    if known is not None and known.version == m["version"]:
        with suppress(ValidationError):
            model = known.params.model_validate(params)
            params = addressed(model, model.model_dump(mode="json"))
    identity = Identity(m["version"], m.get("libraries", {}), m.get("code", ""))
    return fingerprint(stage, identity.text, params, inputs, m["backends"], m.get("content"))
