"""All approaches against each other: a matrix of pairs, places that each may have, and who cannot be told from the best."""

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import refused
from runtime.report.forms.ranking import Preferences, Ranking
from runtime.report.forms.report import Report
from runtime.report.study import Study


def ranking(study: Study) -> list[Ranking]:
    """A ranking for each domain with three approaches or more."""
    from runtime.stats.ranking.ranking import rankings
    from runtime.stats.table.outcomes import Trials

    found = rankings(Trials.of(study.table), study.evidence["level"], study.evidence["shared_training"])
    return sorted(found, key=lambda one: study.domains.index(one["domain"]))


def preferred(study: Study) -> Preferences | None:
    """What people's preferences say of approaches; None where none are kept."""
    if study.choices is None or not study.choices.rows:
        return None
    from runtime.stats.ranking.preferences import Compared, preferences

    return preferences([Compared(*row) for row in study.choices.rows], study.evidence["level"])


def drawn(said: Report) -> Drawn:
    """Each ranking with its matrix: row less column."""
    groups, by_gates = [], refused(said)
    for one in said["ranking"]:
        cells = {}
        for pair in one["pairs"]:
            low, high = pair["band"]
            cells[pair["first"], pair["second"]] = pair
            away = {"helps": "hurts", "hurts": "helps"}.get(pair["direction"], pair["direction"])
            cells[pair["second"], pair["first"]] = {**pair, "value": -pair["value"], "band": (-high, -low), "direction": away}
        barred = {name for name, domain in by_gates if domain == one["domain"]}
        for pair, cell in cells.items():
            if barred & set(pair):
                cells[pair] = {**cell, "direction": "refused"}
        rows = [{**row, "refused": by_gates.get((row["approach"], one["domain"]))} for row in one["rows"]]
        names = [row["approach"] for row in rows]
        matrix = [[cells.get((row, column)) for column in names] for row in names]
        groups.append({**one, "rows": rows, "matrix": list(zip(rows, matrix, strict=True))})
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


def preferred_rows(said: Report) -> Rows:
    """One row per approach that people chose between."""
    names = "approach preferred=value compared best_rank worst_rank may_be_best=best letters"
    found = said["preferences"]["rows"] if said["preferences"] else []
    return [columns({**row, "best_rank": row["rank"][0], "worst_rank": row["rank"][1]}, names) for row in found]
