"""What of code and libraries is part of an address: a stage's version, the pinned versions of the libraries that it names, and
the digest of its code where no version records that.

In a clean release every digest is recorded (`runtime/stages/versions.json`), so an address knows the version alone, and a
refactor that is recorded as "no change in results" moves nothing. Code that differs has addresses of its own. With
`code: ignore` in `simkiln.local.yaml` what is there under the recorded version is reused as if nothing had changed; what is
missing is built under addresses that no release shares, whatever is edited next.
"""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

from compiler.diagnostics.diagnostic import did_you_mean
from compiler.graph.fingerprint import canonical
from compiler.project.backends import chosen
from compiler.project.project import Project
from compiler.reading.code_key import code_key, unchanged
from compiler.reading.spec_cache import enabled, write_quietly
from runtime.backend import BackendInfo, info
from runtime.build.code_digest import closures, ours, unrecorded
from runtime.libraries import Precision, pins, rounded
from runtime.sealed import sealed, unsealed
from runtime.stage import Stage, load_stages

IGNORED = "ignored"
"""In the place of a digest, of what is built while `code: ignore` holds."""
DIGITS = 16
"""Of a digest in an address."""


@dataclass(frozen=True)
class Identity:
    """What stands for a stage in addresses. `libraries` maps a name to as much of its version as counts; `code` is empty where
    the version records it.

    A job holds its machine against `pins` (library -> version) and `digests` (stage or `ROLE/NAME` -> digest of its code).
    """

    version: int
    libraries: Mapping[str, str]
    code: str = ""
    pins: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """As it is hashed."""
        return canonical([self.version, self.libraries, self.code])


class Identities:
    """Those of one study: its stages and the back ends that it chooses."""

    def __init__(self, project: Project, study: str) -> None:
        self._project = project
        self._chosen = chosen(project, project.studies[study])
        self._pins = {**pins(), **project.pins}
        self._found: dict[str, Identity] = {}

    def of(self, stage: Stage) -> Identity:
        """A stage's. Where its job runs in another environment, versions that the back end pins hold.

        Raises:
            ValueError: when it names a library that nothing pins.
        """
        if stage.name not in self._found:
            chosen = self._infos(stage)
            away = (one.pinned for one in chosen.values() if not (one.where.here or one.where.process))
            versions = {**self._pins, **next(away, {})}
            names = dict.fromkeys(
                [*stage.libraries, *(n for one in chosen.values() if not one.where.process for n in one.counted)]
            )
            libraries = counted(stage.libraries, versions)
            found = {name: versions[name] for name in names if name in versions}
            digests = {name: self.digests[name] for name in [stage.name, *(f"{r}/{one.name}" for r, one in chosen.items())]}
            self._found[stage.name] = Identity(stage.version, libraries, self._code(stage.name), found, digests)
        return self._found[stage.name]

    def built(self, stage: Stage) -> Identity | None:
        """What takes its place for an artifact that has to be built, while unrecorded code of it or its back ends is ignored."""
        found = self.of(stage)
        return replace(found, code=IGNORED) if found.digests.keys() & set(self.ignoring) else None

    def backends(self, stage: Stage) -> dict[str, dict[str, str]]:
        """Role -> what stands for the back end in addresses: name and version, libraries as one text, code if unrecorded."""
        return {role: self._backend(role, found) for role, found in self._infos(stage).items()}

    def said(self, identities: Iterable[Identity]) -> list[str]:
        """For people, of those that a plan has: whose code no version records, and what becomes of it."""
        used = {name for one in identities for name in one.digests}
        changed = [name for name in self.changed if name in used]
        names = [f"`{name}`" for name in changed]
        if not names:
            return []
        named = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
        if self.ignoring:
            kept = "what is there is reused, what is missing is built under addresses of its own, and the report says so"
            return [f"code: ignore (simkiln.local.yaml): no version records the code of {named}; {kept}"]
        advice = f"`python -m runtime.build.code_digest {changed[0]} WHY`"
        return [f"the code of {named} differs from what is recorded for its version; if results are the same: {advice}"]

    def other_pins(self, words: Iterable[str]) -> dict[str, str]:
        """Library -> version, from words `LIBRARY=VERSION`.

        Raises:
            ValueError: when one is none, or its library counts for no stage and no back end of the study.
        """
        chosen = [info(role, name) for role, name in self._chosen.items()]
        counted = {name for stage in load_stages().values() for name in stage.libraries}
        counted |= {name for one in chosen if one.where.here for name in one.counted.keys() - one.pinned.keys()}
        found = {}
        for word in words:
            name, _, version = word.partition("=")
            if not re.fullmatch(r"\d[\w.+!-]*", version := version.lstrip("=")):
                raise ValueError(f"`{word}` is not LIBRARY=VERSION, such as mujoco=4.0.0")
            if name not in counted:
                help = did_you_mean(name, sorted(counted), "libraries", 20)
                raise ValueError(f"no pin of `{name}` in pyproject.toml is part of an address; {help}")
            found[name] = version
        return found

    @property
    def foreign(self) -> list[str]:
        """Back ends of the study whose code is not ours, as `ROLE/NAME`."""
        return [name for role, chosen in self._chosen.items() if not _recordable(name := f"{role}/{chosen}")]

    @cached_property
    def ignoring(self) -> list[str]:
        """Stages and back ends of the study whose code no version records, while that is ignored."""
        return self.changed if self._project.code == "ignore" else []

    @cached_property
    def changed(self) -> list[str]:
        """Stages, and back ends of ours that the study chooses, whose code no version records."""
        return unrecorded({name: digest for name, digest in self.digests.items() if _recordable(name)})

    @cached_property
    def digests(self) -> dict[str, str]:
        """Stage or `ROLE/NAME` -> digest of its code as it is now."""
        names = [*load_stages(), *(f"{role}/{name}" for role, name in self._chosen.items())]
        known = _ours(self._project.root / "build" / "cache" / "code.json" if enabled() else None)
        return known | {name: found.digest for name, found in closures(n for n in names if n not in known).items()}

    def _infos(self, stage: Stage) -> dict[str, BackendInfo]:
        return {role: info(role, self._chosen[role]) for role in stage.backends}

    def _backend(self, role: str, found: BackendInfo) -> dict[str, str]:
        libraries = counted(found.counted, found.versions(self._pins))
        said = {"name": found.name, "version": found.version}
        said |= {"libraries": ", ".join(f"{name} {version}" for name, version in libraries.items())} if libraries else {}
        name = f"{role}/{found.name}"
        code = self._code(name) if _recordable(name) else self.digests[name][:DIGITS]
        return said | ({"code": code} if code else {})

    def _code(self, name: str) -> str:
        return self.digests[name][:DIGITS] if name in self.changed and not self.ignoring else ""


def _recordable(name: str) -> bool:
    """Nobody records the code of back ends of others, so it is a part of addresses as it is."""
    role, _, chosen = name.partition("/")
    return not chosen or info(role, chosen).target.startswith("runtime.")


@cache
def _ours(path: Path | None) -> dict[str, str]:
    """Digests of our own stages and back ends, remembered under the digest of all our code; that is only a cache."""
    if path is not None:
        with suppress(OSError, ValueError, TypeError, KeyError):
            content = json.loads(unsealed(path.read_bytes()))
            if content["key"] == code_key():
                return content["digests"]
    found = {name: closure.digest for name, closure in closures(ours()).items()}
    if path is not None and unchanged():
        write_quietly(path, sealed(json.dumps({"key": code_key(), "digests": found})))
    return found


def counted(libraries: Mapping[str, Precision], versions: Mapping[str, str]) -> dict[str, str]:
    """Library -> as much of its version as counts, by name.

    Raises:
        ValueError: when nothing pins one.
    """
    if unknown := libraries.keys() - versions.keys():
        raise ValueError(f"library `{min(unknown)}` is part of addresses, and no version of it is pinned in pyproject.toml")
    return {name: rounded(versions[name], libraries[name]) for name in sorted(libraries)}
