"""How often a study of a few places and seeds decides that `aligned` helps: studies drawn from runs that are there.

    python -m benchmarks.recipe STORE --sites 411 412 413 414 --gaps medium large --arms baseline aligned
    python -m benchmarks.decides STORE [--places 2] [--seeds 5] [--level 0.95] [--draws 400]

Reads the trials that `benchmarks.recipe` left in STORE, draws studies of so many of its sites and training seeds without
replacement, and judges each by the band of uplift that studies use. Prints for each gap: sites and runs to draw from, success
of both, how often the whole band lies above zero, how often below, and the mean width.
"""

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.scenes import table
from runtime.stats.inference.uplift import uplift_of
from runtime.stats.table.outcomes import Trials

Runs = dict[int, dict[str, float]]
"""Training seed -> initial state -> success."""


def manifest(folder: Path) -> dict[str, Any]:
    """What an artifact says of itself."""
    return json.loads((folder / "manifest.json").read_text())


def tried(store: Path, trials: int) -> dict[tuple[str, str], dict[int, dict[bool, Runs]]]:
    """(Kind of task, gap) -> site -> whether aligned -> runs, of policies with the most common parameters."""
    found = []
    for folder in sorted((store / "evaluate").iterdir()):
        if not (folder / "manifest.json").is_file():
            continue
        told = manifest(folder)
        policy, drawn = (manifest(store / told["parents"][port][0]) for port in ("policy", "conditions"))
        if told["params"]["trials"] != trials or policy["stage"] != "policy" or told["params"]["site"] is None:
            continue
        recipe = json.dumps({k: v for k, v in policy["params"].items() if k != "seed"}, sort_keys=True)
        found.append((recipe, told, policy["params"]["seed"], drawn["params"], folder))
    usual = Counter((drawn["task"]["kind"], recipe) for recipe, _, _, drawn, _ in found)
    best = {kind: recipe for (kind, recipe), _ in reversed(usual.most_common())}
    made: dict[tuple[str, str], dict[int, dict[bool, Runs]]] = defaultdict(lambda: defaultdict(lambda: {False: {}, True: {}}))
    for recipe, told, seed, drawn, folder in found:
        kind = drawn["task"]["kind"]
        if recipe == best[kind] and len(drawn["gap"]) == 1:
            rows = pq.read_table(folder / "trials.parquet").to_pylist()
            aligned = bool(told["parents"].get("transform"))
            site = told["params"]["site"]["seed"]
            made[kind, drawn["gap"][0]][site][aligned][seed] = {r["initial_state"]: float(r["success"]) for r in rows}
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--sites", type=int, nargs="+", default=[411, 412, 413, 414])
    parser.add_argument("--places", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--level", type=float, default=0.95)
    parser.add_argument("--draws", type=int, default=400)
    options = parser.parse_args()
    shown = [("task, gap", "sites", "runs", "baseline", "aligned", "decided above 0", "below 0", "width")]
    for (kind, gap), everywhere in sorted(tried(options.store, options.trials).items()):
        sites = {s: pair for s, pair in everywhere.items() if s in options.sites}
        common = {site: sorted(pair[False].keys() & pair[True].keys()) for site, pair in sites.items()}
        usable = [site for site in sites if len(common[site]) >= options.seeds]
        if len(usable) < options.places:
            continue
        rng, bands = np.random.default_rng(0), []
        for _ in range(options.draws):
            drawn = {}
            for site in rng.choice(usable, options.places, replace=False):
                drawn[int(site)] = [int(s) for s in rng.choice(common[site], options.seeds, replace=False)]
            places = [(str(site), kind) for site in drawn]
            sides = {
                (name, "irl_proxy"): {(str(s), kind): {k: sites[s][aligned][k] for k in seeds} for s, seeds in drawn.items()}
                for name, aligned in (("baseline", False), ("aligned", True))
            }
            row = uplift_of(Trials(sides, {}), "aligned", "baseline", "irl_proxy", places, options.level, same_runs=True)
            assert row is not None
            bands.append((row.estimate.band.low, row.estimate.band.high))
        low, high = np.array(bands).T
        means = [100 * np.mean([list(sites[s][a][k].values()) for s in usable for k in common[s]]) for a in (False, True)]
        runs = sum(len(common[site]) for site in usable)
        above, below = f"{100 * np.mean(low > 0):.1f}%", f"{100 * np.mean(high < 0):.1f}%"
        rates = (f"{means[0]:.1f}", f"{means[1]:.1f}")
        shown.append((f"{kind}, {gap}", str(len(usable)), str(runs), *rates, above, below, f"{np.mean(high - low):.1f}"))
    table(shown)


if __name__ == "__main__":
    main()
