"""One claim of a study: supported, refuted, undecided or not run."""

from pathlib import Path
from typing import Any

from runtime.bound.claim import Claim
from runtime.bound.frame import StudyFrame
from runtime.bound.gate import GateRule
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, stage


class ClaimParams(Params):
    """The claim and the study that tests it."""

    claim: Claim = bound("claim")
    """What is claimed."""
    study: StudyFrame = bound("study")
    """The study: its baseline, its places and the level of its bands."""
    exploited: list[GateRule] = bound("exploited", since=6, default=[])
    """Gates over what is exploited: a claim that rests on trials of which one fails is not run."""
    required: dict[str, GateRule] = bound("required", since=6, default={})
    """Gates that the claim requires: while one is not passed it is not run."""


@stage(
    version=6,
    metrics=by_unit(text="status verdict", count="links"),
    libraries=minor("numpy", "scipy") | exact("pyarrow"),
    role="claim",
    per=("claim", "study"),
    needs={"uplift": one("uplift")},
    makes={"claim": "claim.json"},
    cost=lambda p: Resources(minutes=0.003),
)
def claim(p: ClaimParams, uplift: Path, out: Out) -> dict[str, Any]:
    """Judge a claim by bands of its own. A refuted claim is a result: the job itself succeeds."""
    import json

    import pyarrow.parquet as pq

    from runtime.stats.table.outcomes import Trials
    from runtime.stats.verdict.claim_verdict import of_claim

    shared = bool(json.loads((uplift / "uplift.json").read_text())["shared_training"])
    verdict = of_claim(p.claim, Trials.of(pq.read_table(uplift / "trials.parquet")), p.study, shared, p.exploited, p.required)
    out.path("claim").write_text(json.dumps(verdict, indent=1) + "\n")
    out.log(f"{verdict['verdict']}: {verdict['reason']}")
    return {"status": str(verdict["status"]), "verdict": str(verdict["verdict"]), "links": len(verdict["links"])}
