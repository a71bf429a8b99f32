"""All that the report says, as one JSON-able value; the page only sets it in type."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.bound.cell import Cell
from runtime.bound.frame import StudyFrame
from runtime.bound.gate import StoppedBy
from runtime.bound.waiver import Waivers
from runtime.report.drawing.words import by_reality
from runtime.report.roles import roles
from runtime.report.sections import provenance, verdict
from runtime.report.sections.cost import costs
from runtime.report.sections.decisions import decisions
from runtime.report.sections.failures import failures
from runtime.report.sections.films import films
from runtime.report.sections.gallery import Artifacts, gallery
from runtime.report.sections.judged import judged, overall
from runtime.report.sections.kpi import key_figures
from runtime.report.sections.learning import learning
from runtime.report.sections.worth import worth
from runtime.stats.table.pairing import pairing_of
from runtime.store.manifest import lineage, read_manifest
from runtime.trials.agree import all_pairs

PICTURED = ("pictures", "films")
"""Parts that hold pixels and are no tables."""


def content(
    frame: StudyFrame,
    cells: Sequence[Cell],
    uplift: Path,
    gates: Sequence[Path],
    claims: Mapping[str, Path],
    waivers: Waivers,
    stopped: Sequence[StoppedBy],
    found: Artifacts,
    most_pictured: int,
    films_kib: int,
) -> dict[str, Any]:
    """The report of a study.

    Args:
        frame: the study.
        cells: its cells, in the order of `found.trials`.
        uplift: the uplift artifact.
        gates: gate artifacts in the order of the frame's gates.
        claims: id -> claim artifact, in the study's order.
        waivers: failures that somebody answers for.
        stopped: what failed gates have stopped.
        found: further artifacts, for pictures and provenance.
        most_pictured: locations that get pictures.
        films_kib: what films of trials may take in the page.
    """
    import pyarrow.parquet as pq

    evidence = json.loads((uplift / "uplift.json").read_text())
    judged_gates = judged(frame.gates, gates, "gate.json", waivers.gates)
    judged_claims = judged(list(claims), list(claims.values()), "claim.json", waivers.claims)
    parts = roles(cells, found.trials, frame.baseline)
    domains = by_reality(evidence["counts"]["domains"])
    table = pq.read_table(uplift / "trials.parquet")
    pooled = _pooled(evidence["uplift"])
    every = [*found.trials, *(folder for _, folder in found.later)]
    every_cell = [*cells, *(cell for cell, _ in found.later)]
    manifests = lineage(
        [uplift, *gates, *claims.values(), *every, *found.captures, *found.splats, *found.twins, *found.clips, *found.curves]
    )
    stages = provenance.by_stage(manifests)
    left = _left(frame, cells)
    ordered = left.model_copy(update={"approaches": tuple(verdict.in_order(left.approaches, parts))})
    spent = costs(every_cell, every, manifests, frame.baseline, pooled)
    return {
        "study": frame.model_dump(mode="json"),
        "status": overall([*judged_gates, *judged_claims]),
        "headline": verdict.headline(frame, pooled, parts),
        "roles": parts,
        "domains": domains,
        "approaches": verdict.approach_rows(frame, pooled, parts, domains),
        "null": verdict.null_note(pooled, parts),
        "not_run": [*verdict.stopped(stopped), *verdict.not_run(frame, evidence, judged_gates, judged_claims, parts)],
        "stopped": [one.model_dump(mode="json") for one in stopped],
        "gates": judged_gates,
        "claims": judged_claims,
        "decisions": decisions(pooled, parts),
        "evidence": evidence,
        "failures": failures(table, frame.approaches, frame.baseline, evidence["level"], evidence["shared_training"]),
        "sim_real": all_pairs(table, evidence["level"]),
        "kpi": key_figures(
            frame,
            every_cell,
            [read_manifest(folder) for folder in every],
            manifests,
            table,
            parts,
            evidence["level"],
            evidence["shared_training"],
        ),
        "pictures": gallery(left, found, most_pictured),
        "films": films(ordered, cells, found.trials, evidence, most_pictured, films_kib),
        "learning": learning(
            cells, found.curves, frame.baseline, evidence["level"], evidence["shared_training"], pairing_of(table).get("twin")
        ),
        "costs": spent,
        "worth": worth(frame, cells, evidence, parts, spent),
        "provenance": {
            "stages": stages,
            "artifacts": provenance.artifacts(manifests),
            "cpu_s": round(sum(row["cpu_s"] for row in stages), 1),
            "peak_mb": max((row["peak_mb"] for row in stages), default=0.0),
            "commands": provenance.commands(frame.id),
        },
    }


def _left(frame: StudyFrame, cells: Sequence[Cell]) -> StudyFrame:
    """The study without locations that have no cell left: gates may have stopped all of one."""
    there = {cell.location for cell in cells}
    return frame.model_copy(update={"locations": tuple(x for x in frame.locations if x in there)})


def without_pixels(value: dict[str, Any]) -> dict[str, Any]:
    """The same content with pictures and films named by their place in the store only."""
    return {**value, **{part: _bare(value[part]) for part in PICTURED}}


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items() if k != "uri"}
    return [_bare(v) for v in value] if isinstance(value, list) else value


def _pooled(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per approach and domain the pooled row, or the only one there is."""
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if row["location"] is None or (row["approach"], row["domain"]) not in best:
            best[row["approach"], row["domain"]] = row
    return list(best.values())
