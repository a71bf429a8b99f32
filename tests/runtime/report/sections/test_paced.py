"""Paced samples in the report: real steps to where the baseline ends, what foretelling goes with, and the referees' list."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from runtime.bound.cell import Cell
from runtime.bound.frame import StudyFrame
from runtime.report.sections import paced
from runtime.report.study import Artifacts, Study
from tests.runtime.stages.sim_chain import publish

FAMILY = ("paced-samples~round-1", "paced-samples", "place-only~round-1", "place-only")
RATES = {"paced-samples~round-1": 0.5, "paced-samples": 0.9, "place-only~round-1": 0.1, "place-only": 0.5}
STATES = [f"s{i}" for i in range(20)]


def published(store: Path, stage: str, tag: str, parents: dict[str, Path], params: dict, metrics: dict) -> Path:
    files = store.parent / "none"
    files.mkdir(exist_ok=True)
    of = {port: [f"{path.parent.name}/{path.name}"] for port, path in parents.items()}
    return publish(store, stage, files, tag, parents=of, params=params, metrics=metrics)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Two approaches with two rounds and five seeds: the paced one has after a round what the other has after two."""
    store, cells, folders, outcomes = tmp_path / "store", [], [], {}
    for n, approach in enumerate(FAMILY):
        outcomes[approach, "irl_proxy"] = {("cellar", "press"): {}}
        for seed in range(5):
            tag, this = f"{n}{seed}", 1 if "~" in approach else 2
            site = published(store, "site_rollouts", tag, {}, {"control_steps": 400}, {"round": this, "success_rate": 0.25})
            parents = {"site": site}
            if approach.startswith("paced"):
                foretold = {"gain_psnr_8": 2.0 + seed, "psnr_8": 25.0, "twin_contact_f1_8": 0.5}
                parents["world"] = published(store, "post_world", tag, {}, {}, foretold)
            made = {"round": this, "real_steps": 390 * this, "admitted_mean": 0.25, "rho_first": 0.1, "rho_last": 0.4}
            policy = published(store, "paced", tag, parents, {}, made)
            folders.append(published(store, "evaluate", tag, {"policy": policy}, {}, {}))
            cells.append(Cell(approach=approach, location="cellar", task="press", seed=seed, domain="irl_proxy"))
            won = round(len(STATES) * RATES[approach]) + (seed - 2 if approach == "paced-samples" else 0)
            outcomes[approach, "irl_proxy"]["cellar", "press"][seed] = {s: float(i < won) for i, s in enumerate(STATES)}
    monkeypatch.setattr(paced, "Trials", SimpleNamespace(of=lambda table: SimpleNamespace(outcomes=outcomes)))
    names = [*FAMILY, *(f"paced-samples~{arm}" for arm in paced.ARMS)]
    known = {"approaches": names, "baseline": "place-only", "seeds": list(range(5)), "trials": {"irl_proxy": 20}}
    frame = StudyFrame.model_validate({"id": "study", "locations": ["cellar"], "tasks": ["press"], **known})
    study = Study(frame, cells, Artifacts(None, trials=folders))
    study.__dict__.update(
        {"table": None, "evidence": {"invalid": [{"invalid": 3}]}, "claims": [{"id": "helps", "verdict": "supported"}]}
    )
    return study


def test_real_steps_rounds_and_the_list(study: Study) -> None:
    said = paced.paced(study)
    assert said is not None
    rounds = {row["approach"]: row for row in said["rows"]}
    assert [rounds[name]["round"] for name in FAMILY] == [1, 2, 1, 2]
    assert (rounds["paced-samples"]["success"], rounds["paced-samples"]["real_steps"]) == (90, 780)
    assert (rounds["paced-samples"]["rho_last"], rounds["place-only"]["rho_last"]) == (0.4, None)
    assert rounds["paced-samples"]["psnr_gain"] == [None, None, 4.0, None]
    (saved,) = said["saved"]
    assert (saved["approach"], saved["at"], saved["value"], saved["kind"]) == ("paced-samples", 800, 2.0, "at least")
    by = {row["metric"]: row for row in said["relations"]}
    assert (by["gain_psnr_8"]["pearson"], by["gain_psnr_8"]["runs"]) == (1.0, 5)
    assert by["twin_contact_f1_8"]["pearson"] is None
    asked = {row["item"]: row for row in said["asked"]}
    assert all(row["met"] for row in asked.values()), asked
    assert "3" in asked["exclusions"]["said"]
    assert "helps: supported" in asked["statistical tests"]["said"]


def test_what_is_missing_is_not_met(study: Study) -> None:
    few = study.frame.model_copy(update={"approaches": list(FAMILY[1:])})
    shorter = Study(few, study.cells[:3], Artifacts(None, trials=study.artifacts.trials[:3]))
    shorter.__dict__.update({"table": None, "evidence": {"invalid": []}, "claims": []})
    said = paced.paced(shorter)
    assert said is not None
    unmet = {row["item"] for row in said["asked"] if not row["met"]}
    assert unmet == {"training seeds", "statistical tests", "ablation of the pacing"}
    assert paced.paced(Study(few, [], Artifacts(None))) is None
