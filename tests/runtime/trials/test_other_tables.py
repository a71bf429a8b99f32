"""Files whose rows are not one trial with a yes or no each: counts, scores, frames, decimal commas, percentages; workbooks."""

import io
import zipfile
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from compiler.cli import main

FIXED = "fixed: {location: lab, task: pick, domain: irl}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def kept(mapping: str, text: str | pa.Table, *flags: str) -> list[dict]:
    """The trials that are kept of a file."""
    Path("map.yaml").write_text(mapping)
    name = "log.csv" if isinstance(text, str) else "log.parquet"
    if isinstance(text, str):
        Path(name).write_text(text)
    else:
        pq.write_table(text, name)
    assert main(["trials", "import", name, "--mapping", "map.yaml", "--name", "set", "--replace", *flags]) == 0
    return pq.read_table("trials/set/trials.parquet").to_pylist()


def refused(mapping: str, text: str, capsys: pytest.CaptureFixture) -> str:
    """What is said of a file that is not read."""
    Path("map.yaml").write_text(mapping)
    Path("bad.csv").write_text(text)
    assert main(["trials", "import", "bad.csv", "--mapping", "map.yaml", "--name", "bad"]) == 1
    return capsys.readouterr().err


def test_decimal_commas_and_percentages(capsys: pytest.CaptureFixture) -> None:
    columns = "columns: {approach: policy, success: ok, score: points}\n"
    rows = kept(f'decimal: ","\nscore_max: 10\n{columns}{FIXED}', "\ufeffpolicy;ok;points\nbase;1,0;7,5\nmine;0,0;62,5 %\n")
    assert [(r["success"], r["score"]) for r in rows] == [(True, 0.75), (False, 0.625)]
    assert 'say `decimal: ","`' in refused(columns + FIXED, "policy;ok;points\nbase;1,0;7\n", capsys)
    assert "score 1.2 is not within 0 and 1" in refused(columns + FIXED, "policy,ok,points\nbase,1,120 %\n", capsys)


def test_counts_become_trials_that_pair_with_none(capsys: pytest.CaptureFixture) -> None:
    counts = "columns: {approach: policy, successes: won, trials: of}\n" + FIXED
    rows = kept(counts, "policy,won,of\nbase,44,90\nmine,19,25\nmine,1,2\nother,44,90\n")
    found = {a: [r["success"] for r in rows if r["approach"] == a] for a in ("base", "mine", "other")}
    assert {a: (sum(won), len(won)) for a, won in found.items()} == {"base": (44, 90), "mine": (20, 27), "other": (44, 90)}
    assert len({r["initial_state"] for r in rows}) == len(rows) == 207
    assert main(["trials", "uplift", "set", "--baseline", "base"]) == 0
    assert "not paired" in capsys.readouterr().out
    said = refused(counts, "policy,won,of\nbase,26,25\nmine,1.5,2\n", capsys)
    assert "26 successes of 25 trials" in said
    assert "`1.5` is not a whole number" in said
    wrong = "columns: {approach: policy, success: won}\n" + FIXED
    assert "counts are read by `columns: {successes: …, trials: …}`" in refused(wrong, "policy,won,of\nbase,14,25\n", capsys)
    assert "go together" in refused("columns: {approach: policy, trials: of}\n" + FIXED, "policy,of\na,1\n", capsys)
    assert "more than 2,000,000" in refused(counts, "policy,won,of\nbase,1,1000000000\n", capsys)


def test_scores_alone(capsys: pytest.CaptureFixture) -> None:
    columns = "columns: {approach: policy, score: points}\n" + FIXED
    text = "policy,points\nbase,7.9\nbase,8\nbase,100 %\n"
    rows = kept(f"score_max: 10\nsuccess_at: 8\n{columns}", text)
    assert [(r["success"], r["score"]) for r in rows] == [(False, 0.79), (True, 0.8), (True, 1.0)]
    assert "say with `success_at` from which score on" in refused(f"score_max: 10\n{columns}", text, capsys)
    assert "the score is empty" in refused(f"success_at: 1\n{columns}", "policy,points\nbase,\n", capsys)
    wide = "arms: {base: {score: a}, mine: {score: b}}\n" + FIXED
    assert [r["success"] for r in kept(f"success_at: 0.5\n{wide}", "a,b\n0.4,0.6\n")] == [False, True]
    assert "an arm names its column of `success`" in refused(wide, "a,b\n0.4,0.6\n", capsys)


def test_frames_are_told_from_trials(capsys: pytest.CaptureFixture) -> None:
    frames: dict[str, list] = {
        "episode_index": [0] * 3 + [1] * 3 + [2],
        "frame_index": [0, 1, 2, 0, 1, 2, 0],
        "layout": list("aaabbbc"),
    }
    frames |= {"next.success": [False, True, False, False, False, False, None], "next.reward": [0.0, 1.0, 0.5, 0.1, 0.0, 0.2, 0]}
    names = "{success: next.success, score: next.reward, initial_state: layout}"
    mapping = f"columns: {names}\nempty: not_run\nfixed: {{location: lab, task: pick, domain: irl, approach: base}}\n"
    rows = kept(mapping, pa.table(frames))
    assert [(r["success"], r["score"], r["initial_state"]) for r in rows] == [(True, 1.0, "a"), (False, 0.2, "b")]
    assert "its 3 episodes are the trials" in capsys.readouterr().out
    csv = "episode_index,frame_index,next.success,next.reward,layout\n0,0,1,1,a\n0,1,0,0,b\n"
    assert "`layout` differs between the frames of episode 0" in refused(mapping, csv, capsys)
    assert "holds frames" in refused(mapping, csv.replace("episode_index", "episode"), capsys)
    assert "`maybe` is neither success" in refused(mapping, csv.replace("0,1,0,0,b", "0,1,maybe,0,a"), capsys)


@pytest.mark.parametrize(("name", "wins"), [("comma-success", [1, 0]), ("frames-as-trials", [1, 0])])
def test_cases_from_the_field(shared_data: Path, name: str, wins: list[int]) -> None:
    case = shared_data / "field_cases" / name
    if not case.is_dir():
        pytest.skip("the cases from the field are not among the real input")
    (log,) = [path for path in case.iterdir() if path.suffix in (".csv", ".parquet")]
    assert main(["trials", "import", str(log), "--mapping", str(case / "map.yaml"), "--name", "set"]) == 0
    assert pq.read_table("trials/set/trials.parquet")["success"].to_pylist() == wins


def test_workbooks(capsys: pytest.CaptureFixture) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "runs"
    for row in (["policy", "ok", "done", "day", "x", "light"], ["base", True, 0.75, date(2026, 3, 5), 0.21, "dim"], []):
        sheet.append(row)
    sheet.append(["mine", "nein", "62,5 %", None, "0,3", "bright"])
    sheet["C2"].number_format = "0.0%"
    book.create_sheet("notes").append(["nothing"])
    book.save("log.xlsx")
    columns = "columns: {approach: policy, success: ok, score: done, day: day}\nfactors: {object_x_m: x, light: light}\n"
    Path("map.yaml").write_text(f'decimal: ","\nscore_max: 10\nwords: {{failure: [nein]}}\n{columns}{FIXED}')
    assert main(["trials", "import", "log.xlsx", "--mapping", "map.yaml", "--name", "set"]) == 0
    assert "sheet `runs` of 2 was read" in capsys.readouterr().out
    found = pq.read_table("trials/set/trials.parquet").to_pylist()
    assert [(r["approach"], r["success"], r["score"], r["day"], r["source_row"]) for r in found] == [
        ("base", True, 0.75, "2026-03-05", 2),
        ("mine", False, 0.625, None, 4),
    ]
    assert [r["factors"] for r in found] == ['{"light":"dim","object_x_m":0.21}', '{"light":"bright","object_x_m":0.3}']

    def said(content: bytes, more: str = "") -> str:
        Path("bad.xlsx").write_bytes(content)
        Path("bad.yaml").write_text(f"{columns}{FIXED}{more}")
        assert main(["trials", "import", "bad.xlsx", "--mapping", "bad.yaml", "--name", "bad"]) == 1
        return capsys.readouterr().err

    good = Path("log.xlsx").read_bytes()
    assert "`nein` is neither success nor failure in row 4" in said(good)
    assert "no sheet `other`" in said(good, "sheet: other\n")
    assert "no .xlsx file, or damaged" in said(good[:900])
    assert "encrypted, or in the form of before 2007" in said(b"\xd0\xcf\x11\xe0" + bytes(600))
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.infolist():
            text = old.read(member).replace(b'r="A4"', b'r="XFD5000"') if "sheet1" in member.filename else old.read(member)
            new.writestr(member.filename, text.replace(b'<row r="4"', b'<row r="5000"'))
    assert "in row 5000" in said(changed.getvalue())
    far = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(far, "w") as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member).replace(b'<row r="4"', b'<row r="99999999"'))
    assert "T512" in (refused := said(far.getvalue()))
    assert "a row beyond 1,048,576" in refused
    sheet["E2"] = "=1+1"  # openpyxl writes formulas, and reckons nothing
    book.save("formula.xlsx")
    assert "T522" in (refused := said(Path("formula.xlsx").read_bytes()))
    assert "cell E2 of sheet `runs` holds a formula that was never worked out" in refused


def test_invalid_trials_are_kept_without_an_outcome(capsys: pytest.CaptureFixture) -> None:
    mapping = FIXED + "columns: {approach: a, success: ok, invalid: bad}\n"
    found = kept(mapping, "a,ok,bad\nx,1,\nx,,camera fell off\nx,0,no\nx,,yes\n")
    assert [(r["success"], r["failure_mode"]) for r in found] == [
        (True, ""),
        (False, "invalid: camera fell off"),
        (False, ""),
        (False, "invalid"),
    ]
    valid = FIXED + "columns: {approach: a, success: ok, valid: good}\n"
    assert [r["failure_mode"] for r in kept(valid, "a,ok,good\nx,1,1\nx,,0\n")] == ["", "invalid"]
    assert "`maybe` is neither success" in refused(valid, "a,ok,good\nx,1,maybe\n", capsys)


def test_factors_are_finite_and_seeds_have_the_decimal_mark(capsys: pytest.CaptureFixture) -> None:
    mapping = FIXED + 'separator: ";"\ndecimal: ","\ncolumns: {approach: a, seed: s}\nfactors: {light: f}\n'
    (row,) = kept(mapping, "a;s;success;f\nx;3,0;1;0,5\n")
    assert (row["seed"], row["factors"]) == (3, '{"light":0.5}')
    for value, message in (("inf", "`inf` is not a finite number"), ("1e200", "`1e200` is too large for a factor")):
        Path("log.csv").write_text(f"a;s;success;f\nx;0;1;{value}\n")
        assert main(["trials", "import", "log.csv", "--mapping", "map.yaml", "--name", "odd"]) == 1
        assert message in capsys.readouterr().err
