"""`simkiln trials twice`: a domain that does not reproduce is found out."""

from pathlib import Path

import pytest

from compiler.cli import main

MAPPING = "columns: {seed: s, initial_state: i, success: ok}\nfixed: {approach: a, location: l, task: t, domain: twin}\n"


def log(name: str, differing: int) -> None:
    rows = [f"{seed},{state},{int((seed * 40 + state) * 7 % 10 < 5)}" for seed in range(2) for state in range(40)]
    rows = [row[:-1] + str(1 - int(row[-1])) if i < differing else row for i, row in enumerate(rows)]
    Path(f"{name}.csv").write_text("\n".join(["s,i,ok", *rows]))
    words = [f"{name}.csv", "--mapping", "map.yaml", "--name", name, "--same-outcomes-because", "run twice"]
    assert main(["trials", "import", *words]) == 0


@pytest.mark.parametrize(
    ("differing", "code", "said"),
    [
        (0, 0, "0 of 80 trials ended differently: 0.0 points [0.0, 4.5]"),
        (4, 0, "is undecided"),
        (30, 1, "`twin` does not reproduce: 30 of 80"),
    ],
)
def test_disagreement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, differing: int, code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("map.yaml").write_text(MAPPING)
    log("first", 0)
    log("again", differing)
    capsys.readouterr()
    assert main(["trials", "twice", "first", "again"]) == code
    out = capsys.readouterr()
    assert said in out.out + out.err


def test_sets_without_a_common_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    Path("map.yaml").write_text(MAPPING)
    log("first", 0)
    Path("map.yaml").write_text(MAPPING.replace("twin", "irl"))
    log("second", 0)
    assert main(["trials", "twice", "first", "second"]) == 1
    assert "no trial in common" in capsys.readouterr().err
