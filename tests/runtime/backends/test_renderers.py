"""Both renderers are found by name, declare their licence, and are light to import."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import gpu_parity
from runtime.backend import info, load
from runtime.backends import renderer_gsplat
from runtime.backends.renderer_gsplat import GsplatRenderer
from runtime.backends.renderer_numba import NumbaRenderer
from runtime.problem import InputError
from tests.runtime.splat.scene import random_gaussians


@pytest.mark.parametrize(("name", "needs_gpu"), [("numba", False), ("gsplat", True)])
def test_found_by_name(name, needs_gpu):
    found = info("renderer", name)
    assert (found.licence, found.needs_gpu) == ("Apache-2.0", needs_gpu)
    assert found.version


def test_importing_them_is_light():
    code = "import sys, runtime.backends.renderer_numba, runtime.backends.renderer_gsplat\n"
    code += "print([m for m in ('numpy', 'numba', 'torch', 'gsplat') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_render_looks_along_the_pose():
    gaussians = random_gaussians(1, seed=0, sh_degree=0)
    gaussians.means[0] = (0, 0, 5)
    gaussians.scales[:] = 0.2
    gaussians.opacities[:] = 0.9
    gaussians.sh[:] = 1.0
    pose = np.eye(4)
    pose[:3, 3] = (0, 0, 2)  # three units before it
    K = np.array([[50, 0, 20.5], [0, 50, 15.5], [0, 0, 1.0]])
    rgb, depth, alpha = NumbaRenderer().render(gaussians, pose, K, 40, 30, (0, 0, 1))
    assert (rgb.shape, depth.shape, alpha.shape) == ((30, 40, 3), (30, 40), (30, 40))
    assert rgb.dtype == depth.dtype == alpha.dtype == np.float32
    assert depth[15, 20] == pytest.approx(3, rel=1e-5)
    assert np.isinf(depth[alpha < 0.5]).all()
    assert np.isfinite(depth[alpha >= 0.5]).all()
    np.testing.assert_allclose(rgb[0, 0], [0, 0, 1])
    assert rgb[15, 20] == pytest.approx(0.9 * (0.5 + 0.28209) + 0.1 * np.array([0, 0, 1]), abs=1e-2)


def test_gsplat_says_what_it_misses():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    assert load("renderer", "gsplat") is GsplatRenderer
    with pytest.raises(InputError) as caught:
        GsplatRenderer().render(random_gaussians(1, 0), np.eye(4), np.eye(3), 8, 8)
    assert caught.value.problems[0].code == "B315"
    assert "numba" in caught.value.problems[0].help


@pytest.fixture
def gsplat_on_cpu(monkeypatch):
    """Gsplat's name and signature (1.5.3, what we use of it) over our own arithmetic, as if there were CUDA."""
    torch = pytest.importorskip("torch")

    def rasterization(
        means, quats, scales, opacities, colors, viewmats, Ks, width, height, near_plane=0.01, far_plane=1e10, radius_clip=0.0,
        eps2d=0.3, sh_degree=None, packed=True, tile_size=16, backgrounds=None, render_mode="RGB", rasterize_mode="classic",
    ):  # fmt: skip
        assert not packed
        assert all(isinstance(t, torch.Tensor) for t in (means, quats, scales, opacities, colors, viewmats, Ks))
        given = [t.numpy() for t in (means, quats, scales, opacities, colors, viewmats, Ks)]
        back = None if backgrounds is None else backgrounds.numpy()
        how = {"sh_degree": sh_degree, "backgrounds": back, "render_mode": render_mode, "rasterize_mode": rasterize_mode}
        renders, alphas, meta = NumbaRenderer().rasterization(*given, width, height, **how)
        return torch.from_numpy(renders), torch.from_numpy(alphas), meta

    monkeypatch.setitem(sys.modules, "gsplat", SimpleNamespace(rasterization=rasterization, __version__="1.5.3"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(renderer_gsplat, "DEVICE", "cpu")


def test_gsplat_is_called_by_the_names_that_it_has(gsplat_on_cpu):
    gaussians, K = random_gaussians(50, 0), np.array([[50, 0, 20], [0, 50, 15], [0, 0, 1.0]])
    for a, b in zip(
        *(r.render(gaussians, np.eye(4), K, 40, 30, (0, 0, 1)) for r in (GsplatRenderer(), NumbaRenderer())), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    scene = (*NumbaRenderer().arrays(gaussians), np.eye(4)[None], K[None], 40, 30)
    with pytest.raises(InputError, match=r"installed gsplat 1\.5\.3 takes no argument `return_normals`"):
        GsplatRenderer().rasterization(*scene, sh_degree=0, return_normals=True)


def test_the_parity_script_compares_and_says_what_is_missing(gsplat_on_cpu, capsys, monkeypatch):
    assert gpu_parity.main(["--count", "300", "--seconds", "0.05"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in gpu_parity.CASES)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "gsplat", None)
    assert gpu_parity.main([]) == 2
    assert "no module `gsplat`" in capsys.readouterr().out
