"""What became of the NSCA plan: its components by gates and claims, and sample efficiency by condition.

    python -m benchmarks.nsca [--trials docs/results/nsca/ablation.parquet] [--to docs/results/nsca]
    python -m benchmarks.nsca --reports build/report/nsca-*.json

The first reads a committed export of the ablation's trials alone, writes `sample-efficiency.svg` (mean +- standard error over
training seeds, with the plan's target behind) and prints the table of the same, with Cohen's d of the whole over each
condition: over seeds, each by its mean over tasks. The second prints how the plan's components stand.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import log10
from pathlib import Path

import numpy as np

from runtime.stats.status import Status, combine
from runtime.stats.table.factors import unpacked
from runtime.trials.across import table_of
from runtime.trials.exported import unpack

TARGET = {5: 60, 10: 80, 50: 95, 100: 100, 500: 100}
"""The plan's sketch "NSCA", read off by eye: success in percent by demos."""
COLOURS = ("#0b6e4f", "#c44536", "#3d5a80", "#e09f3e")
DASHES = ("none", "7 3", "2 3", "9 3 2 3")
WIDE, TALL, LEFT, TOP = 420, 240, 44, 14

COMPONENTS = {
    "physics priors": "nsca-prior-yields nsca-prior-moves nsca-balloon-rises priors-help prior-gain-falls"
    " nsca-prior-gains-at-20 nsca-prior-gains-at-50 nsca-prior-converges",
    "multi-sensory fusion": "nsca-fusion-adds",
    "dynamic property discovery": "nsca-slots-active nsca-slots-meaningful nsca-five-slots",
    "babbling phase": "nsca-novel-within-10 nsca-physics",
    "dual memory": "nsca-episodes-recall nsca-prototypes-recall",
    "continual learning (EWC)": "nsca-keeps-with-ewc nsca-ewc-lets-learn nsca-forgets-little consolidation-helps",
    "robust curiosity": "nsca-tv-boring nsca-tv-unlearnable nsca-curiosity-goes-on curiosity-helps",
    "adversarial robustness": "nsca-robust-noise nsca-robust-fgsm",
}
"""Component of the plan's table -> gates and claims that speak of it."""

type Curves = dict[str, dict[int, np.ndarray]]
"""Approach -> demos -> success of each seed in percent, mean over tasks."""


def components(reports: Sequence[Path]) -> Iterator[str]:
    """Markdown: each component of the plan with how its gates and claims stand, the worst first."""
    rows = [row for path in reports for said in [json.loads(path.read_text())] for row in (*said["gates"], *said["claims"])]
    stands = {row["id"]: Status(row["status"]) for row in rows}
    yield "| component | stands | by |"
    yield "|---|---|---|"
    for name, listed in COMPONENTS.items():
        found = sorted(((stands.get(one, Status.NOT_RUN), one) for one in listed.split()), key=lambda row: row[0].rank)
        by = ", ".join(f"`{one}` {status}" for status, one in found)
        yield f"| {name} | {combine(status for status, _ in found)} | {by} |"


def curves(path: Path) -> tuple[Curves, str]:
    """Success by approach, demos and seed, and the study's baseline."""
    one = unpack(path.read_bytes(), path.name)
    names = ("approach", "seed", "task", "success", "factors")
    found: dict[tuple[str, int, int, str], list[bool]] = defaultdict(list)
    columns = [table_of(one)[0][name].to_pylist() for name in names]
    for approach, seed, task, success, cell in zip(*columns, strict=True):
        if "demos" in (of := unpacked(cell)):
            found[approach, int(of["demos"]), seed, task].append(success)
    by_seed: dict[tuple[str, int, int], list[float]] = defaultdict(list)
    for (approach, demos, seed, _), values in found.items():
        by_seed[approach, demos, seed].append(100 * float(np.mean(values)))
    grouped: dict[tuple[str, int], list[float]] = defaultdict(list)
    for (approach, demos, _), values in sorted(by_seed.items()):
        grouped[approach, demos].append(float(np.mean(values)))
    out: Curves = defaultdict(dict)
    for (approach, demos), values in grouped.items():
        out[approach][demos] = np.array(values)
    return dict(out), str(one.facts.frame.baseline)


def table(found: Curves, baseline: str) -> Iterator[str]:
    """Markdown: mean +- standard error by demos; below, Cohen's d of the whole over each condition."""
    levels = sorted(found[baseline])
    yield "| | " + " | ".join(f"{n} demos" for n in levels) + " |"
    yield "|---" * (len(levels) + 1) + "|"
    for approach, by in found.items():
        cells = [f"{by[n].mean():.1f} ± {by[n].std(ddof=1) / len(by[n]) ** 0.5:.1f}" for n in levels]
        yield f"| `{approach}` | " + " | ".join(cells) + " |"
    for approach, by in found.items():
        if approach != baseline:
            cells = [_d(found[baseline][n], by[n]) for n in levels]
            yield f"| gain over `{approach}` (d) | " + " | ".join(cells) + " |"


def _d(whole: np.ndarray, less: np.ndarray) -> str:
    spread = ((whole.var(ddof=1) + less.var(ddof=1)) / 2) ** 0.5
    gain = whole.mean() - less.mean()
    return f"{gain:+.1f}" + (f" ({gain / spread:+.2f})" if spread > 0 else "")


def figure(found: Curves) -> str:
    """The curves as SVG; the plan's target is the broad grey line behind them."""
    levels = sorted({n for by in found.values() for n in by} | set(TARGET))

    def at(demos: float, percent: float) -> str:
        x = LEFT + (log10(demos) - log10(levels[0])) / (log10(levels[-1]) - log10(levels[0])) * WIDE
        return f"{x:.1f},{TOP + (1 - percent / 100) * TALL:.1f}"

    def text(x: float, y: float, said: str, more: str = "") -> str:
        return f'<text x="{x:.0f}" y="{y:.0f}" {more}>{said}</text>'

    size = f'width="{LEFT + WIDE + 200}" height="{TOP + TALL + 40}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12" fill="#222">']
    parts.append('<rect width="100%" height="100%" fill="white"/>')
    for percent in range(0, 101, 20):
        y = TOP + (1 - percent / 100) * TALL
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + WIDE}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e5e5e5"/>')
        parts.append(text(LEFT - 6, y + 4, f"{percent}%", 'text-anchor="end"'))
    for n in levels:
        parts.append(text(float(at(n, 0).split(",")[0]), TOP + TALL + 16, str(n), 'text-anchor="middle"'))
    parts.append(text(LEFT + WIDE / 2, TOP + TALL + 33, "demos of each deed", 'text-anchor="middle"'))
    line = " ".join(at(n, v) for n, v in TARGET.items())
    parts.append(f'<polyline points="{line}" fill="none" stroke="#d0d0d0" stroke-width="9" stroke-linejoin="round"/>')
    names = [("the plan's target", "#d0d0d0", "none", 9)]
    for (approach, by), colour, dash in zip(found.items(), COLOURS, DASHES, strict=False):
        line = " ".join(at(n, float(by[n].mean())) for n in sorted(by))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        for n, values in by.items():
            error = float(values.std(ddof=1)) / len(values) ** 0.5
            (x, low), (_, high) = (at(n, float(values.mean()) + side).split(",") for side in (-error, error))
            parts.append(f'<line x1="{x}" x2="{x}" y1="{low}" y2="{high}" stroke="{colour}" stroke-width="2"/>')
        names.append((approach, colour, dash, 2))
    for i, (name, colour, dash, width) in enumerate(names):
        x, y = LEFT + WIDE + 16, TOP + 14 + 20 * i
        said = f'stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dash}"'
        parts.append(f'<line x1="{x}" x2="{x + 24}" y1="{y - 4}" y2="{y - 4}" {said}/>')
        parts.append(text(x + 30, y, name))
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Read, draw, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=Path, default=Path("docs/results/nsca/ablation.parquet"))
    parser.add_argument("--to", type=Path, default=Path("docs/results/nsca"))
    parser.add_argument("--reports", type=Path, nargs="+", default=[])
    args = parser.parse_args()
    if args.reports:
        print("\n".join(components(args.reports)))
        return
    found, baseline = curves(args.trials)
    (args.to / "sample-efficiency.svg").write_text(figure(found))
    print("\n".join(table(found, baseline)))


if __name__ == "__main__":
    main()
