"""Estimates begin at the declared cost and go to what was measured."""

import math
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.cost_bands import coverage
from compiler.plan.cost import CostModel, Estimate, estimate
from compiler.plan.cost_fit import fit, quantile
from compiler.plan.plan import Plan
from compiler.project.project import Project
from compiler.spec.study import Rates
from compiler.store.index import StoreIndex
from tests import REPOSITORY
from tests.compiler.published import base_project, edit, planned, publish, publish_all


def test_without_samples_the_declared_cost_stands() -> None:
    law = fit([])
    assert (law.mean(100.0), law.samples) == (100.0, 0)
    assert law.mean(0) == 0


def test_one_sample_pulls_and_many_decide() -> None:
    one, many = fit([(100, 400)]), fit([(100, 400)] * 50)
    assert 250 < one.mean(100) < 400
    assert many.mean(100) == pytest.approx(400, rel=0.01)
    assert many.unsure < one.unsure < fit([]).unsure


def test_an_odd_job_does_not_move_the_law() -> None:
    assert fit([*[(100, 100)] * 20, (100, 100_000)]).shift == pytest.approx(0, abs=0.01)


def test_size_is_learnt_where_samples_tell_it() -> None:
    """A stage that declares a cost linear in its size, but takes the square root of it."""
    noise = random.Random(0)
    samples = [(d, 10 * math.sqrt(d) * math.exp(noise.gauss(0, 0.1))) for d in (10, 30, 100, 300, 1000) * 4]
    law = fit(samples)
    assert law.slope == pytest.approx(0.5, abs=0.1)
    assert law.mean(3000) == pytest.approx(10 * math.sqrt(3000), rel=0.2)
    assert fit(samples[:5]).slope == 1


@given(st.lists(st.tuples(st.floats(0.01, 1e6), st.floats(0, 1e6)), max_size=30), st.floats(0.01, 1e6))
@example([(0.01, 1e6), (0.01, 5e-324)], 1.0)
def test_whatever_was_measured_the_estimate_is_a_number(samples: list[tuple[float, float]], declared: float) -> None:
    law = fit(samples)
    assert 0 < law.mean(declared) < math.inf
    assert 0 < law.unsure <= fit([]).unsure


@pytest.mark.parametrize("samples", [0, 2, 20])
def test_the_band_covers_about_what_it_says(samples: int) -> None:
    assert 0.65 <= coverage(samples, jobs=20, stages=3, scatter=0.4, studies=200) <= 0.95


def test_quantiles_interpolate() -> None:
    assert [quantile([3, 1, 2], share) for share in (0, 0.25, 0.5, 1)] == [1, 1.5, 2, 3]


def cost_of(project: Project, plan: Plan, rates: Rates | None = None, cores: int = 1) -> Estimate:
    model = CostModel(StoreIndex.of(project))
    return estimate(plan, model.costs(plan.build()), model, rates, cores)


def test_a_plan_is_estimated_from_artifacts_of_its_stages(tmp_path: Path) -> None:
    root = base_project(tmp_path)
    project, plan = planned(root)
    bare = cost_of(project, plan, cores=4)
    assert bare.measured == 0
    assert bare.cpu_h.value == pytest.approx(
        sum(need.cpu * need.minutes for need in (n.setting.resources for n in plan.build())) / 60
    )
    assert bare.cpu_h.low < bare.cpu_h.value / 1.5
    assert (bare.disk_known, bare.money) == (0, None)
    publish_all(root, cost={"cpu_s": 36.0, "wall_s": 18.0}, size=1_000)
    edit(root, "locations/cellar", "seed: 1", "seed: 2")
    project, plan = planned(root)
    found = cost_of(project, plan, Rates(cpu_hour=2, gpu_hour=100), cores=4)
    jobs = sum(1 for _ in plan.build())
    assert jobs == 19
    assert found.measured == pytest.approx(1)
    assert found.cpu_h.value == pytest.approx(jobs * 36 / 3600, rel=0.15)
    assert found.cpu_h.low < found.cpu_h.value < found.cpu_h.high < 1.5 * found.cpu_h.value
    assert found.disk_gb.value == pytest.approx(jobs * 1e-6, rel=0.05)
    assert found.money is not None
    assert found.money.value == pytest.approx(2 * found.cpu_h.value)
    assert found.wall_h >= 0.9 * 8 * 18 / 3600, "capture, splat, twin, demos, policy, evaluate, uplift, report"
    assert found.wall_h >= found.cpu_h.value / 4


def test_gpu_time_is_priced(tmp_path: Path) -> None:
    root = base_project(tmp_path)
    project, plan = planned(root)
    (splat,) = plan.graph.find("splat/cellar")
    publish(project, splat, {"wall_s": 7200.0, "gpu_s": 7200.0})
    edit(root, "locations/cellar", "seed: 1", "seed: 2")
    project, plan = planned(root)
    found = cost_of(project, plan, Rates(gpu_hour=3))
    assert 1 < found.gpu_h.value < 2
    assert found.money is not None
    assert found.money.value == pytest.approx(3 * found.gpu_h.value)
    assert 0 < found.measured < 1


def test_like_machines_and_versions_come_first(tmp_path: Path) -> None:
    from runtime.build.usage import machine

    root = base_project(tmp_path)
    project, plan = planned(root)
    policies = plan.graph.find("policy")
    publish(project, policies[0], {"cpu_s": 1e6, "machine": "another"})
    for node in policies[1:]:
        publish(project, node, {"cpu_s": 100.0, "machine": machine()})
    edit(root, "approaches/bold", "steps: 7", "steps: 8")
    project, plan = planned(root)
    model = CostModel(StoreIndex.of(project))
    (node, *_) = [n for n in plan.build() if n.stage.name == "policy"]
    assert len(policies[1:]) >= 3
    assert model.law_of(("policy", "")).cpu.samples == len(policies) - 1
    assert model.node(node).cpu_s < 200


QUICK_START_CPU_S = {
    "capture": 3.66, "splat": 28.4, "coverage": 5.91, "twin": 9.58, "demos": 4.26, "evaluate": 1.18, "report": 2.2, "uplift": 0.7,
}  # fmt: skip
"""Stage -> CPU-seconds of one of its jobs in the quick start, as manifests have them; all 137 took 343 of the run's 378."""


def test_a_bare_plan_of_the_quick_start_says_about_what_it_takes(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "specs", tmp_path / "specs")
    _, plan = planned(tmp_path)
    said = CostModel().costs(plan.build())
    assert 378 / 2 < sum(cost.cpu_s for cost in said.values()) < 378 * 2
    each = {node.stage.name: said[node.address].cpu_s for node in plan.build()}
    assert {stage for stage, took in QUICK_START_CPU_S.items() if not took / 2 < each[stage] < took * 2} == set()
    trained = [said[n.address].cpu_s for n in plan.build() if n.stage.name == "policy" and n.setting.model.model_dump()["steps"]]
    assert all(6.5 / 2 < cpu_s < 6.5 * 2 for cpu_s in trained)
