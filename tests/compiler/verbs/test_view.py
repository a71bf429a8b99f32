"""`simkiln view`: a page of what is built of a location, which a real browser draws as our renderer does."""

import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from compiler.cli import main
from compiler.graph.expand import expand
from compiler.project.load import load_project
from compiler.run.emit import job
from runtime.backends.renderer_numba import NumbaRenderer
from runtime.build.execute import execute
from runtime.sim.parts.mj import mujoco
from runtime.sim.pixels.camera import Camera
from runtime.splat.gaussians import Gaussians, rgb_to_sh
from runtime.splat.ply import read_ply, write_ply
from runtime.store.store import Store
from runtime.view.packed import pack
from tests.conftest import REPOSITORY
from tests.runtime.report.browser import needs_browser
from tests.runtime.view.devtools import Page

WIDTH, HEIGHT = 480, 360
ROBOT = "tasks: [press-button]\napproaches: [untrained, baseline]\nbaseline: baseline\nseeds: [0, 1]\ntrials: {twin: 10}\n"


def _table(path: Path) -> None:
    """A coloured table of 2 m with a block on it, 3,000 Gaussians of degree 1, z up."""
    r = np.random.default_rng(3)
    xy = r.uniform(-1, 1, (3000, 2))
    block = np.abs(xy - [0.55, -0.5]).max(axis=1) < 0.2
    z = np.where(block, r.uniform(0, 0.4, 3000), 0)
    rgb = np.stack([0.5 + 0.4 * xy[:, 0], 0.5 + 0.4 * xy[:, 1], np.where(block, 0.9, 0.2)], axis=1)
    sh = np.concatenate([rgb_to_sh(rgb)[:, None], r.normal(size=(3000, 3, 3)) * 0.05], axis=1)
    scales = np.where(block[:, None], 0.03, [0.05, 0.05, 0.004])
    quats = np.tile([1.0, 0, 0, 0], (3000, 1))
    write_ply(path, Gaussians(np.column_stack([xy, z]), quats, scales, np.full(3000, 0.9), sh))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one location, whose splat lies in its root; nothing is built."""
    root = tmp_path_factory.mktemp("place")
    for name in ("specs/locations", "specs/studies", "data"):
        (root / name).mkdir(parents=True)
    _table(root / "data" / "table.ply")
    source = "source: {kind: splat, root: here, path: table.ply, up: [0, 0, 1], scale_m_per_unit: 1.0}"
    stages = "stages: {coverage: {frames: 8}}"
    title = "title: 'A \"table\" </script><img src=x onerror=alert(1)>'"
    (root / "specs/locations/table.yaml").write_text(f"{title}\n{source}\n{stages}\n")
    (root / "specs/studies/look.yaml").write_text("title: Look\nlocations: [table]\ntargets: [coverage]\n")
    (root / "simkiln.local.yaml").write_text("roots: {here: data}\n")
    return root


@pytest.fixture
def there(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    return place


def _build(root: Path, study: str, *stages: str) -> None:
    project = load_project(root)
    for node in expand(project, study).nodes.values():
        if node.stage.name in stages:
            execute(job(project, node), Store(project.store), quiet=True)


def _facts(page: Path) -> dict:
    return json.loads(page.read_text().partition('id="facts">')[2].partition("</script>")[0])


def test_what_is_not_built_is_told(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", "table"]) == 1
    assert capsys.readouterr().err == "the splat of `table` is not built: run `simkiln run look`\n"
    (there / "specs/studies/other.yaml").write_text("title: Other\nlocations: [second]\ntargets: [coverage]\n")
    shutil.copy(there / "specs/locations/table.yaml", there / "specs/locations/second.yaml")
    assert main(["view", "table", "--study", "other"]) == 1
    assert "study `other` does not plan it" in capsys.readouterr().err
    assert main(["view", "tabel"]) == 2
    assert "did you mean `table`?" in capsys.readouterr().err
    _build(there, "look", "capture", "splat")
    assert main(["view", "table", "--most", "500"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("build/view/table.html  500 of 3,000 Gaussians, ")
    assert "`--most 3000` shows all" in said
    assert "not shown: camera paths: simkiln run look" in said
    assert "not shown: the robot in the twin: study look does not plan it" in said
    page = there / "build/view/table.html"
    assert "500 of 3,000 Gaussians" in page.read_text()
    assert "A &#34;table&#34; &lt;/script&gt;&lt;img src=x" in page.read_text()
    assert "<img src=x" not in page.read_text()
    assert "Copyright (c) 2011-2026 PlayCanvas" in page.read_text()  # its licence goes where it goes
    assert [layer["label"] for layer in _facts(page)["layers"]] == ["support, with 10 cm up"]


def test_a_thinned_splat_keeps_what_is_seen_most() -> None:
    r = np.random.default_rng(0)
    opacities, scales = r.uniform(0.1, 1, 40), np.full((40, 3), 0.1)
    opacities[7], scales[9], scales[11] = 0.001, 1e-3, 1.0
    splat = Gaussians(r.normal(size=(40, 3)), np.ones((40, 4)), scales, opacities, np.zeros((40, 1, 3)))
    packed = pack(splat, 30)
    assert (packed.total, packed.shown) == (40, 30)
    assert len(packed.base64) == -(-30 * sum(width for _, width in packed.columns) // 3) * 4
    kept = pack(splat.select(np.array([7, 9, 11])), 1)
    assert kept.base64 == pack(splat.select(np.array([11])), 1).base64


@needs_browser
def test_a_browser_draws_what_our_renderer_does(there: Path) -> None:
    _build(there, "look", "capture", "splat", "coverage")
    assert main(["view", "table"]) == 0
    page = there / "build/view/table.html"
    facts = _facts(page)
    view = next(i for i, v in enumerate(facts["views"]) if v["group"].startswith("path orbit"))
    with Page(page, f"bare&view={view}", WIDTH, HEIGHT, there / "profile") as open_page:
        open_page.wait_for("document.body.dataset.drawn === 'all'")
        shown = np.asarray(Image.open(io.BytesIO(open_page.picture())).convert("RGB")) / 255
        assert open_page.printed == []
        assert open_page.value("performance.getEntriesByType('resource').filter(e => !e.name.startsWith('blob:')).length") == 0
        open_page.value("list.value = '', list.dispatchEvent(new Event('change')), document.body.classList.remove('bare')")
        open_page.value("document.getElementById('layer-splat').click()")
        open_page.value("layers.forEach(layer => { layer.box.checked = true }), look()")
        open_page.wait_for("document.body.dataset.drawn === 'all'")
        drawn = open_page.value("layers.every(layer => layer.lines.length + layer.points.length > 0)")
        lines = np.asarray(Image.open(io.BytesIO(open_page.picture())).convert("RGB"))
    assert drawn
    assert (np.abs(lines[:, 280:].astype(int) - [255, 241, 118]).sum(axis=2) < 40).sum() > 20  # paths, in their yellow
    fx, fy, cx, cy, width, _ = facts["lenses"][facts["views"][view]["lens"]]
    zoom, pose = WIDTH / width, np.eye(4)
    pose[:3] = np.reshape(facts["views"][view]["c2w"], (3, 4))
    K = np.array([[fx * zoom, 0, cx * zoom], [0, fy * zoom, cy * zoom], [0, 0, 1]])
    splat = read_ply(there / "data" / "table.ply")
    ours, _, alpha = NumbaRenderer().render(splat, pose, K, WIDTH, HEIGHT, facts["background"])
    error = (ours - shown)[4:-4, 4:-4]
    assert alpha.mean() > 0.15
    assert 10 * np.log10(1 / np.mean(error**2)) > 36
    assert np.abs(error.mean(axis=(0, 1))).max() < 0.01


BOX = "assets:\n  box: {path: models/box.stl, licence: MIT, frame: base, at_m: [0.4, 0.3, 0.03], rgb: [0, 0, 1]}\n"


def test_the_robot_stands_where_the_twin_has_it(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the twin leaves the store with the model that the location brings, cameras and lights."""
    (there / "models").mkdir()
    trimesh.creation.box((0.06,) * 3).export(there / "models/box.stl")
    with (there / "specs/locations/table.yaml").open("a") as spec:
        spec.write(BOX)
    (there / "specs/studies/robot.yaml").write_text(f"title: Robot\nlocations: [table]\nlevel: 0.8\n{ROBOT}")
    for kind in ("tasks", "approaches"):
        shutil.copytree(REPOSITORY / "specs" / kind, there / "specs" / kind)
    _build(there, "robot", "capture", "splat", "twin")
    assert main(["view", "table", "--study", "robot"]) == 0
    assert "the robot in the twin" not in capsys.readouterr().out
    facts = _facts(there / "build/view/table.html")
    (robot,) = [layer for layer in facts["layers"] if layer["label"] == "robot and objects: table/press-button"]
    corners = np.reshape(robot["lines"], (-1, 3))[:-16]  # the last eight are the camera's pyramid
    assert np.abs(corners[:, :2]).max() < 1  # on the table,
    assert -0.05 < corners[:, 2].min() < 0.02  # from its surface
    assert 0.15 < corners[:, 2].max() < 0.6  # to the height of a small arm
    assert facts["views"][-1]["group"] == "cameras of the twin"
    assert main(["export", "table", "--study", "robot"]) == 0
    assert "build/export/table/press-button/scene.xml" in capsys.readouterr().out
    out = there / "build/export/table/press-button"
    model = mujoco.MjModel.from_xml_path(str(out / "scene.xml"))
    assert model.body("asset/box").pos == pytest.approx((0.4, 0.3, 0.03))
    assert main(["export", "twin/table/press-button", "--study", "robot", "--to", "out/twin"]) == 0
    source = Path("out/twin/SOURCE.md").read_text()
    assert "- `splat/table` (" in source
    assert "- asset `box` of `table`: MIT" in source
    assert (there / "out/twin/scene.xml").read_bytes() == (out / "scene.xml").read_bytes()
    assert main(["export", "twin/table/press-button", "--study", "robot", "--to", "out/twin"]) == 2  # nothing is written over
    assert main(["export", "table", "--usd"]) == 1
    assert "pip install mujoco-usd-converter" in capsys.readouterr().err
    python = usd_python()
    (there / "simkiln.local.yaml").write_text(f"roots: {{here: data}}\nenvironments: {{usd: {python}}}\n")
    assert main(["export", "table", "--usd"]) == 0
    facts = json.loads((out / "twin.json").read_text())
    camera = Camera.from_json(facts["cameras"][0])
    rays = (np.column_stack([PIXELS, np.ones(3)]) @ np.linalg.inv(camera.K).T) @ camera.c2w[:3, :3].T
    look = LOOK.replace("POINTS", repr((camera.position + 0.5 * rays).tolist()))
    told = json.loads(subprocess.check_output([python, "-c", look, out / "twin.usdc"], text=True))
    assert np.allclose(told["pixels"], PIXELS, atol=0.01)  # what GfCamera projects where, of points that our camera has there
    assert told["up"] == "Z"
    assert told["camera"] == pytest.approx(camera.position.tolist())
    assert told["lamp"] == pytest.approx(facts["lamp"]["position_m"])
    assert told["ambient"] == pytest.approx(max(facts["lamp"]["ambient"]))
    assert told["joints"] == 6
    assert told["rigid"] >= 7


def usd_python() -> Path:
    """The Python of `SIMKILN_USD_PYTHON`, else of `.envs/usd` here."""
    found = Path(os.environ.get("SIMKILN_USD_PYTHON", REPOSITORY / ".envs/usd/bin/python"))
    if not found.is_file():
        pytest.skip("no Python with mujoco-usd-converter here (300 MB): `.envs/usd`, or SIMKILN_USD_PYTHON")
    return found


PIXELS = [[10.5, 7.5], [50.0, 40.0], [32.0, 24.0]]
LOOK = """
import json, sys
import mujoco_usd_converter
from pxr import Gf, Usd, UsdGeom, UsdLux, UsdPhysics
stage = Usd.Stage.Open(sys.argv[1])
prims = list(stage.Traverse())
camera = next(p for p in prims if p.IsA(UsdGeom.Camera))
seen = UsdGeom.Camera(camera).GetCamera(0)
place = UsdGeom.Xformable(camera).ComputeLocalToWorldTransform(0).ExtractTranslation()
at = {p.GetName(): p for p in prims if p.HasAPI(UsdLux.LightAPI)}
lamp = UsdGeom.Xformable(at["lamp"]).ComputeLocalToWorldTransform(0).ExtractTranslation()
view = seen.frustum.ComputeViewMatrix() * seen.frustum.ComputeProjectionMatrix()
facts = json.load(open(sys.argv[1].replace("twin.usdc", "twin.json")))["cameras"][0]
pixels = []
for x, y, z in POINTS:
    p = view.Transform(Gf.Vec3d(x, y, z))
    pixels.append([(p[0] + 1) / 2 * facts["width"], (1 - p[1]) / 2 * facts["height"]])
print(json.dumps({
    "pixels": pixels, "up": UsdGeom.GetStageUpAxis(stage), "camera": list(place), "lamp": list(lamp),
    "ambient": UsdLux.DomeLight(at["ambient"]).GetIntensityAttr().Get(),
    "joints": sum(p.IsA(UsdPhysics.RevoluteJoint) for p in prims), "rigid": sum(p.HasAPI(UsdPhysics.RigidBodyAPI) for p in prims),
}))
"""
