"""3DGS PLY files: what is written is read, and damage is named."""

import subprocess
import sys

import numpy as np
import pytest

from runtime.problem import InputError
from runtime.splat.ply import read_ply, write_ply
from runtime.splat.ply_header import read_header
from tests.runtime.splat.scene import random_gaussians


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
@pytest.mark.parametrize("ascii", [False, True])
def test_what_is_written_is_read(tmp_path, degree, ascii):
    wrote = random_gaussians(50, seed=degree, sh_degree=degree)
    write_ply(tmp_path / "a.ply", wrote, ascii=ascii)
    read = read_ply(tmp_path / "a.ply")
    for name in ("means", "quats", "scales", "opacities", "sh"):
        np.testing.assert_allclose(getattr(read, name), getattr(wrote, name), rtol=1e-5, atol=1e-6, err_msg=name)


def test_rest_coefficients_stand_channel_by_channel(tmp_path):
    wrote = random_gaussians(1, seed=0, sh_degree=1)
    write_ply(tmp_path / "a.ply", wrote, ascii=True)
    names = [line.split()[2] for line in (tmp_path / "a.ply").read_text().splitlines() if line.startswith("property")]
    values = dict(zip(names, map(float, (tmp_path / "a.ply").read_text().splitlines()[-1].split()), strict=True))
    assert values["f_rest_0"] == pytest.approx(float(wrote.sh[0, 1, 0]), rel=1e-6)  # red, first of three
    assert values["f_rest_3"] == pytest.approx(float(wrote.sh[0, 1, 1]), rel=1e-6)  # green


def test_other_orders_and_types_and_elements(tmp_path):
    header = "ply\nformat ascii 1.0\ncomment made by hand\nelement camera 1\nproperty list uchar int ids\n"
    header += "element vertex 1\n"
    columns = {"opacity": 0, "rot_1": 0, "rot_0": 2, "rot_2": 0, "rot_3": 0, "scale_2": 0, "scale_1": 0, "scale_0": 1}
    columns |= {"f_dc_2": 3, "f_dc_1": 2, "f_dc_0": 1, "z": 6, "y": 5, "x": 4}
    header += "".join(f"property double {name}\n" for name in columns) + "end_header\n"
    (tmp_path / "a.ply").write_text(header + "2 0 1\n" + " ".join(map(str, columns.values())) + "\n")
    read = read_ply(tmp_path / "a.ply")
    assert read.means.tolist() == [[4, 5, 6]]
    assert read.sh.tolist() == [[[1, 2, 3]]]
    assert read.quats.tolist() == [[2, 0, 0, 0]]
    np.testing.assert_allclose(read.scales, [[np.e, 1, 1]], rtol=1e-6)
    assert read.opacities.tolist() == [0.5]


def _refused(path) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        read_ply(path)
    (problem,) = caught.value.problems
    assert problem.help
    assert problem.key == "source.path"
    return problem.code, problem.message


@pytest.mark.parametrize("ascii", [False, True])
def test_a_truncated_file_is_refused(tmp_path, ascii):
    write_ply(tmp_path / "a.ply", random_gaussians(20, seed=0), ascii=ascii)
    content = (tmp_path / "a.ply").read_bytes()
    for keep in (len(content) - 30, 200, 3):
        (tmp_path / "b.ply").write_bytes(content[:keep])
        assert _refused(tmp_path / "b.ply")[0] == "R215"


def test_a_mesh_is_refused(tmp_path):
    header = "ply\nformat binary_little_endian 1.0\nelement vertex 1\n"
    header += "".join(f"property float {n}\n" for n in "xyz")
    (tmp_path / "mesh.ply").write_bytes(header.encode() + b"end_header\n" + bytes(12))
    code, message = _refused(tmp_path / "mesh.ply")
    assert code == "R216"
    assert "no Gaussian properties" in message


def test_foreign_files_are_refused(tmp_path):
    (tmp_path / "a.ply").write_text("not a ply")
    assert _refused(tmp_path / "a.ply")[0] == "R215"
    (tmp_path / "a.ply").write_text("ply\nformat binary_odd_endian 1.0\nelement vertex 1\nend_header\n")
    assert "binary_odd_endian" in _refused(tmp_path / "a.ply")[1]
    assert _refused(tmp_path / "absent.ply")[0] == "R215"
    assert _refused(tmp_path)[0] == "R215"


def test_values_that_are_not_finite_are_refused(tmp_path):
    broken = random_gaussians(5, seed=0)
    broken.means[2, 1] = np.nan
    write_ply(tmp_path / "a.ply", broken)
    assert "not finite" in _refused(tmp_path / "a.ply")[1]


def test_the_header_needs_only_the_standard_library(tmp_path):
    write_ply(tmp_path / "a.ply", random_gaussians(7, seed=0, sh_degree=2))
    code = "import sys; from pathlib import Path; from runtime.splat.ply_header import read_header\n"
    code += "h = read_header(Path(sys.argv[1])); print(h.vertex.count, h.sh_degree, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.ply")], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["7", "2", "False"]


def test_a_real_splat(shared_data):
    path = shared_data / "splats" / "playbot" / "playbot.ply"
    assert read_header(path).vertex.count == 31000
    splat = read_ply(path)
    assert (len(splat), splat.sh_degree) == (31000, 2)
    assert 0.5 < splat.opacities.mean() < 1
