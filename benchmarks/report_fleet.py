"""What evidence and report of a large fleet cost: CPU seconds and bytes, on made-up trials.

    python -m benchmarks.report_fleet [--locations 120] [--seeds 3] [--trials 20] [--keep DIR]

A baseline and two approaches at every location, in the twin and at the hidden site. One helps at most places and hurts
at a few, the other does nothing. Artifacts have the shape of real ones and no pictures; `--keep` leaves the page there.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from runtime.bound.cell import Cell
from runtime.bound.frame import StudyFrame
from runtime.build.testing import run_stage
from runtime.stage import load_stages
from runtime.store.store import Store

APPROACHES = ("baseline", "mixed", "equal")
MODES = ("missed", "timeout")
DOMAINS = ("twin", "irl_proxy")


def second_runs(table: Any) -> Any:
    """The first two trials, run again with the same outcome."""
    import pyarrow as pa

    from runtime.sim.trials.tables import TWICE

    again = table.slice(0, 2)
    states = [str(state) for state in again["initial_state"].to_pylist()]
    return (
        again.set_column(again.column_names.index("initial_state"), "initial_state", pa.array(states))
        .select(TWICE.names)
        .cast(TWICE)
    )


def publish(
    store: Store, stage: str, name: str, cpu_s: float, params: dict[str, Any], parents: dict[str, list[Path]], table: Any = None
) -> Path:
    """An artifact with a manifest and, of an evaluation, its trials."""
    import hashlib

    import pyarrow.parquet as pq

    fingerprint = hashlib.sha256(f"{stage}{name}".encode()).hexdigest()[:32]
    with store.building(stage, fingerprint) as folder:
        if table is not None:
            pq.write_table(table, folder / "trials.parquet")
            pq.write_table(second_runs(table), folder / "twice.parquet")
        facts = {
            "stage": stage,
            "version": load_stages()[stage].version,
            "fingerprint": fingerprint,
            "params": params,
            "backends": {},
            "parents": {k: [f"{p.parent.name}/{p.name}" for p in v] for k, v in parents.items()},
            "metrics": {"success": 0.5},
            "contract": {},
            "cost": {"cpu_s": cpu_s, "wall_s": cpu_s, "peak_mb": 900.0},
        }
        return store.publish(stage, fingerprint, folder, facts)


def fleet(root: Path, locations: int, seeds: int, trials: int) -> tuple[StudyFrame, list[Cell], list[Path]]:
    """Frame, cells and trials of a made-up study."""
    import pyarrow as pa

    rng, store = np.random.default_rng(11), Store(root)
    names = tuple(f"site-{i:03}" for i in range(locations))
    frame = StudyFrame(
        id="fleet",
        baseline="baseline",
        locations=names,
        tasks=("press-button",),
        approaches=APPROACHES,
        seeds=tuple(range(seeds)),
        trials=dict.fromkeys(DOMAINS, trials),
    )
    cells, folders = [], []
    for i, name in enumerate(names):
        ease = rng.normal(0, 0.12)
        helps = -0.35 if i % 40 == 7 else rng.normal(0.12, 0.08)
        for approach in APPROACHES:
            for seed in range(seeds):
                policy = publish(store, "policy", f"{name}{approach}{seed}", 24.0, {"kind": approach, "seed": seed}, {})
                luck = rng.normal(0, 0.05)
                for domain in DOMAINS:
                    chance = 0.5 + ease + luck + (helps if approach == "mixed" else 0.0)
                    won = rng.random(trials) < chance
                    table = pa.table(
                        {
                            "location": [name] * trials,
                            "task": ["press-button"] * trials,
                            "approach": [""] * trials,
                            "seed": [seed] * trials,
                            "domain": [domain] * trials,
                            "initial_state": list(range(trials)),
                            "success": won,
                            "score": np.where(won, 1.0, rng.uniform(0, 0.6, trials)),
                            "failure_mode": ["" if w else str(rng.choice(MODES)) for w in won],
                            "steps": [20] * trials,
                            "protocol": ["p"] * trials,
                        }
                    )
                    cell = Cell.model_validate(
                        {"approach": approach, "location": name, "task": "press-button", "seed": seed, "domain": domain}
                    )
                    cells.append(cell)
                    folders.append(publish(store, "evaluate", f"{cell!r}", 9.0, {}, {"policy": [policy]}, table))
    return frame, cells, folders


def measure(root: Path, locations: int, seeds: int, trials: int) -> tuple[Path, dict[str, float]]:
    """The report's folder, and what it took: cells, CPU seconds of each stage, megabytes of page and JSON."""
    frame, cells, folders = fleet(root, locations, seeds, trials)
    shared = {"study": frame.model_dump(mode="json"), "cells": [cell.model_dump() for cell in cells]}
    priors = {"mixed": {"world_model": [2, 8], "irl": [1, 6]}}
    start = time.process_time()
    uplift = run_stage("uplift", {**shared, "priors": priors}, {"trials": folders}, root)
    evidence_s = time.process_time() - start
    start = time.process_time()
    none: list[Path] = []
    inputs = {
        "uplift": uplift,
        "gates": none,
        "claims": none,
        "captures": none,
        "splats": none,
        "twins": none,
        "clips": none,
        "trials": folders,
    }
    report = run_stage("report", {**shared, "claims": [], "most_pictured": 0}, inputs, root)
    return report, {
        "cells": len(cells),
        "uplift_s": evidence_s,
        "report_s": time.process_time() - start,
        "page_mb": (report / "report.html").stat().st_size / 2**20,
        "json_mb": (report / "report.json").stat().st_size / 2**20,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--locations", type=int, default=120)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="simkiln-fleet-") as folder:
        report, took = measure(Path(folder), given.locations, given.seeds, given.trials)
        print(
            f"{given.locations} locations, {len(APPROACHES)} approaches, {given.seeds} seeds, {took['cells']} cells, "
            f"{took['cells'] * given.trials} trials: uplift {took['uplift_s']:.1f} CPU-s, report "
            f"{took['report_s']:.1f} CPU-s, page {took['page_mb']:.2f} MB, "
            f"report.json {took['json_mb']:.2f} MB"
        )
        if given.keep:
            given.keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(report / "report.html", given.keep / "report.html")


if __name__ == "__main__":
    main()
