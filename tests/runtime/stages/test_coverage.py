"""Coverage of a small splat, and of the real one."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from pydantic import ValidationError
from scipy.ndimage import gaussian_filter

from runtime.bound.gate import GateRule
from runtime.build.testing import run_stage
from runtime.capture.path_file import read_path
from runtime.capture.support import estimate_support
from runtime.capture.transforms_file import TransformsError
from runtime.contract import CHECKS
from runtime.coverage import clips
from runtime.coverage.video import read_video
from runtime.problem import InputError
from runtime.stage import load_stages
from runtime.stats.verdict.gate_verdict import of_metrics
from runtime.store.store import Store
from tests import REPOSITORY

UP = [0.0, 0.0, 1.0]
FAULTS: dict[str, tuple[str, Any]] = {
    "turned": ("orientation", lambda film, fps: (film[:, ::-1, ::-1], fps)),
    "truncated": ("duration", lambda film, fps: (film[:-1], fps)),
    "re-timed": ("duration", lambda film, fps: (film, fps + 1)),
    "blurred": ("quality", lambda film, fps: (gaussian_filter(film, (0, 6, 6, 0)), fps)),
    "over-exposed": ("quality", lambda film, fps: (np.maximum(film, 254), fps)),
}
"""What a writer may do to a clip, and which check says so."""


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


def _capture(store: Path, arc_deg: float, count: int = 14) -> Path:
    """A published capture with what `coverage` reads of one: cameras on an arc round the middle, or none."""
    from runtime.sim.pixels.camera import look_at

    own = {"width": 200, "height": 150, "fl_x": 180.0, "fl_y": 180.0, "cx": 100.0, "cy": 75.0}
    angles = np.radians(arc_deg) * np.arange(count) / count if arc_deg else ()
    eyes = [np.array([2 * np.cos(a), 2 * np.sin(a), 1.4]) for a in angles]
    frames = [{"c2w": look_at(eye, np.zeros(3), np.array(UP)).tolist(), "held_out": False, "camera": 0} for eye in eyes]
    fingerprint = f"{round(arc_deg):032d}"
    with Store(store).building("capture", fingerprint) as folder:
        (folder / "cameras.json").write_text(json.dumps({"cameras": [own], "frames": frames}))
        return Store(store).publish("capture", fingerprint, folder, {"metrics": {}, "contract": {}})


def _coverage(splat: Path, arc_deg: float = 360, **params: Any) -> Path:
    small = {"frames": 4, "fps": 6, "width_px": 64, "height_px": 48, "next_photos": 0}
    store = splat.parent.parent
    known = store / "capture" / f"{round(arc_deg):032d}"
    capture = known if known.exists() else _capture(store, arc_deg)
    return run_stage("coverage", small | params, {"capture": capture, "scene": splat}, store)


def _metrics(artifact: Path) -> dict[str, Any]:
    return json.loads((artifact / "manifest.json").read_text())["metrics"]


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
    artifact = _coverage(table)
    assert json.loads((artifact / "manifest.json").read_text())["contract"] == {"fps": 6.0, "frames": 4, "checked": [*CHECKS]}
    metrics = _metrics(artifact)
    assert (metrics["clips"], metrics["frames"], metrics["upright_fraction"], metrics["dropped"]) == (3, 12, 1.0, 0)
    assert 0.2 < metrics["covered_fraction"] < 1


def _oracle(artifact: Path, capture: Path) -> float:
    """Share of the pixels whose point lies in some photo's picture, from within 30 degrees: nothing hides the table's top."""
    poses, cameras = (json.loads((path).read_text()) for path in (artifact / "poses.json", capture / "cameras.json"))
    found = []
    for name, clip in poses["clips"].items():
        with np.load(artifact / f"clips/{name}.depth.npz") as stored:
            depth = stored["depth"]
        v, u = np.mgrid[0 : depth.shape[1], 0 : depth.shape[2]] + 0.5
        ray = np.stack([(u - poses["cx"]) / poses["fl_x"], (v - poses["cy"]) / poses["fl_y"], np.ones_like(u)], -1)
        for c2w, z in zip(np.array(clip["c2w"]), depth, strict=True):
            point = (ray * np.where(np.isfinite(z), z, 1e-3)[..., None]) @ c2w[:3, :3].T + c2w[:3, 3]
            seen = np.zeros(z.shape, bool)
            for photo in np.array([frame["c2w"] for frame in cameras["frames"]]):
                x, y, w = np.moveaxis((point - photo[:3, 3]) @ photo[:3, :3], -1, 0)
                inside = (w > 0) & (np.abs(180 * x / w) < 100) & (np.abs(180 * y / w) < 75)
                one, other = point - c2w[:3, 3], point - photo[:3, 3]
                cosine = (one * other).sum(-1) / np.linalg.norm(one, axis=-1) / np.linalg.norm(other, axis=-1)
                seen |= inside & (cosine > np.cos(np.radians(30)))
            found.append((seen & np.isfinite(z)).mean())
    return float(np.mean(found))


def test_an_arc_of_photos_is_not_coverage_and_paths_stay_with_it(table: Path) -> None:
    capture = _capture(table.parent.parent, 40)
    anywhere = _coverage(table, 40, stay="anywhere", least_seen=0, frames=12, seen_coarser=1000)
    free = _metrics(anywhere)
    assert free["covered_fraction"] > 0.5
    assert free["seen_fraction"] < 0.2
    assert free["seen_fraction"] == pytest.approx(_oracle(anywhere, capture), abs=0.03)
    with np.load(anywhere / "clips/orbit.depth.npz") as stored:
        assert stored["seen"].shape == (12, 48, 64)
        entry = json.loads((anywhere / "clips.json").read_text())["clips"][0]
        assert entry["seen_fraction"] == pytest.approx(stored["seen"].mean(), abs=1e-4)
    with Image.open(anywhere / "seen.png") as red, Image.open(anywhere / "contact.png") as plain:
        assert red.size == plain.size
        assert np.asarray(red)[..., 0].mean() > np.asarray(plain)[..., 0].mean() + 20
    kept = _metrics(_coverage(table, 40, next_photos=3, frames=12))
    assert kept["seen_as_asked"] == pytest.approx(free["seen_as_asked"], abs=0.01)
    assert kept["seen_fraction"] > 2 * free["seen_fraction"]
    assert kept["seen_fraction"] > 0.4
    whole = _metrics(_coverage(table, 360, next_photos=3, frames=12))
    assert whole["seen_as_asked"] > 0.4
    assert whole["workspace_seen"] > 2 * kept["workspace_seen"]


def test_the_field_case_one_side(shared_data: Path, tmp_path: Path) -> None:
    """Fourteen photos in an arc of 40 degrees: opacity alone says 0.8 after so few iterations."""
    folder = shared_data / "field_cases/one-side/data/one-side"
    if not folder.is_dir():
        pytest.skip("the field cases are not beside this checkout")
    source = {"kind": "photos", "root": "here", "path": "one-side", "poses": "transforms"}
    capture = run_stage("capture", {"source": source}, {}, tmp_path, source_dir=folder)
    splat = run_stage("splat", {"iterations": 250, "preview_count": 0}, {"capture": capture}, tmp_path)
    small: dict[str, Any] = {"frames": 12, "next_photos": 0}
    inputs: dict[str, Path | list[Path]] = {"capture": capture, "scene": splat}
    free = _metrics(run_stage("coverage", {**small, "stay": "anywhere", "least_seen": 0}, inputs, tmp_path))
    assert free["covered_fraction"] > 0.7
    assert free["seen_fraction"] == pytest.approx(0.06, abs=0.04)
    kept = _metrics(run_stage("coverage", small, inputs, tmp_path))
    assert kept["seen_as_asked"] == pytest.approx(0.06, abs=0.04)
    assert kept["seen_fraction"] > 0.6


def test_a_path_that_was_brought_is_gone_as_it_is(table: Path, tmp_path: Path) -> None:
    capture = _capture(table.parent.parent, 360)
    c2w = [frame["c2w"] for frame in json.loads((capture / "cameras.json").read_text())["frames"][:5]]
    gl = [(np.array(pose) * [1, -1, -1, 1]) for pose in c2w]
    viewer = {"camera_path": [{"camera_to_world": pose.ravel().tolist()} for pose in gl]}
    listed = {"frames": [{"transform_matrix": pose.tolist()} for pose in gl]}
    for content in (viewer, listed):
        (tmp_path / "way.json").write_text(json.dumps(content))
        np.testing.assert_allclose(read_path(tmp_path / "way.json"), c2w)
    for bad, why in (
        ({"frames": listed["frames"][:1]}, "lists 1 poses"),
        ({"frames": [{}, {}]}, "no `transform_matrix` of 4 by 4 numbers in pose 0"),
        ({"frames": [{"transform_matrix": (2 * np.eye(4)).tolist()}] * 2}, "not rigid"),
        ({"frames": [{"transform_matrix": [[float("nan")] * 4] * 4}] * 2}, "no number below 1e9"),
        ({}, "neither a list"),
    ):
        (tmp_path / "way.json").write_text(json.dumps(bad))
        with pytest.raises(TransformsError, match=why):
            read_path(tmp_path / "way.json")
    store = Store(table.parent.parent)
    with store.building("capture", "f" * 32) as folder:
        (folder / "cameras.json").write_text((capture / "cameras.json").read_text())
        (folder / "paths.json").write_text(json.dumps({"way.json": c2w}))
        brought = store.publish("capture", "f" * 32, folder, {"metrics": {}, "contract": {}})
    params = {"fps": 6, "width_px": 64, "height_px": 48, "next_photos": 0, "trajectories": [{"kind": "file", "name": "way.json"}]}
    artifact = run_stage("coverage", params, {"capture": brought, "scene": table}, store.root)
    poses = json.loads((artifact / "poses.json").read_text())["clips"]["file"]["c2w"]
    np.testing.assert_allclose(poses, c2w)
    assert _metrics(artifact)["seen_fraction"] > 0.9 * _metrics(artifact)["covered_fraction"]
    params["trajectories"] = [{"kind": "file", "name": "other.json"}]
    with pytest.raises(InputError, match=r"R257: the capture brought no path `other.json`; it brought way.json"):
        run_stage(
            "coverage",
            params | {"trajectories": [{"kind": "file", "name": "other.json"}]},
            {"capture": brought, "scene": table},
            store.root,
        )


def test_clips_that_photos_did_not_see_are_dropped_and_named(table: Path) -> None:
    artifact = _coverage(table, 40, stay="anywhere", least_seen=0.1, trajectories=[{"kind": "orbit"}, {"kind": "task"}])
    said = json.loads((artifact / "clips.json").read_text())
    assert [clip["name"] for clip in said["clips"]] == ["orbit"]
    assert said["dropped"] == {"task": "photos saw 0% of it"}
    assert (_metrics(artifact)["clips"], _metrics(artifact)["dropped"]) == (1, 1)
    assert [path.name for path in (artifact / "clips").glob("*.mp4")] == ["orbit.mp4"]
    with pytest.raises(InputError, match=r"R255: no clip is left \(task: photos saw 0% of it") as caught:
        _coverage(table, 40, stay="anywhere", trajectories=[{"kind": "task"}])
    assert "photos from all sides" in caught.value.problems[0].help


def test_a_splat_without_photos_has_nothing_to_measure(table: Path) -> None:
    artifact = _coverage(table, 0, next_photos=3)
    metrics = _metrics(artifact)
    assert metrics["clips"] == 3
    assert [metrics[name] for name in ("seen_fraction", "seen_as_asked", "workspace_seen", "workspace_shown")] == [None] * 4
    rule = yaml.safe_load((REPOSITORY / "specs/gates/clips-seen.yaml").read_text())
    verdict = of_metrics(GateRule(**{key: value for key, value in rule.items() if key != "title"}), [("playbot", metrics)])
    assert verdict["status"] == "not run"
    with pytest.raises(InputError, match=r"R255: no clip is left \(next_best: no photos to choose views by"):
        _coverage(table, 0, trajectories=[{"kind": "next_best"}])


@pytest.mark.parametrize("length", [1e300, 1e9, float("inf"), float("nan")])
def test_lengths_that_no_place_has_are_refused(length: float) -> None:
    params = load_stages()["coverage"].params
    named = {"orbit": ("radius_m", "height_m"), "walk": ("length_m", "eye_height_m", "aside_m"), "task": ("far_m", "near_m")}
    for kind, name in [(kind, name) for kind, names in (named | {"grid": ("height_m",)}).items() for name in names]:
        with pytest.raises(ValidationError, match=name):
            params.model_validate({"trajectories": [{"kind": kind, name: length}]})


def test_a_clip_that_shows_nothing_is_dropped(table: Path) -> None:
    """Without photos there is no seen fraction to drop it by."""
    with pytest.raises(InputError, match=r"R255: no clip is left \(orbit: shows nothing of the splat\)"):
        _coverage(table, 0, trajectories=[{"kind": "orbit", "radius_m": 5e4, "height_m": 1.0}])


def test_density_and_window(table: Path) -> None:
    trajectories = [{"kind": "orbit", "radius_m": 0.5, "height_m": 0.3}, {"kind": "grid", "rows": 2, "height_m": 0.5}]
    artifact = _coverage(table, trajectories=trajectories, stay="anywhere", frames_per_m=5, window_frames=6)
    manifest = json.loads((artifact / "manifest.json").read_text())
    assert manifest["contract"] == {"fps": 6.0, "frames": 6, "checked": [*CHECKS]}
    orbits = [name for name in json.loads((artifact / "poses.json").read_text())["clips"] if name.startswith("orbit")]
    assert orbits == ["orbit.00", "orbit.01"]  # pi metres are 16 frames
    with pytest.raises(InputError, match=r"R256: `orbit` is 3.1 m long: 3142 frames at 1000 per metre, 2000 are allowed"):
        _coverage(table, trajectories=trajectories[:1], stay="anywhere", frames_per_m=1000)


def test_views_that_add_the_most_beat_as_many_of_a_circle(table: Path) -> None:
    best, circle = (
        _coverage(table, 300, trajectories=[{"kind": kind}], frames=6, next_photos=3, least_seen=0)
        for kind in ("next_best", "orbit")
    )
    assert _metrics(best)["workspace_shown"] > _metrics(circle)["workspace_shown"]
    assert _metrics(best)["frames"] == _metrics(circle)["frames"]
    few = _coverage(table, 300, trajectories=[{"kind": "next_best"}], frames=3, least_seen=0)
    assert _metrics(few)["workspace_shown"] < _metrics(best)["workspace_shown"], "more frames show more"
    views = json.loads((best / "next_photos.json").read_text())
    shares = [views["workspace_seen"], *(view["workspace_seen"] for view in views["views"])]
    assert shares == sorted(shares)
    assert shares[-1] > shares[0]
    assert len(shares) == 4


def test_clips_that_are_carried_on_are_checked_like_others(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _coverage(table, frames=6, trajectories=[{"kind": "orbit"}])
    more = run_stage("continued_clips", {"frames": 5}, {"clips": made}, made.parents[1])
    (film, fps), (before, rate) = (read_video(next((one / "clips").glob("*.mp4"))) for one in (more, made))
    assert (film.shape, fps) == ((5, *before.shape[1:]), rate)
    assert np.abs(film.astype(float) - before[-1]).mean() < 6, "the default shows the last picture again"
    said = json.loads((more / "manifest.json").read_text())
    assert (said["metrics"]["clips"], said["metrics"]["frames"], said["contract"]["checked"]) == (1, 5, [*CHECKS])
    whole = clips.write_video
    monkeypatch.setattr(
        "runtime.coverage.video.write_video", lambda path, film, fps: whole(path, np.ascontiguousarray(film[:, ::-1, ::-1]), fps)
    )
    with pytest.raises(InputError, match="R263: none of the 1 clips"):
        run_stage("continued_clips", {"frames": 4}, {"clips": made}, made.parents[1])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_spoiled_clip_fails_its_own_check_and_is_left_out(table: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    whole = clips.write_video

    def spoiled(path: Path, frames: np.ndarray, fps: float) -> str:
        film, rate = FAULTS[fault][1](frames, fps) if path.stem == "orbit" else (frames, fps)
        return whole(path, np.ascontiguousarray(film), rate)

    monkeypatch.setattr(clips, "write_video", spoiled)
    artifact = _coverage(
        table, frames=6, trajectories=[{"kind": "orbit"}, {"kind": "task"}], fov_y_deg=50 + [*FAULTS].index(fault)
    )
    check = FAULTS[fault][0]
    said = json.loads((artifact / "clips.json").read_text())
    assert said["dropped"] == {"orbit": f"fails its checks: {check}"}
    assert [clip["name"] for clip in said["clips"]] == ["task"]
    assert sorted(path.name for path in (artifact / "clips").iterdir()) == ["task.depth.npz", "task.mp4"]
    metrics = _metrics(artifact)
    assert {name: metrics[f"pass_{name}"] for name in CHECKS} == {name: 0.5 if name == check else 1 for name in CHECKS}


def test_a_scene_with_another_up_is_not_upright(table: Path, tmp_path: Path) -> None:
    scene = json.loads((table / "scene.json").read_text()) | {"up": [0, 0, -1]}
    other = _splat(tmp_path / "other", lambda path: path.write_bytes((table / "splat.ply").read_bytes()), scene)
    with pytest.raises(InputError, match=r"R255: no clip is left \(orbit: fails its checks: orientation; walk"):
        _coverage(other, 0)


def test_repeated_kinds_get_numbers(table: Path) -> None:
    trajectories = [{"kind": "orbit"}, {"kind": "task"}, {"kind": "orbit", "radius_m": 2, "turns": 0.5}]
    artifact = _coverage(table, trajectories=trajectories, least_seen=0)
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
        {"least_seen": 1.1},
        {"window_frames": 1},
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
    artifact = _coverage(splat, 0)
    metrics = _metrics(artifact)
    assert metrics["upright_fraction"] == 1
    assert metrics["covered_fraction"] > 0.5
    # the ground is dark and the robot on it orange: upright means orange in the upper half
    frames, _ = read_video(artifact / "clips" / "orbit.mp4")
    orange = (frames[..., 0].astype(int) - frames[..., 2] > 60).mean(axis=(0, 2))
    assert orange[:24].sum() > 3 * orange[24:].sum()
