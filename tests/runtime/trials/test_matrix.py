"""The measured matrix: of committed trials alone, as it stands in the docs; priors that held, were refuted, or had no room."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.in_parts import spent, write_metrics
from benchmarks.matrix import main, measured, page, row_specs, verdict_on
from runtime.build.testing import run_stage
from runtime.stats.band import Band
from runtime.store.manifest import read_manifest
from runtime.trials.exported import unpack
from tests import REPOSITORY

COMMITTED = REPOSITORY / "docs" / "results"


def test_the_page_is_what_committed_trials_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["matrix", "--results", str(COMMITTED), "--to", str(tmp_path)])
    main()
    for name in ("README.md", "matrix.csv"):
        assert (tmp_path / name).read_text() == (COMMITTED / "matrix" / name).read_text(), f"make {name} again: benchmarks.matrix"
    page = (tmp_path / "README.md").read_text()
    assert "| D, `hard-negatives` (phase-1) | 3..8 | +5.7 [−1.9, 13.2] |" in page  # as docs/results/phase-1 has it
    assert "| F, `gsworld` | phase-3 | `hard-negatives` | −5.7 [−17.9, 6.6] |" in page  # an increment, and no row of its own
    assert "(phase-3)" not in page
    assert (
        "**Leave out, as it was run here**: E (`splatsim`) **−14.2 [−22.9, −5.4]**, G (`discoverse`) **−11.8 [−19.8, −3.8]**"
        in page
    )
    assert "| J, `world-vla-loop`, `co-evolved` instead (row-j) | none | +0.0 [−5.1, 5.1] |" in page


def test_uplift_is_told_by_round_and_by_label_and_what_a_fleet_takes() -> None:
    """Of row E's trials as if they were row F's: `simulator` a round before, `flat` the same steps without a label."""
    named = {"": "gsworld", "~simulator": "gsworld~round-1", "~flat": "gsworld~more-steps"}
    named = {f"splatsim{end}": name for end, name in named.items()}
    one = unpack((COMMITTED / "row-e" / "trials.parquet").read_bytes(), "row-e")
    column = one.table.column_names.index("approach")
    table = one.table.set_column(column, "approach", pa.array([named.get(a, a) for a in one.table["approach"].to_pylist()]))
    facts = one.facts.model_copy(
        update={"approaches": tuple(named.get(a, a) for a in one.facts.approaches), "same_policies": (), "clean_of": {}}
    )
    spent = {
        "baseline_cpu_s": 14400.0,
        "cpu_s": {"gsworld": 14400.0},
        "labels": {"gsworld": [10, 30], "gsworld~more-steps": [0, 0]},
    }
    specs = row_specs(REPOSITORY / "specs")
    found = list(measured(replace(one, facts=facts, table=table), specs, spent))
    lines = page(found, specs, ["row-e/trials.parquet"]).splitlines()
    assert "| F, `gsworld` | row-e | `round-1` | **+23.0 [13.4, 32.6]** |" in lines  # as docs/results/row-e has it
    assert "| `gsworld` | row-e | 40.0 | `more-steps` | +8.8 [−1.9, 19.6] | +0.22 [−0.05, +0.49] |" in lines
    (first,) = (line for line in lines if line.startswith("| `gsworld~round-1` | row-e | 10.0 | `baseline` | **−37.2 ["))
    assert first.endswith("| −3.72 [−4.42, −3.02] |")
    assert not any(line.startswith("| `gsworld~more-steps` | row-e |") for line in lines), "no label, no worth of one"
    gpu = "not stated ([a GPU](../../systems/gsworld.md))"
    assert f"| F, `gsworld` (row-e, 5 seeds) | 100.0 | 100.0 | 2, 60% busy | {gpu} |" in lines  # 4 places, an hour each
    spoken = (
        ("helps", "**Do first: F (`gsworld`)**"),
        ("undecided", "**Keep what their controls lack**: F (`gsworld`"),
        ("hurts", "**Leave out, as"),
    )
    for direction, words in spoken:  # over the baseline; controls lose
        said = [replace(one, direction="helps" if "~" in one.over else direction) for one in found]
        assert sum(line.startswith(words) for line in page(said, specs, ["row-e/trials.parquet"]).splitlines()) == 1


@pytest.mark.parametrize(
    ("band", "room", "word"),
    [((5, 9), 50, "held"), ((12, 20), 50, "held"), ((-3, 3.9), 50, "refuted"), ((-3, 5), 50, "open"), ((-3, 1), 2, "no room")],
)
def test_a_prior_is_judged_by_the_whole_band(band: tuple[float, float], room: float, word: str) -> None:
    assert verdict_on(Band(*band), (4.0, 10.0), room) == word


def test_what_stages_measured_is_kept_by_approach_and_round(tmp_path: Path) -> None:
    """Mean and spread over seeds; what is not built, and what belongs to no approach, is left out."""
    lab = {"kind": "lab", "seed": 301}
    given = [{"lab": lab, "seed": seed, "steps": 20, "start": start} for seed, start in ((0, 0.9), (1, 0.5))]
    made = [run_stage("balloon", one, {}, tmp_path / "store") for one in given]
    where = [f"balloon/bench/deed/bold/{seed}/1" for seed in (0, 1)]
    nodes = [{"stage": "balloon", "fingerprint": folder.name, "label": at} for folder, at in zip(made, where, strict=True)]
    nodes += [{**nodes[0], "label": "balloon/bench"}, {**nodes[0], "fingerprint": "0" * 32, "label": where[0]}]
    write_metrics(nodes, tmp_path / "store", tmp_path / "metrics.csv")
    lines = (tmp_path / "metrics.csv").read_text().splitlines()
    assert lines[0] == "stage,approach,of,metric,runs,mean,sd"
    weights = [read_manifest(folder)["metrics"]["weight"] for folder in made]
    (row,) = (line.split(",") for line in lines if line.startswith("balloon,bold,1,weight,"))
    spread = abs(weights[0] - weights[1])
    assert spread > 0.1
    assert row[4] == "2"
    assert [float(cell) for cell in row[5:]] == pytest.approx([sum(weights) / 2, spread / 2**0.5], rel=1e-4)
    assert all(line.startswith("balloon,bold,1,") for line in lines[1:])


def test_what_was_spent_counts_the_baselines_ancestors_once_and_labels_by_round(tmp_path: Path) -> None:
    study = tmp_path / "specs" / "studies" / "duel.yaml"
    study.parent.mkdir(parents=True)
    study.write_text("baseline: plain\n")
    nodes = []

    def made(label: str, cpu_s: float, parents: list[str], **metrics: int) -> str:
        stage, name = label.split("/")[0], f"{len(nodes):032x}"
        manifest = tmp_path / "store" / stage / name / "manifest.json"
        manifest.parent.mkdir(parents=True)
        manifest.write_text(json.dumps({"cost": {"cpu_s": cpu_s}, "metrics": metrics, "parents": {"from": parents}}))
        nodes.append({"stage": stage, "fingerprint": name, "label": label})
        return f"{stage}/{name}"

    twin = made("twin/bench", 100, [])
    policies = [made(f"policy/bench/deed/plain/{seed}", 10, [twin]) for seed in (0, 1)]
    assert spent(tmp_path, "duel", nodes, tmp_path / "store") == {"baseline_cpu_s": 120}  # the twin once, no labels
    for seed, round_, labels in ((0, 1, 4), (1, 1, 7), (0, 0, 2), (1, 0, 2)):
        made(f"data/bench/deed/bold/{seed}/{round_}", 1000, policies, labels=labels)
    made("data/bench/deed/bold/0/2", 1000, [])  # counts none
    nodes.append({"stage": "data", "fingerprint": "f" * 32, "label": "data/bench/deed/bold/2/0"})  # not made
    assert spent(tmp_path, "duel", nodes, tmp_path / "store") == {"baseline_cpu_s": 120, "labels": {"bold": [2, 5.5]}}
