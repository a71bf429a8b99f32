"""Training: it recovers a known scene, keeps its hands off held-out photos, and repeats itself exactly."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from runtime.backends.renderer_numba import NumbaRenderer
from runtime.splat import checkpoint
from runtime.splat.backward import frame_backward
from runtime.splat.densify import Pull, densify
from runtime.splat.exposure import Exposure, matched
from runtime.splat.gaussians import Gaussians
from runtime.splat.haze import in_front_of_cameras, nearest_depth
from runtime.splat.held_out import held_out_metrics
from runtime.splat.mcmc import relocated
from runtime.splat.photos import Photos
from runtime.splat.poses import Poses
from runtime.splat.preview import orbit_poses
from runtime.splat.rasterize import Frame, Scene, render_frame
from runtime.splat.reach import reach
from runtime.splat.shell import far_shell
from runtime.splat.sparse_depth import SparseDepth
from runtime.splat.train import Recipe, train
from tests.runtime.splat.scene import random_gaussians

WIDTH, HEIGHT = 64, 48


@pytest.fixture(scope="module")
def photos() -> Photos:
    """Photos of a ball of opaque Gaussians in a hollow sphere of others, from a ring of cameras, with noisy points."""
    rng = np.random.default_rng(0)
    n = 400
    direction = rng.normal(size=(2 * n, 3))
    radius, scale = np.repeat([0.5, 4.0], n)[:, None], np.repeat([0.05, 0.5], n)[:, None]
    xyz = direction / np.linalg.norm(direction, axis=1, keepdims=True) * radius
    sh = np.concatenate([rng.normal(size=(n, 1, 3)), rng.normal(size=(n, 1, 3)) * 0.2])
    truth = Gaussians(xyz, rng.normal(size=(2 * n, 4)), np.repeat(scale, 3, 1), np.full(2 * n, 0.95), sh)
    poses = np.concatenate([orbit_poses(np.zeros(3), np.array([0, 0, s]), 2.0, 10) for s in (1.0, -1.0)])
    K = np.array([[70, 0, 32], [0, 70, 24], [0, 0, 1.0]])
    images = [NumbaRenderer().render(truth, pose, K, WIDTH, HEIGHT)[0] for pose in poses]
    in_camera = np.einsum("fji,fnj->fni", poses[:, :3, :3], xyz[:n] - poses[:, None, :3, 3])
    frame, which = np.nonzero(in_camera[..., 2] < 1.75)  # the near side of the ball
    seen = in_camera[frame, which]
    return Photos(
        images=images,
        c2w=poses,
        K=np.tile(K, (len(poses), 1, 1)),
        held_out=np.arange(len(poses)) % 5 == 0,
        xyz=(xyz + rng.normal(0, 0.005, xyz.shape)).astype(np.float32),
        rgb=np.full((2 * n, 3), 0.5, np.float32),
        obs_frame=frame,
        obs_uv=seen[:, :2] / seen[:, 2:] * 70 + K[:2, 2],
        obs_depth=seen[:, 2],
    )


RECIPE = Recipe(iterations=240, sh_degree=1, max_gaussians=1300, densify_every=40)


def test_training_recovers_held_out_views(photos):
    barely, _ = train(photos, replace(RECIPE, iterations=1))
    before = held_out_metrics(NumbaRenderer(), barely, photos)
    notes = []
    trained, facts = train(photos, RECIPE, lambda fraction, note: notes.append((fraction, note)))
    after = held_out_metrics(NumbaRenderer(), trained, photos)
    assert before["psnr"] is not None
    assert after["psnr"] is not None
    assert after["ssim"] is not None
    assert after["depth_rel_err"] is not None
    assert after["psnr"] > before["psnr"] + 3
    assert after["ssim"] > 0.7
    assert after["depth_rel_err"] < 0.03
    assert 800 < len(trained) <= 1300
    assert facts["seconds"] > 0
    assert notes[-1][0] == 1
    assert np.isfinite(trained.means).all()


def test_held_out_photos_are_never_looked_at(photos):
    spoilt = [image * np.nan if held_out else image for image, held_out in zip(photos.images, photos.held_out, strict=True)]
    short = replace(RECIPE, iterations=30)
    clean, _ = train(photos, short)
    blind, _ = train(replace(photos, images=spoilt), short)
    np.testing.assert_array_equal(clean.means, blind.means)


def test_the_same_seed_gives_the_same_splat(photos):
    short = replace(RECIPE, iterations=60)
    first, again, other = (train(photos, replace(short, seed=s))[0] for s in (0, 0, 1))
    np.testing.assert_array_equal(first.means, again.means)
    np.testing.assert_array_equal(first.sh, again.sh)
    assert len(first) != len(other) or not np.array_equal(first.means, other.means)


@pytest.mark.parametrize(
    "changes",
    [{"patience": 2}, {"patience": 2, "strategy": "mcmc"}, {"left_out": 0.4, "average": True, "refine_poses": True}],
    ids=["default", "mcmc", "all options"],
)
def test_a_killed_training_goes_on_bit_for_bit(photos, tmp_path, monkeypatch, changes):
    monkeypatch.setattr(checkpoint, "EVERY_S", 0)
    short = replace(RECIPE, iterations=100, densify_every=10, **changes)
    whole, facts = train(photos, short)

    def kill(fraction: float, note: str) -> None:
        if fraction > 0.7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(photos, short, kill, checkpoint.Checkpoint(tmp_path))
    (kept,) = tmp_path.iterdir()
    heard = []
    again, more = train(photos, short, lambda fraction, note: heard.append(fraction), checkpoint.Checkpoint(tmp_path))
    assert min(heard) > 0.7
    assert more["loss"] == facts["loss"]
    for name in ("means", "quats", "scales", "opacities", "sh"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))
    kept.write_bytes(kept.read_bytes()[:1000])  # a checkpoint that cannot be read is none
    assert checkpoint.Checkpoint(tmp_path).load() is None


def test_averages_and_gaussians_left_out(photos):
    """Each option changes the splat, not what a render of all Gaussians looks like: it is no darker, and nearly as sharp."""
    plain, left_out, mean = (
        held_out_metrics(NumbaRenderer(), train(photos, replace(RECIPE, **changes))[0], photos)
        for changes in ({}, {"left_out": 0.3}, {"average": True})
    )
    for other in (left_out, mean):
        assert other["psnr"] != plain["psnr"]
        assert (other["psnr"] or 0) > (plain["psnr"] or 0) - 1.5


def test_perturbed_poses_are_found_again(photos):
    """Known Gaussians before wrong poses: the poses come right, but for what all have in common."""
    rng, n = np.random.default_rng(1), len(photos.xyz)
    scales = np.repeat(np.repeat([0.05, 0.5], n // 2)[:, None], 3, axis=1)
    truth = Gaussians(photos.xyz, rng.normal(size=(n, 4)), scales, np.full(n, 0.95), rng.normal(size=(n, 1, 3)))
    off = rng.normal(0, 1, (4, 6)) * np.repeat([0.01, 0.02], 3)
    wrong, poses = photos.viewmats[:4], Poses(4, extent=1.0)
    for view, by in zip(wrong, off - off.mean(axis=0), strict=True):
        view[:] = np.block([[Rotation.from_rotvec(by[:3]).as_matrix(), by[3:, None]], [np.zeros((1, 3)), np.ones((1, 1))]]) @ view

    def frame(i: int, view: np.ndarray) -> tuple[Scene, Frame]:
        scene = Scene(truth.means, truth.quats, truth.scales, truth.opacities, truth.sh, view, photos.K[i])
        return scene, render_frame(scene, WIDTH, HEIGHT, sh_degree=0)

    def error() -> float:
        return float(np.mean([np.abs(poses.viewmat(i, wrong[i]) - photos.viewmats[i]).max() for i in range(4)]))

    before = error()
    for k in range(100):
        for i in range(4):
            view = poses.viewmat(i, wrong[i])
            scene, seen = frame(i, view)
            off_by = (seen.image - frame(i, photos.viewmats[i])[1].image) / seen.image.size
            poses.step(i, view, truth, frame_backward(seen, scene, off_by, sh_degree=0), 1e-3 * 0.1 ** (k / 100))
    assert error() < 0.2 * before


def test_mcmc_trains_and_keeps_to_its_limit(photos):
    trained, _ = train(photos, replace(RECIPE, strategy="mcmc", max_gaussians=1000))
    after = held_out_metrics(NumbaRenderer(), trained, photos)
    assert after["ssim"] is not None
    assert after["ssim"] > 0.6
    assert 900 < len(trained) <= 1000


def test_relocated_gaussians_look_like_the_one_they_came_from():
    one = random_gaussians(1, seed=0, sh_degree=0)
    one = Gaussians(np.array([[0, 0, 3.0]]), one.quats, np.full((1, 3), 0.3), np.array([0.8]), one.sh)
    opacity, scales = relocated(one.opacities.astype(float), one.scales, np.array([3]))
    many = Gaussians(
        np.repeat(one.means, 3, 0),
        np.repeat(one.quats, 3, 0),
        np.repeat(scales, 3, 0),
        np.repeat(opacity, 3),
        np.repeat(one.sh, 3, 0),
    )
    K = np.array([[40, 0, 16], [0, 40, 16], [0, 0, 1.0]])
    before, after = (NumbaRenderer().render(g, np.eye(4), K, 32, 32)[2] for g in (one, many))
    np.testing.assert_allclose(after[16, 16], before[16, 16], atol=0.01)
    assert after.sum() == pytest.approx(before.sum(), rel=0.05)


def test_training_stops_early_by_photos_that_are_not_held_out(photos):
    stubborn = replace(RECIPE, iterations=240, patience=1, means_rate=2.0, densify_until=0.1, coarse_until=0.0)
    _, facts = train(photos, stubborn)
    assert facts["iterations"] < 240
    spoilt = [image * np.nan if held_out else image for image, held_out in zip(photos.images, photos.held_out, strict=True)]
    assert train(replace(photos, images=spoilt), stubborn)[1]["loss"] == train(photos, stubborn)[1]["loss"]


def test_sparse_points_pull_the_render_to_their_depths(photos):
    depths = SparseDepth(photos)
    mine = photos.obs_frame == 1
    width, height = photos.size(1)
    alpha = np.full((height, width), 0.8, np.float32)
    off, true = (np.full((height, width), z, np.float32) * alpha for z in (3.0, np.median(photos.obs_depth[mine])))
    g_depth, g_alpha = depths.gradients(1, off, alpha)
    assert g_depth.max() > 0  # a smaller accumulated depth is a smaller loss
    assert g_alpha.min() < 0
    assert np.abs(depths.gradients(1, true, alpha)[0]).sum() < np.abs(g_depth).sum() * 5
    assert not depths.gradients(1, off, np.zeros_like(alpha))[0].any()  # nothing there has a depth


def test_what_is_far_moves_farther_and_a_shell_lies_behind_everything(photos):
    camera = photos.c2w[~photos.held_out][0]
    places = camera[:3, 3] + np.outer([1.0, 8.0], camera[:3, 2])
    near, far = reach(places.astype(np.float32), photos, 2.0)[:, 0]
    assert near == pytest.approx(0.5, rel=0.2)
    assert far > 2 * near
    shell = far_shell(photos, 300, 1)
    assert 50 < len(shell) <= 300
    assert np.linalg.norm(shell.means, axis=1).min() > photos.obs_depth.max()
    assert len(train(photos, replace(RECIPE, iterations=1, far_gaussians=300))[0]) > len(photos.xyz)


def test_no_held_out_photos_no_figures(photos):
    none = replace(photos, held_out=np.zeros(len(photos.images), bool))
    metrics = held_out_metrics(NumbaRenderer(), random_gaussians(10, 0), none)
    assert set(metrics.values()) == {None}


def test_densify_splits_large_clones_small_and_drops_faint():
    g = random_gaussians(6, seed=0, sh_degree=0)
    g.scales[:] = 0.01
    g.scales[0] = 1.0
    g.opacities[:] = 0.5
    g.opacities[5] = 0.001
    pull = Pull(6)
    gradients = np.zeros((6, 2), np.float32)
    gradients[:, 0] = [5, 4, 1, 1, 1, 9]
    pull.add(gradients, np.arange(6))
    keep, added = densify(g, np.zeros(6, bool), pull, limit=100, share=0.4, large=0.1, rng=np.random.default_rng(0))
    assert keep.tolist() == [False, True, True, True, True, False]  # 0 is split, 5 is faint
    assert len(added) == 3
    np.testing.assert_array_equal(added.means[0], g.means[1])  # 1 is cloned
    np.testing.assert_allclose(added.scales[1:], 1 / 1.6, rtol=1e-6)
    keep, added = densify(g, np.zeros(6, bool), pull, limit=5, share=0.4, large=0.1, rng=np.random.default_rng(0))
    assert keep.sum() + len(added) == 5


def test_exposure_is_learned_per_photo():
    rng = np.random.default_rng(0)
    scene = rng.uniform(0.2, 0.8, (8, 8, 3)).astype(np.float32)
    photos = [scene * 1.3 + 0.05, scene * 0.8 - 0.05, scene]
    exposure = Exposure(3)
    for _ in range(600):
        for i, photo in enumerate(photos):
            exposure.step(i, scene, (exposure.apply(i, scene) - photo) / photo.size, 0.005)
    shown = [exposure.apply(i, scene) for i in range(3)]
    assert np.abs(shown[0] - photos[0]).mean() < 0.04
    assert np.abs(shown[1] - photos[1]).mean() < 0.04
    np.testing.assert_allclose(np.mean([e.mean() for e in shown]), scene.mean(), atol=0.05)
    np.testing.assert_allclose(matched(scene, photos[0]), np.clip(photos[0], 0, 1), atol=1e-5)


def test_haze_is_what_a_camera_has_before_its_lens(photos):
    near = nearest_depth(photos)
    assert 0.5 < near < 0.9  # the ball's near side is 1.5 away
    camera = photos.c2w[~photos.held_out][0]
    places = camera[:3, 3] + np.outer([0.3, 1.0, -0.3], camera[:3, 2])  # before the lens, far enough, behind it
    assert in_front_of_cameras(places, photos, near).tolist() == [True, False, False]
    held_out = photos.c2w[photos.held_out][0]
    alone = replace(photos, held_out=~photos.held_out)
    place = held_out[None, :3, 3] + 0.3 * held_out[:3, 2]
    assert in_front_of_cameras(place, alone, near)[0]
    assert not in_front_of_cameras(place, photos, near)[0]


def test_what_a_mask_leaves_out_is_neither_learned_nor_judged(photos):
    """Photos of two sizes, a third of each magenta under its mask: training and figures are as if it were not there."""
    masks, spoilt = {}, []
    for i, image in enumerate(photos.images):
        image = image[:36] if i % 2 else image.copy()  # with its principal point where it was
        masks[i] = np.ones(image.shape[:2], bool)
        masks[i][:, 40:] = False
        spoilt.append(np.where(masks[i][..., None], image, np.array([1, 0, 1], np.float32)))
    short = replace(RECIPE, iterations=60)
    clean, _ = train(
        replace(photos, images=[i[: s.shape[0]] for i, s in zip(photos.images, spoilt, strict=True)], masks=masks), short
    )
    masked = replace(photos, images=spoilt, masks=masks)
    trained, _ = train(masked, short)
    assert np.abs(trained.sh[:, 0] - clean.sh[:, 0]).max() < 0.2  # magenta pulls by 0.6 and more
    figures = held_out_metrics(NumbaRenderer(), trained, masked)
    unmasked = held_out_metrics(NumbaRenderer(), trained, replace(masked, masks={}))
    for name, better in (("psnr", 6), ("ssim", 0.1)):
        assert (figures[name] or 0) > (unmasked[name] or 0) + better
