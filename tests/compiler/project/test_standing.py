"""Standing gates: there without being listed, and out of the way where somebody says otherwise."""

import shutil
from pathlib import Path

from compiler.project.load import load_project
from runtime.stats.verdict.gate_verdict import of_metrics
from tests import REPOSITORY


def project(root: Path, extra: str = "", own: str = ""):
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    study = root / "specs/studies/lund-street.yaml"
    study.write_text(study.read_text() + extra)
    if own:
        (root / "specs/gates/standing-sharp.yaml").write_text(own)
    return load_project(root)


def test_a_capture_that_is_mush_fails_what_every_place_of_photos_must_clear(tmp_path: Path) -> None:
    found = project(tmp_path)
    assert found.studies["lund-street"].gates == ["standing-depth", "standing-sharp"]
    assert found.studies["playbot"].gates == []  # no photos, nothing to hold a splat against
    assert found.studies["study"].gates[-3:] == ["splat-sharp", "splat-depth", "work-area-seen"]  # over the same, and stricter
    assert found.studies["own-so101"].gates == ["standing-depth", "standing-sharp"]  # hidden sites, with trials
    said = {"mush": {"psnr_matched": 15.2, "depth_rel_err": 0.25}, "fine": {"psnr_matched": 19.07, "depth_rel_err": 0.0131}}
    for gate in map(found.gates.get, found.studies["lund-street"].gates):
        assert gate is not None
        assert gate.advice
        assert [of_metrics(gate, [(name, metrics)])["status"] for name, metrics in said.items()] == ["failed", "passed"]
    sharp = found.gates["standing-sharp"]  # `buddha` of 400 Gaussians and 30 iterations: fog, at the right depth
    assert of_metrics(sharp, [("fog", {"psnr_matched": 17.71})])["status"] == "failed"


def test_specs_have_the_last_word(tmp_path: Path) -> None:
    own = (REPOSITORY / "rules/gates/standing-sharp.yaml").read_text().replace("threshold: 18", "threshold: 12")
    found = project(tmp_path / "own", own=own)
    assert found.gates["standing-sharp"].threshold == 12
    assert found.studies["lund-street"].gates == ["standing-depth", "standing-sharp"]
    assert project(tmp_path / "off", "standing_gates: false\n").studies["lund-street"].gates == []
    assert project(tmp_path / "listed", "gates: [splat-depth]\n").studies["lund-street"].gates == [
        "splat-depth",
        "standing-sharp",
    ]


def test_a_splat_that_was_brought_is_not_held_against_photos_that_it_lacks(tmp_path: Path) -> None:
    found = project(tmp_path, "stages: {}\n").gates["standing-sharp"]
    said = [("lund-street", {"psnr_matched": 19.0}), ("playbot", {"psnr_matched": None})]
    verdict = of_metrics(found, said)
    assert (verdict["status"], verdict["reason"]) == ("passed", "lund-street: 19, wanted at least 18; not measured at `playbot`")
    assert of_metrics(found, [*said, ("barn", {})])["status"] == "not run"  # recorded nothing: another thing
    nothing = of_metrics(found, said[1:])  # it was made, so somebody can answer for it
    told = "`psnr_matched` could not be measured of `playbot`; a waiver may answer for it"
    assert (nothing["status"], nothing["value"], nothing["reason"]) == ("undecided", None, told)
