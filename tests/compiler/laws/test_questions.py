"""Gates and claims before their trials: what is hopeless, what would do, and what the repository's own study asks."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from compiler.laws.check import check
from compiler.laws.power.questions import Question, outlook, questions
from compiler.project.load import load_project
from compiler.project.project import Project
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.group import rate_group
from tests import REPOSITORY
from tests.errors.cases import base

GATE = "title: Gate\nmetric: success_rate\napproach: bold\ndomain: twin\ncomparator: {how}\nthreshold: {threshold}\n"


def question(root: Path, how: str, threshold: str, trials: int = 10) -> Question:
    base().write(root)
    (root / "specs/gates").mkdir(exist_ok=True)
    (root / "specs/gates/gate.yaml").write_text(GATE.format(how=how, threshold=threshold))
    study = root / "specs/study.yaml"
    study.write_text(study.read_text().replace("{twin: 10", f"{{twin: {trials}") + "gates: [gate]\n")
    (found,) = questions(load_project(root), "study")
    return found


@pytest.mark.parametrize(("how", "threshold"), [("at_least", "97"), ("below", "2.5")])
def test_the_trials_named_are_the_least_that_can_pass(tmp_path: Path, how: str, threshold: str) -> None:
    first = question(tmp_path / "first", how, threshold)
    assert first.hopeless
    trials = first.needed.trials
    assert trials is not None
    assert not question(tmp_path / "enough", how, threshold, trials).hopeless
    assert question(tmp_path / "fewer", how, threshold, trials - 1).hopeless
    wins = 1.0 if how == "at_least" else 0.0
    for count, passes in ((trials, True), (trials - 1, False)):
        runs = {seed: {str(i): wins for i in range(count)} for seed in range(2)}
        band = estimate([rate_group(runs, 0.8)], 0.8, (0.0, 100.0)).band
        assert first.passes(band) is passes


def test_a_rate_near_its_threshold_is_not_hopeless(tmp_path: Path) -> None:
    found = question(tmp_path, "between", "[20, 80]")
    assert not found.hopeless
    assert found.power is None  # nothing is expected of a rate


def own() -> Project:
    return load_project(REPOSITORY, {name: REPOSITORY for name in ("captures", "splats")})


def hoping(root: Path) -> Project:
    """The repository's own, but `variants` claims what its prior leaves hopeless."""
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    study = root / "specs/studies/variants.yaml"
    before, _, after = study.read_text().partition("claims:\n")
    claim = "  helps-at-the-sites: {kind: superior, approach: enriched, domain: irl_proxy, about: transfer}\n"
    study.write_text(f"{before}claims:\n{claim}{after.partition(chr(10))[2]}")
    return load_project(root, {name: REPOSITORY for name in ("captures", "splats")})


def test_the_repository_s_own_gates(tmp_path: Path) -> None:
    asked = {q.name: q for q in questions(own(), "study")}
    claims = {"helps-at-the-sites", "no-harm-in-the-twin", "placebo-changes-nothing"}
    assert set(asked) == {"untrained-fails", "baseline-has-room", "aligned-helps"} | claims
    assert not any(q.hopeless for q in asked.values())
    assert asked["aligned-helps"].power is None  # the matrix has no row for it, so nothing is expected
    (helps,) = questions(hoping(tmp_path), "variants")
    assert helps.distance == 3  # the prior ends there, and the claim wants more than nothing
    assert helps.power is not None
    assert helps.power < 0.2


def test_the_repository_s_own_specs_are_warned_of_nothing(tmp_path: Path) -> None:
    assert not [d for d in check(own()) if d.code.startswith("X")]
    found = [d for d in check(hoping(tmp_path)) if d.code.startswith("X")]
    assert [(d.code, d.severity, d.span.file) for d in found] == [("X420", "warning", "specs/studies/variants.yaml")]
    assert "claim `helps-at-the-sites`" in found[0].message


def test_plan_says_what_would_decide(tmp_path: Path) -> None:
    assert outlook(hoping(tmp_path), "variants") == [
        "likely undecided: claim `helps-at-the-sites` (bands of ±9 points, 3 to the threshold); "
        "98 seeds or 35 locations would decide it"
    ]
    assert outlook(own(), "study") == outlook(own(), "buddha") == []


def test_power_grows_with_the_distance() -> None:
    from compiler.laws.power.power import Design, power

    chances = [power(Design("uplift", 3, 40, 2, 0.95), d) for d in np.linspace(0, 60, 13)]
    assert chances == sorted(chances)
    assert chances[0] < 0.03
    assert chances[-1] > 0.97


def test_each_location_by_itself_has_fewer_runs_to_go_by(tmp_path: Path) -> None:
    asked = question(tmp_path, "at_least", "97")
    (tmp_path / "specs/locations/attic.yaml").write_text("title: Attic\nsource: {kind: hidden_site, seed: 2}\n")
    study, gate = tmp_path / "specs/study.yaml", tmp_path / "specs/gates/gate.yaml"
    study.write_text(study.read_text().replace("[cellar]", "[cellar, attic]"))
    (pooled,) = questions(load_project(tmp_path), "study")
    gate.write_text(gate.read_text() + "scope: location\n")
    (apart,) = questions(load_project(tmp_path), "study")
    assert (pooled.design.groups, apart.design.groups) == (2, 1)
    assert apart.narrowest == asked.narrowest
    assert pooled.narrowest.width < apart.narrowest.width
