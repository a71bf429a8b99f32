"""What the manifest of a published artifact tells: what it is, what it stood for, and what it took to build."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from compiler.graph.node import Address
from runtime.bound.axis import AXES
from runtime.stage import REGISTRY, load_stages


@dataclass(frozen=True, slots=True)
class Fact:
    """One artifact. Facts that an old manifest does not have are 0 or empty.

    `scopes` are those that it stood for when built (axis -> value), `backends` is text such as `renderer=numba 1`,
    `built` is in seconds since 1970, `bytes` counts its files.
    """

    stage: str
    fingerprint: str
    version: int
    scopes: tuple[Mapping[str, str], ...]
    backends: str
    cpu_s: float
    wall_s: float
    gpu_s: float
    peak_mb: float
    bytes: int
    built: float
    cores: int
    machine: str

    @property
    def address(self) -> Address:
        """Stage name and fingerprint."""
        return self.stage, self.fingerprint

    @property
    def label(self) -> str:
        """What it was built for, such as `splat/cellar`; its address where that is not known."""
        names = [self.scopes[0][axis] for axis in AXES if axis in self.axes & self.scopes[0].keys()] if self.scopes else []
        return "/".join((self.stage, *names)) if self.scopes else f"{self.stage}/{self.fingerprint[:12]}"

    @property
    def axes(self) -> frozenset[str]:
        """Axes by which artifacts of the stage are told apart; all that it has where the stage is no longer known."""
        stage = (REGISTRY or load_stages()).get(self.stage)
        return frozenset(stage.per if stage else (self.scopes[0] if self.scopes else ()))

    @property
    def location(self) -> str | None:
        """The location of its first scope."""
        return self.scopes[0].get("location") if self.scopes else None


class Inputs(TypedDict):
    """What an artifact was made from; `parents` maps a port to texts `STAGE/FINGERPRINT`."""

    params: dict[str, Any]
    backends: dict[str, dict[str, str]]
    parents: dict[str, list[str]]
    content: str | None
    libraries: dict[str, str]
    code: str
    version: int
    fingerprint: str


def read_inputs(manifest: Mapping[str, Any]) -> Inputs:
    """What a manifest says that its artifact was made from; raises as `read_fact` does."""
    return {
        "params": manifest["params"],
        "backends": manifest["backends"],
        "parents": {port: list(texts) for port, texts in (manifest.get("parents") or {}).items()},
        "content": manifest.get("content"),
        "libraries": dict(manifest.get("libraries") or {}),
        "code": str(manifest.get("code", "")),
        "version": manifest["version"],
        "fingerprint": manifest["fingerprint"],
    }


def address_of(text: str) -> Address:
    """The address in a text `STAGE/FINGERPRINT`."""
    stage, _, fingerprint = text.partition("/")
    return stage, fingerprint


def read_fact(manifest: Mapping[str, Any], built: float) -> Fact:
    """The facts in a manifest, old or new.

    Args:
        manifest: as the store gives it.
        built: when the manifest was written, for one that does not say.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: when it is no manifest of ours.
    """
    cost = manifest.get("cost", {})
    return Fact(
        stage=str(manifest["stage"]),
        fingerprint=str(manifest["fingerprint"]),
        version=int(manifest["version"]),
        scopes=tuple(_in_order(scope) for scope in manifest.get("scopes", [])),
        backends=backends_text(manifest["backends"]),
        **{name: float(cost.get(name, 0)) for name in ("cpu_s", "wall_s", "gpu_s", "peak_mb")},
        bytes=sum(int(f["size"]) for f in manifest["files"].values()),
        built=float(manifest.get("built", built)),
        cores=int(cost.get("cores", 0)),
        machine=str(cost.get("machine", "")),
    )


def _in_order(scope: Mapping[str, Any]) -> dict[str, str]:
    """A scope with its axes in the order of labels; JSON's keys are sorted."""
    return {axis: str(scope[axis]) for axis in AXES if axis in scope}


def backends_text(backends: Mapping[str, Mapping[str, str]]) -> str:
    """Back ends as one text, such as `renderer=numba 1`; empty where a stage has none."""
    return ", ".join(f"{role}={b['name']} {b['version']}" for role, b in sorted(backends.items()))
