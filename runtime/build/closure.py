"""The files that results of a module depend on: itself, all of ours that it imports wherever in it, and data beside them.

Comments, docstrings and layout do not count, for a file's syntax tree is digested. Parsing all of `runtime` takes some
0.4 s, so what was found in a file is remembered under the digest of its bytes, where Python keeps compiled files.
"""

import ast
import gc
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parents[1]
CACHE = Path(__file__).parent / "__pycache__" / f"closure.{sys.implementation.cache_tag}.cache"
KINDS = "runtime.sim.tasks"
SEAM = {f"runtime.{name}" for name in "stage out problem contract store.store job libraries".split()}
"""What carries parameters, parents and files to a stage and back, and computes nothing of them."""
READ = {
    "runtime.report.page": ("rules/report.html.j2", "rules/report/*.j2", "rules/report/*.css", "rules/report/svg/*.j2"),
    "runtime.trainers.package": ("rules/isaaclab/*.py", "rules/isaaclab/simkiln_task/*.py"),
}
"""Module -> patterns, from the folder of all our code, of files that it reads elsewhere than in its own folder."""
STRAY = (".py", ".pyc", ".pyi", ".so", ".orig", ".rej", ".swp", ".bak", "~")
"""Suffixes of what is no data: compiled elsewhere, counted as modules, or left behind by an editor."""
MOST = 3000
"""Files of which a cache remembers what it found."""
OTHERWISE = {"runtime.stages"}
"""Folders whose data files are read by whoever plans: the record of versions."""


class Parsed(NamedTuple):
    """What is known of a file: digest of its syntax tree, names of modules that it may import (`.` for each relative level)."""

    digest: str
    imports: tuple[str, ...]


@dataclass(frozen=True)
class Closure:
    """Modules of ours, data files, and top-level names of what others made that these import."""

    modules: dict[str, Path]
    data: dict[str, Path]
    outside: frozenset[str]
    digest: str

    def files(self) -> Iterator[Path]:
        """All files."""
        yield from self.modules.values()
        yield from self.data.values()


class Closures:
    """Closures as the files are now: each folder is listed once, and each file read once."""

    def __init__(self) -> None:
        self._known, self._used = _load(), dict[str, Parsed]()
        self._parsed: dict[Path, Parsed] = {}
        self._folders: dict[str, frozenset[str]] = {}
        self._beside: dict[str, dict[str, Path]] = {}
        self._imported: dict[str, tuple[Path, tuple[str, ...]] | None] = {}

    def of(self, root: str) -> Closure:
        """The closure of a module: its own topmost package and `runtime` are ours, all others are not. One that is absent has no
        files; whoever starts it says so."""
        homes, modules, outside, waiting = {"runtime", root.partition(".")[0]}, dict[str, Path](), set[str](), [root]
        while waiting:
            name = waiting.pop()
            if name in modules or name in SEAM:
                continue
            if name.partition(".")[0] not in homes:
                outside.add(name.partition(".")[0])
                continue
            found = self._of_module(name)
            if found is not None:
                modules[name] = found[0]
                waiting += found[1]
        data = self._data(modules)
        total = hashlib.sha256()
        for name, path in sorted(modules.items()):
            total.update(f"{name}\n{self.parsed(path).digest}\n".encode())
        for name, path in sorted(data.items()):
            total.update(f"{name}\n{_digest(path.read_bytes())}\n".encode())
        return Closure(modules, data, frozenset(outside - sys.stdlib_module_names), total.hexdigest())

    def _of_module(self, name: str) -> tuple[Path, tuple[str, ...]] | None:
        """The file of a module, and names of modules that it may need; None where there is no such module."""
        if name not in self._imported:
            path = self._find(name)
            self._imported[name] = None if path is None else (path, tuple(self._needs(name, path)))
        return self._imported[name]

    def _needs(self, name: str, path: Path) -> Iterator[str]:
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        yield from (name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1))  # Python runs these first
        yield from (_absolute(found, package) for found in self.parsed(path).imports)
        if name == KINDS:  # these are found, not imported
            yield from (f"{KINDS}.{p.parent.name}.{p.stem}" for p in path.parent.glob("*/[a-z]*.py"))

    def _find(self, module: str) -> Path | None:
        """The file of a module, without importing any of it."""
        top, *rest = module.split(".")
        for place in (str(PACKAGE.parent),) if top == "runtime" else _places(top):
            folder, last = os.path.join(place, *module.split(".")[:-1]), (rest or [top])[-1]
            if last in self._names(folder) and "__init__.py" in self._names(os.path.join(folder, last)):
                return Path(folder, last, "__init__.py")
            if f"{last}.py" in self._names(folder):
                return Path(folder, f"{last}.py")
            for name in sorted(self._names(folder)) if top != "runtime" else ():  # compiled: its bytes count
                if name.startswith(f"{last}.") and name.endswith((".so", ".pyd")):
                    return Path(folder, name)
        return None

    def _data(self, modules: dict[str, Path]) -> dict[str, Path]:
        """Files that are no Python in the folders of some modules, and those that they read elsewhere, by names for digests."""
        found: dict[str, Path] = {}
        packages = {n if p.name == "__init__.py" else n.rpartition(".")[0]: p.parent for n, p in modules.items()}
        for package in packages.keys() - OTHERWISE - {""}:
            if package not in self._beside:
                folder = str(packages[package])
                names = self._names(folder)
                odd = [n for n in names if "." in n and not n.startswith((".", "Thumbs.db")) and not n.endswith(STRAY)]
                described = {f"{n.removesuffix('.py')}.toml" for n in names if n.endswith(".py")}  # by who plans: back ends
                paths = {f"{package}/{name}": Path(folder, name) for name in odd if name not in described}
                self._beside[package] = {name: path for name, path in paths.items() if path.is_file()}
            found |= self._beside[package]
        for module in READ.keys() & modules:
            paths = [path for pattern in READ[module] for path in PACKAGE.parent.glob(pattern)]
            found |= {path.relative_to(PACKAGE.parent).as_posix(): path for path in paths}
        return found

    def _names(self, folder: str) -> frozenset[str]:
        if folder not in self._folders:
            try:
                self._folders[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._folders[folder] = frozenset()
        return self._folders[folder]

    def parsed(self, path: Path) -> Parsed:
        """One file."""
        found = self._parsed.get(path)
        if found is None:
            data = path.read_bytes()
            key = _digest(data)
            known = Parsed(key, ()) if path.suffix != ".py" else self._known.get(key) or _parse(data)
            found = self._parsed[path] = self._used[key] = known
        return found

    def save(self) -> None:
        """Remember what was parsed, where that is possible."""
        if _caching() and self._used.keys() - self._known:
            with suppress(OSError):
                CACHE.parent.mkdir(exist_ok=True)
                known = self._known | self._used
                text = json.dumps(known if len(known) < MOST else self._used, separators=(",", ":"))
                temporary = CACHE.with_name(f"{CACHE.name}.{os.urandom(4).hex()}")
                temporary.write_text(_seal(text) + text, encoding="utf-8")
                temporary.replace(CACHE)


@cache
def _places(top: str) -> tuple[str, ...]:
    """Folders that hold a topmost package or module, without importing it."""
    with suppress(ImportError, ValueError):
        spec = find_spec(top)
        if spec is not None and spec.submodule_search_locations:
            return tuple(os.path.dirname(folder) for folder in spec.submodule_search_locations)
        if spec is not None and spec.origin:
            return (os.path.dirname(spec.origin),)
    return ()


def _absolute(name: str, package: str) -> str:
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    base = package.rsplit(".", level - 1)[0] if level > 1 else package
    return f"{base}.{name[level:]}".rstrip(".")


def _parse(data: bytes) -> Parsed:
    """The syntax tree without docstrings as one digest, and all imports in it."""
    collecting = gc.isenabled()
    gc.disable()  # a tree is thousands of objects, and none of them is garbage
    try:
        tree, total, imports = ast.parse(data), list[str](), dict[str, None]()
        _feed(tree, total.append, imports)
    finally:
        if collecting:
            gc.enable()
    return Parsed(hashlib.sha256(" ".join(total).encode("utf-8", "surrogatepass")).hexdigest(), tuple(imports))


def _feed(node: ast.AST, add: Callable[[str], object], imports: dict[str, None]) -> None:
    """A node as words, one way for each tree, but for statements that are constants: docstrings."""
    if isinstance(node, ast.Import):
        imports |= dict.fromkeys(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = "." * node.level + (node.module or "")
        imports[base] = None
        imports |= dict.fromkeys(f"{base}.{alias.name}" if node.module else f"{base}{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module":
        imports |= {str(part.value): None for part in node.args[:1] if isinstance(part, ast.Constant)}
    add(type(node).__name__)
    for name in node._fields:
        value = getattr(node, name, None)
        if name == "default_value" and value is None:
            continue  # Python 3.13 gave type parameters this field; what does not use it stays what it was under 3.12
        if isinstance(value, ast.AST):
            _feed(value, add, imports)
        elif isinstance(value, list):
            add("[")
            for part in value:
                if not isinstance(part, ast.AST):
                    add(repr(part))
                elif not (name == "body" and isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)):
                    _feed(part, add, imports)
            add("]")
        else:
            add(repr(value))


def _load() -> dict[str, Parsed]:
    """What earlier processes found, unless a bit of it changed."""
    if _caching():
        with suppress(OSError, ValueError, TypeError):
            seal, text = (read := CACHE.read_text(encoding="utf-8"))[:32], read[32:]
            if seal == _seal(text):
                return {key: Parsed(digest, tuple(imports)) for key, (digest, imports) in json.loads(text).items()}
    return {}


def _seal(text: str) -> str:
    """Over what was found, and over the code that finds it."""
    return _digest(Path(__file__).read_bytes() + text.encode())


def _caching() -> bool:
    return os.environ.get("SIMKILN_NO_CACHE", "") in ("", "0")


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
