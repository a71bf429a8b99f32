"""The CPU rasteriser against the plain float64 reference, and the semantics that it shares with gsplat."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.splat.backward import frame_backward
from runtime.splat.rasterize import Scene, rasterization, render_frame
from runtime.splat.reference import normals, render, tensors
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


@pytest.mark.parametrize("mode", ["classic", "antialiased"])
def test_every_output_matches_the_reference(mode):
    """Two cameras with backgrounds of their own: colours, expected depth, normals, small Gaussians that eps2d widens."""
    g = random_gaussians(1500, seed=7, sh_degree=2, scales=(0.002, 0.05))
    views = np.stack([np.eye(4), tilted_view()])
    backgrounds = np.stack([BACKGROUND, BACKGROUND[::-1]])
    arrays = (g.means, g.quats, g.scales, g.opacities, g.sh)
    how: dict[str, Any] = {
        "sh_degree": 2,
        "backgrounds": backgrounds,
        "render_mode": "RGB+ED",
        "rasterize_mode": mode,
        "return_normals": True,
    }
    renders, alphas, meta = rasterization(*arrays, views, np.stack([INTRINSICS] * 2), WIDTH, HEIGHT, **how)
    assert renders.shape == (2, HEIGHT, WIDTH, 4)
    for c, view in enumerate(views):
        exact = tensors(*arrays, view, INTRINSICS)
        back = torch.as_tensor(backgrounds[c].copy(), dtype=torch.float64)
        antialiased = mode == "antialiased"
        image, depth, alpha = render(exact, WIDTH, HEIGHT, sh_degree=2, background=back, antialiased=antialiased)
        exact[4] = normals(exact[0], exact[1], exact[5])
        upright, _, _ = render(exact, WIDTH, HEIGHT, antialiased=antialiased)
        np.testing.assert_allclose(renders[c, ..., :3], image, atol=1e-2)
        np.testing.assert_allclose(alphas[c, ..., 0], alpha, atol=1e-2)
        seen = alpha.numpy() > 0.1
        np.testing.assert_allclose(renders[c, ..., 3][seen], (depth / alpha).numpy()[seen], atol=1e-2)
        np.testing.assert_allclose(meta["normals"][c], upright, atol=1e-2)
        rms = [np.sqrt(np.mean((a - b.numpy()) ** 2)) for a, b in ((renders[c, ..., :3], image), (meta["normals"][c], upright))]
        assert max(rms) < 1e-5
    if mode == "antialiased":
        assert (meta["opacities"] <= g.opacities).all()
        assert meta["opacities"][0].max() > 0.5
        assert alphas.mean() < 0.9 * rasterization(*arrays, views[:1], INTRINSICS[None], WIDTH, HEIGHT, sh_degree=2)[1].mean()


@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize("degree", [None, 1])
def test_what_is_not_finite_is_left_out_and_told(column, degree):
    g = random_gaussians(60, seed=2, sh_degree=1)
    g.means[[3, 40]] = 0, 0, 2  # in view: of what is not, colours are never read
    arrays = [g.means, g.quats, g.scales, g.opacities, g.sh if degree else g.sh[:, 0]]
    good = [np.delete(a, [3, 40], axis=0) for a in arrays]
    for row, value in ((3, np.nan), (40, np.inf)):
        arrays[column][row, ...] = value
    with pytest.warns(RuntimeWarning, match="2 of 60 Gaussians"):
        image, alpha, _ = view_of(arrays, sh_degree=degree)
    expected = view_of(good, sh_degree=degree)
    np.testing.assert_array_equal(image, expected[0])
    np.testing.assert_array_equal(alpha, expected[1])


@given(
    st.integers(0, 10**6),
    st.sampled_from([1e-7, 1e-3, 1.0, 1e3, 1e7]),
    st.sampled_from([1e-7, 1e-2, 1e2, 1e7]),
    st.sampled_from([-3.0, 0.011, 1.0, 1e4]),
    st.sampled_from([0.0, 0.3]),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_shape_anywhere_gives_a_picture(seed, long, thin, z, eps2d):
    """Needles, discs, grains and giants, behind, at and before the camera: within bounds, and what the reference says."""
    r = np.random.default_rng(seed)
    n = 6
    scales = np.stack([np.full(n, long), np.full(n, thin), r.uniform(0.01, 0.1, n)], axis=1)
    means = np.stack([*r.uniform(-0.3, 0.3, (2, n)), np.full(n, z) + r.uniform(0, 0.1, n)], axis=1)
    arrays = [means, r.normal(size=(n, 4)), scales, r.uniform(0.1, 1, n), r.uniform(0, 1, (n, 3))]
    arrays = [a.astype(np.float32) for a in arrays]
    image, alpha, meta = view_of(arrays, eps2d=eps2d)
    assert ((alpha >= 0) & (alpha <= 1)).all()
    assert ((image >= 0) & (image <= 1.0001)).all()
    assert z > 0 or not meta["radii"].any()
    if eps2d and max(long, thin) <= 1e3 and z >= 1:
        K = np.array([[100, 0, 16.5], [0, 100, 16.5], [0, 0, 1.0]])
        exact = render(tensors(*arrays, np.eye(4), K), 33, 33)[0].numpy()
        assert np.median(np.abs(image - exact)) < 1e-3


def test_threads_change_nothing(monkeypatch):
    g = random_gaussians(3000, seed=5, sh_degree=3)
    scene = Scene(g.means, g.quats, g.scales, g.opacities, g.sh, tilted_view(), INTRINSICS)
    g_image = np.random.default_rng(0).normal(size=(HEIGHT, WIDTH, 4)).astype(np.float32)
    found = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        frame = render_frame(scene, WIDTH, HEIGHT, sh_degree=3, with_depth=True)
        found.append([*vars(frame).values(), *vars(frame_backward(frame, scene, g_image, sh_degree=3, with_depth=True)).values()])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


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


def test_memory_is_used_again_and_what_is_kept_is_left_alone():
    g = random_gaussians(500, seed=9, sh_degree=0)
    scene = Scene(g.means, g.quats, g.scales, g.opacities, g.sh, np.eye(4), INTRINSICS)
    kept = render_frame(scene, WIDTH, HEIGHT, sh_degree=0).image[10:20, ::2]  # a view is all that is left of its frame
    before = kept.copy()
    places = []
    for k in range(6):
        other = scene._replace(colors=scene.colors + k + 1)
        frame = render_frame(other, WIDTH, HEIGHT, sh_degree=0)
        places.append(frame.image.ctypes.data)
        del frame
    np.testing.assert_array_equal(kept, before)
    assert len(set(places)) < 3
