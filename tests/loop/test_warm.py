"""Jobs in forks of a warm process: what they make is what a Python of their own makes, and none sees what its brothers did."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compiler.run.frozen_plan import FrozenPlan
from compiler.run.warm import ASK, VARIABLE, Warm
from runtime.store.store import Store
from tests import REPOSITORY
from tests.loop.processes import jobs_of, until
from tests.loop.tiny import tiny_project

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="warm processes are for Linux alone")

SERVE = """import os, random, socket, sys, time
from pathlib import Path
import numpy
import runtime.warm
from runtime.warm import serve

def main(words):
    threads = os.environ.get("OMP_NUM_THREADS"), len(os.listdir("/proc/self/task"))
    print(numpy.random.get_state()[1].sum(), os.getcwd(), "MINE" in os.environ, "json.tool" in sys.modules, threads, flush=True)
    numpy.random.seed(7)
    random.seed(7)
    os.environ["MINE"] = "1"
    os.chdir("/")
    if words[1] == "sleep":
        time.sleep(60)
    if words[1] == "raise":
        raise ValueError("of its own")
    if words[1] == "teach":
        import json.tool
    if words[1] == "kill":
        os.kill(os.getpid(), 11)
    return int(words[1]) if words[1].isdigit() else 0

if sys.argv[2] == "edited":
    runtime.warm.untouched = lambda stage: False
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1] + "/conditions")
listening.listen(8)
sys.exit(serve(Path(sys.argv[1]), {"conditions": (listening.detach(), 99)}, main))
"""


@contextmanager
def serving(tmp_path: Path, how: str = "") -> Generator[list[str]]:
    """The words that ask a warm process whose jobs say what they find and then change it."""
    folder = tmp_path / "sockets"
    folder.mkdir(parents=True)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SERVE, str(folder), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, cwd=tmp_path) as root:
        assert until((folder / "conditions").exists, 30)
        yield [sys.executable, "-I", "-S", str(ASK), str(folder), "-m", "runtime", "conditions"]
        assert root.stdin is not None
        root.stdin.close()
        assert root.wait(20) == 0
    assert not folder.exists()


def asked(words: list[str], word: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*words, word], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_no_job_sees_what_another_one_did_and_each_ends_in_its_own_way(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    with serving(tmp_path) as words:
        first = asked(words, "0", here)
        assert (first.returncode, first.stderr, first.stdout.split()[1:3]) == (0, "", [str(here), "False"])
        assert [asked(words, word, here).stdout for word in ("3", "raise", "kill")] == [first.stdout] * 3
        assert asked(words, "3", here).returncode == 3
        raised, killed = asked(words, "raise", here), asked(words, "kill", here)
        assert raised.returncode == 1
        assert raised.stderr.endswith("ValueError: of its own\n")
        assert killed.returncode == -signal.SIGSEGV
        assert asked(words, "teach", here).stdout == first.stdout
        taught = asked(words, "0", here).stdout  # a module is all that is kept
        assert taught == first.stdout.replace("False False", "False True")
        with subprocess.Popen([*words, "sleep"], cwd=here, stdout=subprocess.PIPE) as sleeping:
            assert sleeping.stdout is not None
            sleeping.stdout.readline()
            sleeping.kill()
            began = time.monotonic()
            assert sleeping.stdout.read() == b""  # its fork had it open, and is gone
            assert time.monotonic() - began < 30


def test_who_finds_no_warm_process_or_one_of_other_code_starts_a_python(tmp_path: Path) -> None:
    with serving(tmp_path, "edited") as words:
        done = asked(words, "0", tmp_path)
        assert (done.returncode, "error[B313]: conditions/0 is not planned" in done.stderr) == (1, True)
    assert asked(words, "0", tmp_path).stderr == done.stderr


def test_a_run_makes_the_same_bytes_in_forks_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "alone").mkdir()
    alone, warm = tiny_project(tmp_path / "alone"), tiny_project(tmp_path)
    monkeypatch.setenv(VARIABLE, "1")
    assert alone.snakemake("--until", "capture").returncode == 0
    monkeypatch.delenv(VARIABLE)
    done = warm.snakemake("--until", "capture", "--printshellcmds")
    assert (done.returncode, (done.stdout + done.stderr).count(str(ASK))) == (0, 2), done.stdout + done.stderr
    assert digests(warm.store) == digests(alone.store)
    assert len(digests(alone.store)) == 2
    assert until(lambda: not jobs_of(warm.root), 5)


def digests(store: Store) -> dict[tuple[str, str], object]:
    """Address -> digests of files and what is said of the environment."""
    found = [(stage, name) for stage, names in store.listing().items() for name in names]
    manifests = {address: store.manifest(*address) for address in found}
    return {address: (manifest["files"], manifest["environment"]) for address, manifest in manifests.items()}


def test_few_jobs_or_another_machine_s_start_none(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    jobs = ", ".join(f'"{name}": {{"members": ["{name}"]}}' for name in "abcd")
    plan.write_text(f'{{"study": "s", "run": "r", "store": "store", "nodes": {{}}, "jobs": {{"conditions": {{{jobs}}}}}}}')
    assert Warm(FrozenPlan(plan), sys.executable, lambda: False).words() == [sys.executable]
    plan.write_text(plan.read_text().replace(', "d": {"members": ["d"]}', ""))
    assert Warm(FrozenPlan(plan), sys.executable, lambda: True).words() == [sys.executable]
