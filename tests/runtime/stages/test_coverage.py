"""Coverage of a small splat, and of the real one."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from runtime.build.testing import run_stage
from runtime.capture.support import estimate_support
from runtime.coverage.video import read_video
from runtime.stage import load_stages
from runtime.store.store import Store

UP = [0.0, 0.0, 1.0]


def _splat(store: Path, write: Any, scene: dict[str, Any]) -> Path:
    """A published splat artifact with what `coverage` reads of one."""
    fingerprint = "0" * 32
    with Store(store).building("splat", fingerprint) as folder:
        write(folder / "splat.ply")
        (folder / "scene.json").write_text(json.dumps(scene))
        return Store(store).publish("splat", fingerprint, folder, {"metrics": {}, "contract": {}})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A red-and-blue table top: red where x > 0, at z = 0."""
    from runtime.splat.gaussians import SH_C0, Gaussians
    from runtime.splat.ply import write_ply

    grid = np.linspace(-1, 1, 41)
    means = np.array([(x, y, 0) for x in grid for y in grid], np.float32)
    rgb = np.where(means[:, :1] > 0, [0.9, 0.1, 0.1], [0.1, 0.1, 0.9])
    count = len(means)
    gaussians = Gaussians(
        means,
        np.tile([1, 0, 0, 0], (count, 1)),
        np.tile([0.03, 0.03, 0.003], (count, 1)),
        np.full(count, 0.95),
        ((rgb - 0.5) / SH_C0)[:, None],
    )
    scene = {
        "up": UP,
        "scale_m_per_unit": 0.5,
        "center": [0, 0, 0],
        "radius": 1.4,
        "support": {"origin": [0, 0, 0], "rotation": np.eye(3).tolist(), "half_extent_m": [0.5, 0.5]},
    }
    return _splat(tmp_path / "store", lambda path: write_ply(path, gaussians), scene)


def _coverage(splat: Path, **params: Any) -> Path:
    small = {"frames": 4, "fps": 6, "width_px": 64, "height_px": 48}
    return run_stage("coverage", small | params, {"scene": splat}, splat.parent.parent)


def test_clips_poses_depth_and_manifest_agree(table: Path) -> None:
    artifact = _coverage(table)
    entries = json.loads((artifact / "clips.json").read_text())["clips"]
    poses = json.loads((artifact / "poses.json").read_text())
    assert [e["name"] for e in entries] == ["orbit", "walk", "task"] == list(poses["clips"])
    for entry in entries:
        frames, fps = read_video(artifact / entry["file"])
        assert frames.shape == (4, 48, 64, 3)
        assert fps == entry["fps"] == 6
        assert entry["duration_s"] == pytest.approx(4 / 6, abs=1e-5)
        assert entry["upright_fraction"] == 1
        with np.load(artifact / entry["depth"]) as stored:
            depth, alpha = stored["depth"], stored["alpha"]
        assert depth.shape == alpha.shape == (4, 48, 64)
        # depth, poses and lens together put every covered pixel back on the table
        c2w = np.array(poses["clips"][entry["name"]]["c2w"])
        v, u = np.mgrid[0:48, 0:64] + 0.5
        ray = np.stack([(u - poses["cx"]) / poses["fl_x"], (v - poses["cy"]) / poses["fl_y"], np.ones_like(u)], axis=-1)
        point = np.einsum("tij,thwj->thwi", c2w[:, :3, :3], ray * depth[..., None]) + c2w[:, None, None, :3, 3]
        solid = alpha > 250
        assert solid.mean() > 0.1
        assert np.median(np.abs(point[solid][:, 2])) < 0.05
        # and the picture shows the table's own colours there
        red, blue = frames[..., 0].astype(int), frames[..., 2].astype(int)
        side = np.abs(point[..., 0]) > 0.15
        assert ((red > blue) == (point[..., 0] > 0))[solid & side].mean() > 0.97
    with Image.open(artifact / "contact.png") as sheet:
        assert sheet.size == (6 * 160, 3 * 120)


def test_metrics_and_contract(table: Path) -> None:
    manifest = json.loads((_coverage(table) / "manifest.json").read_text())
    assert manifest["contract"] == {"fps": 6.0, "frames": 4}
    metrics = manifest["metrics"]
    assert (metrics["clips"], metrics["frames"], metrics["upright_fraction"]) == (3, 12, 1.0)
    assert 0.2 < metrics["covered_fraction"] < 1


def test_a_scene_with_another_up_is_not_upright(table: Path, tmp_path: Path) -> None:
    scene = json.loads((table / "scene.json").read_text()) | {"up": [0, 0, -1]}
    other = _splat(tmp_path / "other", lambda path: path.write_bytes((table / "splat.ply").read_bytes()), scene)
    metrics = json.loads((_coverage(other) / "manifest.json").read_text())["metrics"]
    assert metrics["upright_fraction"] == 0


def test_repeated_kinds_get_numbers(table: Path) -> None:
    trajectories = [{"kind": "orbit"}, {"kind": "task"}, {"kind": "orbit", "radius_m": 2, "turns": 0.5}]
    artifact = _coverage(table, trajectories=trajectories)
    assert sorted(p.name for p in (artifact / "clips").glob("*.mp4")) == ["orbit-1.mp4", "orbit-2.mp4", "task.mp4"]


@pytest.mark.parametrize(
    "bad",
    [
        {"width_px": 63},
        {"trajectories": []},
        {"trajectories": [{"kind": "wlak"}]},
        {"frames": 1},
        {"fps": 0},
        {"trajectories": [{"kind": "orbit", "length_m": 1}]},
        {"background": [0, 0, 2]},
    ],
)
def test_bad_parameters_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        load_stages()["coverage"].params.model_validate(bad)


def test_playbot(shared_data: Path, tmp_path: Path) -> None:
    ply = shared_data / "splats/playbot/playbot.ply"
    source = {"kind": "splat", "root": "splats", "path": "playbot/playbot.ply", "up": [0, -1, 0], "scale_m_per_unit": 1}
    captured = run_stage("capture", {"source": source}, {}, tmp_path, source_dir=ply)
    with np.load(captured / "points.npz") as points:
        support = estimate_support(points["xyz"], np.zeros((0, 4, 4)), np.array([0, -1, 0]), 1.0)
    scene = {"up": [0, -1, 0], "scale_m_per_unit": 1.0, "support": support.to_json()}
    splat = _splat(tmp_path, lambda path: path.write_bytes(ply.read_bytes()), scene)
    artifact = _coverage(splat)
    metrics = json.loads((artifact / "manifest.json").read_text())["metrics"]
    assert metrics["upright_fraction"] == 1
    assert metrics["covered_fraction"] > 0.5
    # the ground is dark and the robot on it orange: upright means orange in the upper half
    frames, _ = read_video(artifact / "clips" / "orbit.mp4")
    orange = (frames[..., 0].astype(int) - frames[..., 2] > 60).mean(axis=(0, 2))
    assert orange[:24].sum() > 3 * orange[24:].sum()
