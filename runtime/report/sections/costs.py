"""What an approach costs beyond the baseline, and what a point of its uplift costs."""

from collections.abc import Iterable, Mapping

from runtime.report.drawing import Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.costs import CostRow
from runtime.report.forms.report import Report
from runtime.report.roles import Manifest
from runtime.report.study import Study


def costs(study: Study) -> list[CostRow]:
    """One row per approach but the baseline: CPU and GPU seconds of all that it was made from and the baseline was not.

    `per_point` divides them by the uplift, in each domain where a band says that it helps; an end of its band is the
    cost at the other end of the uplift's. GPU time counts where there is any, else CPU time.
    """
    baseline = study.frame.baseline
    known = {f"{m['stage']}/{m['fingerprint']}": m for m in study.manifests}
    used: dict[str, set[str]] = {}
    for cell, folder in study.batches:
        used.setdefault(cell.approach, set()).add(f"{folder.parent.name}/{folder.name}")
    made = {approach: ancestors(addresses, known) for approach, addresses in used.items()}
    if baseline is None or baseline not in made:
        return []
    rows: list[CostRow] = []
    for approach in (a for a in made if a != baseline):
        more = [known[address]["cost"] for address in sorted(made[approach] - made[baseline])]
        cpu, gpu = (round(sum(cost.get(unit, 0.0) for cost in more), 1) for unit in ("cpu_s", "gpu_s"))
        rows.append(
            {
                "approach": approach,
                "cpu_s": cpu,
                "gpu_s": gpu,
                "artifacts": len(more),
                "per_point": [
                    {
                        "domain": row["domain"],
                        "unit": "gpu_s" if gpu else "cpu_s",
                        "value": round((gpu or cpu) / row["value"], 1),
                        "band": (round((gpu or cpu) / row["band"][1], 1), round((gpu or cpu) / row["band"][0], 1)),
                    }
                    for row in study.pooled
                    if row["approach"] == approach and row["direction"] == "helps"
                ],
            }
        )
    return rows


def rows(said: Report) -> Rows:
    """One row per approach and domain where a point has a price."""
    return [
        columns(row, "approach artifacts cpu_s gpu_s") | (columns(point, "domain unit per_point=value band") if point else {})
        for row in said["costs"]
        for point in row["per_point"] or [None]
    ]


def ancestors(addresses: Iterable[str], known: Mapping[str, Manifest]) -> set[str]:
    """These artifacts and all above them that are still known."""
    waiting, seen = list(addresses), set()
    while waiting:
        address = waiting.pop()
        if address not in seen and address in known:
            seen.add(address)
            waiting += [parent for parents in known[address].get("parents", {}).values() for parent in parents]
    return seen
