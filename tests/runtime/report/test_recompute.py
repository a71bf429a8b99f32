"""Reports made again from trials: agreement, forged numbers, mixed provenance."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.problem import InputError
from runtime.report.recompute import Recomputed, recompute
from runtime.stage import load_stages
from runtime.store.store import MANIFEST, Store
from tests.runtime.synthetic_study import CLAIMS, WAIVERS, synthetic_study, the_study


@pytest.fixture(scope="module")
def built() -> Path:
    return the_study().report(CLAIMS, WAIVERS)


@pytest.fixture
def report(built: Path, tmp_path: Path) -> Path:
    """The report in a store of its own that a test may forge."""
    shutil.copytree(built.parent.parent, tmp_path / "store")
    return tmp_path / "store" / "report" / built.name


def again(report: Path) -> Recomputed:
    return recompute(Store(report.parent.parent), report.name)


def forge(folder: Path, file: str, change: Callable[[Any], None]) -> None:
    """Change JSON in an artifact (its manifest too) so that its own digests hold."""
    facts = json.loads((folder / MANIFEST).read_text())
    value = facts if file == MANIFEST else json.loads((folder / file).read_text())
    change(value)
    shutil.copytree(folder, folder.with_name("forged"))
    forged = folder.with_name("forged")
    (forged / MANIFEST).unlink()
    if file != MANIFEST:
        (forged / file).write_text(json.dumps(value))
    shutil.rmtree(folder)
    Store(folder.parent.parent).publish(folder.parent.name, folder.name, forged, facts)


def test_every_table_is_made_again_and_agrees(report: Path) -> None:
    found = again(report)
    assert found.differences == ()
    assert found.trials == 2 * 4 * 3 * 2 * 40
    assert {name.partition("/")[0] for name in found.compared} == {"uplift", "gate", "claim", "report"}
    assert len(found.compared) == 1 + 6 + 4 + 1
    assert all(count > 0 for count in found.compared.values())


def test_the_decision_not_to_pair_is_made_again(tmp_path: Path) -> None:
    built = synthetic_study(tmp_path / "store", unsteady={"irl_proxy": 0.3}).report(CLAIMS, WAIVERS)
    assert again(built).differences == ()
    curves = json.loads((built / "report.json").read_text())["learning"]["rows"]
    assert not any("reproduce" in note for row in curves for note in row["notes"])  # the twin is steady

    def steady(said: Any) -> None:
        said["evidence"]["reproducible"][0].update(differing=0, status="passed", paired=True)

    forge(built, "report.json", steady)
    paths = {d.path for d in again(built).differences}
    assert paths == {f"report.json: evidence.reproducible[0].{name}" for name in ("differing", "status", "paired")}


def test_a_number_that_only_the_report_says_is_found(report: Path) -> None:
    def better(said: Any) -> None:
        said["evidence"]["uplift"][2]["value"] += 5

    forge(report, "report.json", better)
    found = again(report).differences
    assert [(d.table, d.path) for d in found] == [("report", "report.json: evidence.uplift[2].value")]
    assert found[0].said == pytest.approx(found[0].found + 5)


def test_a_forged_verdict_is_found_in_its_artifact_and_in_the_report(report: Path) -> None:
    store, parents = Store(report.parent.parent), json.loads((report / MANIFEST).read_text())["parents"]
    folder = store.root / parents["claims"][2]
    forge(folder, "claim.json", lambda claim: claim.update(verdict="supported"))
    assert [d.path for d in again(report).differences] == ["claim.json: verdict"]


def test_trials_of_several_versions_are_refused(report: Path) -> None:
    folder = sorted((report.parent.parent / "evaluate").iterdir())[0]
    forge(folder, MANIFEST, lambda facts: facts.update(version=9))
    versions = f"{load_stages()['evaluate'].version}, 9"
    with pytest.raises(InputError, match=f"X444: mixed provenance: artifacts of `evaluate` are of versions {versions}"):
        again(report)


def test_trials_of_several_back_ends_are_refused(report: Path) -> None:
    folder = sorted((report.parent.parent / "evaluate").iterdir())
    for place, name in enumerate(("numba", "gsplat")):
        chosen = {"renderer": {"name": name, "version": "1"}}
        forge(folder[place], MANIFEST, lambda facts, chosen=chosen: facts.update(backends=chosen))
    with pytest.raises(InputError, match="X444: mixed provenance: artifacts of `evaluate` had back ends"):
        again(report)


def test_a_change_of_a_trial_that_its_digest_shows_is_refused(report: Path) -> None:
    trials = sorted((report.parent.parent / "evaluate").glob("*/trials.parquet"))[0]
    trials.write_bytes(trials.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="X443"):
        again(report)


def test_a_changed_trial_of_a_checkpoint_is_refused(report: Path) -> None:
    curve = sorted((report.parent.parent / "learning").glob("*/learning.parquet"))[0]
    curve.write_bytes(curve.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="X443"):
        again(report)


def test_a_forged_curve_is_found(report: Path) -> None:
    forge(report, "report.json", lambda said: said["learning"]["rows"][4]["points"][0].update(value=99.0))
    assert [d.path for d in again(report).differences] == ["report.json: learning.rows[4].points[0].value"]


def test_absent_trials_are_refused(report: Path) -> None:
    shutil.rmtree(sorted((report.parent.parent / "evaluate").iterdir())[0])
    with pytest.raises(InputError, match="X443"):
        again(report)
