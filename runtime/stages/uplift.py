"""Uplift of every approach of a study over its baseline, from all its trials."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.cell import Cell, CellGrid, listed
from runtime.bound.domain import Domain
from runtime.bound.frame import PriorRange, StudyFrame
from runtime.bound.imported import ImportedSet
from runtime.bound.sequential import InterimPlace, Schedule
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, every, stage


class UpliftParams(Params):
    """What the trials stand for, and what they are held against."""

    cells: CellGrid | list[Cell] = bound("cells")
    """The study's cells, in the order of the trials."""
    study: StudyFrame = bound("study")
    """The study: its baseline and the level of its bands."""
    priors: dict[str, PriorRange] = bound("priors", default_factory=dict)
    """Approach -> uplift expected beforehand, in points."""
    parts: list[int] = bound("parts", default_factory=list)
    """How many `trials` parents each cell has, where they came in batches."""
    schedules: dict[Domain, Schedule] = bound("schedules", default_factory=dict)
    """Domain -> when its cells were looked at."""
    interim_places: list[InterimPlace] = bound("interim_places", default_factory=list)
    """What each of the `looks` parents stands for."""
    imported: list[ImportedSet] = bound("imported", default_factory=list)
    """Imported sets whose trials count as well."""
    repeated: list[ImportedSet] = bound("repeated", default_factory=list)
    """Imported sets of trials that are here run once more: they tell whether a domain reproduces."""
    fixed_policies: list[str] = bound("fixed_policies", since=16, default=[])
    """Approaches whose trials try one policy whatever the seed, such as a checkpoint that people brought: the trials of their
    seeds are the very same, and tell nothing of training runs."""
    placebos: list[str] = bound("placebos", since=20, default=[])
    """Placebos whose runs count as further runs of the baseline."""
    clean_of: dict[str, str] = bound("clean_of", since=22, default={})
    """Approach -> the one that it perturbs: the same policies, which meet something else."""
    shared_training: bool = Field(False)
    """Whether one training run serves all locations, so that its luck is common to them. False where each location
    trains its own policy."""


@stage(
    version=22,
    metrics=by_unit(count="trials helps hurts undecided", points="uplift.*"),
    libraries=minor("numpy", "scipy") | exact("pyarrow"),
    role="evidence",
    per=("study",),
    needs={"trials": every("trials"), "looks": every("interim")},
    makes={"uplift": "uplift.json", "trials": "trials.parquet"},
    cost=lambda p: Resources(minutes=0.015),
)
def uplift(p: UpliftParams, trials: list[Path], looks: list[Path], out: Out) -> dict[str, Any]:
    """Join the trials of all cells and of imported sets, refuse what does not belong together, compare approaches.

    Whether a domain's trials pair is decided here, by trials that were run twice, and which approaches tried the very same
    policies, by what their trials were made from; both travel with the joined table.

    Raises:
        InputError: when trials and cells do not match, or trials are duplicated or mixed.
    """
    import json

    import pyarrow.parquet as pq

    from runtime.stats.evidence import evidence
    from runtime.stats.looks.stopped_early import stopped_early
    from runtime.stats.table.determinism import determinism, second_runs
    from runtime.stats.table.pairing import with_fixed, with_pairing, with_placebos, with_runs, with_worlds
    from runtime.stats.table.table import apart, join, read
    from runtime.store.manifest import read_manifest
    from runtime.trials.joined import evaluated, with_imported, with_repeated

    planned = listed(p.cells)
    table = join(read([folder / "trials.parquet" for folder in trials]), planned, p.parts)
    seen = [json.loads((folder / "interim.json").read_text()) for folder in looks]
    early = stopped_early(table, planned, p.schedules, p.interim_places, seen)
    table, cells = with_imported(table, planned, p.imported, Path.cwd())
    first = apart(planned, p.parts, trials)[0]
    again = with_repeated(second_runs(first, planned), p.repeated, table, Path.cwd())
    twice = determinism(table, again, p.study.reproducible, p.study.level)
    parents = [read_manifest(folder).get("parents", {}) for folder in first]
    made_from = [of.get("policy") for of in parents]
    tried = {cell: policies[0] for cell, policies in zip(planned, made_from, strict=True) if policies}
    table = with_runs(with_pairing(table, twice.pairing()), tried)
    fixed = {(cell.approach, cell.domain) for cell in cells if cell.approach in p.fixed_policies}
    table = with_fixed(table, fixed | evaluated(p.imported, Path.cwd()))
    table = with_worlds(with_placebos(table, p.study.baseline, p.placebos), shared_worlds(planned, parents))
    pq.write_table(table, out.path("trials"))
    how = (p.study.baseline, p.study.level, p.priors, p.shared_training)
    found = evidence(table, cells, *how, twice, early, p.imported, p.repeated, p.clean_of)
    out.path("uplift").write_text(json.dumps(found, indent=1) + "\n")
    pooled = [row for row in found["uplift"] if row["location"] is None] or found["uplift"]
    out.log(f"{table.num_rows} trials, {len(found['uplift'])} comparisons")
    directions = Counter(row["direction"] for row in pooled)
    values = {f"{row['approach']}/{row['domain']}": row["value"] for row in pooled}
    return {"trials": table.num_rows, "uplift": values} | {d: directions[d] for d in ("helps", "hurts", "undecided")}


def shared_worlds(cells: Sequence[Cell], parents: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """(location, task) -> the world model that all trials in the domain `world_model` ran in there, where it is one and two or
    more runs share it. `parents` are those of each cell's trials."""
    found: dict[tuple[str, str], list[str]] = {}
    for cell, of in zip(cells, parents, strict=True):
        if cell.domain == "world_model" and of.get("world"):
            found.setdefault((cell.location, cell.task), []).append(of["world"][0])
    return {place: models[0] for place, models in found.items() if len(models) > 1 and len(set(models)) == 1}
