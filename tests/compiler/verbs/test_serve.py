"""`simkiln serve`: a real server and a real browser; only this machine, only reading, only addresses of studies."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.cli import main
from tests.compiler.built import Built
from tests.runtime.report.browser import BROWSER, FLAGS, needs_browser

type Served = tuple[Path, int]


def started(root: Path) -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-m", "compiler.cli", "serve", "--port", "0"]
    take = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)  # noqa: E731
    process = subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=take, env=dict(os.environ)
    )
    assert process.stdout
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
    assert found
    return process, int(found[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A project with a report, and a run of which one artifact of two is built."""
    built = Built(tmp_path_factory.mktemp("serve"))
    report = built.root / "build" / "report" / "study.html"
    report.parent.mkdir(parents=True)
    report.write_text("<!doctype html><title>the report</title>")
    report.with_suffix(".json").write_text(json.dumps({"status": "passed"}))
    run = built.root / "build" / "runs" / "20260305T101112-aaaaaaaa"
    nodes = {"splat": {"f1": {"label": "splat/<b>place"}, "f2": {"label": "splat/barn"}}}
    job = {"inputs": [], "threads": 1, "mem_mb": 1, "runtime": 1, "gpu": 0}
    plan = {
        "study": "study",
        "run": os.path.relpath(run, built.root),
        "store": "store",
        "nodes": nodes,
        "jobs": {"splat": {name: {**job, "members": [name]} for name in nodes["splat"]}},
    }
    for name, text in {
        "plan.json": json.dumps(plan),
        "stages.smk": "",
        "done/splat/f2": "",
        "logs/splat/f1.log": "half way",
    }.items():
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text(text)
    process, port = started(built.root)
    yield built.root, port
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, "\nstopped\n")  # Ctrl-C ends it in a word


def asked(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}


def test_studies_reports_plans_and_the_run_are_there(served: Served) -> None:
    _, port = served
    status, index, headers = asked(port, "/")
    assert status == 200
    assert 'href="/report/study"' in index
    assert ">passed<" in index
    assert "default-src 'none'" in headers["content-security-policy"]
    assert asked(port, "/report/study")[:2] == (200, "<!doctype html><title>the report</title>")
    assert "capture" in asked(port, "/plan/study")[1]
    run = json.loads(asked(port, "/run.json")[1])
    assert (run["study"], run["built"], run["planned"], run["done"]) == ("study", 1, 2, False)
    assert run["running"] == ["splat/<b>place half way"]


def test_it_is_for_this_machine_and_for_reading(served: Served) -> None:
    root, port = served
    assert asked(port, "/", Host=f"evil.example:{port}")[0] == 403
    assert asked(port, "/", Host="127.0.0.1")[0] == 403
    assert asked(port, "/", "HEAD")[:2] == (200, "")
    assert {asked(port, "/", method)[0] for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS")} == {501}
    (root / "secret.html").write_text("secret")
    (root / "build" / "report" / "linked.html").symlink_to(root / "secret.html")
    (root / "specs" / "studies").mkdir(exist_ok=True)
    (root / "specs" / "studies" / "linked.yaml").write_text("title: x\n")
    elsewhere = "/report/../../secret /report/..%2f..%2fsecret //secret.html /report/linked /build/plan.json /report/x"
    for path in elsewhere.split():
        status, text, _ = asked(port, path)
        assert status == 404, path
        assert "secret" not in text.replace("/secret", ""), path
    with socket.socket() as other:
        reached = other.connect_ex((socket.gethostbyname(socket.gethostname()), port))
    assert reached != 0 or socket.gethostbyname(socket.gethostname()).startswith("127.")


@needs_browser
def test_a_browser_shows_how_far_the_run_is(served: Served, tmp_path: Path) -> None:
    _, port = served
    assert BROWSER
    flags = [flag for flag in FLAGS if not flag.startswith("--host-resolver")]
    command = [
        BROWSER,
        *flags,
        f"--user-data-dir={tmp_path}",
        "--dump-dom",
        "--virtual-time-budget=4000",
        f"http://127.0.0.1:{port}/",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "1 of 2 artifacts built" in done.stdout
    assert "<li>splat/&lt;b&gt;place half way</li>" in done.stdout
    assert "CONSOLE" not in done.stderr.replace("favicon", "")


def test_a_port_in_use_is_told(served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    root, port = served
    monkeypatch.chdir(root)
    assert main(["serve", "--port", str(port)]) == 2
    assert f"port {port} is in use by another program: choose another" in capsys.readouterr().err
    assert main(["serve", "--port", "99999"]) == 2
