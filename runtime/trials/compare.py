"""Uplift from imported sets: what their trials say together, by place, pooled, and by failure mode."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.report.forms.evidence import Invalid
from runtime.stats.effects.failure_modes import shares, shifts
from runtime.stats.evidence import METHOD, beside_failures, beside_places, estimate_json, rate_row, together_rows, uplift_row
from runtime.stats.inference.paired import PairedCounts, mcnemar_exact, paired_band, spread_over_seeds
from runtime.stats.inference.places import places_apart
from runtime.stats.inference.rate import rates
from runtime.stats.inference.uplift import Uplift, comparable, uplifts
from runtime.stats.prior.together import fleets
from runtime.stats.table.invalid import as_failures, invalid_rows, without_invalid
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.pairing import with_fixed
from runtime.stats.table.table import dated
from runtime.trials.fault import Fault, TrialsRefused, refusal
from runtime.trials.pairing import pairing_notes, twice
from runtime.trials.sets import TrialSet

EVALUATION = (
    "seeds are repetitions with one trained policy: the bands speak of that very policy, "
    "not of what another training run would make of the approach"
)


def merge(sets: Sequence[TrialSet]) -> pa.Table:
    """One table of the trials of several sets.

    Raises:
        TrialsRefused: T513 when a trial is in two of them.
    """
    tables = []
    for one in sets:
        index = one.table.column_names.index("source_file")
        files = pa.array([f"{one.name}: {file}" for file in one.table["source_file"].to_pylist()], pa.string())
        tables.append(one.table.set_column(index, "source_file", files))
    table = pa.concat_tables(tables)
    _refuse_twice(table)
    return table


def with_built(table: pa.Table | None, built: Path) -> pa.Table:
    """The trials that a study made (its `trials.parquet`), with those of imported sets.

    Raises:
        TrialsRefused: T512 when the file cannot be read; T513 when a trial is in both.
    """
    try:
        made = dated(pq.read_table(built))
    except (OSError, pa.ArrowException) as error:
        raise refusal("T512", f"the study's trials cannot be read: {error}", "build them again") from error
    count = made.num_rows
    made = made.append_column("source_file", pa.array(["the study"] * count, pa.string()))
    made = made.append_column("source_row", pa.array(range(1, count + 1), pa.int64()))
    if table is not None:
        placed = [table[name] for name in made.column_names[-2:]]
        made = pa.concat_tables([made, pa.table([*dated(table).columns, *placed], schema=made.schema)])
    joined = made
    _refuse_twice(joined)
    return joined


def _refuse_twice(table: pa.Table) -> None:
    repeated = twice(table)
    if repeated:
        (approach, location, task, seed, domain, state), places = repeated[0]
        where = " and ".join(f"{file}:{row}" for file, row in places[:2])
        trial = f"`{approach}` at `{location}`, task `{task}`, seed {seed}, `{domain}`, initial state `{state}`"
        message = f"{len(repeated)} trials are in two sets, first {trial} ({where})"
        raise refusal("T513", message, "leave one of the sets out")


def compare(sets: Sequence[TrialSet], baseline: str, level: float) -> dict[str, Any]:
    """Everything that imported sets say about approaches against a baseline, as one JSON-able value.

    Args:
        sets: at least one.
        baseline: id of the approach that the others are compared with.
        level: confidence level of every band.

    Raises:
        TrialsRefused: T513 when a trial is in two sets; T515 when the baseline has no trials.
    """
    table = merge(sets)
    approaches = sorted(set(table["approach"].to_pylist()))
    if baseline not in approaches:
        message = f"there are no trials of the baseline `{baseline}`"
        hint = "say with `--baseline` which approach the others are compared with"
        raise TrialsRefused(Fault("T515", message, hint, known=tuple(approaches), word=baseline, what="approaches"))
    fixed = {
        pair
        for s in sets
        if s.manifest.get("seeds_count") == "evaluation"
        for pair in zip(s.table["approach"].to_pylist(), s.table["domain"].to_pylist(), strict=True)
    }
    whole, shared = with_fixed(table, fixed), False
    table, invalid = without_invalid(whole), invalid_rows(whole)
    trials = Trials.of(table)
    compared = uplifts(trials, baseline, level, shared)
    if invalid:
        compared = beside_failures(compared, uplifts(Trials.of(as_failures(whole)), baseline, level, shared), invalid, baseline)
    told = places_apart(compared, level)
    return {
        "baseline": baseline,
        "level": level,
        "method": METHOD,
        "shared_training": shared,
        "counts": {"trials": table.num_rows, "sets": len(sets), "approaches": approaches, "domains": trials.domains()},
        "uplift": [
            {**uplift_row(u, None), "these_policies": _these_policies(trials, u, baseline)} for u in beside_places(compared, told)
        ],
        "rates": [rate_row(r) for r in rates(trials, level, shared)],
        "together": together_rows(compared, level, {}, shared, told),
        "fleet": fleets(compared, level),
        "failure_mode_shifts": [
            {
                "approach": s.approach,
                "domain": s.domain,
                "mode": s.mode,
                "share": round(s.share, 4),
                "baseline_share": round(s.baseline_share, 4),
                **estimate_json(s.estimate),
                "direction": s.direction,
            }
            for s in shifts(table, baseline, level, shared)
        ],
        "failure_mode_shares": shares(table, level),
        "sets": [{"name": s.name, "sha256": s.manifest["sha256"], "source": s.manifest["source"]} for s in sets],
        "invalid": invalid,
        "notes": ([EVALUATION] if fixed else []) + _invalid(invalid) + pairing_notes(table) + _alone(trials, baseline),
    }


def _invalid(rows: Sequence[Invalid]) -> list[str]:
    """How many trials count for nothing, by approach and domain."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counts[row["approach"], row["domain"]] += row["invalid"]
    return [f"{n} trials of `{approach}` in `{domain}` are invalid, and left out" for (approach, domain), n in counts.items()]


def _alone(trials: Trials, baseline: str) -> list[str]:
    """Approaches that could not be compared, by domain: they must not just be missing."""
    return [
        f"`{approach}` is not compared in `{domain}`: `{baseline}` has no trials at the same place, task and seed"
        for approach, domain in sorted(trials.outcomes)
        if approach != baseline and not comparable(trials, approach, baseline, domain)
    ]


def _these_policies(trials: Trials, row: Uplift, baseline: str) -> dict[str, Any] | None:
    """The paired counts of the policies that ran, summed over places; None without pairs in some place."""
    treated, base = trials.places(row.approach, row.domain), trials.places(baseline, row.domain)
    counts = [PairedCounts.of(treated[p], base[p]) for p in row.places]
    if any(c.pairs == 0 for c in counts):
        return None
    total = PairedCounts(*(sum(column) for column in zip(*map(astuple, counts), strict=True)))
    return {
        **asdict(total),
        "band": paired_band(counts, row.estimate.level).to_json(),
        "mcnemar_exact_p": mcnemar_exact(total.gained, total.lost),
        "seed_sd": spread_over_seeds(treated[row.places[0]], base[row.places[0]]) if len(row.places) == 1 else None,
    }
