"""Controls that approaches declare are approaches like any other: checked, planned, claimed, at the lines that declare them."""

from pathlib import Path

import pytest

from compiler.graph.expand import expand
from compiler.laws.check import check
from compiler.project.load import load_project
from compiler.project.project import Project
from runtime.bound.claim import Superior
from tests.errors.cases import base

BOLD = """title: Bold
extends: baseline
stages: {policy: {steps: 900}}
inputs: {policy: {demos: enrichment}}
controls:
  same-budget: {kind: same_budget}
  placebo: {kind: placebo}
  plain:
    title: Plain demos
    inputs: {policy: {demos: demos}}
row: {available: true, no_new_real_data: true, no_teleoperation: true, stack_change: none}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    base().write(tmp_path)
    (tmp_path / "specs" / "approaches" / "bold.yaml").write_text(BOLD)
    return tmp_path


def policies(project: Project, approach: str) -> set[str]:
    nodes = expand(project, "study").nodes.values()
    return {n.fingerprint for n in nodes if n.stage.name == "policy" and any(s.get("approach") == approach for s in n.scopes())}


def test_each_declared_control_is_an_arm_with_its_claim(root: Path) -> None:
    project = load_project(root)
    study = project.studies["study"]
    arms = ["bold~same-budget", "bold~placebo", "bold~plain"]
    assert [a for a in study.approaches if "~" in a] == arms
    assert project.approaches["bold~same-budget"].stages == {"policy": {"steps": 900}}
    assert project.approaches["bold~same-budget"].extends == "baseline"
    assert project.approaches["bold~plain"].title == "Plain demos"
    for arm in arms:
        claim = study.claims[arm]
        assert isinstance(claim, Superior)
        assert (claim.approach, claim.over) == ("bold", arm)
        assert policies(project, arm)
    made = [policies(project, approach) for approach in ("baseline", "bold", *arms)]
    assert made[2] == made[4], "the same budget on plain demos is what the delta says as well"
    assert len({frozenset(found) for found in made}) == 4
    assert project.spans("approach", "bold~plain").nearest(("inputs", "policy", "demos")).line == 10
    assert project.spans("approach", "bold~placebo").nearest(("row",)).line == 7


def test_a_study_may_leave_them_out(root: Path) -> None:
    path = root / "specs" / "study.yaml"
    path.write_text(path.read_text() + "controls: false\n")
    project = load_project(root)
    assert not any("~" in name for name in project.studies["study"].approaches)
    assert not any("~" in name for name in project.studies["study"].claims)


def test_a_law_that_asks_for_a_control_takes_a_generated_one(root: Path) -> None:
    assert "X433" not in {d.code for d in check(load_project(root))}
    (root / "specs" / "approaches" / "bold.yaml").write_text(BOLD[: BOLD.index("controls:")] + BOLD[BOLD.index("row:") :])
    assert "X433" in {d.code for d in check(load_project(root))}


def test_what_is_wrong_in_a_control_is_said_at_its_line(root: Path) -> None:
    wrong = BOLD.replace("    title: Plain demos\n", "    stages: {polcy: {}}\n")
    (root / "specs" / "approaches" / "bold.yaml").write_text(wrong)
    found = {(d.code, d.span.line) for d in check(load_project(root)) if d.span.file.endswith("bold.yaml")}
    assert ("R204", 9) in found


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("available: true", "available: false", "X405"),
        ("no_teleoperation: true", "no_teleoperation: false", "X404"),
        ("extends: baseline\n", "", "S106"),
        ("demos: enrichment}", "demos: coverage}", "X408"),
    ],
)
def test_a_mistake_of_an_approach_is_said_once(root: Path, old: str, new: str, code: str) -> None:
    (root / "specs" / "approaches" / "bold.yaml").write_text(BOLD.replace(old, new, 1))
    found = [d for d in check(load_project(root)) if d.severity == "error"]
    assert [d.code for d in found] == [code], found


def test_arms_of_an_approach_with_a_long_title_have_one_that_fits(root: Path) -> None:
    long = BOLD.replace("title: Bold", f"title: {'x' * 200}\nrounds: 2\njudge_rounds: all")
    (root / "specs" / "approaches" / "bold.yaml").write_text(long)
    titles = [load_project(root).approaches[arm].title for arm in ("bold~same-budget", "bold~round-1")]
    assert [(len(title), title[-14:]) for title in titles] == [(200, "x…: same-budget"[-14:]), (200, "xxxx…: round 1"[-14:])]


@pytest.mark.parametrize("trials", ["{twin: 10, irl_proxy: 10}", "{irl_proxy: 10, twin: 10}"])
def test_the_claim_over_a_control_rests_on_the_most_real_trials(root: Path, trials: str) -> None:
    path = root / "specs" / "study.yaml"
    path.write_text(path.read_text().replace("{twin: 10, irl_proxy: 10}", trials))
    claim = load_project(root).studies["study"].claims["bold~plain"]
    assert isinstance(claim, Superior)
    assert claim.domain == "irl_proxy"


def test_a_control_may_not_be_called_like_a_round(root: Path) -> None:
    wrong = BOLD.replace("  plain:", "  round-1:").replace(
        "extends: baseline\n", "extends: baseline\nrounds: 2\njudge_rounds: all\n"
    )
    (root / "specs" / "approaches" / "bold.yaml").write_text(wrong)
    found = [d for d in check(load_project(root)) if d.severity == "error"]
    assert [(d.code, "`round-1`" in d.message, d.span.line) for d in found] == [("S106", True, 8)]


@pytest.mark.parametrize(("judged", "codes"), [("bold~plain", []), ("bold~plane", ["X411"]), ("BOLD", ["X411"])])
def test_a_gate_may_judge_an_arm_that_there_is(root: Path, judged: str, codes: list[str]) -> None:
    rule = f"metric: success_rate\napproach: {judged}\ndomain: twin\ncomparator: at_least\nthreshold: 10\n"
    (root / "specs" / "gates").mkdir()
    (root / "specs" / "gates" / "good.yaml").write_text(f"title: Good\n{rule}")
    path = root / "specs" / "study.yaml"
    path.write_text(path.read_text() + "gates: [good]\n")
    assert [d.code for d in check(load_project(root)) if d.severity == "error"] == codes


def test_advice_about_a_placebo_is_none_that_would_be_refused(root: Path) -> None:
    path = root / "specs" / "study.yaml"
    path.write_text(path.read_text() + "claims: {h: {kind: superior, approach: baseline, over: bold~plain, domain: twin}}\n")
    (found,) = [d for d in check(load_project(root)) if d.code == "X431"]
    assert "extends" not in found.help
    assert "`bold~plain`" in found.help


def test_a_claim_over_a_control_of_its_own_asks_for_none(root: Path) -> None:
    path = root / "specs" / "study.yaml"
    path.write_text(path.read_text() + "claims: {h: {kind: superior, approach: bold, over: bold~plain, domain: twin}}\n")
    assert [d for d in check(load_project(root)) if d.code == "X431"] == []


def test_a_claim_that_cannot_hold_is_told_where_its_control_is_declared(root: Path) -> None:
    path = root / "specs" / "study.yaml"
    path.write_text(path.read_text().replace("10, irl_proxy: 10", "1, irl_proxy: 1").replace("level: 0.8", "level: 0.999"))
    found = [str(d.span) for d in check(load_project(root)) if d.code == "X420"]
    assert found == [f"specs/approaches/bold.yaml:{line}:3" for line in (6, 7, 8)]


def test_arms_of_an_approach_out_of_shape_are_no_further_mistakes(root: Path) -> None:
    (root / "specs" / "approaches" / "bold.yaml").write_text(BOLD.replace("steps: 900", "steps: many"))
    path = root / "specs" / "study.yaml"
    path.write_text(path.read_text() + "claims: {h: {kind: equivalent, margin: 90, approach: bold~plain, domain: twin}}\n")
    assert [d.code for d in check(load_project(root)) if d.severity == "error"] == ["S104"]


def test_arms_are_not_offered_where_only_a_file_may_be_named(root: Path) -> None:
    path = root / "specs" / "approaches" / "other.yaml"
    path.write_text(BOLD[: BOLD.index("stages:")].replace("baseline", "bold-plain") + BOLD[BOLD.index("row:") :])
    (found,) = [d for d in check(load_project(root)) if d.code == "R201"]
    assert "~" not in found.help


def test_what_a_later_study_brings_has_a_claim_over_what_it_goes_on_from(root: Path) -> None:
    specs = root / "specs"
    row = "row: {{available: true, no_new_real_data: true, no_teleoperation: true, stack_change: none{}}}\n"
    plain = row.format("")
    (specs / "approaches/bold.yaml").write_text(BOLD.replace(plain, row.format(", prior: {irl: [1, 3]}")))
    brave = BOLD.replace("Bold", "Brave").replace("900", "950").replace(plain, row.format(", prior: {irl: [2, 4]}"))
    (specs / "approaches/brave.yaml").write_text(brave[: brave.index("controls")] + brave[brave.index("row:") :])
    text = (specs / "study.yaml").read_text().replace("[baseline, bold]", "[baseline, brave]")
    (specs / "studies").mkdir(exist_ok=True)
    (specs / "studies/later.yaml").write_text(text + "incremental_over: study\n")
    project = load_project(root)
    later = project.studies["later"]
    assert later.approaches == ["baseline", "brave", "bold"]  # and none of its controls
    claim = later.claims["brave~over-bold"]
    assert isinstance(claim, Superior)
    assert (claim.approach, claim.over, claim.domain) == ("brave", "bold", "irl_proxy")
    assert {d.code for d in check(project, "later") if d.severity == "error"} <= {"X431", "X433"}
    there = {
        n.address for n in expand(project, "study").nodes.values() if n.stage.name == "policy" and n.scope.approach == "bold"
    }
    assert there <= {n.address for n in expand(project, "later").nodes.values()}  # paired with the very policies of before
