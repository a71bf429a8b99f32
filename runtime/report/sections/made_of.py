"""What bands are made of, and what doubling seeds or trials would bring for an hour of computing."""

from collections import defaultdict
from collections.abc import Iterable

from runtime.report.drawing import Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.made_of import Lever, MadeOfRow
from runtime.report.forms.report import Report
from runtime.report.sections.costs import ancestors
from runtime.report.study import Study


def made_of(study: Study) -> list[MadeOfRow]:
    """One row for each approach and domain whose band speaks of training runs.

    Twice the seeds takes once more what only one seed's trials were made from, twice the trials once more the trials.
    """
    known = {f"{m['stage']}/{m['fingerprint']}": m for m in study.manifests}
    runs: dict[tuple[str, str], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for cell, folder in study.batches:
        runs[cell.approach, cell.domain][cell.seed].add(f"{folder.parent.name}/{folder.name}")
    rows: list[MadeOfRow] = []
    for row in study.pooled:
        if (parts := row["made_of"]) is None:
            continue
        compared = (row["approach"], str(study.frame.baseline))
        sides = [runs[name, row["domain"]] for name in compared]
        trials = {address for side in sides for found in side.values() for address in found}
        again = {address for side in sides for address in _of_one_seed(ancestors(found, known) for found in side.values())}

        def lever(reach: float, addresses: Iterable[str], now: float = parts["reach"]) -> Lever:
            costs = [known[address]["cost"] for address in addresses if address in known]
            cpu, gpu = (round(sum(cost.get(unit, 0.0) for cost in costs), 1) for unit in ("cpu_s", "gpu_s"))
            hours = (gpu or cpu) / 3600
            gain = round((now - reach) / hours, 2) if hours else None
            return {"reach": reach, "cpu_s": cpu, "gpu_s": gpu, "unit": "gpu_s" if gpu else "cpu_s", "per_hour": gain}

        rows.append(
            {
                "approach": row["approach"],
                "domain": row["domain"],
                "reach": parts["reach"],
                "seeds": parts["seeds"],
                "trials": parts["trials"],
                "states": parts["states"],
                "twice_the_seeds": lever(parts["twice_the_seeds"], again),
                "twice_the_trials": lever(parts["twice_the_trials"], trials),
            }
        )
    return rows


def _of_one_seed(found: Iterable[set[str]]) -> set[str]:
    """Artifacts below one seed's trials alone."""
    once: set[str] = set()
    more: set[str] = set()
    for here in found:
        more |= once & here
        once |= here
    return once - more


def rows(said: Report) -> Rows:
    """One row per comparison and what is doubled."""
    names = "approach domain half_width=reach seed_spread=seeds trial_noise=trials state_noise=states"
    return [
        columns(row, names) | {"doubled": what} | columns(lever, "half_width_then=reach cpu_s gpu_s points_per_hour=per_hour")
        for row in said["made_of"]
        for what, lever in (("seeds", row["twice_the_seeds"]), ("trials", row["twice_the_trials"]))
    ]
