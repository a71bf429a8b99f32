"""The part of the Kubernetes interface that the executor plugin asks: jobs become processes of this machine."""

import base64
import json
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Cluster:
    """What was asked for (`jobs`: specs by name) and what runs (`pods`); a secret's values by name in `secrets`."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root, self.environment = root, environment
        self.jobs: dict[str, dict[str, Any]] = {}
        self.pods: dict[str, subprocess.Popen] = {}
        self.secrets: dict[str, dict[str, str]] = {}

    def create(self, job: dict[str, Any]) -> None:
        """Start a job's container as a process in a fresh folder, with its own variables only."""
        name = job["metadata"]["name"]
        self.jobs[name] = job
        container = job["spec"]["template"]["spec"]["containers"][0]
        given = {e["name"]: e["valueFrom"]["secretKeyRef"] for e in container["env"] or []}
        secrets = {name: base64.b64decode(self.secrets[r["name"]][r["key"]]).decode() for name, r in given.items()}
        workdir = self.root / name
        workdir.mkdir()
        with (workdir / "pod.log").open("w") as log:
            self.pods[name] = subprocess.Popen(
                [*container["command"], *container["args"]],
                cwd=workdir,
                env={**self.environment, **secrets},
                stdout=log,
                stderr=log,
            )

    def status(self, name: str) -> dict[str, int]:
        """A job's counts of pods."""
        code = self.pods[name].poll()
        return {"active": 1} if code is None else {"succeeded": 1} if code == 0 else {"failed": 1}


@contextmanager
def cluster(root: Path, environment: dict[str, str]) -> Generator[tuple[Cluster, Path]]:
    """Serve on a free port; gives the cluster and the client's settings file. Ends every pod at the end."""
    made = Cluster(root, environment)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def answer(self, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            value = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/jobs"):
                made.create(value)
            else:
                made.secrets[value["metadata"]["name"]] = value.get("data", {})
            self.answer(value)

        def do_GET(self) -> None:
            kind, _, name = self.path.removesuffix("/status").rpartition("/")
            if kind.endswith("/jobs"):
                self.answer({"metadata": {"name": name}, "status": made.status(name)})
            else:
                self.answer({"items": []})

        def do_DELETE(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.answer({"status": "Success"})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = root / "kubeconfig"
    context = {"name": "here", "context": {"cluster": "here", "user": "me"}}
    settings.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "here",
                "contexts": [context],
                "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
                "users": [{"name": "me", "user": {}}],
            }
        )
    )
    try:
        yield made, settings
    finally:
        server.shutdown()
        for pod in made.pods.values():
            pod.kill()
            pod.wait()
