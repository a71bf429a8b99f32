"""Both renderers are found by name, declare their licence, and are light to import."""

import subprocess
import sys

import numpy as np
import pytest

from runtime.backend import info, load
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
