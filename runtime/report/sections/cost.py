"""What an approach costs beyond the baseline, and what a point of its uplift costs."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.bound.cell import Cell


def costs(
    cells: Sequence[Cell],
    trials: Sequence[Path],
    manifests: Sequence[Mapping[str, Any]],
    baseline: str | None,
    pooled: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """One row per approach but the baseline: CPU and GPU seconds of all that it was made from and the baseline was not.

    `per_point` divides them by the uplift, in each domain where a band says that it helps; an end of its band is the
    cost at the other end of the uplift's. GPU time counts where there is any, else CPU time.

    Args:
        cells: the study's cells, in the order of `trials`.
        trials: folders of their trials.
        manifests: of the trials and all that they were made from.
        baseline: id of the approach that the others are compared with; None compares nothing.
        pooled: one row of uplift per approach and domain.
    """
    known = {f"{m['stage']}/{m['fingerprint']}": m for m in manifests}
    used: dict[str, set[str]] = {}
    for cell, folder in zip(cells, trials, strict=True):
        used.setdefault(cell.approach, set()).add(f"{folder.parent.name}/{folder.name}")
    made = {approach: _ancestors(addresses, known) for approach, addresses in used.items()}
    if baseline not in made:
        return []
    rows = []
    for approach, own in made.items():
        if approach == baseline:
            continue
        more = [known[address]["cost"] for address in sorted(own - made[baseline])]
        cpu, gpu = (round(sum(cost.get(unit, 0.0) for cost in more), 1) for unit in ("cpu_s", "gpu_s"))
        mine = [row for row in pooled if row["approach"] == approach and row["direction"] == "helps"]
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
                        "band": [round((gpu or cpu) / end, 1) for end in reversed(row["band"])],
                    }
                    for row in mine
                ],
            }
        )
    return rows


def cost_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The costs of a report as flat rows, one per approach and domain where a point has a price."""
    return [
        {
            "approach": row["approach"],
            "artifacts": row["artifacts"],
            "cpu_s": row["cpu_s"],
            "gpu_s": row["gpu_s"],
            **(
                {"domain": p["domain"], "unit": p["unit"], "per_point": p["value"], "low": p["band"][0], "high": p["band"][1]}
                if p
                else {}
            ),
        }
        for row in said["costs"]
        for p in row["per_point"] or [None]
    ]


def _ancestors(addresses: Iterable[str], known: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """These artifacts and all above them that are still known."""
    waiting, seen = list(addresses), set()
    while waiting:
        address = waiting.pop()
        if address not in seen and address in known:
            seen.add(address)
            waiting += [parent for parents in known[address].get("parents", {}).values() for parent in parents]
    return seen
