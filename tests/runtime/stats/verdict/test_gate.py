"""Gates pass or fail only when the whole band clears the threshold."""

import math
from typing import Any

import pytest
from pydantic import ValidationError

from runtime.bound.claim import Superior
from runtime.bound.frame import StudyFrame
from runtime.bound.gate import GateRule
from runtime.stats.band import Band
from runtime.stats.status import Status
from runtime.stats.table.outcomes import Trials
from runtime.stats.verdict.claim_verdict import of_claim
from runtime.stats.verdict.gate import Measure, judge
from runtime.stats.verdict.gate_verdict import of_metrics, of_trials

P, F, U = Status.PASSED, Status.FAILED, Status.UNDECIDED


def rule(comparator: str, threshold: object, **more: object) -> GateRule:
    return GateRule.model_validate(
        {"metric": "uplift", "approach": "enriched", "domain": "twin", "comparator": comparator, "threshold": threshold} | more
    )


@pytest.mark.parametrize(
    ("comparator", "threshold", "band", "status"),
    [
        ("at_least", 2, (2, 5), P),
        ("at_least", 2, (1, 5), U),
        ("at_least", 2, (1, 1.9), F),
        ("at_least", 2, (1, 2), U),
        ("above", 0, (0, 5), U),
        ("above", 0, (0.1, 5), P),
        ("above", 0, (-5, 0), F),
        ("at_most", 10, (0, 10), P),
        ("at_most", 10, (4, 12), U),
        ("at_most", 10, (11, 12), F),
        ("below", 10, (4, 10), U),
        ("below", 10, (10, 12), F),
        ("below", 10, (1, 9), P),
        ("between", [20, 80], (20, 80), P),
        ("between", [20, 80], (10, 40), U),
        ("between", [20, 80], (1, 19), F),
        ("between", [20, 80], (81, 90), F),
        ("contains", 0, (-1, 1), P),
        ("contains", 0, (0.1, 1), F),
    ],
)
def test_judgement(comparator: str, threshold: object, band: tuple[float, float], status: Status) -> None:
    middle = sum(band) / 2
    assert judge(rule(comparator, threshold), Measure("", middle, Band(*band), 100)) is status


def runs(rate_by_seed: list[float], n: int = 40) -> dict[int, dict[str, float]]:
    return {s: {str(i): float(i < rate * n) for i in range(n)} for s, rate in enumerate(rate_by_seed)}


def trials(treated: list[float], base: list[float]) -> Trials:
    place = ("shed", "press")
    return Trials({("enriched", "twin"): {place: runs(treated)}, ("baseline", "twin"): {place: runs(base)}}, {})


def test_an_undecided_gate_says_what_it_would_see_and_how_many_seeds_might_decide() -> None:
    verdict = of_trials(rule("above", 0), trials([0.55, 0.75, 0.65], [0.5, 0.55, 0.45]), "baseline", 0.95)
    assert verdict["status"] is U
    assert 10 < verdict["detectable"] < 40
    fewest, most = verdict["seeds_needed"]
    assert 3 < fewest < 8
    assert most is None or most > 10
    assert f"a study like this sees {verdict['detectable']:.0f} points four times in five; {fewest} " in verdict["reason"]
    unclear = of_trials(rule("above", 0), trials([0.5, 0.7, 0.6], [0.5, 0.55, 0.45]), "baseline", 0.95)
    assert (unclear["status"], unclear["seeds_needed"], unclear["if_true"]) == (U, None, None)
    assert "would decide" not in unclear["reason"]


def test_what_helps_in_the_model_alone_is_exploitation() -> None:
    """Success 25 points up where the policy was optimised, 51 down where it was not; and as much up in both."""
    place, names = ("shed", "press"), ("enriched", "baseline")
    sides = {"world_model": ([0.75, 0.8, 0.7], [0.5, 0.55, 0.45]), "twin": ([0.1, 0.15, 0.05], [0.6, 0.65, 0.58])}
    planted = Trials(
        {(a, d): {place: runs(rates)} for d, both in sides.items() for a, rates in zip(names, both, strict=True)}, {}
    )
    gate = rule("at_most", 10, metric="exploitation", domain="world_model", against="twin")
    verdict = of_trials(gate, planted, "baseline", 0.95)
    assert verdict["status"] is F
    assert verdict["value"] == pytest.approx(25 + 51, abs=1.5)
    assert 20 < verdict["band"][0] < verdict["value"] < verdict["band"][1]
    assert "uplift in `world_model` less that in `twin`" in verdict["reason"]
    frame = StudyFrame(
        id="study", baseline="baseline", locations=("shed",), tasks=("press",), approaches=names, seeds=(0, 1, 2), trials={}
    )
    claim = Superior(kind="superior", approach="enriched", domain="world_model")
    free, stopped = (of_claim(claim, planted, frame, exploited=gates) for gates in ((), (gate,)))
    assert (free["status"], stopped["status"]) == (P, Status.NOT_RUN)
    assert stopped["reason"].startswith("`enriched` exploits `world_model`: ")
    honest = {key: planted.outcomes[key[0], "world_model"] for key in planted.outcomes}
    same = of_trials(gate, Trials(honest, {}), "baseline", 0.95)
    assert (same["status"], same["value"]) == (P, 0)
    alone = {key: value for key, value in planted.outcomes.items() if key[1] == "world_model"}
    assert of_trials(gate, Trials(alone, {}), "baseline", 0.95)["status"] is Status.NOT_RUN


def test_luck_of_a_training_shared_by_all_locations_counts_once() -> None:
    treated, base = runs([0.5, 0.9, 0.7]), runs([0.5, 0.55, 0.45])
    places = [(f"shed-{i}", "press") for i in range(6)]
    several = Trials(
        {("enriched", "twin"): dict.fromkeys(places, treated), ("baseline", "twin"): dict.fromkeys(places, base)}, {}
    )
    apart, together = (of_trials(rule("above", 0), several, "baseline", 0.95, shared) for shared in (False, True))
    assert (apart["status"], together["status"]) == (P, U)


def test_one_seed_passes_nothing_however_well_its_band_suits() -> None:
    """An unbounded band covers any threshold."""
    one = trials([0.5], [0.5])
    for odd in (
        rule("contains", 0),
        rule("at_least", -100),
        rule("above", 0),
        rule("between", [-100, 100]),
        rule("between", [0, 100], metric="success_rate"),
    ):
        verdict = of_trials(odd, one, "baseline", 0.95)
        assert verdict["status"] is U
        assert "one training seed" in verdict["reason"]
        assert "more seeds" not in verdict["reason"]


def test_a_location_is_judged_over_all_its_tasks_and_absent_places_are_named() -> None:
    tasks = {("shed", task): runs([0.5 + away, 0.6 + away, 0.55 + away]) for task, away in (("press", 0.3), ("lift", -0.3))}
    both = Trials({("enriched", "twin"): tasks}, {})
    rate = rule("between", [30, 80], metric="success_rate", scope="location")
    verdict = of_trials(rate, both, "baseline", 0.8, planned=[("shed", "press"), ("shed", "lift"), ("barn", "press")])
    assert [part["label"] for part in verdict["parts"]] == ["shed"]
    assert verdict["value"] == pytest.approx(55, abs=1)
    assert "judged without `barn` press: not tried there" in verdict["reason"]


def test_a_gate_says_how_it_compared() -> None:
    found = trials([0.9, 0.8, 0.9], [0.5, 0.5, 0.4])
    short = {s: dict(list(run.items())[::2]) for s, run in found.outcomes["enriched", "twin"]["shed", "press"].items()}
    found.outcomes["enriched", "twin"]["shed", "press"] = short
    verdict = of_trials(rule("above", 0), found, "baseline", 0.95)
    assert verdict["n"] == 60
    assert "over the initial states that both ran: 60 trials" in verdict["reason"]


def test_a_gate_may_set_its_own_level() -> None:
    found = [
        of_trials(rule("above", 0, level=level), trials([0.6, 0.7, 0.6], [0.5, 0.5, 0.5]), "baseline", 0.95)
        for level in (0.8, 0.99)
    ]
    assert [f["status"] for f in found] == [P, U]


def test_what_did_not_run_is_not_run() -> None:
    one = trials([0.5, 0.5], [0.5, 0.5])
    for odd in (rule("above", 0, domain="irl"), rule("above", 0, approach="other"), rule("above", 0, approach="baseline")):
        verdict = of_trials(odd, one, "baseline", 0.95)
        assert verdict["status"] is Status.NOT_RUN
        assert verdict["value"] is None
    assert of_trials(rule("above", 0), one, None, 0.95)["status"] is Status.NOT_RUN


def stage_rule(scope: str = "artifact", comparator: str = "at_least", threshold: object = 24) -> GateRule:
    return GateRule.model_validate(
        {"metric": "held_out.psnr", "stage": "splat", "scope": scope, "comparator": comparator, "threshold": threshold}
    )


def splats(*values: object) -> list[tuple[str, dict[str, dict[str, object]]]]:
    return [(f"place-{i}", {"held_out": {"psnr": value}}) for i, value in enumerate(values)]


def test_a_recorded_metric_is_compared_directly() -> None:
    passed = of_metrics(stage_rule(), splats(31.5, 24.0, 27.3))
    assert (passed["status"], passed["value"]) == (P, 24.0)  # the part nearest to failing speaks for those that passed
    within = of_metrics(stage_rule("location", comparator="between", threshold=[20, 40]), splats(30.0, 39.0, 22.0))
    assert (within["status"], within["value"]) == (P, 39.0)
    worst = of_metrics(stage_rule(), splats(26.0, 20.0, 23.0))
    assert (worst["status"], worst["value"]) == (F, 20.0)
    assert "place-1" in worst["reason"]
    assert of_metrics(stage_rule("study"), splats(26.0, 23.0))["status"] is P


@pytest.mark.parametrize("values", [(), (26.0, None), (26.0, math.nan), (26.0, True), (26.0, "26")])
def test_a_metric_that_is_not_there_is_not_run(values: tuple[object, ...]) -> None:
    verdict = of_metrics(stage_rule(), splats(*values))
    assert verdict["status"] is Status.NOT_RUN
    assert not values or verdict["reason"].endswith("1 of 2 `splat` artifacts: not of `place-1`")


@pytest.mark.parametrize(
    "change",
    [
        {"comparator": "between"},
        {"comparator": "between", "threshold": [3, 1]},
        {"threshold": [1, 2]},
        {"approach": None},
        {"domain": None},
        {"stage": "splat"},
        {"metric": "psnr"},
        {"metric": "exploitation"},
        {"metric": "exploitation", "against": "twin"},
        {"against": "irl"},
        {"scope": "artifact"},
        {"level": 95},
        {"extra": 1},
    ],
)
def test_rules_that_make_no_sense_are_refused(change: dict[str, object]) -> None:
    good = {"metric": "uplift", "approach": "a", "domain": "twin", "comparator": "above", "threshold": 0}
    GateRule.model_validate(good)
    with pytest.raises(ValidationError):
        GateRule.model_validate(good | change)


def losses(*values: float, steps: int = 800) -> list[dict[str, Any]]:
    """Manifests of runs made alike, seed by seed."""
    made = {"stage": "policy", "version": 1, "parents": {"demos": ["demos/x"]}}
    return [made | {"params": {"steps": steps, "seed": i}, "metrics": {"held_out_loss": v}} for i, v in enumerate(values)]


def test_one_rule_finds_the_unfinished_run_of_any_arm() -> None:
    """An untrained arm's loss is far higher, and nothing is wrong with it: each is held against runs made alike."""
    rule = GateRule(metric="held_out_loss", stage="policy", of="median", scope="location", comparator="at_most", threshold=1.2)
    fine, untrained, stuck = losses(0.19, 0.20, 0.195), losses(0.9, 0.92, 0.91, steps=0), losses(0.20, 0.28, 0.19)

    def verdict(*arms: list[dict[str, Any]]) -> dict[str, Any]:
        found = [("cellar", manifest) for arm in arms for manifest in arm]
        return of_metrics(rule, [(label, m["metrics"]) for label, m in found], [m for _, m in found])

    assert verdict(fine, untrained)["status"] is P
    failed = verdict(untrained, stuck)
    assert failed["status"] is F
    assert failed["value"] == pytest.approx(1.4)
    assert failed["reason"] == "cellar, policy of seed 1: 1.4, wanted at most 1.2 times the median of runs made alike"
    with pytest.raises(ValueError, match="`of: median` takes the metric of a stage"):
        GateRule(metric="held_out_loss", stage="policy", of="median", scope="artifact", comparator="at_most", threshold=1.2)


@pytest.mark.parametrize("metric", ["foretold", "at.5"])
def test_what_a_task_does_not_ask_is_left_out_where_the_rule_says_so(metric: str) -> None:
    said: dict[str, Any] = {"metric": metric, "stage": "probe", "comparator": "at_least", "threshold": 0.5}
    asked: dict[str, Any] = {"foretold": 0.8, "at": {"5": 0.8}}
    found = [("shed", asked), ("barn", {"foretold": None, "at": None})]
    assert of_metrics(GateRule.model_validate(said | {"unmeasured": "left_out"}), found)["status"] is P
    assert of_metrics(GateRule.model_validate(said), found)["status"] is Status.NOT_RUN
    # what is not said at all is missing, not unmeasured
    silent = of_metrics(GateRule.model_validate(said | {"unmeasured": "left_out"}), [("shed", asked), ("barn", {})])
    assert silent["status"] is Status.NOT_RUN
