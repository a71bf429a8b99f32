"""Enrichment: the same motion, frame for frame, under other looks; demos and clips keep their form."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.build.testing import run_stage
from runtime.coverage.checks import Limits
from runtime.coverage.video import write_video
from runtime.learn.dataset import read_arrays
from runtime.problem import InputError
from runtime.sim.episodes.enrich import enrich_clips
from runtime.sim.episodes.episodes import load_episodes
from runtime.sim.episodes.variants import Ranges, draw_variant
from runtime.stages.enrichment import EnrichmentParams

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


def facts(folder: Path, file: str = "manifest.json") -> dict[str, Any]:
    return json.loads((folder / file).read_text())


def test_every_variant_is_checked_and_counted(enriched: Path, sim_demos: Path) -> None:
    metrics = facts(enriched)["metrics"]
    demos = facts(sim_demos)["metrics"]["episodes"]
    assert metrics["variants"] == metrics["variants_passed"] == demos * COUNT
    assert [metrics[f"pass_{what}"] for what in ("rate", "orientation", "duration", "quality")] == [1.0] * 4
    assert metrics["frames"] == metrics["expected_frames"]
    rows = facts(enriched, "checks.json")["variants"]
    assert [row["variant"] for row in rows] == [f"{i}.v{k}" for i in range(demos) for k in range(COUNT)]
    assert all(row["passed"] and row["orientation"] and row["duration"] and row["quality"] for row in rows)


def test_variants_that_fail_are_left_out_and_counted(
    enriched: Path, sim_store: Path, sim_demos: Path, sim_twin: Path, sim_captured
) -> None:
    leads = sorted(row["lead"] for row in facts(enriched, "checks.json")["variants"])
    inputs = {"demos": sim_demos, "twin": sim_twin, "scene": sim_captured[1]}
    limit = (leads[2] + leads[3]) / 2
    some = run_stage("enrichment", {"variants_per_demo": COUNT, "least_lead": limit}, inputs, sim_store)
    metrics = facts(some)["metrics"]
    assert metrics["variants_passed"] == metrics["variants"] - 3
    assert metrics["pass_rate"] == metrics["pass_orientation"] == pytest.approx(1 - 3 / metrics["variants"], abs=1e-6)
    assert metrics["pass_quality"] == 1.0
    before, after = read_arrays(sim_demos / "dataset"), read_arrays(some / "dataset")
    count = before.episode_index.max() + 1
    assert after.episode_index.max() + 1 == count + metrics["variants_passed"]
    assert metrics["frames"] == metrics["expected_frames"] == len(after.state)
    kept = [
        1 + sum(r["passed"] for r in facts(some, "checks.json")["variants"] if r["variant"].startswith(f"{i}."))
        for i in range(count)
    ]
    sources = [i for i in range(count) for _ in range(kept[i])]
    for new, old in enumerate(sources):
        assert np.array_equal(before.action[before.episode_index == old], after.action[after.episode_index == new])
    assert [e.start_index for e in load_episodes(some / "episodes.npz")] == [
        load_episodes(sim_demos / "episodes.npz")[i].start_index for i in sources
    ]


def test_a_stage_without_a_variant_left_says_why(sim_store: Path, sim_demos: Path, sim_twin: Path, sim_captured) -> None:
    inputs = {"demos": sim_demos, "twin": sim_twin, "scene": sim_captured[1]}
    with pytest.raises(InputError, match=r"R263: none of the 6 variants .*orientation 0%, duration 100%, quality 100%"):
        run_stage("enrichment", {"variants_per_demo": 1, "least_lead": 1.0}, inputs, sim_store)


def clip_folder(root: Path, film: np.ndarray) -> tuple[Path, Path]:
    source, target = root / "source", root / "clips"
    (source / "clips").mkdir(parents=True)
    target.mkdir()
    write_video(source / "clips" / "orbit.mp4", film, 12)
    (source / "clips.json").write_text(json.dumps({"clips": [{"name": "orbit", "file": "clips/orbit.mp4"}]}))
    return source, target


def moving() -> np.ndarray:
    y, x = np.mgrid[:48, :64]
    return np.stack([np.stack([y * 4, x * 3, (x + 4 * t) % 64 * 3], -1) for t in range(9)]).astype(np.uint8)


def test_clips_keep_frames_rate_and_orientation(tmp_path: Path) -> None:
    source, target = clip_folder(tmp_path, moving())
    done = enrich_clips(source, target, _ranges(), Limits(), 2, 0, lambda fraction, note: None)
    assert [(name, checked.passed) for name, checked in done] == [("orbit.v0", True), ("orbit.v1", True)]
    for entry in json.loads((target / "clips.json").read_text())["clips"]:
        assert (entry["frames"], entry["fps"], entry["width"], entry["height"]) == (9, 12.0, 64, 48)
        assert entry["duration_s"] == pytest.approx(0.75)


def test_a_clip_that_fails_is_taken_out(tmp_path: Path) -> None:
    source, target = clip_folder(tmp_path, moving())
    done = enrich_clips(source, target, _ranges(), Limits(least_sharpness=9.0), 2, 0, lambda fraction, note: None)
    assert [checked.quality for _, checked in done] == [False, False]
    assert json.loads((target / "clips.json").read_text()) == {"clips": []}
    assert [path.name for path in target.iterdir()] == ["clips.json"]


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
