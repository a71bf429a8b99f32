"""A distribution `tinykiln` with two stages and a back end, the library `tinylib` that they use, and a project for them.

The stages are registered beside ours, planned by the real expansion and built by the real jobs, each as if in a new process.
"""

import importlib
import shutil
import sys
from pathlib import Path

import pytest

from compiler.graph.expand import expand
from compiler.graph.node import Node
from compiler.project.load import load_project
from compiler.run.emit import job
from runtime import backend, libraries
from runtime.build import closure, code_digest
from runtime.build.execute import execute
from runtime.job import Job
from runtime.stage import REGISTRY, load_stages
from runtime.store.store import Store

STAGES = ("grain", "flour")
FILES = {
    "tinykiln/__init__.py": "",
    "tinykiln/grain.py": """from runtime.bound.source import SplatFile
from runtime.stage import Params, bound, stage

class Grain(Params):
    source: SplatFile = bound("location.source")
    rounds: int = 1

FACTOR = 1

@stage(version=1, per=("location",), makes={"grain": "grain.txt"})
def grain(p: Grain, out):
    import zlib
    out.path("grain").write_text(str(zlib.crc32(out.source_dir.read_bytes()) * p.rounds * FACTOR))
    return {}
""",
    "tinykiln/flour.py": """from pathlib import Path
from runtime.libraries import minor
from runtime.stage import Params, one, stage

class Flour(Params):
    fine: int = 1

@stage(version=1, libraries=minor("tinylib"), per=("location",), needs={"grain": one("grain")}, makes={"flour": "flour.txt"},
       backends=("mill",))
def flour(p: Flour, grain: Path, out, mill):
    def late():
        from tinykiln.parts.grind import grind
        return grind
    out.path("flour").write_text(late()(mill.turn((grain / "grain.txt").read_text()), p.fine))
    return {}
""",
    "tinykiln/parts/__init__.py": "",
    "tinykiln/parts/grind.py": """from pathlib import Path
import tinylib
STONE = 1

def grind(text, fine):
    return f"{text} {fine} {STONE} {tinylib.VERSION} {(Path(__file__).parent / 'table.txt').read_text()}"
""",
    "tinykiln/parts/table.txt": "weight 1",
    "tinykiln/wheel.py": "TURNS = 1\n",
    "tinykiln/stone.py": """class Stone:
    FORCE = 1

    def turn(self, text):
        import tinykiln.wheel as wheel
        return f"{text} {self.FORCE} {wheel.TURNS}"
""",
    "tinykiln/stone.toml": 'class = "Stone"\nversion = "1"\nlicence = "MIT"\nneeds_gpu = false\n',
    "tinykiln-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: tinykiln\nVersion: 1\n",
    "tinykiln-1.dist-info/entry_points.txt": "[simkiln.backends]\nmill.stone = tinykiln.stone\n",
}
PINS = '[project]\nname = "simkiln"\ndependencies = [{}]\n'
SPECS = {
    "locations/field": "title: A\nsource: {kind: splat, root: splats, path: s.ply, up: [0, 0, 1], scale_m_per_unit: 1.0}\n",
    "study": "title: A\nlocations: [field]\ntargets: [flour]\nstages: {grain: {rounds: 1}, flour: {fine: 1}}\n",
}
PLY = "ply\nformat binary_little_endian 1.0\nelement vertex 2\n{}end_header\n".format(
    "".join(
        f"property float {name}\n"
        for name in "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
    )
)


class TinyKiln:
    """The project and the distribution; files are edited by number, and a number is what they make of their output."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.code = root / "project", root / "site"
        for name, text in FILES.items():
            self._write(self.code / name, text)
        for name, text in SPECS.items():
            self._write(self.root / "specs" / f"{name}.yaml", text)
        (self.root / "simkiln.local.yaml").write_text("roots: {splats: ../splats}\n")
        self.capture(1)
        self.library("1.0.0")
        monkeypatch.setattr(libraries, "BESIDE", root / "pyproject.toml")
        self.ours = libraries.pins.__wrapped__()
        self.pin("1.0.0")
        monkeypatch.syspath_prepend(self.code)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        monkeypatch.setitem(backend.DEFAULTS, "mill", "stone")
        load_stages()
        for name in STAGES:
            monkeypatch.setitem(REGISTRY, name, None)  # taken out again at the end
        self.stores = 0

    def edit(self, name: str, old: str, number: int) -> None:
        """Write a number behind a text that stands in a file of the distribution or a spec."""
        path = self.code / name if name.startswith("tiny") else self.root / "specs" / f"{name}.yaml"
        text = path.read_text()
        before, found, after = text.partition(old)
        assert found, f"no `{old}` in {name}"
        path.write_text(f"{before}{found}{number}{after.lstrip('0123456789')}")

    def comment(self, name: str, number: int) -> None:
        """Change what is only for people."""
        text = (self.code / name).read_text().partition("\n# ")[0].rstrip("\n")
        (self.code / name).write_text(f"{text}\n# {number}\n")

    def library(self, version: str) -> None:
        """Install a version of the library; results follow its first two numbers."""
        minor = version.rpartition(".")[0]
        self._write(self.code / "tinylib.py", f"VERSION = {minor!r}\n")
        self._write(self.code / "tinylib-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: tinylib\nVersion: {version}\n")

    def pin(self, version: str) -> None:
        """Pin a version of the library."""
        self.pinned = version
        lines = [f'"{name}=={found}"' for name, found in {**self.ours, "tinylib": version}.items()]
        libraries.BESIDE.write_text(PINS.format(", ".join(lines)))

    def upgrade(self, version: str) -> None:
        """Pin another version, and install it."""
        self.pin(version)
        self.library(version)

    def capture(self, number: int) -> None:
        """Another capture, of the same size."""
        self._write(self.root.parent / "splats/s.ply", PLY.encode() + bytes([number]) * 2 * 14 * 4)

    def plan(self) -> list[Node]:
        """The nodes of both stages, as a new process plans them."""
        self.afresh()
        return [node for node in expand(load_project(self.root), "study").nodes.values() if node.stage.name in STAGES]

    def jobs(self) -> list[Job]:
        """Their jobs."""
        nodes = self.plan()
        project = load_project(self.root)
        return [job(project, node) for node in nodes]

    def built(self, jobs: list[Job]) -> dict[tuple[str, str], bytes]:
        """What jobs make in a store of their own, each as in a new process; raises what a job does, and `found` has the rest."""
        self.afresh()
        self.stores += 1
        store = Store(self.root / f"store-{self.stores}")
        self.found: dict[tuple[str, str], bytes] = {}
        for one in jobs:
            folder = execute(one, store, quiet=True)
            self.found[one.address] = b"".join(p.read_bytes() for p in sorted(folder.glob("*.txt")))
        shutil.rmtree(store.root)
        return self.found

    def afresh(self) -> None:
        """As a new process would find all of it."""
        for cached in (backend.info, backend._others, libraries.pins, closure._places, code_digest.at_start):
            cached.cache_clear()
        importlib.invalidate_caches()
        for module in [m for m in sys.modules if m.partition(".")[0] in ("tinykiln", "tinylib")]:
            del sys.modules[module]
        for name in STAGES:
            importlib.import_module(f"tinykiln.{name}")

    @staticmethod
    def _write(path: Path, content: str | bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
