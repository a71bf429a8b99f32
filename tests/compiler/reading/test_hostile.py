"""Specs of strangers: `check` and `plan` run nothing from them, read nothing outside, and print nothing that acts."""

import json
import os
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compiler.laws.check import check
from compiler.project.load import load_project
from compiler.reading.source import read_source
from compiler.render import RENDERERS
from compiler.report.publish import labels
from runtime.report.labels import MARKER, apply_labels
from tests.compiler.mutations import REPOSITORY
from tests.errors.cases import base

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)> {{ 7777 * 3 }} {% include '/etc/passwd' %}"
SHELL = "$(touch PWNED) `touch PWNED`; touch PWNED|sh ${HOME} {0.__class__.__mro__} %s%n ../x ::error::x %0A::error::x"
SCREEN = "\x1b[2J\x1b[31mred \x1b]8;;http://e.example\x1b\\link\x1b]8;;\x1b\\ \u202egpj.exe \x9b31m \u2028::error::x"
ACTING = f"{MARKUP} {SHELL} {SCREEN}"
SECRET = "TOP-SECRET-4711"
NAMES = ("$(touch PWNED)", "; touch PWNED", "{{ 7777 * 3 }}", "\x1b[31m", "a\n::error::b", "-rf", "\udcff", "..")
FORMATS = ("text", "github", "json", "sarif")
MODULES = ("sitecustomize", "yaml", "jinja2", "pydantic", "compiler", "runtime", "simkiln", "conftest", "_yaml")


@dataclass(frozen=True)
class Call:
    """What one verb did and said."""

    code: int
    out: str
    events: list[dict[str, Any]]
    modules: list[str]

    def of(self, *events: str) -> list[str]:
        """What events of these names were about."""
        return [str(e["what"]) for e in self.events if e["event"].startswith(events)]


def call(project: Path, *words: str) -> Call:
    """A verb in a process of its own, in the folder of the hostile project, under the audit hook."""
    report = project.parent / "events.json"
    script = REPOSITORY / "tests" / "compiler" / "audited.py"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("COV_", "GITHUB_"))},
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SIMKILN_NO_CACHE": "0",
    }
    command = [sys.executable, "-P", str(script), str(report), *words]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    seen = json.loads(report.read_text(encoding="utf-8"))
    return Call(done.returncode, done.stdout + done.stderr, seen["events"], seen["modules"])


def written(root: Path) -> Path:
    """A project that is valid, and hostile wherever text is free."""
    project = root / "project"
    base().write(project)
    specs = project / "specs"
    markup, shell, screen = map(json.dumps, (MARKUP, SHELL, SCREEN))
    (specs / "locations/cellar.yaml").write_text(f"title: {markup}\nsource: {{kind: hidden_site, seed: 1}}\n")
    (specs / "tasks/press.yaml").write_text(f"title: {shell}\nkind: press_button\ninstruction: {markup}\n")
    (specs / "study.yaml").write_text((specs / "study.yaml").read_text().replace("title: Base", f"title: {screen}"))
    for module in MODULES:
        (project / f"{module}.py").write_text("open('PWNED', 'w')\n")
    return project


def broken(root: Path) -> Path:
    """A project in which names, keys and values are hostile too; `outside` and a declared root lie beside it."""
    project = written(root)
    outside, declared = root / "outside", root / "declared"
    for folder in (outside, outside / "shots" / "images", declared / "real" / "images"):
        folder.mkdir(parents=True, exist_ok=True)
    (outside / "secret.yaml").write_text(f"title: {SECRET}\nsource: {{kind: hidden_site, seed: 1}}\n")
    (outside / "shots" / "transforms.json").write_text(json.dumps({"secret": SECRET, "frames": []}))
    (declared / "link").symlink_to(outside / "shots")
    (declared / "real" / "images" / "0.png").symlink_to(outside / "secret.yaml")
    frames = [{"file_path": name, "transform_matrix": []} for name in ("../../outside/secret.yaml", "/etc/passwd", ACTING)]
    (declared / "real" / "transforms.json").write_text(json.dumps({"frames": frames}))
    (project / "simkiln.local.yaml").write_text("roots: {declared: ../declared}\n")
    specs = project / "specs"
    (specs / "gates").mkdir(exist_ok=True)
    (specs / "gates/leak.yaml").symlink_to(outside / "secret.yaml")
    (specs / "gates/passwd.yaml").symlink_to("/etc/passwd")
    (specs / "gates/loop.yaml").symlink_to(specs / "gates/loop.yaml")
    (specs / "gates/zero.yaml").symlink_to("/dev/zero")
    for i, name in enumerate(NAMES):
        (specs / "locations" / f"{name}.yaml").write_bytes(f"title: {i}\n".encode())
    sources = {
        "up": "{kind: photos, root: declared, path: ../outside/shots}",
        "absolute": "{kind: photos, root: declared, path: /etc}",
        "linked": "{kind: photos, root: declared, path: link, poses: transforms}",
        "real": "{kind: photos, root: declared, path: real, poses: transforms}",
        "loose": "{kind: photos, root: declared, path: real, images: ../../outside/shots/images}",
        "model": "{kind: photos, root: declared, path: real, poses: transforms, model: ../../outside/shots/t.json}",
        "ply": "{kind: splat, root: declared, path: ../outside/secret.yaml, up: [0, 0, 1], scale_m_per_unit: 1}",
        "root": '{kind: photos, root: "../outside", path: shots}',
        "key": f"{{kind: hidden_site, seed: 1, {json.dumps(ACTING)}: 1}}",
        "choice": f"{{kind: {json.dumps(ACTING)}}}",
        "tag": '!!python/object/apply:os.system ["touch PWNED"]',
        "module": "!!python/module:os",
    }
    for name, source in sources.items():
        (specs / "locations" / f"{name}.yaml").write_text(f"title: T\nsource: {source}\n")
    (specs / "locations/huge.yaml").write_bytes(b"x" * 10_000_000 + b": 1\n")
    approach = specs / "approaches/bold.yaml"
    approach.write_text(approach.read_text().replace("extends: baseline", f"extends: {json.dumps(ACTING)}"))
    study = specs / "study.yaml"
    study.write_text(study.read_text().replace("[cellar]", json.dumps([*sources, "cellar", "huge", "nowhere"])))
    (specs / "studies").mkdir(exist_ok=True)
    named = json.dumps(["cellar", ACTING, "../../outside/secret"])
    (specs / "studies/other.yaml").write_text(study.read_text().replace("[press]", named))
    return project


def allowed(project: Path, declared: Path) -> list[str]:
    """Where reading is fine: the project, the declared root, Python and its libraries, this compiler."""
    python = [sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *(p for p in sys.path if p)]
    system = ["/usr/lib", "/usr/share/zoneinfo", "/etc/localtime", "/dev/null", "/dev/urandom", "/proc/cpuinfo"]
    return [os.path.realpath(p) for p in [project, declared, REPOSITORY, *python, *system]]


def outside(paths: list[str], folders: list[str]) -> list[str]:
    return [p for p in paths if not any(p == folder or p.startswith(folder.rstrip("/") + "/") for folder in folders)]


def assert_harmless(done: Call, project: Path) -> None:
    """Nothing was started, connected to, imported, written or read where it must not be, nor printed."""
    assert done.of("subprocess", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "pty.") == []
    assert done.of("socket", "urllib", "ftplib", "webbrowser") == []
    assert done.of("os.symlink", "os.link", "os.chmod", "os.truncate", "shutil") == []
    build = os.path.realpath(project / "build")
    changed = done.of("write", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "sqlite3")
    assert outside(changed, [build, os.devnull]) == []
    places = allowed(project, project.parent / "declared")
    assert outside(done.of("read", "os.listdir", "os.scandir"), places) == []
    inside = os.path.realpath(project)
    assert [p for p in done.of("read", "exec", "compile") if p.startswith(inside) and p.endswith((".py", ".pyc"))] == []
    assert [e for e in done.events if e["event"] == "compile" and ("PWNED" in e["text"] or "7777 * 3" in e["text"])] == []
    assert "<template>" not in done.of("compile"), "Jinja made a template of something"
    assert list(project.parent.rglob("PWNED")) == []
    assert SECRET not in done.out
    assert "root:x:" not in done.out
    assert [c for c in done.out if not c.isprintable() and c != "\n"] == []
    assert "23331" not in done.out


@pytest.mark.parametrize("form", FORMATS)
def test_checking_hostile_specs_is_harmless(tmp_path: Path, form: str) -> None:
    project = broken(tmp_path)
    done = call(project, "check", "--format", form)
    assert done.code == 1
    assert_harmless(done, project)
    if form in ("json", "sarif"):
        json.loads(done.out)
    if form == "github":
        assert all(line.startswith(("::error file=", "::warning file=")) for line in done.out.splitlines())


@pytest.mark.parametrize("verb", [["check"], ["check", "--study", "study"], ["plan"], ["plan", "--json"], ["plan", "--all"]])
def test_hostile_text_in_valid_specs_is_harmless(tmp_path: Path, verb: list[str]) -> None:
    project = written(tmp_path)
    done = call(project, *verb)
    assert done.code == 0, done.out
    assert_harmless(done, project)


def test_planning_refused_specs_is_harmless(tmp_path: Path) -> None:
    project = broken(tmp_path)
    done = call(project, "plan")
    assert done.code == 1
    assert_harmless(done, project)


def test_the_audit_sees_what_it_looks_for(tmp_path: Path) -> None:
    """The guard itself: a spec folder that does leave the project, and a process, are seen."""
    project = written(tmp_path)
    program = (
        "import json, os, socket, subprocess, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from tests.compiler.audited import Recorder\n"
        "r = Recorder(); sys.addaudithook(r)\n"
        "open('/etc/hostname').close(); subprocess.run(['true']); os.system('true')\n"
        "try: socket.create_connection(('127.0.0.1', 9), 0.1)\n"
        "except OSError: pass\n"
        "eval('7 * 7')\n"
        "r.on = False; print(json.dumps(r.events))"
    )
    command = [sys.executable, "-c", program, str(REPOSITORY)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    names = {event["event"] for event in json.loads(done.stdout)}
    assert {"read", "subprocess.Popen", "os.system", "socket.connect", "compile"} <= names


def test_no_network_in_this_process_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refused(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    project = load_project(broken(tmp_path))
    found = check(project)
    assert {"Y105", "Y110", "R208", "R218", "S101", "S103", "S108", "R201"} <= {d.code for d in found}
    for render in RENDERERS.values():
        assert "\x1b" not in render(found, project.lines)


def test_titles_reach_the_report_escaped(tmp_path: Path) -> None:
    project = load_project(written(tmp_path))
    assert check(project) == []
    keys = labels(project, "study")
    page = MARKER + "".join(f'<span class="ref" data-ref="{key}">id</span>' for key in keys)
    shown = apply_labels(page, keys)
    assert "alert(1)" in shown
    assert "<script" not in shown
    assert "<img" not in shown


def test_huge_keys_and_values_take_no_time() -> None:
    begin = time.process_time()
    long = "x" * 250_000
    for text in ("x" * 10_000_000 + ": 1", "a: " + "x" * 10_000_000, f'"{long}": 1', f"? {long}\n: 1", f"{long}: [*{long}]"):
        source = read_source(text, "f.yaml")
        assert all(len(d.message) < 200 for d in source.diagnostics)
    assert time.process_time() - begin < 1
