"""Runs that share a world model: the model is the unit, single places speak of their own, and all numbers follow."""

import numpy as np
import pyarrow as pa
import pytest

from runtime.bound.cell import Cell
from runtime.stages.uplift import shared_worlds
from runtime.stats.evidence import evidence
from runtime.stats.inference.outlook import outlook
from runtime.stats.inference.parts import Parts
from runtime.stats.inference.rate import rates
from runtime.stats.inference.uplift import uplifts
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.pairing import with_worlds
from runtime.stats.table.table import SCHEMA

OFF = {"a": 0.0, "b": 0.12, "c": 0.3, "d": -0.1}
"""Location -> what its world model adds to the uplift."""


def table(domain: str = "world_model") -> pa.Table:
    rng, found = np.random.default_rng(4), []
    for location, off in OFF.items():
        for approach, rate in (("baseline", 0.4), ("mine", 0.5 + off)):
            for seed in range(4):
                won = rng.random(40) < rate
                found += [
                    {
                        **{"location": location, "task": "press", "approach": approach, "seed": seed, "domain": domain},
                        **{"initial_state": str(i), "success": bool(w), "score": float(w), "failure_mode": "" if w else "missed"},
                        **{"steps": 9, "protocol": "p", "factors": None},
                    }
                    for i, w in enumerate(won)
                ]
    return pa.Table.from_pylist(found, SCHEMA)


def test_a_world_model_is_one_unit() -> None:
    plain = Trials.of(table())
    shared = Trials.of(with_worlds(table(), {(x, "press"): f"model-{x}" for x in OFF}))
    (was, now) = (next(u for u in uplifts(t, "baseline", 0.95) if u.location is None) for t in (plain, shared))
    assert (was.question, now.question) == ("training runs", "in new world models")
    assert (now.estimate.value, was.direction, now.direction) == (was.estimate.value, "helps", "undecided")
    assert (now.estimate.degrees, now.estimate.band.width > 3 * was.estimate.band.width) == (3, True)
    # By hand: Student's t of four models' values, 3.182 at 95 %.
    each = [u.estimate.value for u in uplifts(shared, "baseline", 0.95) if u.location is not None]
    assert now.estimate.band.width == pytest.approx(2 * 3.18245 * np.std(each, ddof=1) / 2, rel=1e-4)
    assert f"in these very models the band is [{was.estimate.band.low:.1f}, {was.estimate.band.high:.1f}]" in now.notes[-1]
    assert (Parts.of(now.estimate), outlook(now.estimate, 20).seeds) == (None, None)  # more seeds would narrow nothing
    single = next(u for u in uplifts(shared, "baseline", 0.95) if u.location == "b")
    assert (single.question, single.estimate.degrees > 3) == ("in this world model", True)
    wide, narrow = (next(r for r in rates(t, 0.95) if r.location is None and r.approach == "mine") for t in (shared, plain))
    assert wide.estimate.band.width > narrow.estimate.band.width


def test_one_model_for_all_places_speaks_of_itself_and_other_domains_know_of_none() -> None:
    one = Trials.of(with_worlds(table(), {(x, "press"): "model" for x in OFF}))
    pooled = next(u for u in uplifts(one, "baseline", 0.95) if u.location is None)
    assert (pooled.question, pooled.direction) == ("in this world model", "helps")
    twin = Trials.of(with_worlds(table("twin"), {(x, "press"): f"model-{x}" for x in OFF}))
    assert {u.question for u in uplifts(twin, "baseline", 0.95)} == {"training runs"}


def test_p_values_follow_the_models_and_only_shared_ones_count() -> None:
    cells = [
        Cell(approach=a, location=x, task="press", seed=s, domain="world_model")
        for x in OFF
        for a in ("baseline", "mine")
        for s in range(4)
    ]
    parents = [{"world": [f"world_model/{cell.location}"]} for cell in cells]
    found = shared_worlds(cells, parents)
    assert found == {(x, "press"): f"world_model/{x}" for x in OFF}
    said = evidence(with_worlds(table(), found), cells, "baseline", 0.95, {})
    (joint,) = said["together"]
    assert joint["p_value"] > 0.05
    own = [{"world": [f"world_model/{cell.seed}"]} for cell in cells]
    assert shared_worlds(cells, own) == {}
