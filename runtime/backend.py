"""Back ends by role and name, each described by a TOML file beside its module, which is read without importing anything.

Ours are `runtime/backends/ROLE_NAME.toml`. Those of other distributions are named by entry points (group
`simkiln.backends`, such as `renderer.mine = "mine.renderer"`, described by `mine/renderer.toml`). See docs/backends.md.
"""

import importlib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from runtime.bound.benchmark import BENCHMARK, SuiteFacts
from runtime.libraries import Precision, pins
from runtime.problem import InputError, Problem

GROUP = "simkiln.backends"
DEFAULTS = {
    "renderer": "numba",
    "embedder": "pixels",
    "encoder": "world",
    "judge": "success_head",
    "dynamics": "still",
    "continuation": "still",
    "transfer": "cosmos",
    "trainer": "isaaclab",
}
SYSTEMS = ("simulator", "optimiser")
"""Roles of programs of others that no stage starts: `simkiln export --for` and `convert --from` write and read their files."""
HERE = "here"
OF_WEIGHTS = "LicenseRef-Weights"
"""Licence of a back end whose weights people choose: that of the weights, which its stage's `weights_licence` says."""
OURS = Path(__file__).parent / "backends"
LARGEST = 20_000
"""Bytes of a description; it is some ten lines."""

Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=400)]
Package = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*(==[\w.+!-]+)?$")]
_CONFIG = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_CONFIG)
class Where:
    """Where a back end runs: `environment` is `here` or a name that each machine maps to a Python; or a container's
    `image`, started by `command`, whose words may hold `{image}`, `{project}`, `{store}`, `{code}` and `{user}`. Each word
    stays one word: no shell reads it. With `process`, the stage runs here, and only what the back end itself starts runs
    there."""

    environment: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = HERE
    image: Annotated[str, Field(pattern=r"^([a-z0-9][\w./:@-]*[:@][\w.-]+)?$", max_length=300)] = ""
    command: tuple[Line, ...] = ()
    process: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> "Where":
        if self.image and self.environment != HERE:
            raise ValueError("an `image` and an `environment` are two places")
        if self.command and not self.image:
            raise ValueError("`command` starts an `image`, and there is none")
        if self.process and self.here:
            raise ValueError("a `process` needs an `environment` or an `image` that it runs in")
        return self

    @property
    def here(self) -> bool:
        """Whether that is the environment that stages run in."""
        return self.environment == HERE and not self.image

    def __str__(self) -> str:
        place = f"container {self.image}" if self.image else HERE if self.here else f"environment {self.environment}"
        return f"{place}, a process of its own" if self.process else place


@dataclass(frozen=True, config=_CONFIG)
class BackendInfo:
    """What is known of a back end without starting it. `licence` is an SPDX expression; `surrogate` marks one that only
    stands in for what its role is about, so that its results are no evidence of the real thing. `packages` are
    distributions, pinned as in `gsplat==1.5.3`, that have to be where it runs; `install` is the command that brings them."""

    role: Annotated[str, Field(pattern=r"^[a-z]+$")]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    version: Annotated[str, Field(pattern=r"^[\w.+!-]+$", max_length=60)]
    licence: Line
    needs_gpu: bool
    surrogate: bool = False
    where: Where = Where()
    packages: tuple[Package, ...] = ()
    libraries: dict[str, Precision] = Field(default_factory=dict)
    install: Line = ""
    weights: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*)?$", max_length=200)] = ""
    """Folder of its environment that people put its weights in, such as `weights/cosmos3`."""
    benchmark: SuiteFacts | None = None
    """Of the role `benchmark`: what it says of its environments."""
    target: str = ""
    """`module:Class`."""

    @model_validator(mode="after")
    def _said_of_environments(self) -> "BackendInfo":
        if (self.benchmark is None) != (self.role != BENCHMARK):
            raise ValueError(f"a table `[benchmark]` is what a back end of the role `{BENCHMARK}` has, and no other")
        return self

    @property
    def pinned(self) -> dict[str, str]:
        """Distribution -> version, of those that the description pins."""
        pairs = (package.partition("==") for package in self.packages)
        return {name.lower(): pin for name, _, pin in pairs if pin}

    @property
    def counted(self) -> Mapping[str, Precision]:
        """Libraries whose versions are part of addresses, and how much of each."""
        return self.libraries or dict.fromkeys(self.pinned, "exact")

    def versions(self, project: Mapping[str, str]) -> dict[str, str]:
        """Distribution -> the version that is to be where this runs: those of the project hold in no other environment."""
        return {**project, **self.pinned} if self.where.here else self.pinned


def available() -> dict[str, list[str]]:
    """Role -> names of the back ends that have a description or an entry point, installed or not, sorted."""
    found: dict[str, list[str]] = {}
    for role, name in sorted({*_ours(), *_others()}):
        found.setdefault(role, []).append(name)
    return found


@cache
def info(role: str, name: str) -> BackendInfo:
    """What a back end's description says.

    Raises:
        InputError: B301 when there is no such back end, B305 when its description is missing or broken.
    """
    ours = _ours().get((role, name))
    path = description(role, name)
    return _read(role, name, path, f"runtime.backends.{path.stem}" if ours else _others()[role, name].module)


def description(role: str, name: str) -> Path:
    """The file that describes a back end; it may be absent.

    Raises:
        InputError: B301 when there is no such back end.
    """
    if (role, name) in _ours():
        return _ours()[role, name]
    if (role, name) in _others():
        return _beside(_others()[role, name].module)
    known = ", ".join(f"`{n}`" for n in available().get(role, [])) or "none"
    raise InputError(Problem("B301", f"no back end `{name}` for role `{role}`", f"known: {known}", f"backends.{role}"))


def load(role: str, name: str) -> Any:
    """The back end's class; importing it must be light, using it may be heavy.

    Raises:
        InputError: as `info`; B305 also when its module has no such class.
    """
    module, _, attribute = info(role, name).target.partition(":")
    found = getattr(importlib.import_module(module), attribute, None)
    if found is None:
        raise _broken(role, name, f"`class` is `{attribute}`, which module `{module}` does not have")
    return found


def start(role: str, chosen: Mapping[str, str], place: Mapping[str, Any] | None) -> Any:
    """A back end as it was planned, ready for a stage: its class called, with `command=` where it is a process.

    Args:
        role: its role.
        chosen: `name` and `version`, as a job holds them.
        place: that of `runtime.job.Job.places`, None where the back end runs in the environment of all stages.

    Raises:
        InputError: as `load`; B310 when it is another version than was planned, B315 when a package is missing.
    """
    found = info(role, chosen["name"])
    if found.version != chosen["version"]:
        message = f"back end `{found.name}` is version {found.version} here, planned was {chosen['version']}"
        raise InputError(Problem("B310", message, "plan again, with the same version in both places", f"backends.{role}"))
    if place is not None and place["process"]:
        return load(role, found.name)(command=list(place["command"]))
    if lacking := unmet(found.packages):
        message = f"the back end `{found.name}` cannot start: {lacking}"
        raise InputError(Problem("B315", message, how_to_install(found), f"backends.{role}"))
    return load(role, found.name)()


def elsewhere(backends: Mapping[str, Mapping[str, str]]) -> BackendInfo | None:
    """Of a node's back ends (role -> name and version) the one that says where its job runs; None where that is here."""
    found = (info(role, chosen["name"]) for role, chosen in backends.items())
    return next((one for one in found if not (one.where.here or one.where.process)), None)


def unmet(packages: tuple[str, ...]) -> str:
    """The first of some pinned distributions that this environment lacks, in words; empty when all are there."""
    for package in packages:
        name, _, pin = package.partition("==")
        try:
            found = version(name)
        except PackageNotFoundError:
            return f"no package `{name}` is installed"
        if pin and pin not in (found, found.partition("+")[0]):
            return f"`{name}` is {found}, wanted {pin}"
    return ""


def how_to_install(found: BackendInfo) -> str:
    """What to do about a back end that is not there."""
    return f"install it with `{found.install}`" if found.install else "its description names no command that installs it"


@cache
def _ours() -> dict[tuple[str, str], Path]:
    named = {(path.stem.partition("_")[0], path.stem.partition("_")[2]): path for path in sorted(OURS.glob("*.toml"))}
    return {(role, name): path for (role, name), path in named.items() if name}


@cache
def _others() -> dict[tuple[str, str], EntryPoint]:
    """Entry points of the group; looking through every installed distribution takes 30 ms."""
    found = reversed(tuple(entry_points(group=GROUP)))  # of two with one name, the first on the path counts
    points = {(point.name.partition(".")[0], point.name.partition(".")[2]): point for point in found}
    return {key: point for key, point in points.items() if key not in _ours()}


def _beside(module: str) -> Path:
    """Where the description of a module stands. Only its topmost package is looked up, so that nothing is imported."""
    top, *rest = module.split(".")
    name = f"{rest[-1] if rest else top}.toml"
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is not None and not rest and spec.origin:
        return Path(spec.origin).with_name(name)
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        if (path := Path(folder, *rest[:-1], name)).is_file():
            return path
    return Path(name)


def _read(role: str, name: str, path: Path, module: str) -> BackendInfo:
    if not path.is_file():
        help = "write it with `class`, `version`, `licence` and `needs_gpu`, which stood in the class before: docs/backends.md"
        message = f"back end `{name}` for `{role}` has no description: no `{path.name}` beside module `{module}`"
        raise InputError(Problem("B305", message, help, f"backends.{role}"))
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
        value = tomllib.loads(content.decode())
        own = {"role", "name", "target"} & value.keys()
        attribute = value.pop("class", None)
        if own:
            raise ValueError(f"unknown key `{min(own)}`: a file's name says role and name")
        if not (isinstance(attribute, str) and attribute.isidentifier()):
            raise ValueError("`class` must name the class in the module beside it")
        found = BackendInfo(**value, role=role, name=name, target=f"{module}:{attribute}")
        if odd := [
            library for library in found.libraries if library not in {**(pins() if found.where.here else {}), **found.pinned}
        ]:
            raise ValueError(f"`libraries` names `{odd[0]}`, of which `packages` pins no version")
        return found
    except ValidationError as error:
        first = error.errors()[0]
        raise _broken(role, name, f"`{'.'.join(map(str, first['loc']))}`: {first['msg']}") from None
    except (OSError, TypeError, ValueError, RecursionError) as error:
        raise _broken(role, name, str(error)) from None


def _broken(role: str, name: str, why: str) -> InputError:
    message = f"back end `{name}` for `{role}` has a broken description: {why}"
    return InputError(Problem("B305", message, "mend its TOML file: docs/backends.md says what it holds", f"backends.{role}"))
