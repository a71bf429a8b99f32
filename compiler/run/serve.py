"""Studies, their reports and plans, and a run as it goes, for a browser on this machine: read from the files that verbs write.

It listens on the loopback address alone, answers GET and HEAD and nothing else, and only where `Host` names that address (or a
page of another site could read it by a name that it points here: DNS rebinding). Addresses are looked up among the studies'
ids; none is a path.
"""

import base64
import errno
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from compiler.plan.study import open_project
from compiler.run.folder import page_of
from compiler.run.progress import Followed
from compiler.templates import RULES, template

LOOPBACK = "127.0.0.1"
PLAN_S = 120
"""How long a plan may take."""
REQUEST_S = 10
"""How long a browser may take to ask."""
SCRIPT = (RULES / "serve.js").read_text(encoding="utf-8")
_DIGEST = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode("ascii")
POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_DIGEST}'; connect-src 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Answer:
    """What is sent: bytes of a media type, and the page's policy where it does not state one itself."""

    body: bytes
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    policy: str = POLICY


class Site:
    """What can be asked of the project in a folder."""

    def __init__(self, root: Path, roots: Mapping[str, Path]) -> None:
        self._root, self._roots = root, roots

    def answer(self, path: str) -> Answer:
        """The page at a path; 404 where there is none."""
        if path == "/":
            return self._index()
        if path == "/run.json":
            return Answer((json.dumps(self.run()) + "\n").encode(), "application/json")
        _, what, study = path.split("/") if path.count("/") == 2 else ("", "", "")
        pages: dict[str, Callable[[str], Answer]] = {"plan": self._plan, "report": self._report}
        if what in pages and study in open_project(self._root, self._roots).ids("study"):
            return pages[what](study)
        return self._page("Nothing is here", ["This address leads to no study."], status=404)

    def run(self) -> dict[str, Any]:
        """The newest run: study, artifacts built and planned, running jobs in words, what comes next, seconds since it last
        wrote anything; empty when there is none."""
        followed = Followed(self._root, newest=True)
        if (plan := followed.plan) is None:
            return {}
        built, planned = len(followed.built()), len(plan.planned())
        done = built >= planned
        folder = self._root / plan.run
        heard = max((os.stat(where).st_mtime for where, _, _ in os.walk(folder)), default=0.0)
        for log in (folder / "logs").glob("*/*.log"):
            heard = max(heard, log.stat().st_mtime)
        return {
            "study": plan.study,
            "run": plan.run.rpartition("/")[2],
            "built": built,
            "planned": planned,
            "done": done,
            "running": [] if done else followed.running(),
            "next": followed.next(),
            "heard_s": round(max(0.0, time.time() - heard), 1),
        }

    def _index(self) -> Answer:
        project = open_project(self._root, self._roots)
        rows = []
        for name in project.ids("study"):
            spec, page = project.studies.get(name), self._root / page_of(name)
            rows.append(
                {
                    "id": name,
                    "title": spec.title if spec else "",
                    "broken": spec is None,
                    "report": time.strftime("%Y-%m-%d %H:%M", time.localtime(page.stat().st_mtime)) if _is_ours(page) else "",
                    "status": _status(page.with_suffix(".json")),
                }
            )
        text = template("serve.html.j2", trim=True, lstrip=True).render(
            title=f"{self._root.name}: studies", rows=rows, script=SCRIPT, lines=[], back=False
        )
        return Answer(text.encode())

    def _report(self, study: str) -> Answer:
        page = self._root / page_of(study)
        if not _is_ours(page):
            return self._page(f"{study}: no report yet", [f"Build it: simkiln run {study}"], status=404)
        return Answer(page.read_bytes(), policy="frame-ancestors 'none'")  # the page states the rest itself

    def _plan(self, study: str) -> Answer:
        command = [sys.executable, "-m", "compiler.cli", "plan", study]
        command += [word for name, folder in self._roots.items() for word in ("--root", f"{name}={folder}")]
        try:
            done = subprocess.run(command, cwd=self._root, capture_output=True, text=True, timeout=PLAN_S, check=False)
        except subprocess.TimeoutExpired:
            return self._page(
                f"{study}: plan", [f"It took more than {PLAN_S} s; in a terminal: simkiln plan {study}"], status=504
            )
        return self._page(f"{study}: plan", (done.stdout + done.stderr).splitlines())

    def _page(self, title: str, lines: list[str], status: int = 200) -> Answer:
        page = template("serve.html.j2", trim=True, lstrip=True)
        return Answer(page.render(title=title, rows=None, script="", lines=lines, back=True).encode(), status=status)


def server(site: Site, port: int) -> ThreadingHTTPServer:
    """A server of a site on the loopback address, not yet serving; port 0 takes a free one.

    Raises:
        ValueError: when the port is taken or may not be used.
    """

    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version, timeout = "simkiln", "", REQUEST_S

        def do_GET(self) -> None:
            taken = serving.server_port
            if self.headers.get_all("Host") not in ([f"{LOOPBACK}:{taken}"], [f"localhost:{taken}"]):
                return self._send(Answer(b"this server answers to its own address only\n", "text/plain", 403))
            try:
                found = site.answer(self.path.partition("?")[0])
            except Exception as error:  # a spec that cannot be read is said, and the next request is answered
                said = f"{type(error).__name__}: {error}\nin a terminal, `simkiln check` says more\n"
                found = Answer(said.encode(), "text/plain; charset=utf-8", 500)
            return self._send(found)

        do_HEAD = do_GET

        def _send(self, found: Answer) -> None:
            self.send_response(found.status)
            for name, value in (
                ("Content-Type", found.kind),
                ("Content-Length", str(len(found.body))),
                ("Content-Security-Policy", found.policy),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
                ("Cross-Origin-Resource-Policy", "same-origin"),
                ("Cache-Control", "no-store"),
            ):
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(found.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: a line for each look at a run would bury what matters."""

    ThreadingHTTPServer.daemon_threads = True
    try:
        serving = ThreadingHTTPServer((LOOPBACK, port), Handler)
    except (OSError, OverflowError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        why = "is in use by another program" if taken else f"cannot be used ({error})"
        raise ValueError(f"port {port} {why}: choose another with `--port N`, or `--port 0` for a free one") from error
    return serving


def _is_ours(page: Path) -> bool:
    """Whether it is a file, and no link that leads elsewhere."""
    return page.is_file() and not page.is_symlink()


def _status(said: Path) -> str:
    try:
        found = json.loads(said.read_text(encoding="utf-8"))["status"] if _is_ours(said) else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) else ""
