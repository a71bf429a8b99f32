"""Where the CPU time of a run goes: what starting a job costs, alone and as a fork, and what each stage took in built stores.

    python -m benchmarks.start [STORE ...] [--stages policy evaluate gate]

Starting: CPU-seconds until the stage's own imports are done, in a Python of its own; once for its warm process; and for each fork
of that, client included (medians; from 20 forks). Stores: sums and medians over manifests, such as one that a run filled before a
change, and one after; what warm processes import is in no manifest.
"""

import argparse
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.scenes import table
from compiler.run.warm import ASK

TRIES, FORKS = 3, 20
ROOT = """import sys
from pathlib import Path
import runtime.__main__, runtime.build.execute
from runtime.warm import serve
sys.exit(serve(Path(sys.argv[1]), {sys.argv[2]: (int(sys.argv[3]), 10**6)}, lambda words: 0))
"""
ALONE = """import sys
import runtime.__main__, runtime.build.execute
from runtime.warm import stated, take_in
take_in(stated(sys.argv[1]))
"""


def spent(run: subprocess.Popen[bytes] | list[str]) -> float:
    """CPU seconds of a command, or of one that was started, until its end, with its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if isinstance(run, list):
        subprocess.run(run, check=True)
    else:
        assert run.stdin is not None
        run.stdin.close()
        if run.wait():
            sys.exit("the warm process failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def warm(stage: str, forks: int) -> float:
    """CPU seconds of a root, a stage's warm process and as many forks of it, which do nothing."""
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above, "sockets")
        folder.mkdir()
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(folder / stage))
        listening.listen(8)
        command = [sys.executable, "-c", ROOT, str(folder), stage, str(listening.fileno())]
        root = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[listening.fileno()])
        asked = sum(spent([sys.executable, "-I", "-S", str(ASK), str(folder), "-m", "runtime", stage, "0"]) for _ in range(forks))
        return asked + spent(root)


def starts(stages: list[str]) -> list[tuple[str, ...]]:
    """Rows: stage, alone, its warm process, a fork."""
    rows = [("stage", "alone, CPU-s", "warm process, once", "a fork of it")]
    for stage in stages:
        alone = median(spent([sys.executable, "-c", ALONE, stage]) for _ in range(TRIES))
        once = median(warm(stage, 1) for _ in range(TRIES))
        many = median(warm(stage, 1 + FORKS) for _ in range(TRIES))
        rows.append((stage, f"{alone:.2f}", f"{once:.2f}", f"{(many - once) / FORKS:.3f}"))
    return rows


def costs(store: Path) -> dict[str, list[float]]:
    """Stage -> CPU seconds of each of its artifacts."""
    found: dict[str, list[float]] = {}
    for manifest in store.glob("*/*/manifest.json"):
        found.setdefault(manifest.parts[-3], []).append(json.loads(manifest.read_text())["cost"]["cpu_s"])
    return found


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("stores", type=Path, nargs="*", metavar="STORE")
    words.add_argument("--stages", nargs="*", default=["policy", "evaluate", "gate"])
    given = words.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["OMP_NUM_THREADS"] = "1"
    if given.stages:
        table(starts(given.stages))
    if given.stores:
        each = [costs(store) for store in given.stores]
        rows = [("stage", *(f"{store}: artifacts, sum, median CPU-s" for store in given.stores))]
        for stage in sorted({*each[0]}.union(*each), key=lambda name: -sum(each[0].get(name, ()))):
            cells = (one.get(stage, [0.0]) for one in each)
            rows.append((stage, *(f"{len(cell):4} {sum(cell):7.1f} {median(cell):6.2f}" for cell in cells)))
        totals = ([x for values in one.values() for x in values] for one in each)
        rows.append(("all", *(f"{len(cell):4} {sum(cell):7.1f}" for cell in totals)))
        table(rows)


if __name__ == "__main__":
    main()
