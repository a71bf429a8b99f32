"""All approaches against each other: a matrix of pairs, places that each may have, and who cannot be told from the best."""

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.ranking import Ranking
from runtime.report.forms.report import Report
from runtime.report.study import Study


def ranking(study: Study) -> list[Ranking]:
    """A ranking for each domain with three approaches or more."""
    from runtime.stats.ranking.ranking import rankings
    from runtime.stats.table.outcomes import Trials

    found = rankings(Trials.of(study.table), study.evidence["level"], study.evidence["shared_training"])
    return sorted(found, key=lambda one: study.domains.index(one["domain"]))


def drawn(said: Report) -> Drawn:
    """Each ranking with its matrix: row less column."""
    groups = []
    for one in said["ranking"]:
        cells = {}
        for pair in one["pairs"]:
            low, high = pair["band"]
            cells[pair["first"], pair["second"]] = pair
            away = {"helps": "hurts", "hurts": "helps"}.get(pair["direction"], pair["direction"])
            cells[pair["second"], pair["first"]] = {**pair, "value": -pair["value"], "band": (-high, -low), "direction": away}
        names = [row["approach"] for row in one["rows"]]
        matrix = [[cells.get((row, column)) for column in names] for row in names]
        groups.append({**one, "matrix": list(zip(one["rows"], matrix, strict=True))})
    return {"groups": groups}


def rank_rows(said: Report) -> Rows:
    """One row per approach and domain."""
    names = "domain approach success=value band best_rank worst_rank may_be_best=best letters level"
    return [
        columns(one | row | {"best_rank": row["rank"][0], "worst_rank": row["rank"][1]}, names)
        for one in said["ranking"]
        for row in one["rows"]
    ]


def pair_rows(said: Report) -> Rows:
    """One row per pair of approaches and domain."""
    names = "domain first second difference=value band direction level"
    return [columns(one | pair, names) for one in said["ranking"] for pair in one["pairs"]]
