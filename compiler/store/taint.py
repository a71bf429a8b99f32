"""What was made from damaged artifacts, though its own bytes are as they were published.

A manifest says under `read` by which seal each parent was whole, every byte of it, when the artifact was made
(`runtime.store.reading`). So what was made before the damage is told from what was made after it: the seal is the damaged
one's (or that manifest is what was damaged), and the files that differ changed (ctime, which nobody sets by hand) after the
artifact was built. Where that cannot be shown, the artifact is tainted: damage that left no trace in ctime, and artifacts of
before there was `read`. Whatever was made from a tainted artifact is tainted.
"""

import os
from collections.abc import Container, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.graph.node import Address
from compiler.store.fact import address_of
from compiler.store.remove import aside_at, damaged
from compiler.store.verify import Finding, folders
from runtime.store.store import MANIFEST, DamagedArtifact, Store, differing, is_sealed, seal_of


@dataclass(frozen=True)
class _Harm:
    """A damaged artifact. `changed` and `aside` are seconds since 1970; None where they are not known."""

    address: Address
    seal: str | None
    changed: float | None = None
    aside: float | None = None


@dataclass(frozen=True)
class _Made:
    """What a manifest says of how its artifact was made."""

    parents: tuple[Address, ...]
    read: dict[str, str]
    built: float
    seal: str


def tainted(store: Store, found: Iterable[Finding]) -> list[Finding]:
    """What was, or may have been, made from the damaged artifacts that were found or set aside before; readers first.

    What is among `found` itself is left out. To be set aside in this order, and before what was found: then an
    interruption leaves the rest to be found again.
    """
    odd = {(finding.stage, finding.fingerprint): finding for finding in found}
    harms = [_harm(store.path(*address), address) for address, finding in odd.items() if finding.state == "damaged"]
    harms += [_harm(path, _name(path), aside_at(path)) for path in damaged(store)]
    if not harms:
        return []
    made = _all_made(store, odd)
    children: dict[Address, list[Address]] = {}
    for address, one in made.items():
        for parent in one.parents:
            children.setdefault(parent, []).append(address)
    reasons: dict[Address, str] = {}
    waiting = harms
    while waiting:
        harm = waiting.pop()
        for child in children.get(harm.address, ()):
            if child not in reasons and not _unharmed(made[child], harm):
                how = "is tainted" if harm.address in reasons else "was, or may have been, damaged by then"
                reasons[child] = f"made from {'/'.join(harm.address)}, which {how}"
                waiting.append(_Harm(child, made[child].seal))
    return [Finding(*address, "tainted", reasons[address]) for address in _readers_first(reasons, children)]


def _unharmed(child: _Made, harm: _Harm) -> bool:
    read = child.read.get("/".join(harm.address))
    if read is None:
        return False
    if harm.aside is not None and child.built > harm.aside:
        return True  # of what stood there afterwards
    if harm.seal is not None and read != harm.seal:
        return True  # of another one under the same address
    return harm.changed is not None and harm.changed > child.built


def _harm(folder: Path, address: Address, aside: float | None = None) -> _Harm:
    manifest = _manifest(folder)
    changed = None
    with suppress(OSError, KeyError, TypeError, AttributeError):
        names = [MANIFEST] if manifest is None else [name for name, _ in differing(folder, manifest)]
        changed = min((_changed(folder / name) for name in names), default=None)
    return _Harm(address, None if manifest is None else seal_of(manifest), changed, aside)


def _changed(path: Path) -> float:
    """When a file changed last, or the folder that it is gone from."""
    return os.stat(path).st_ctime if path.exists() else os.stat(path.parent).st_mtime


def _manifest(folder: Path) -> dict[str, Any] | None:
    with suppress(DamagedArtifact):
        manifest = Store(folder.parents[1]).manifest(folder.parent.name, folder.name)
        return manifest if is_sealed(manifest) else None
    return None


def _all_made(store: Store, without: Container[Address]) -> dict[Address, _Made]:
    made = {}
    for address in folders(store):
        manifest = _manifest(store.path(*address)) if address not in without else None
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            if manifest is not None:
                parents = tuple(address_of(text) for texts in manifest.get("parents", {}).values() for text in texts)
                made[address] = _Made(parents, dict(manifest.get("read", {})), float(manifest.get("built", 0)), seal_of(manifest))
    return made


def _name(path: Path) -> Address:
    """The address that a folder below `.damaged` had."""
    stage, fingerprint, *_ = path.name.split("-")
    return stage, fingerprint


def _readers_first(found: Iterable[Address], children: dict[Address, list[Address]]) -> list[Address]:
    order: dict[Address, None] = {}
    wanted = set(found)
    waiting = [(address, False) for address in sorted(wanted, reverse=True)]
    while waiting:
        address, ready = waiting.pop()
        if ready:
            order[address] = None
        elif address not in order:
            waiting.append((address, True))
            waiting += [(child, False) for child in children.get(address, ()) if child in wanted and child not in order]
    return list(order)
