"""What explains a gap: every order begins with the twin's own trials and ends with the site's, and parts sum to the gap."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from runtime.bound.hidden_gap import GAP_FACTORS, HiddenGap
from runtime.build.testing import run_stage
from runtime.sim.site.place import hidden_place
from tests.runtime.stages.sim_chain import SITE

TRIALS = 3


def test_every_deviation_belongs_to_one_factor_and_keeps_its_own_draw() -> None:
    named = [name for names in GAP_FACTORS.values() for name in names]
    assert sorted(named) == sorted(HiddenGap.model_fields)
    assert SITE.gap.only(GAP_FACTORS) == SITE.gap
    whole = hidden_place(SITE)
    one = hidden_place(SITE.model_copy(update={"gap": SITE.gap.only(["servos"])}))
    assert one.physics.servo == whole.physics.servo
    assert (one.physics.latency_s, one.physics.mass_scale, one.sensor.noise_sd) == (0, 1, 0)
    assert one.trial_lamp == one.photo_lamp != whole.trial_lamp


def test_orders_lead_from_the_twin_to_the_site(sim_store: Path, sim_policy: Path, sim_twin: Path, sim_conditions: Path) -> None:
    inputs = {"policy": sim_policy, "twin": sim_twin, "conditions": sim_conditions}
    params = {"trials": TRIALS, "orders": 2, "site": SITE.model_dump(), "seed": 0}
    found = run_stage("gap_factors", params, inputs, sim_store)
    changes = pq.read_table(found / "changes.parquet").to_pylist()
    said = json.loads((found / "factors.json").read_text())
    assert said["orders"][1] == said["orders"][0][::-1]
    assert len(changes) == 2 * (1 + len(GAP_FACTORS)) * TRIALS
    ends = {}
    for domain, more in (("twin", {}), ("irl_proxy", {"site": SITE.model_dump()})):
        trials = run_stage("evaluate", {"domain": domain, "trials": TRIALS, "twice": 0, **more}, inputs, sim_store)
        ends[domain] = [row["success"] for row in pq.read_table(trials / "trials.parquet").to_pylist()]
    for number, order in enumerate(said["orders"]):
        rows = [row for row in changes if row["order"] == number]
        assert [row["factor"] for row in rows[::TRIALS]] == ["reconstruction", *order]
        assert [row["before"] for row in rows[:TRIALS]] == ends["twin"]
        assert [row["after"] for row in rows[-TRIALS:]] == ends["irl_proxy"]
        assert [row["before"] for row in rows[TRIALS:]] == [row["after"] for row in rows[:-TRIALS]]
    assert said["truth"]["medium"]["physics"]["latency_s"] == hidden_place(SITE).physics.latency_s
    metrics = json.loads((found / "manifest.json").read_text())["metrics"]
    assert metrics["gap_points"] == round(100 * (sum(ends["irl_proxy"]) - sum(ends["twin"])) / TRIALS, 2)
