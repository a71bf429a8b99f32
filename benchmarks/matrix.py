"""The decision matrix again, the measured column beside the prior: of committed trial tables alone, without any store.

    python -m benchmarks.matrix [--results docs/results] [--to docs/results/matrix]

Reads each `STUDY/trials.parquet` below `--results` (`simkiln trials export`), what its approaches cost (`costs.json` beside it,
which `benchmarks.in_parts` writes), and the rows of `specs/approaches/`. Writes `README.md` and `matrix.csv`. Uplift is paired,
with the bands of `docs/statistics.md`; uplift over a control, or over the round before, takes that for the baseline; a label is
worth the uplift over the labels that the policy was given so far. A prior has *held* where the
whole band lies in or above its range, is *refuted* where the whole band lies below it, has *no room* where the baseline's
failures are fewer than its low end, and is *open* else.
"""

import argparse
import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import yaml

from runtime.bound.domain import DOMAINS, Domain
from runtime.stats.band import Band
from runtime.stats.inference.uplift import comparable, uplift_of
from runtime.stats.table.invalid import without_invalid
from runtime.stats.table.outcomes import Trials
from runtime.trials.across import table_of
from runtime.trials.exported import Exported, unpack
from tests import REPOSITORY

ROWS = {
    "A": "fidelity",
    "B": "denser",
    "C": "retrieval",
    "D": "hard-negatives",
    "E": "splatsim",
    "F": "gsworld",
    "G": "discoverse",
    "H": "mimicgen",
    "I": "wmpo",
    "J": "world-vla-loop",
}
STAND_INS = {"J": "co-evolved"}
"""What stands in for a row whose own method cannot be had."""
REAL = {
    "E": ("splatsim", "a GPU"),
    "F": ("gsworld", "a GPU"),
    "G": ("discoverse", "a GPU"),
    "I": ("wmpo", "32 GPUs by default"),
    "J": ("world-vla-loop", "no code"),
}
"""Pages of the programs of others that a row is after, and all that these say of GPUs: none states hours for a place."""
SHOWN: tuple[Domain, ...] = ("irl_proxy", "twin", "world_model")
ROUND = "~round-"
FLEET = 100
"""New places a week."""
WEEK_H = 168
"""Hours of a core in a week."""


@dataclass(frozen=True)
class Measured:
    """What one study's trials say of one row in one domain: over the baseline, and over each of its controls."""

    letter: str
    approach: str
    study: str
    domain: Domain
    over: str
    value: float
    band: Band
    direction: str
    seeds: int
    trials: int
    places: int
    prior: tuple[float, float] | None
    room: float  # points that the baseline (or control) leaves to 100
    cpu_h: float | None  # beyond the baseline, of all seeds and places with their trials; None where nobody kept it
    base_h: float | None  # the baseline's
    labels: float | None  # episodes shown to a policy so far, where that is counted

    @property
    def said(self) -> str:
        """`+4.3 [-5.3, 14.0]`, bold where the band leaves out zero."""
        text = f"{self.value:+.1f} [{self.band.low:.1f}, {self.band.high:.1f}]".replace("-", "−")
        return f"**{text}**" if self.direction != "undecided" else text

    @property
    def verdict(self) -> str:
        """Whether the prior held."""
        return verdict_on(self.band, self.prior, self.room)

    @property
    def per_point(self) -> str:
        """CPU-hours for a point that is sure: of those to the low end of the band."""
        if self.cpu_h is None:
            return "not kept"
        return f"{self.cpu_h / self.band.low:.3f}" if self.direction == "helps" else f"no sure point for {self.cpu_h:.2f}"


def verdict_on(band: Band, prior: tuple[float, float] | None, room: float = 100.0) -> str:
    """`held`, `refuted`, `no room`, `open`, or nothing where there is no prior."""
    if prior is None:
        return ""
    if room < prior[0]:
        return "no room"
    return "held" if band.low >= prior[0] else ("refuted" if band.high < prior[0] else "open")


def row_specs(specs: Path) -> dict[str, dict[str, Any]]:
    """Letter -> what the approach's file says."""
    return {letter: yaml.safe_load((specs / "approaches" / f"{name}.yaml").read_text()) for letter, name in ROWS.items()}


def measured(
    one: Exported, specs: Mapping[str, Mapping[str, Any]], kept: Mapping[str, Any], added: Sequence[str] = ()
) -> Iterator[Measured]:
    """Each row that a study tried, by domain: over its baseline, each control and the round before; its earlier rounds and, where
    labels are counted, its controls over the baseline. `kept` is what `costs.json` says. Of a study that goes on from another
    (`incremental_over`; `added` are its new rows) what each adds to each earlier one alone: other studies tell the rest."""
    table, facts = without_invalid(table_of(one)[0]), one.facts
    trials, baseline, study = Trials.of(table), facts.frame.baseline, facts.frame.id
    costs, labels = kept.get("cpu_s", {}), {name: list(accumulate(of)) for name, of in kept.get("labels", {}).items()}
    for letter, approach in (*ROWS.items(), *STAND_INS.items()):
        own = [name for name in facts.approaches if name.startswith(f"{approach}~")]
        rounds = sorted((name for name in own if ROUND in name), key=lambda name: int(name.rpartition("-")[2]))
        controls = [name for name in own if ROUND not in name]
        pairs = [(approach, over) for over in (baseline, *controls, *rounds[-1:]) if over]
        pairs += [(name, over) for name, over in zip(rounds, (baseline, *rounds), strict=False) if over]
        pairs += [(name, baseline) for name in (*rounds[1:], *(c for c in controls if c in labels)) if baseline]
        pairs += [
            (name, bare)
            for name in controls
            for bare in controls
            if any(labels.get(name, ())) and not any(labels.get(bare, (1,)))
        ]
        if added:
            pairs = [(approach, over) for over in ROWS.values() if approach in added and over not in added]
        for domain in SHOWN:
            prior = specs[letter]["row"].get("prior", {}).get(DOMAINS[domain].prior) if domain != "twin" else None
            for name, over in pairs:
                if (name, domain) not in trials.outcomes or (over, domain) not in trials.outcomes:
                    continue
                places = comparable(trials, name, over, domain)
                found = uplift_of(trials, name, over, domain, places, facts.frame.level, facts.shared_training)
                if found is None:
                    continue
                whole, _, number = name.partition(ROUND)
                so_far = labels.get(whole)
                left = table.filter((pc.field("approach") == over) & (pc.field("domain") == domain))
                yield Measured(
                    letter,
                    name,
                    study,
                    domain,
                    over,
                    found.estimate.value,
                    found.estimate.band,
                    found.direction,
                    len({seed for group in found.groups for seed in group.seeds}),
                    found.trials,
                    len(found.places),
                    tuple(prior) if prior and over == baseline and name not in controls else None,
                    100 - 100 * sum(left["success"].to_pylist()) / left.num_rows,
                    costs[name] / 3600 if name in costs else None,
                    kept["baseline_cpu_s"] / 3600 if "baseline_cpu_s" in kept else None,
                    so_far[int(number) - 1 if number else -1] if so_far else None,
                )


HOW = """`python -m benchmarks.matrix`, of {files} and the rows of `specs/approaches/`, without a store. Points of 100, with
95% bands over training runs (`docs/statistics.md`); in bold what leaves out zero by itself, not corrected for how
many rows there are. A prior *held* where the whole band lies in or above its range, is *refuted* where all of it lies
below, has *no room* where the baseline fails more rarely than its low end, whatever its band, and is *open* else. Each row
is held against its own study's baseline: that of row H has ten demos, as row H is about, those of the others 80. CPU-hours
are those beyond the baseline, of all seeds with their trials at all places of its study, which are not equally many, as
measured on two cores of this project; sure points are those up to the band's low end; the last column is for 100 new
places a week. What a set of places shares, such as a world model's prior, is counted with each, so needs of a fleet are
rather too high. `matrix.csv` has every comparison. Nothing here was measured on a robot: hidden sites are stand-ins.
"""
HEAD = """row | prior, site | measured, site | prior, world model | measured, world model | twin | priors (both)
CPU-h a sure point | CPU-h a week""".replace("\n", " | ")


def page(
    found: Sequence[Measured], specs: Mapping[str, Mapping[str, Any]], files: Sequence[str], more: Sequence[Measured] = ()
) -> str:
    """The page in Markdown; `more` is what studies add to those that they go on from."""
    lines = ["# The decision matrix, measured", "", *_screen(found, specs), "", *_table_of_rows(found, specs), ""]
    lines += [
        "## Over the controls, and by round, at the hidden site",
        "",
        "| row | study | over | uplift |",
        "|---|---|---|---|",
    ]
    own = [one for one in found if one.domain == "irl_proxy" and "~" in one.over + one.approach]
    lines += [f"| {m.letter}, `{m.approach}` | {m.study} | `{m.over.rpartition('~')[2]}` | {m.said} |" for m in own]
    if at_site := [m for m in more if m.domain == "irl_proxy"]:
        lines += ["", "## What a phase adds to the one before, at the hidden site", "", "| row | study | over | uplift |"]
        lines += ["|---|---|---|---|"]
        lines += [f"| {m.letter}, `{m.approach}` | {m.study} | `{m.over}` | {m.said} |" for m in at_site]
    lines += [*_labels(found), *_fleet(found)]
    return "\n".join([*lines, "", "## How this was made", "", HOW.format(files=", ".join(f"`{name}`" for name in files))])


def _labels(found: Sequence[Measured]) -> Iterator[str]:
    """What a label is worth: over as many steps without any where that was tried, else over the baseline."""
    counted = [one for one in found if one.domain == "irl_proxy" and one.labels]
    bare = {one.approach for one in found if one.labels == 0}
    best = {one.approach: one for one in sorted(counted, key=lambda one: (one.over in bare, "~" not in one.over))}
    if best:
        yield from (
            "",
            "## By label, at the hidden site",
            "",
            "| approach | study | labels a policy | over | uplift | points a label |",
        )
        yield "|---|---|---|---|---|---|"
    for name, one in sorted(best.items()):
        each = [f"{x / one.labels:+.2f}".replace("-", "−") for x in (one.value, one.band.low, one.band.high) if one.labels]
        said = f"{each[0]} [{each[1]}, {each[2]}]"
        yield f"| `{name}` | {one.study} | {one.labels:.1f} | `{one.over.rpartition('~')[2]}` | {one.said} | {said} |"


def _fleet(found: Sequence[Measured]) -> Iterator[str]:
    """What a team needs for `FLEET` new places a week, by what was measured."""
    yield from ("", f"## For {FLEET} new places a week", "")
    yield f"| row | the baseline, CPU-h | the row beyond it, CPU-h | cores, of {WEEK_H} h a week | programs of others, GPU-h |"
    yield "|---|---|---|---|---|"
    most = 1
    for m in found:
        if m.approach not in (*ROWS.values(), *STAND_INS.values()) or "~" in m.over or m.domain != "irl_proxy" or m.cpu_h is None:
            continue
        base = None if m.base_h is None else FLEET * m.base_h / m.places
        own = FLEET * m.cpu_h / m.places
        both = own + (base or 0.0)
        cores = max(1, math.ceil(both / WEEK_H))
        most = max(most, cores)
        needed = f"{cores}, {100 * both / WEEK_H / cores:.0f}% busy{'' if base is not None else ', the baseline aside'}"
        page, what = REAL.get(m.letter, ("", ""))
        stated = f"not stated ([{what}](../../systems/{page}.md))" if page else "none: stages of ours"
        first = f"{m.letter}, `{m.approach}` ({m.study}, {m.seeds} seeds)"
        yield f"| {first} | {'not kept' if base is None else f'{base:.1f}'} | {own:.1f} | {needed} | {stated} |"
    yield ""
    yield f"What a team needs: {most} core{'s' * (most > 1)} for the baseline and any one of these rows, by our own stages."
    yield "People who photograph places, retries, and what programs of others take are not in it."


def _screen(found: Sequence[Measured], specs: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What a robotics lead should do first, and how sure that is."""
    at_site = [one for one in found if one.domain == "irl_proxy" and "~" not in one.approach and ROUND not in one.over]
    over_baseline = [one for one in at_site if "~" not in one.over]
    tried, sure, matters = sorted({one.letter for one in over_baseline}), list[Measured](), list[str]()
    for one in over_baseline:
        controls = [c for c in at_site if (c.letter, c.study) == (one.letter, one.study) and "~" in c.over]
        if controls and all(c.direction == "helps" for c in controls):
            if one.direction == "helps":
                sure.append(one)
            elif one.direction == "undecided":
                said = ", ".join(f"{c.said} over `{c.over.rpartition('~')[2]}`" for c in controls)
                matters.append(f"{one.letter} (`{one.approach}`: {said})")
    helped = [one for one in over_baseline if one.direction == "helps"]
    others = "; the others have no number of ours, and no rank." if len(tried) < len(specs) else "."
    yield f"**Measured: {len(tried)} of {len(specs)} rows ({', '.join(tried)})**{others}"
    yield ""
    if sure:
        best = max(sure, key=lambda one: one.band.low)
        over = f"over its study's baseline (which succeeds in {100 - best.room:.0f}%) and more than each control"
        yield f"**Do first: {best.letter} (`{best.approach}`)**: {best.said} points at the hidden site {over}."
    else:
        yield "**Do first: nothing of these.** No row is shown to beat the baseline and each of its controls at the hidden site."
        if helped:
            named = ", ".join(f"{one.letter} {one.said}" for one in helped)
            yield f"Over the baseline alone these do, but not over each control, so that something else may help: {named}."
    if matters:
        yield ""
        lose = "Controls lose to them; the baseline is not shown to, and may have the same."
        yield f"**Keep what their controls lack**: {'; '.join(matters)}. {lose}"
    if hurt := ", ".join(f"{one.letter} (`{one.approach}`) {one.said}" for one in over_baseline if one.direction == "hurts"):
        yield ""
        yield f"**Leave out, as it was run here**: {hurt}."
    words = "held", "refuted", "no room", "open"
    counts = ", ".join(f"{sum(one.verdict == word for one in over_baseline)} {word}" for word in words)
    widest = max((one.band.high - one.band.low for one in over_baseline), default=0.0) / 2
    yield ""
    yield f"**How sure**: priors at the hidden site: {counts}. Bands are up to {widest:.0f} points wide on either side:"
    alone = "Each band stands alone: the best of several rows is flattered."
    yield f"an uplift as small as most priors' low ends needs more seeds than were run. {alone}"
    yield "Studies of the same places, task and seeds share a baseline and what luck it had; a placebo, the baseline with other"
    yield "training seeds, tells how much that can be (each study's page has it)."


def _table_of_rows(found: Sequence[Measured], specs: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"| {HEAD} |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for letter, spec in specs.items():
        prior, mine = spec["row"].get("prior", {}), [m for m in found if m.letter == letter and "~" not in m.approach + m.over]
        ranges = ["..".join(f"{end:g}" for end in prior[kind]) if prior.get(kind) else "none" for kind in ("irl", "world_model")]
        name = f"{letter}, `{ROWS[letter]}`"
        if not mine:
            row = spec["row"]
            why = f"not measured: {row['state']}" if row.get("state", "built") != "built" else "no table of trials"
            yield f"| {name} | {ranges[0]} | {why} | {ranges[1]} | | | | | |"
        for study in dict.fromkeys(one.study for one in mine):
            by = {one.domain: one for one in mine if one.study == study}
            site, world, twin = (by.get(domain) for domain in ("irl_proxy", "world_model", "twin"))
            verdicts = ", ".join(one.verdict or "none" for one in (site, world) if one)
            week = f"{FLEET * site.cpu_h / site.places:.0f}" if site and site.cpu_h is not None else ""
            cells = [site.said if site else "", ranges[1], world.said if world else "not tried there", twin.said if twin else ""]
            cells += [verdicts, site.per_point if site else "", week]
            stands = f", `{site.approach}` instead" if site and site.approach != ROWS[letter] else ""
            yield f"| {name}{stands} ({study}) | {ranges[0]} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "docs" / "results")
    parser.add_argument("--to", type=Path, default=REPOSITORY / "docs" / "results" / "matrix")
    args = parser.parse_args()
    specs, found, more, files = row_specs(REPOSITORY / "specs"), list[Measured](), list[Measured](), list[str]()
    for path in sorted(args.results.glob("*/trials.parquet")):
        kept = path.with_name("costs.json")
        costs = json.loads(kept.read_text()) if kept.exists() else {}
        one = unpack(path.read_bytes(), path.parent.name)
        study = yaml.safe_load((REPOSITORY / "specs" / "studies" / f"{one.facts.frame.id}.yaml").read_text())
        added = study["approaches"] if "incremental_over" in study else ()
        own = list(measured(one, specs, costs, added))
        (more if added else found).extend(own)
        files += [f"{path.parent.name}/trials.parquet"] if own else []  # of studies that tried a row
    args.to.mkdir(parents=True, exist_ok=True)
    (args.to / "README.md").write_text(page(found, specs, files, more))
    with (args.to / "matrix.csv").open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(
            "row approach study domain over uplift low high direction seeds trials places prior_low prior_high prior".split()
        )
        for m in (*found, *more):
            ends = m.prior or ("", "")
            numbers = (round(x, 4) for x in (m.value, m.band.low, m.band.high))
            counts = (m.direction, m.seeds, m.trials, m.places)
            writer.writerow([m.letter, m.approach, m.study, m.domain, m.over, *numbers, *counts, *ends, m.verdict])
    print(f"wrote {args.to / 'README.md'}: {len(found) + len(more)} comparisons")


if __name__ == "__main__":
    main()
