"""The CPU rasteriser against the plain float64 reference, and the semantics that it shares with gsplat."""

import numpy as np
import pytest
import torch

from runtime.splat.rasterize import rasterization
from runtime.splat.reference import render, tensors
from tests.runtime.splat.scene import HEIGHT, INTRINSICS, WIDTH, random_gaussians, tilted_view

BACKGROUND = np.array([0.1, 0.5, 0.9], np.float32)


def _both(gaussians, degree, width=WIDTH, height=HEIGHT):
    arrays = (gaussians.means, gaussians.quats, gaussians.scales, gaussians.opacities, gaussians.sh)
    view, K = tilted_view(), INTRINSICS
    mine = rasterization(
        *arrays, view[None], K[None], width, height, sh_degree=degree, backgrounds=BACKGROUND[None], render_mode="RGB+D"
    )
    back = torch.as_tensor(BACKGROUND, dtype=torch.float64)
    reference = render(tensors(*arrays, view, K), width, height, sh_degree=degree, background=back)
    return mine, [t.numpy() for t in reference]


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_matches_the_reference(degree):
    (renders, alphas, _), (image, depth, alpha) = _both(random_gaussians(1500, seed=degree, sh_degree=degree), degree)
    error = renders[0, ..., :3] - image
    assert -10 * np.log10(np.mean(error**2)) > 80
    assert np.abs(error).max() < 1e-2
    np.testing.assert_allclose(renders[0, ..., 3], depth, atol=1e-2)
    np.testing.assert_allclose(alphas[0, ..., 0], alpha, atol=1e-2)


def test_a_lower_degree_ignores_the_rest():
    gaussians = random_gaussians(200, seed=1, sh_degree=3)
    mine, reference = _both(gaussians, 1)
    np.testing.assert_allclose(mine[0][0, ..., :3], reference[0], atol=1e-2)


def one(opacity=0.8, z=2.0, scale=0.05, x=0.0):
    return [np.array(a, np.float32) for a in ([[x, 0, z]], [[1, 0, 0, 0]], [[scale] * 3], [opacity], [[1, 0.5, 0.25]])]


def view_of(arrays, width=33, height=33, **kwargs):
    K = np.array([[100, 0, width / 2], [0, 100, height / 2], [0, 0, 1.0]])
    renders, alphas, meta = rasterization(*arrays, viewmats=np.eye(4)[None], Ks=K[None], width=width, height=height, **kwargs)
    return renders[0], alphas[0, ..., 0], meta


def test_pixel_centres_lie_at_a_half():
    image, alpha, meta = view_of(one())
    assert np.unravel_index(alpha.argmax(), alpha.shape) == (16, 16)
    assert meta["means2d"][0, 0].tolist() == [16.5, 16.5]
    assert alpha[16, 16] == pytest.approx(0.8, abs=1e-6)
    np.testing.assert_allclose(alpha, alpha[:, ::-1], atol=1e-6)
    np.testing.assert_allclose(image[16, 16], 0.8 * np.array([1, 0.5, 0.25]), atol=1e-6)


def test_eps2d_widens_the_ellipse():
    _, alpha, _ = view_of(one(scale=1e-4))
    expected = 0.8 * np.exp(-0.5 / (0.3 + 2.5e-5))
    assert alpha[16, 17] == pytest.approx(expected, rel=1e-4)
    _, alpha, _ = view_of(one(scale=1e-4), eps2d=1.0)
    assert alpha[16, 17] == pytest.approx(0.8 * np.exp(-0.5 / (1 + 2.5e-5)), rel=1e-4)


def test_faint_alpha_is_cut_and_strong_alpha_is_capped():
    _, alpha, _ = view_of(one(scale=0.1))
    assert alpha[alpha > 0].min() >= 1 / 255
    assert view_of(one(opacity=1 / 256))[1].max() == 0
    assert view_of(one(opacity=1.0))[1].max() == pytest.approx(0.999, abs=1e-6)


def test_a_pixel_stops_before_its_light_is_used_up():
    # three of 0.97 leave 2.7e-5: the third would pass 1e-4 and is left out whole
    layers = [np.concatenate(parts) for parts in zip(*(one(opacity=0.97, z=2 + k) for k in range(3)), strict=True)]
    _, alpha, _ = view_of(layers)
    assert alpha[16, 16] == pytest.approx(1 - 0.03**2, abs=1e-6)


def test_nearer_hides_farther_whatever_the_order():
    near, far = one(z=1.0, opacity=0.999), one(z=3.0, opacity=0.999)
    near[4][:] = [0, 1, 0]
    for pair in ((near, far), (far, near)):
        image, _, _ = view_of([np.concatenate(parts) for parts in zip(*pair, strict=True)])
        assert image[16, 16, 1] == pytest.approx(0.999, abs=1e-3)


def test_planes_clip():
    assert view_of(one(z=2.0), near_plane=2.5)[1].max() == 0
    assert view_of(one(z=2.0), far_plane=1.5)[1].max() == 0
    assert view_of(one(z=-2.0))[1].max() == 0
    assert view_of(one(), radius_clip=100.0)[1].max() == 0


def test_render_modes():
    rgb, alpha, _ = view_of(one(z=2.0))
    accumulated = view_of(one(z=2.0), render_mode="D")[0]
    expected = view_of(one(z=2.0), render_mode="ED")[0]
    assert accumulated.shape == (33, 33, 1)
    np.testing.assert_allclose(accumulated[..., 0], 2 * alpha, atol=1e-6)
    np.testing.assert_allclose(expected[alpha > 0], 2, rtol=1e-5)
    for mode, depth in (("RGB+D", accumulated), ("RGB+ED", expected)):
        both = view_of(one(z=2.0), render_mode=mode)[0]
        np.testing.assert_allclose(both, np.concatenate([rgb, depth], axis=2), atol=1e-6)


def test_more_channels_than_are_blended_at_a_time():
    arrays = one()
    arrays[4] = np.arange(1, 8, dtype=np.float32)[None]
    background = np.linspace(0, 1, 7, dtype=np.float32)
    image, alpha, _ = view_of(arrays, backgrounds=background[None])
    np.testing.assert_allclose(image, alpha[..., None] * arrays[4][0] + (1 - alpha[..., None]) * background, atol=1e-5)


def test_cameras_and_colours_per_camera():
    arrays = one()
    arrays[4] = np.stack([arrays[4], arrays[4] * 0.5])  # [C, N, D]
    K = np.array([[100, 0, 20], [0, 100, 10], [0, 0, 1.0]])
    renders, alphas, meta = rasterization(*arrays, viewmats=np.stack([np.eye(4)] * 2), Ks=np.stack([K] * 2), width=40, height=20)
    assert renders.shape == (2, 20, 40, 3)
    assert alphas.shape == (2, 20, 40, 1)
    np.testing.assert_allclose(renders[1], renders[0] * 0.5, atol=1e-6)
    assert meta["isect_offsets"].shape == (2, 2, 3)
    assert meta["flatten_ids"].max() == 1
    assert meta["tiles_per_gauss"].sum() == len(meta["flatten_ids"])


def test_nothing_to_see():
    nothing = [np.zeros((0, *s), np.float32) for s in ((3,), (4,), (3,), (), (3,))]
    image, alpha, _ = view_of(nothing, backgrounds=BACKGROUND[None])
    assert alpha.max() == 0
    np.testing.assert_allclose(image, np.broadcast_to(BACKGROUND, image.shape))


def test_read_only_and_float64_arrays_are_taken():
    arrays = [a.astype(np.float64) for a in one()]
    for a in arrays:
        a.flags.writeable = False
    assert view_of(arrays)[1].max() == pytest.approx(0.8, abs=1e-6)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="tile_size"):
        view_of(one(), tile_size=8)
    with pytest.raises(ValueError, match="render_mode"):
        view_of(one(), render_mode="depth")
    arrays = one()
    arrays[4] = np.zeros((1, 4, 3), np.float32)
    with pytest.raises(ValueError, match="coefficients"):
        view_of(arrays, sh_degree=2)
