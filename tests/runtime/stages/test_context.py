"""Context: photos found again for a view matter, a held-out one is never among them, and variants are drawn upon it."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.build.testing import run_stage
from runtime.coverage import memory
from runtime.learn.dataset import read_arrays
from runtime.problem import InputError
from runtime.report.sections.context import _past, _views
from runtime.scene_index.index import SceneIndex
from runtime.store.store import Store


def metrics(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text())["metrics"]


@pytest.fixture(scope="module")
def inputs(sim_store: Path, sim_captured: tuple[Path, Path], sim_twin: Path) -> dict[str, Path]:
    whole, scene = sim_captured
    said = json.loads((whole / "cameras.json").read_text())
    for i, frame in enumerate(said["frames"]):
        frame["held_out"] = i % 4 == 1
    store = Store(sim_store)
    with store.building("capture", "e" * 32) as folder:
        shutil.copytree(whole, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("manifest.json"))
        (folder / "cameras.json").write_text(json.dumps(said))
        capture = store.publish("capture", "e" * 32, folder, {"metrics": {}, "contract": {}})
    small = {"trajectories": [{"kind": "orbit"}], "frames": 4, "width_px": 64, "height_px": 48, "next_photos": 0, "least_seen": 0}
    clips = run_stage("coverage", small, {"capture": capture, "scene": scene}, sim_store)
    index = run_stage("index", {}, {"capture": capture, "clips": clips}, sim_store)
    return {"capture": capture, "scene": scene, "index": index, "twin": sim_twin}


@pytest.fixture(scope="module")
def found(inputs: dict[str, Path], sim_store: Path) -> Path:
    return run_stage("context", {}, inputs, sim_store)


def test_what_is_found_is_nearest_and_its_own_is_better_than_another_s(found: Path, inputs: dict[str, Path]) -> None:
    said = metrics(found)
    assert said["frames"] == 4
    assert said["psnr_context"] > said["psnr_splat"]
    assert said["psnr_context"] > said["psnr_shuffled"]
    assert said["used"] == (said["gain_low_db"] > 0)
    index = SceneIndex.read(inputs["index"] / "index.npz")
    views = json.loads((inputs["index"] / "views.json").read_text())["views"]
    rows = [i for i, view in enumerate(views) if view["of"] == "capture"]
    photos, files = index.of_rows(rows), [views[i]["file"] for i in rows]
    rng = np.random.default_rng(0)
    for _ in range(20):  # against brute force over all that is in the index
        look, pose = photos.looks[rng.integers(len(rows))] + 0.01, photos.c2w[rng.integers(len(rows))]
        shift = np.linalg.norm(photos.c2w[:, :3, 3] - pose[:3, 3], axis=1) / photos.radius
        turn = np.linalg.norm(photos.c2w[:, :3, :3] - pose[:3, :3], axis=(1, 2)) / np.sqrt(8)
        away = np.sqrt(((photos.looks - look) ** 2).sum(1) + shift**2 + turn**2)
        assert photos.nearest(3, look[None], pose[None])[0][0].tolist() == np.argsort(away, kind="stable")[:3].tolist()
    held = {f["file"] for f in json.loads((inputs["capture"] / "cameras.json").read_text())["frames"] if f["held_out"]}
    chosen = json.loads((found / "context.json").read_text())["views"]
    assert held <= set(chosen)
    assert not held & {file for row in chosen.values() for file in row}
    assert {file for row in chosen.values() for file in row} <= set(files)


def test_a_photo_that_is_held_out_is_refused_as_a_leak(inputs: dict[str, Path], sim_store: Path) -> None:
    frames = json.loads((inputs["capture"] / "cameras.json").read_text())["frames"]
    views = json.loads((inputs["index"] / "views.json").read_text())["views"]
    views[0]["file"] = next(frame["file"] for frame in frames if frame["held_out"])
    store = Store(sim_store)
    with store.building("index", "d" * 32) as folder:
        (folder / "index.npz").write_bytes((inputs["index"] / "index.npz").read_bytes())
        (folder / "views.json").write_text(json.dumps({"views": views}))
        leaky = store.publish("index", "d" * 32, folder, {"metrics": {}, "contract": {}})
    with pytest.raises(InputError, match=r"R355: the index holds .*, which is held out of this capture"):
        run_stage("context", {}, inputs | {"index": leaky}, sim_store)


def test_context_of_chance_is_said_to_be_unused(inputs: dict[str, Path], found: Path, sim_store: Path) -> None:
    """All photos for every view are the same for every view: shuffled, nothing changes."""
    everything = run_stage("context", {"frames": 0, "retrieval": "random"}, inputs, sim_store)
    assert metrics(everything)["frames"] == metrics(everything)["photos"]
    assert abs(metrics(everything)["gain_db"]) < 0.01
    unused = _views(("a", "t", "l"), everything)
    assert unused is not None
    assert unused["said"].startswith("the context is unused: shuffled, held-out photos are foretold")
    own = _views(("a", "t", "l"), found)
    assert own is not None
    assert own["said"].startswith("the context is used" if own["used"] else "the context is unused")


def test_all_that_does_not_fit_is_refused_with_numbers(
    inputs: dict[str, Path], sim_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 4_000_000)
    with pytest.raises(InputError, match=r"R356: all \d+ photos take .* GB, and half of what is free is 0.002 GB") as caught:
        run_stage("context", {"frames": 0, "context_seed": 5}, inputs, sim_store)
    assert caught.value.problems[0].help == "`frames: 4` fits"


def test_variants_are_drawn_upon_context(found: Path, inputs: dict[str, Path], sim_demos: Path, sim_store: Path) -> None:
    nothing = dict.fromkeys(("light_turn_deg", "light_change", "light_tint", "exposure", "white_balance", "gamma"), 0.0)
    nothing |= dict.fromkeys(
        ("vignetting", "noise_sd", "camera_shift_m", "camera_turn_deg", "object_color", "relight", "retexture"), 0.0
    )
    given = {"demos": sim_demos, "twin": inputs["twin"], "scene": inputs["scene"]}
    params = nothing | {"variants_per_demo": 1}
    plain, better = (
        read_arrays(run_stage("enrichment", params, given | extra, sim_store) / "dataset").images["front"].astype(int)
        for extra in ({}, {"context": found})
    )
    first = read_arrays(sim_demos / "dataset").episode_index
    count = int((first == 0).sum())
    assert np.array_equal(plain[:count], better[:count]), "the originals stay as they were"
    gap = np.abs(plain[count : 2 * count] - better[count : 2 * count]).mean()
    assert 0.2 < gap < 20


def test_variants_that_fail_are_replaced_or_kept_and_spread_ones_lie_apart(
    inputs: dict[str, Path], sim_demos: Path, sim_store: Path
) -> None:
    given = {"demos": sim_demos, "twin": inputs["twin"], "scene": inputs["scene"]}
    strict: dict[str, Any] = {"variants_per_demo": 2, "exposure": 0.9, "most_clipped": 0.02, "redraws": 12}
    drawn = metrics(run_stage("enrichment", strict, given, sim_store))
    assert drawn["pass_rate"] < 1
    episodes = metrics(sim_demos)["episodes"]
    kept = metrics(run_stage("enrichment", strict | {"failing": "kept", "redraws": 0}, given, sim_store))
    assert kept["episodes"] == 3 * episodes
    assert drawn["episodes"] == 3 * episodes, "what failed was drawn anew"
    assert kept["pass_rate"] < 1


def test_a_world_model_s_past_is_told(
    sim_store: Path, inputs: dict[str, Path], found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollouts = run_stage("rollouts", {"episodes": 14}, {"twin": inputs["twin"]}, sim_store)
    given = {"twin": inputs["twin"], "rollouts": rollouts, "context": found}
    params: dict[str, Any] = {"steps": 4, "batch_size": 4, "pictures": 8, "members": 1, "held_out": 6, "windows": 24, "looks": 4}
    made = run_stage("world_model", params | {"scripted_tries": 0}, given, sim_store)
    said = metrics(made)
    assert said["history_low_mm"] <= said["history_gain_mm"] <= said["history_high_mm"]
    row = _past(("a", "t", "l"), made)
    assert row is not None
    assert row["frames"] == 4
    assert row["said"].startswith("the context is used" if said["history_low_mm"] > 0 else "the context is unused")
    clips = Store(sim_store).path("coverage", next((sim_store / "coverage").iterdir()).name)
    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    with pytest.raises(InputError, match="R356: all 4 frames of the clips take"):
        run_stage("world_model", params | {"max_input_frames": 0}, given | {"clips": clips}, sim_store)
