"""Enrichment: the same motion, frame for frame, under other looks; demos and clips keep their form."""

import json
from pathlib import Path

import numpy as np
import pytest

from runtime.coverage.video import write_video
from runtime.learn.dataset import read_arrays
from runtime.sim.enrich import enrich_clips, kept_form
from runtime.sim.variants import Ranges, draw_variant
from runtime.stages.enrichment import EnrichmentParams
from runtime.testing import run_stage

COUNT = 2


@pytest.fixture(scope="module")
def enriched(sim_store: Path, sim_demos: Path, sim_twin: Path, sim_captured) -> Path:
    inputs = {"demos": sim_demos, "twin": sim_twin, "scene": sim_captured[1]}
    return run_stage("enrichment", {"variants_per_demo": COUNT}, inputs, sim_store)


def test_originals_stay_and_variants_keep_motion_and_length(enriched: Path, sim_demos: Path) -> None:
    before, after = read_arrays(sim_demos / "dataset"), read_arrays(enriched / "dataset")
    episodes = before.episode_index.max() + 1
    assert after.episode_index.max() + 1 == episodes * (1 + COUNT)
    for i in range(episodes):
        old = before.episode_index == i
        for k in range(1 + COUNT):
            new = after.episode_index == i * (1 + COUNT) + k
            assert np.array_equal(before.action[old], after.action[new])
            assert np.array_equal(before.state[old], after.state[new])
            same = np.array_equal(before.images["front"][old], after.images["front"][new])
            assert same is (k == 0)
    assert after.instruction == before.instruction
    assert after.fps == before.fps


def test_variants_look_different_from_each_other(enriched: Path) -> None:
    arrays = read_arrays(enriched / "dataset")
    firsts = [arrays.images["front"][arrays.episode_index == e][0].astype(int) for e in range(6)]
    gaps = [np.abs(a - b).mean() for i, a in enumerate(firsts) for b in firsts[:i]]
    assert min(g for g in gaps) > 3


def test_form_is_verified(enriched: Path) -> None:
    metrics = json.loads((enriched / "manifest.json").read_text())["metrics"]
    assert metrics["kept_form"] == 1.0
    assert metrics["frames"] == metrics["expected_frames"]


def test_a_flipped_or_shortened_variant_does_not_keep_its_form() -> None:
    rng = np.random.default_rng(0)
    film = (np.linspace(0, 200, 24)[:, None, None] + rng.uniform(0, 20, (5, 24, 32, 3))).astype(np.uint8)
    assert kept_form(film, film)
    assert not kept_form(film, film[:, ::-1])
    assert not kept_form(film, film[:-1])


def test_clips_keep_frames_rate_and_orientation(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "clips"
    (source / "clips").mkdir(parents=True)
    target.mkdir()
    y, x = np.mgrid[:48, :64]
    film = np.stack([np.stack([y * 4, x * 3, (x + t) * 2], -1) for t in range(9)]).astype(np.uint8)
    write_video(source / "clips" / "orbit.mp4", film, 12)
    (source / "clips.json").write_text(json.dumps({"clips": [{"name": "orbit", "file": "clips/orbit.mp4"}]}))
    done = enrich_clips(source, target, _ranges(), 2, 0, lambda fraction, note: None)
    assert done == {"clips": 2, "clips_kept_form": 1.0}
    for entry in json.loads((target / "clips.json").read_text())["clips"]:
        assert (entry["frames"], entry["fps"], entry["width"], entry["height"]) == (9, 12.0, 64, 48)
        assert entry["duration_s"] == pytest.approx(0.75)


def _ranges(**changes: float) -> Ranges:
    p = EnrichmentParams()
    return Ranges(**{name: changes.get(name, getattr(p, name)) for name in Ranges.__dataclass_fields__})


def test_no_range_no_change() -> None:
    nothing = Ranges(**dict.fromkeys(Ranges.__dataclass_fields__, 0.0))
    variant = draw_variant(nothing, 2.0, np.random.default_rng(0))
    assert variant.sensor.gain == (1.0, 1.0, 1.0)
    assert variant.sensor.noise_sd == 2.0
    assert variant.lamp_height == 1.0
    for value in (variant.camera_shift_m, variant.camera_turn_rad, variant.slope, variant.strength):
        assert not np.any(value)
    assert np.allclose(variant.color_gain, 1)


def test_draws_stay_within_their_ranges_and_reach_them() -> None:
    ranges = _ranges(camera_shift_m=0.01)
    shifts = np.stack([draw_variant(ranges, 0, np.random.default_rng(i)).camera_shift_m for i in range(200)])
    assert np.abs(shifts).max() <= 0.01
    assert np.abs(shifts).max() > 0.009
