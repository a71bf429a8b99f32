"""The mappings of docs/trials, on files such as they are meant for."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from compiler.cli import main
from tests import REPOSITORY

DOCS = REPOSITORY / "docs" / "trials"


def imported(root: Path, *words: str) -> list[dict]:
    assert main(["trials", "import", *words, "--name", "set"]) == 0
    return pq.read_table(root / "trials" / "set" / "trials.parquet").to_pylist()


def test_lerobot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = []
    for approach, wins in (("act", [True, False]), ("smolvla", [True, True])):
        path = Path("results", approach, "seed-1", "eval_info.json")
        path.parent.mkdir(parents=True)
        metrics = {"successes": wins, "sum_rewards": [1.0, 0.0], "max_rewards": [1.0, 0.0]}
        tasks = [{"task_group": "libero_spatial", "task_id": 3, "metrics": metrics}]
        path.write_text(json.dumps({"per_task": tasks, "overall": {"n_episodes": 2, "pc_success": 50.0 * sum(wins)}}))
        files.append(str(path))
    rows = imported(tmp_path, *files, "--mapping", str(DOCS / "lerobot.yaml"))
    assert [(r["approach"], r["seed"], r["task"], r["initial_state"], r["success"]) for r in rows] == [
        ("act", 1, "libero_spatial-3", "0", True),
        ("act", 1, "libero_spatial-3", "1", False),
        ("smolvla", 1, "libero_spatial-3", "0", True),
        ("smolvla", 1, "libero_spatial-3", "1", True),
    ]
    assert rows[0]["source_file"] == "results/act/seed-1/eval_info.json"


def test_a_spreadsheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.csv").write_text(
        "policy;checkpoint;task;layout;repetition;outcome;points;reason;date\r\n"
        "pi0;ckpt-a;pick;L1;1;placed;10;;5.3.2026\r\npi0-cgvd;ckpt-a;pick;L1;1;missed;2,5;dropped;09.03.2026\r\npi0;ckpt-b;pick;L1;1;;;;\r\n",
        encoding="utf-8-sig",
    )
    rows = imported(tmp_path, "log.csv", "--mapping", str(DOCS / "robot_log.yaml"))
    assert [
        (r["approach"], r["seed"], r["initial_state"], r["success"], r["score"], r["failure_mode"], r["source_row"]) for r in rows
    ] == [("baseline", 0, "L1-1", True, 1.0, "", 2), ("cgvd", 0, "L1-1", False, 0.25, "dropped", 3)]
    assert [r["day"] for r in rows] == ["2026-03-05", "2026-03-09"]
    manifest = json.loads(Path("trials/set/manifest.json").read_text())
    assert manifest["source"] == "written down by the lab's operators"
    assert manifest["domains"] == ["irl"]


def test_what_is_unequal_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    mapping = "columns: {approach: p, seed: s, initial_state: i, success: ok}\nfixed: {location: l, task: t, domain: irl}\n"
    Path("map.yaml").write_text(mapping)
    rows = ["p,s,i,ok"]
    rows += [f"baseline,0,{i},{i % 2}" for i in range(6)] + [f"bold,0,{i},1" for i in range(4)]
    rows += [f"baseline,1,{i},{i % 2}" for i in range(3)] + [f"bold,1,{i},1" for i in range(10, 13)]
    rows += [f"baseline,2,{i},0" for i in range(3)]
    Path("log.csv").write_text("\n".join(rows))
    assert main(["trials", "import", "log.csv", "--mapping", "map.yaml"]) == 0
    said = capsys.readouterr().out
    assert "`bold` has no trials in 1 of 3 places and seeds" in said
    assert "no initial state in common, compared unpaired: `l`, `t`, seed 1, `irl`" in said
    assert "`l`, `t`, seed 0, `irl`: `baseline` 6, `bold` 4, 4 in common" in said
    assert main(["trials", "uplift"]) == 0
    said = capsys.readouterr().out
    assert "compared unpaired" in said
    assert "1 run of seed indices that only one side has count as well" in said


def test_shares_of_failure_modes_are_of_what_was_compared_and_none_is_just_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """One side ran fewer states and fewer seeds; another never met the baseline; a third has no trial of it."""
    monkeypatch.chdir(tmp_path)
    Path("map.yaml").write_text(
        "columns: {approach: p, location: l, seed: s, initial_state: i, success: ok, failure_mode: why}\n"
        "fixed: {task: t, domain: irl}\n"
    )
    rows = ["p,l,s,i,ok,why"]
    for seed in range(3):
        rows += [f"baseline,lab,{seed},{i},{int(i % 3 == seed)},{'' if i % 3 == seed else 'dropped'}" for i in range(9)]
        rows += [f"bold,lab,{seed},{i},{i % 2},{'' if i % 2 else 'dropped'}" for i in range(4) if seed < 2]
        rows += [f"far,barn,{seed},{i},1," for i in range(4)]
    Path("log.csv").write_text("\n".join(rows))
    assert main(["trials", "import", "log.csv", "--mapping", "map.yaml"]) == 0
    assert main(["trials", "uplift", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.partition("{")[2].join(["{", ""]))
    (shift,) = found["failure_mode_shifts"]
    assert shift["share"] - shift["baseline_share"] == pytest.approx(shift["value"], abs=1e-3)
    assert shift["share"] == 50
    assert (found["uplift"][0]["trials"], found["uplift"][0]["baseline_trials"]) == (8, 12)
    notes = " ".join(found["notes"])
    assert "`far` is not compared in `irl`: `baseline` has no trials at the same place" in notes
    assert "compared over the initial states that both sides ran" in notes
    assert [row["comparisons"] for row in found["together"]] == [1]
    assert main(["trials", "uplift", "--baseline", "nobody"]) == 1
    assert "`--baseline`" in capsys.readouterr().err


def test_many_comparisons_are_judged_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("map.yaml").write_text(
        "columns: {approach: p, location: l, seed: s, initial_state: i, success: ok}\nfixed: {task: t, domain: irl}\n"
    )
    wins = {"baseline": 2, "bold": 8, "same": 2}
    rows = ["p,l,s,i,ok"]
    rows += [
        f"{p},l{place:03},{seed},{i},{int((i * 7 + seed * 3 + place * len(p)) % 10 < won)}"
        for p, won in wins.items()
        for place in range(110)
        for seed in range(2)
        for i in range(10)
    ]
    Path("log.csv").write_text("\n".join(rows))
    because = ["--same-outcomes-because", "made up"]
    assert main(["trials", "import", "log.csv", "--mapping", "map.yaml", *because]) == 0
    capsys.readouterr()
    assert main(["trials", "uplift"]) == 0
    said = capsys.readouterr().out
    assert "all approaches of a domain together" in said
    assert "Holm p" in said
    assert "`bold` in `irl` over 110 locations, false discoveries held at 5 %: helps at 110" in said
    assert "`same` in `irl` over 110 locations, false discoveries held at 5 %: undecided at 110" in said


def test_recordings_of_isaac_lab_arena(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    """Lines as Arena 0.4's recorder writes them; what was replayed pairs, what was drawn anew does not."""
    monkeypatch.chdir(tmp_path)

    def write(policy: str, lines: list[dict]) -> str:
        path = Path(policy) / "episode_results_rebuild0.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return str(path)

    def episode(i: int, success: bool | None, light: float, **more: object) -> dict:
        drawn = {
            "light.intensity": light,
            "wrist_camera.offset": [0.01 * i, 0.0],
            "cube.presence": i % 2 == 0,
            "hdr.image": "sunset",
        }
        said = {"language_instruction": "lift the cube", "timestamp": "2026-11-03T10:00:00.123456", "job_name": "lift"}
        return {
            "env_id": 0,
            "episode_in_env": i,
            "seed": 42,
            "success": success,
            "episode_length": 90 + i,
            "variations": drawn,
            "progress": {"overall_score": 0.5},
            **said,
            **more,
        }

    base = [episode(0, True, 300.0), episode(1, False, 500.0), episode(2, None, 400.0)]
    other = [episode(0, True, 300.0), episode(1, True, 501.0), episode(7, True, 1.0, replay_source_record_index=4)]
    files = [write("baseline", base), write("mine", other)]
    mapping = REPOSITORY / "docs/trials/arena.yaml"
    assert main(["trials", "import", *files, "--mapping", str(mapping), "--name", "arena"]) == 0
    assert "Arena's episodes pair where" in capsys.readouterr().out
    rows = pq.read_table("trials/arena/trials.parquet").to_pylist()
    assert [(r["approach"], r["success"], r["steps"], r["day"]) for r in rows][:2] == [
        ("baseline", True, 90, "2026-11-03"),
        ("baseline", False, 91, "2026-11-03"),
    ]
    assert json.loads(rows[1]["factors"]) == {
        "cube_presence": "false",
        "hdr_image": "sunset",
        "light_intensity": 500,
        "wrist_camera_offset_0": 0.01,
        "wrist_camera_offset_1": 0,
    }
    states = [r["initial_state"] for r in rows]
    assert states[0] == states[2]
    assert len(set(states)) == 4
    assert states[4] == "record 4"
    alike = write("alike", [episode(0, True, 1.0, variations={"a.b": 1, "a_b": 2, "c": None})])
    assert main(["trials", "import", alike, "--mapping", str(mapping), "--name", "alike"]) == 0
    assert json.loads(pq.read_table("trials/alike/trials.parquet")["factors"][0].as_py()) == {"a_b": 1, "a_b_2": 2}
    for number in ("1" + "0" * 400, "1" + "0" * 5000, "Infinity"):
        odd = write("odd", [episode(0, True, 1.0, variations={"light": 12345})])
        Path(odd).write_text(Path(odd).read_text().replace("12345", number))
        assert main(["trials", "import", odd, "--mapping", str(mapping), "--name", "odd"]) == 1
        assert "T502" in capsys.readouterr().err
    bad = write("bad", [episode(0, True, 1.0, variations={"light": {"rgb": 1}})])
    assert main(["trials", "import", bad, "--mapping", str(mapping), "--name", "bad"]) == 1
    assert "the variation `light` holds what is no factor" in capsys.readouterr().err
