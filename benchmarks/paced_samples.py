"""The tables of docs/results/paced-samples, of a report of that study.

    python -m benchmarks.paced_samples build/parts/paced-samples/build/report/paced-samples.json

Success and uplift with bands, what each round admitted, real control steps to where no augmentation ends, how gains go with
what world models
foretell, claims, and the referees' list; as Markdown.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def shown(value: float | None, digits: int = 1) -> str:
    """A number, or a dash."""
    return "-" if value is None else f"{value:.{digits}f}".replace("-", "−")


def band(row: dict[str, Any]) -> str:
    """An estimate with its band."""
    low, high = row["band"]
    return f"{shown(row['value'])} [{shown(low)}, {shown(high)}]"


def rounds(said: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row for each arm and round: means over places."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in said["paced"]["rows"]:
        groups[row["approach"]].append(row)

    def mean(rows: list[dict[str, Any]], name: str, at: int | None = None) -> float | None:
        values = [row[name] if at is None else row[name][at] for row in rows]
        return float(np.mean(values)) if all(value is not None for value in values) else None

    head = ("arm", "real steps", "success, %", "admitted, %", "ρ", "PSNR 1/4/8/16, dB", "gain at 8, dB")
    head = (*head, "SSIM at 8", "tip at 8, mm", "F1 of touch")
    found: list[tuple[str, ...]] = [head]
    for name, rows in groups.items():
        admitted, rho = mean(rows, "admitted"), (mean(rows, "rho_first"), mean(rows, "rho_last"))
        psnr = [mean(rows, "psnr", i) for i in range(4)]
        cells = (
            shown(mean(rows, "real_steps"), 0),
            shown(mean(rows, "success")),
            shown(None if admitted is None else 100 * admitted, 0),
        )
        more = (shown(mean(rows, "psnr_gain", 2)), shown(mean(rows, "ssim", 2), 3), shown(mean(rows, "tip_mm", 2)))
        share = "-" if rho[0] is None else f"{shown(rho[0], 2)} to {shown(rho[1], 2)}"
        touch = shown(mean(rows, "contact_f1", 2), 2)
        found.append((name, *cells, share, "/".join(shown(x) for x in psnr) if psnr[0] is not None else "-", *more, touch))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    said = json.loads(parser.parse_args().report.read_text())
    paced, uplift = said["paced"], said["evidence"]["uplift"]
    pooled = [row for row in uplift if row["location"] is None] or uplift
    markdown([("approach", "over no augmentation, points"), *((row["approach"], band(row)) for row in pooled)])
    markdown(rounds(said))
    for row in paced["saved"]:
        few = f"{row['kind']} {shown(row['value'], 2)} times fewer real steps than {row['at']:.0f}"
        print(f"{row['approach']}: {few}, band {row['band']} {row['reason']}\n")
    markdown(
        [("metric", "Pearson", "runs"), *((r["metric"], shown(r["pearson"], 2), str(r["runs"])) for r in paced["relations"])]
    )
    markdown([("claim", "verdict", "why"), *((c["id"], c["verdict"], c["reason"]) for c in said["claims"])])
    markdown([("asked", "in this study", "met"), *((a["item"], a["said"], "yes" if a["met"] else "no") for a in paced["asked"])])


def markdown(rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose first row is its head."""
    head, *body = rows
    for row in (head, ["---"] * len(head), *body):
        print(f"| {' | '.join(row)} |")
    print()


if __name__ == "__main__":
    main()
