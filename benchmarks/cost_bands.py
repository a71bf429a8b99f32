"""How often the 80% band of an estimate covers what building took: `python -m benchmarks.cost_bands [STORE]`.

Simulated: stages whose declared cost is off by a factor (log standard deviation 1), jobs that scatter around it, and
a total estimated from a few measured jobs. With a store: its artifacts, in two halves, one estimated from the other.
"""

import math
import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from compiler.plan.cost import band_of_sum
from compiler.plan.cost_fit import fit
from compiler.store.index import StoreIndex
from runtime.stage import load_stages

SIZES_S = (30.0, 60.0, 120.0)


def coverage(samples: int, jobs: int, stages: int, scatter: float, studies: int = 400, seed: int = 0) -> float:
    """Share of simulated studies whose total lies within its band."""
    noise, hits = random.Random(seed), 0
    for _ in range(studies):
        parts, truth = [], 0.0
        for _ in range(stages):
            off = noise.gauss(0, 1)
            took = [(d, d * math.exp(off + noise.gauss(0, scatter))) for d in noise.choices(SIZES_S, k=samples + jobs)]
            law = fit(took[:samples])
            truth += sum(measured for _, measured in took[samples:])
            parts.append((law, [law.mean(declared) for declared, _ in took[samples:]]))
        band = band_of_sum(parts)
        hits += band.low <= truth <= band.high
    return hits / studies


def halves(store: Path, seed: int) -> tuple[float, float, float, float]:
    """CPU seconds of one half of a store: measured, expected, low and high, from the other half."""
    stages, noise = load_stages(), random.Random(seed)
    by_stage = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        index = StoreIndex(store, Path(folder) / "store.sqlite")
        for fact in index.facts():
            stage, inputs = stages.get(fact.stage), index.inputs(fact.address)
            if stage is not None and inputs is not None and stage.version == fact.version:
                need = stage.cost(stage.params.model_validate(inputs["params"]))
                by_stage[fact.stage].append((need.cpu * need.minutes * 60, fact.cpu_s))
        index.close()
    parts, truth = [], 0.0
    for found in by_stage.values():
        noise.shuffle(found)
        law = fit(found[::2])
        truth += sum(measured for _, measured in found[1::2])
        parts.append((law, [law.mean(declared) for declared, _ in found[1::2]]))
    band = band_of_sum(parts)
    return truth, band.value, band.low, band.high


def main() -> None:
    print("samples  jobs  stages  scatter  covered")
    for samples in (0, 1, 2, 5, 20, 60):
        for jobs, stages, scatter in ((1, 1, 0.4), (50, 1, 0.4), (1, 6, 0.4), (50, 6, 0.4), (50, 6, 0.1)):
            share = coverage(samples, jobs, stages, scatter)
            print(f"{samples:7} {jobs:5} {stages:7} {scatter:8} {share:8.0%}")
    for store in sys.argv[1:2]:
        found = [halves(Path(store), seed) for seed in range(50)]
        covered = sum(low <= truth <= high for truth, _, low, high in found)
        ratios = sorted(expected / truth for truth, expected, _, _ in found)
        print(f"{store}: {covered} of 50 splits covered; expected / measured {ratios[0]:.2f} to {ratios[-1]:.2f}")


if __name__ == "__main__":
    main()
