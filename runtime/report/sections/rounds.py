"""What rounds of mining did: what was imagined, kept, learned and rolled back; how far their judge is right."""

from collections import defaultdict
from collections.abc import Container
from typing import Any

from runtime.report.drawing import Rows
from runtime.report.forms.report import Report
from runtime.report.forms.rounds import AuditForm, JudgeRow, RoundRow, RoundsForm
from runtime.report.study import Study
from runtime.stats.inference.kappa import kappa
from runtime.store.manifest import lineage, parent_of

STAGES = ("mine", "remedy", "keep", "refine_world")


def rounds(study: Study) -> RoundsForm | None:
    """Rounds of all approaches that mine; None where none does and nobody audited."""
    found: dict[tuple[str, str, str, int], dict[str, dict[int, dict[str, Any]]]] = defaultdict(lambda: defaultdict(dict))
    judges: dict[tuple[str, str], JudgeRow] = {}
    mined: set[str] = set()
    for cell, folder in zip(study.cells, study.artifacts.trials, strict=True):
        policy = parent_of(folder, "policy")
        for manifest in lineage([policy]) if policy else ():
            stage, said = manifest["stage"], manifest["metrics"]
            if stage in STAGES:
                found[cell.task, cell.location, cell.approach, int(said["round"])][stage][cell.seed] = said
                mined.add(f"{stage}/{manifest['fingerprint']}")
            elif stage == "judge":
                judges[cell.task, cell.location] = {
                    "task": cell.task,
                    "location": cell.location,
                    "auc": said.get("auc"),
                    "ece": said.get("ece"),
                    "stuck": said.get("stuck"),
                    "episodes": said["episodes"],
                }
    order = {approach: i for i, approach in enumerate(study.frame.approaches)}
    rows = [
        _row(*key, by)
        for key, by in sorted(found.items(), key=lambda x: (*x[0][:2], order.get(x[0][2], 0), x[0][3]))
        if "mine" in by
    ]
    audit = _audit(study, mined)
    return {"rows": rows, "judges": list(judges.values()), "audit": audit} if rows or audit else None


def _row(task: str, location: str, approach: str, number: int, by: dict[str, dict[int, dict[str, Any]]]) -> RoundRow:
    def mean(stage: str, metric: str) -> float | None:
        values = [said[metric] for said in by[stage].values() if said.get(metric) is not None]
        return round(sum(values) / len(values), 4) if values else None

    def total(stage: str, metric: str) -> int:
        return sum(int(said.get(metric, 0)) for said in by[stage].values())

    return {
        "approach": approach,
        "task": task,
        "location": location,
        "round": number,
        "runs": len(by["mine"]),
        "imagined": mean("mine", "said_share"),
        "hard": mean("mine", "hard_share"),
        "twin": mean("remedy", "success_rate"),
        "judge_right": mean("remedy", "judge_right"),
        "rehearsed": mean("keep", "value"),
        "rolled_back": total("keep", "rolled_back"),
        "world_back": total("refine_world", "rolled_back"),
        "twin_rollouts": total("remedy", "twin_rollouts"),
    }


def _audit(study: Study, mined: Container[str]) -> AuditForm | None:
    """What people said of rollouts that are still this study's: others were another judge's, or another policy's."""
    if study.audit is None:
        return None
    items = zip(study.audit.scores, study.audit.verdicts, study.audit.artifacts, strict=True)
    kept = [(score >= 0.5, verdict) for score, verdict, artifact in items if artifact in mined]
    said = kappa([score for score, _ in kept], [verdict for _, verdict in kept], study.frame.level)
    return {
        "n": said.n,
        "outdated": len(study.audit.scores) - len(kept),
        "unclear": study.audit.unclear,
        "agree": round(said.agree, 4),
        "kappa": said.value,
        "low": said.low,
        "high": said.high,
    }


def rows(said: Report) -> Rows:
    """A row for each round."""
    return [dict(row) for row in said["rounds"]["rows"]] if said["rounds"] else []
