"""A study run location by location, each part's trials exported as it ends, and then as a whole.

    python -m benchmarks.in_parts phase-1 --to docs/results/phase-1 [--store store] [--cores 2] [--only LOCATION ...]

Stop it whenever you like and call it again: what is in the store is not built twice. A part is the study with one location, in a
project of its own below `build/parts/` that shares the store; its trials go to `TO/LOCATION.parquet`, which `simkiln trials join`
reads without any store. At the end the study runs as a whole (its uplift, gates and page: all else is there) and its trials go
to `TO/trials.parquet`.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tests import REPOSITORY


def part(study: str, location: str, store: Path) -> Path:
    """The folder of a project whose study has one location."""
    root = REPOSITORY / "build" / "parts" / f"{study}-{location}"
    shutil.rmtree(root / "specs", ignore_errors=True)
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    for name in ("Snakefile", "profiles"):
        source, target = REPOSITORY / name, root / name
        shutil.copytree(source, target, dirs_exist_ok=True) if source.is_dir() else shutil.copyfile(source, target)
    path = root / "specs" / "studies" / f"{study}.yaml"
    said = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(said | {"locations": [location]}, sort_keys=False))
    (root / "simkiln.local.yaml").write_text(yaml.safe_dump({"store": str(store)}))
    return root


def simkiln(root: Path, *words: str) -> int:
    """Call a verb in a project; its exit code."""
    return subprocess.run([sys.executable, "-m", "compiler.cli", *words], cwd=root, check=False).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--store", type=Path, default=Path("store"))
    parser.add_argument("--cores", default="2")
    parser.add_argument("--only", nargs="+", metavar="LOCATION")
    args = parser.parse_args()
    to, store = args.to.resolve(), args.store.resolve()
    places = yaml.safe_load((REPOSITORY / "specs" / "studies" / f"{args.study}.yaml").read_text())["locations"]
    to.mkdir(parents=True, exist_ok=True)
    for location in args.only or places:
        root = part(args.study, location, store)
        if simkiln(root, "run", args.study, "--cores", args.cores) not in (
            0,
            1,
        ):  # 1: a gate that stops has failed, which is a result
            raise SystemExit(f"{location}: not finished; call it again to go on")
        if simkiln(root, "trials", "export", args.study, "--out", str(to / f"{location}.parquet")):
            raise SystemExit(f"{location}: its trials were not exported")
    if args.only is None:
        if simkiln(REPOSITORY, "run", args.study, "--cores", args.cores) not in (0, 1):
            raise SystemExit("the study as a whole did not finish; call it again to go on")
        simkiln(REPOSITORY, "trials", "export", args.study, "--out", str(to / "trials.parquet"))


if __name__ == "__main__":
    main()
