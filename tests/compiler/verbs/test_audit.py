"""A blinded sheet goes out, verdicts come back, and the report says how far people agree with the judge."""

import json
from pathlib import Path

import numpy as np
import pytest

from compiler.cli import main
from compiler.graph.expand import expand
from compiler.project.load import load_project
from compiler.trials import audit
from runtime.stats.inference.kappa import kappa
from runtime.store.store import Store
from tests.compiler.graph.test_mining_guards import FINE, study
from tests.compiler.published import publish

SCORES = [0.9, 0.8, 0.7, 0.1, 0.05, 0.2]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of which one policy's rollouts were mined."""
    built = study(tmp_path)
    monkeypatch.chdir(tmp_path)
    project = load_project(tmp_path)
    node = next(n for n in expand(project, "study").nodes.values() if n.label == "mine/cellar/press/hard-negatives/0/1")
    publish(project, node, metrics=FINE)
    folder = Store(project.store).path(*node.address)
    folder.chmod(0o755)
    rows = [{"judge": score} for score in SCORES]
    (folder / "mined.json").write_text(json.dumps({"rollouts": rows, "kept": list(range(6))}))
    films = np.random.default_rng(0).integers(0, 255, (6, 3, 4, 5, 3), np.uint8)
    np.savez(folder / "shown.npz", start=np.arange(6), films=films)
    return built.root


def form_of(root: Path, *verdicts: str) -> tuple[Path, list[float]]:
    """The form with verdicts, in its own order, and what the judge had said in that order."""
    form, key = root / "audits/study-0.csv", json.loads((root / "audits/study-0.key.json").read_text())
    words = [line.split(",")[0] for line in form.read_text().splitlines()[1:]]
    scores = [key["items"][word]["judge"] for word in words]
    said = verdicts or tuple("success" if score >= 0.5 else "failure" for score in scores)
    form.write_text("item,verdict,note\n" + "".join(f"{w},{v},\n" for w, v in zip(words, said, strict=False)))
    return form, scores


def test_the_sheet_is_blind_and_verdicts_give_kappa(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "study"]) == 0
    page = (root / "audits/study-0.html").read_text()
    key = json.loads((root / "audits/study-0.key.json").read_text())
    assert len(key["items"]) == page.count("<figure>") == 6
    for one in key["items"].values():
        assert not any(str(told) in page for told in (one["artifact"].split("/")[1], one["judge"], "hard-negatives", "mine/"))
    assert main(["audit", "study"]) == 2  # nothing that may be filled in is written over
    form, _ = form_of(root)
    form.write_text(form.read_text().replace("failure", "unclear", 1))
    capsys.readouterr()
    (root / "audits").rename(root / "sheets")  # the sheet may lie anywhere
    assert main(["audit", "study", "--verdicts", str(root / "sheets" / form.name), "--key", "sheets/study-0.key.json"]) == 0
    assert "agree about 100% of 5 rollouts, 1 unclear" in capsys.readouterr().out
    report = next(n for n in expand(load_project(root), "study").nodes.values() if n.stage.role == "report")
    assert report.params["audit"]["unclear"] == 1
    assert len(report.params["audit"]["scores"]) == 5
    assert set(report.params["audit"]["artifacts"]) == {one["artifact"] for one in key["items"].values()}


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (("success", "yess"), "study-0.csv:3: verdict `yess` is none of success, failure, unclear"),
        (("success",), "5 of 6 items are missing"),
        (("success", ""), "study-0.csv:3: no verdict: say one of"),
    ],
)
def test_a_form_that_is_not_filled_in_well_is_refused_with_its_line(
    root: Path, capsys: pytest.CaptureFixture[str], verdicts: tuple[str, ...], said: str
) -> None:
    main(["audit", "study"])
    form, _ = form_of(root, *verdicts)
    assert main(["audit", "study", "--verdicts", str(form), "--key", "audits/study-0.key.json"]) == 2
    assert said in capsys.readouterr().err
    assert main(["audit", "study", "--verdicts", str(form), "--key", str(form)]) == 2
    assert "is no key of a sheet" in capsys.readouterr().err


def test_spreadsheets_leave_the_words_of_a_sheet_alone_and_their_forms_are_read(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """None is a number to them, such as 00123 or 12e45; where commas are decimal they save semicolons."""
    rollouts = [audit.Item("mine/x", i, score, None) for i, score in enumerate(np.linspace(0, 1, 400).tolist())]
    words = [word for word, _ in audit.draw(rollouts, 400, 0)]
    assert all(word[0] == "r" and len(word) == 6 for word in words)
    main(["audit", "study"])
    form, _ = form_of(root)
    form.write_text("\ufeff" + form.read_text().replace(",", ";"))
    capsys.readouterr()
    assert main(["audit", "study", "--verdicts", str(form), "--key", "audits/study-0.key.json"]) == 0
    assert "agree about 100% of 6 rollouts" in capsys.readouterr().out
    form.write_text("".join(f"{line.split(';')[0]},unclear\n" for line in form.read_text().splitlines()))
    form.write_text(form.read_text().replace("item,unclear", "item,verdict", 1).lstrip("\ufeff"))
    assert main(["audit", "study", "--verdicts", str(form), "--key", "audits/study-0.key.json"]) == 0
    assert "nothing to compare: people could not tell any of 6 rollouts" in capsys.readouterr().out


@pytest.mark.parametrize("judge", ["NaN", "1e999", "7.5", "-0.1"])
def test_a_key_with_scores_that_no_judge_gives_is_refused_and_nothing_is_kept(
    root: Path, capsys: pytest.CaptureFixture[str], judge: str
) -> None:
    """Kept as null, such a score made every verb refuse the study."""
    main(["audit", "study"])
    form, _ = form_of(root)
    key = root / "audits/study-0.key.json"
    key.write_text(key.read_text().replace('"judge": 0.9', f'"judge": {judge}'))
    assert main(["audit", "study", "--verdicts", str(form), "--key", str(key)]) == 2
    assert "is no key of a sheet" in capsys.readouterr().err
    assert not (root / "audits/study.json").exists()


def test_kappa_and_its_band_are_those_of_the_textbook() -> None:
    """Fleiss, Levin and Paik, for 2 by 2: 40 agree on yes, 35 on no, 15 and 10 do not."""
    one = [True] * 55 + [False] * 45
    other = [True] * 40 + [False] * 15 + [True] * 10 + [False] * 35
    found = kappa(one, other)
    assert found.agree == 0.75
    assert found.value == pytest.approx(0.5)
    assert (found.low, found.high) == pytest.approx((0.3302, 0.6698), abs=2e-3)
    assert kappa([True, True], [True, False]).value is None
    few, many = ([True, False] * half for half in (2, 50))  # agreeing on all of 4 shows less than on all of 100
    assert kappa(few, few).value == kappa(many, many).value == 1
    assert [round(kappa(said, said).low or 0, 3) for said in (few, many)] == [-0.205, 0.928]
    rng, inside = np.random.default_rng(0), 0
    for _ in range(200):  # truth agrees nine times of ten, both sides half and half: kappa is 0.8
        a = rng.random(60) < 0.5
        low, high = kappa(a.tolist(), (a ^ (rng.random(60) < 0.1)).tolist())[3:]
        inside += bool(low is not None and high is not None and low <= 0.8 <= high)
    assert inside >= 178
