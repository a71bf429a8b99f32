"""A study run location by location, each part's trials exported as it ends, and then as a whole.

    python -m benchmarks.in_parts phase-1 --to docs/results/phase-1 [--store store] [--cores 2] [--only LOCATION ...]

Stop it whenever you like and call it again: what is in the store is not built twice. A part is the study with one location, in a
project of its own below `build/parts/` that shares the store; its trials go to `TO/LOCATION.parquet`, which `simkiln trials join`
reads without any store. At the end the study runs as a whole in `build/parts/STUDY` (its uplift, gates and page: all else is
there), its trials go to `TO/trials.parquet`, and what was spent to `TO/costs.json`, both for `benchmarks.matrix`: CPU-seconds
of the baseline and of what each approach takes beyond it, and the expert's labels that a policy is given in each of its rounds.
What stages measured of each approach, by round, goes to `TO/metrics.csv`, so that pages can be checked without a store.
"""

import argparse
import csv
import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from runtime.store.manifest import MANIFEST, lineage, read_manifest
from tests import REPOSITORY


def part(study: str, location: str | None, store: Path) -> Path:
    """The folder of a project with that store, whose study has one location, or all of its own."""
    root = REPOSITORY / "build" / "parts" / (f"{study}-{location}" if location else study)
    shutil.rmtree(root / "specs", ignore_errors=True)
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    for name in ("Snakefile", "profiles"):
        source, target = REPOSITORY / name, root / name
        shutil.copytree(source, target, dirs_exist_ok=True) if source.is_dir() else shutil.copyfile(source, target)
    if location:
        path = root / "specs" / "studies" / f"{study}.yaml"
        said = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump(said | {"locations": [location]}, sort_keys=False))
    (root / "simkiln.local.yaml").write_text(yaml.safe_dump({"store": str(store)}))
    return root


def simkiln(root: Path, *words: str) -> int:
    """Call a verb in a project; its exit code."""
    return subprocess.run([sys.executable, "-m", "compiler.cli", *words], cwd=root, check=False).returncode


def nodes_of(root: Path, study: str) -> list[dict[str, Any]]:
    """The artifacts of a study, as `simkiln plan --json` has them."""
    words = sys.executable, "-m", "compiler.cli", "plan", study, "--json"
    return json.loads(subprocess.run(words, cwd=root, check=True, capture_output=True, text=True).stdout)["nodes"]


def write_metrics(nodes: list[dict[str, Any]], store: Path, to: Path) -> None:
    """Mean and spread, over places, tasks and seeds, of each number that a stage measured of an approach, by round or domain."""
    found: dict[tuple[str, str, str, str], list[float]] = {}
    for node in nodes:
        folder, at = store / node["stage"] / node["fingerprint"], node["label"].split("/")
        if len(at) > 4 and (folder / MANIFEST).is_file():  # STAGE/LOCATION/TASK/APPROACH/SEED/...
            for name, value in read_manifest(folder)["metrics"].items():
                if isinstance(value, int | float):
                    found.setdefault((node["stage"], at[3], "/".join(at[5:]), name), []).append(value)
    with to.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow("stage approach of metric runs mean sd".split())
        for key, values in sorted(found.items()):
            sd = f"{statistics.stdev(values):.6g}" if len(values) > 1 else ""
            writer.writerow([*key, len(values), f"{statistics.fmean(values):.6g}", sd])


def spent(root: Path, study: str, nodes: list[dict[str, Any]], store: Path) -> dict[str, Any]:
    """`baseline_cpu_s`: of all that the baseline's trials were made from. `labels`: approach -> for each round how many episodes
    that its expert showed and that succeeded, mean over policies; of approaches that count them."""
    baseline = yaml.safe_load((root / "specs" / "studies" / f"{study}.yaml").read_text()).get("baseline")
    own, rounds = list[Path](), dict[str, dict[int, list[int]]]()
    for node in nodes:
        folder, at = store / node["stage"] / node["fingerprint"], node["label"].split("/")
        if len(at) > 3 and at[3] == baseline:  # STAGE/LOCATION/TASK/APPROACH/SEED/...
            own.append(folder)
        if len(at) == 6 and at[5].isdecimal() and (folder / MANIFEST).is_file():  # the last is the round
            shown = read_manifest(folder)["metrics"].get("labels")
            if shown is not None:
                rounds.setdefault(at[3], {}).setdefault(int(at[5]), []).append(shown)
    cpu_s = round(sum(made["cost"]["cpu_s"] for made in lineage(own)), 1)
    return {"baseline_cpu_s": cpu_s} | (
        {"labels": {name: [sum(by[n]) / len(by[n]) for n in sorted(by)] for name, by in rounds.items()}} if rounds else {}
    )


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
    if unknown := set(args.only or ()) - set(places):
        raise SystemExit(f"study `{args.study}` has no location {', '.join(sorted(unknown))}: it has {', '.join(places)}")
    for location in args.only or [*places, None]:
        root, name = part(args.study, location, store), location or "the study as a whole"
        # 1 is a gate that stops, which is a result, or a job that failed: then there are no trials to export
        if simkiln(root, "run", args.study, "--cores", args.cores) not in (0, 1):
            raise SystemExit(f"{name}: not finished; call it again to go on")
        if simkiln(root, "trials", "export", args.study, "--out", str(to / f"{location or 'trials'}.parquet")):
            raise SystemExit(f"{name}: not finished, or its trials cannot be exported; call it again to go on")
    if not args.only:
        nodes = nodes_of(root, args.study)
        write_metrics(nodes, store, to / "metrics.csv")
        report = json.loads((root / "build" / "report" / f"{args.study}.json").read_text())
        said = {"study": args.study, "locations": len(places), "seeds": len(report["study"]["seeds"])}
        said |= {"cpu_s": {row["approach"]: row["cpu_s"] for row in report["costs"]}, **spent(root, args.study, nodes, store)}
        (to / "costs.json").write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    main()
