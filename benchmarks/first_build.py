"""How many artifacts a second Snakemake can hand out: `python -m benchmarks.first_build [NODES ...]`.

A made-up project (benchmarks/scale_project.py) of which nothing is built; the work of its jobs is replaced by a shell
script that publishes an empty artifact, so that only scheduling is measured. Once as emitted (many short nodes of a
stage share a job), once with a job for every node. CPU seconds of Snakemake and its jobs together, one run each.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

from benchmarks.scale import measure
from benchmarks.scale_project import make_project

SIZES = (1_000, 3_000, 10_000)
STUB = """#!/bin/sh
# stands in for `python -m runtime STAGE FINGERPRINT... --store STORE ...`
shift 2; stage=$1; shift; names=""
while [ "${1#--}" = "$1" ]; do names="$names $1"; shift; done
store=$2
for name in $names; do
    mkdir -p "$store/$stage/$name" && echo '{}' > "$store/$stage/$name/manifest.json"
    [ "$stage" = report ] && echo '<title>empty</title>' > "$store/$stage/$name/report.html"
done
exit 0
"""
ALONE = "import compiler.run.chunks; compiler.run.chunks.MANY = 10**9\n"


def prepare(folder: Path, nodes: int, chunked: bool) -> Path:
    """A project with nothing built, whose jobs do no work."""
    root = make_project(folder, nodes)
    stub = root / "stub.sh"
    stub.write_text(STUB)
    stub.chmod(0o755)
    snakefile = (root / "Snakefile").read_text()
    snakefile, found = re.subn(r"^PYTHON = .*$", f"PYTHON = {str(stub)!r}", snakefile, flags=re.MULTILINE)
    if found != 1:
        sys.exit("the Snakefile does not set PYTHON once")
    if not chunked:
        snakefile = snakefile.replace("from compiler.run.workflow", ALONE + "from compiler.run.workflow", 1)
    (root / "Snakefile").write_text(snakefile)
    return root


def jobs_of(root: Path) -> int:
    """How many jobs the newest plan has."""
    return len(re.findall(r'"members": ', (root / "build" / "plan.json").read_text()))


def main() -> None:
    sizes = [int(a) for a in sys.argv[1:]] or SIZES
    for chunked in (True, False):
        print("many short nodes share a job" if chunked else "a job for every node")
        for nodes in sizes:
            with tempfile.TemporaryDirectory() as folder:
                root = prepare(Path(folder) / "project", nodes, chunked)
                command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all"]
                seconds, peak, _ = measure(command, root)
                built = sum(1 for _ in (root / "store").glob("*/*/manifest.json"))
                print(
                    f"  {built:>7,} artifacts in {jobs_of(root):>6,} jobs {seconds:8.1f} CPU-s {peak:6.0f} MB"
                    f" {built / seconds:7.0f} artifacts/CPU-s {jobs_of(root) / seconds:5.0f} jobs/CPU-s",
                    flush=True,
                )


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["SIMKILN_NO_WARM"] = "1"
    main()
