"""What explains the gap between twin and hidden site: the part of each of the site's true factors."""

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.axis import axis_of, strip
from runtime.report.drawing.csv import columns
from runtime.report.forms.factors import FactorsForm
from runtime.report.forms.report import Report
from runtime.report.study import Study


def factors(study: Study) -> FactorsForm | None:
    """The parts of every approach's gap; None where none were asked for.

    Raises:
        ValueError: when there are artifacts of the stage `gap_factors`, but not one for each policy.
    """
    import pyarrow.parquet as pq

    from runtime.stats.transfer.factors import Explained, factors_evidence

    folders = study.artifacts.factors
    runs = dict.fromkeys((c.approach, c.location, c.task, c.seed) for c in study.cells if c.domain == "irl_proxy")
    mine = [run for run in runs if run[0] == study.frame.baseline]
    runs = mine if len(mine) == len(folders) else list(runs)
    found = (
        [Explained(*run, pq.read_table(f / "changes.parquet")) for run, f in zip(runs, folders, strict=True)] if folders else []
    )
    return factors_evidence(found, study.evidence["level"], study.evidence["shared_training"]) if found else None


def drawn(said: Report) -> Drawn:
    """Each gap with the marks of its parts, all on one axis; places below the pooled one."""
    found = said["factors"]
    if found is None:
        return {"groups": []}
    plain = [{**part, "location": None, "prior": None} for row in found["rows"] for part in (*row["parts"], row["whole"])]
    axis = axis_of(plain)
    groups = [
        {
            **row,
            "wide": row["location"] is None or not any(r["location"] is None for r in found["rows"]),
            "marked": [{**p, "marks": strip(axis, p["value"], p["band"])} for p in (*row["parts"], row["whole"])],
        }
        for row in found["rows"]
    ]
    return {"axis": axis.ticked(), "groups": groups}


def rows(said: Report) -> Rows:
    """One row per factor of each gap."""
    found = said["factors"]
    return [
        columns(row, "approach task location") | columns(part, "factor points=value band level direction")
        for row in (found["rows"] if found else ())
        for part in (*row["parts"], row["whole"])
    ]
