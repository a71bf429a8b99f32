"""Assets as parts of a scene: their colours, and whether they fall, slide and give way as what is said of them demands."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from runtime.assets.shapes import read_prop
from runtime.bound.asset import Asset
from runtime.problem import InputError
from runtime.sim.parts.mj import Data, Model, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import FOREGROUND_GROUP
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.solid import COLLISION_GROUP
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera, look_at
from runtime.sim.pixels.eye import Eye, Look
from runtime.sim.pixels.raycast import cast
from runtime.sim.scene.scene import build_scene
from runtime.sim.tasks.press_button.setup import PressButton
from runtime.sim.twin.collision import support_box
from runtime.sim.twin.props import Prop, add_props, settle

TASK = PressButton(kind="press_button", instruction="press the red button")
HALF = 0.03
MUG = """<mujoco><compiler meshdir="parts"/>
<asset><mesh name="m" file="cube.stl" scale="1 1 .5"/><texture type="2d" file="x.png"/></asset>
<worldbody><body pos="0 0 .015"><freejoint/><geom type="mesh" mesh="m" rgba="0 0 1 1" mass=".2"/>
<geom type="sphere" size=".01" pos="0 0 .02" mass=".05" rgba="1 0 0 1"/></body></worldbody></mujoco>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cube = trimesh.creation.box((2 * HALF,) * 3)
    (tmp_path / "parts").mkdir()
    cube.export(tmp_path / "parts" / "cube.stl")
    (tmp_path / "mug.xml").write_text(MUG)
    rows = [f"v {x} {y} {z}" for x, y, z in cube.vertices * 1000]  # millimetres
    faces = [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in cube.faces]
    (tmp_path / "cube.obj").write_text(
        "\n".join(["mtllib c.mtl", *rows, "usemtl red", *faces[:6], "usemtl blue", *faces[6:], ""])
    )
    (tmp_path / "c.mtl").write_text("newmtl red\nKd 1 0 0\nnewmtl blue\nKd 0 0 1\n")
    return tmp_path


def prop(folder: Path, path: str, **said: object) -> Prop:
    at = {"path": path, "licence": "CC0-1.0", "at_m": [0.35, 0.2, HALF], "frame": "base", "loose": True, "mass_kg": 0.3}
    return read_prop("thing", Asset.model_validate(at | said), folder)


def scene(folder: Path, *props: Prop) -> tuple[Model, Data]:
    spec = build_scene(TASK, Physics(), [support_box()], COLLISION_GROUP)
    (folder / "out").mkdir(exist_ok=True)
    add_props(spec, props, folder / "out", folder, 0.8)
    model = spec.compile()
    if settle(spec, model, props, SO101):
        model = spec.compile()
    return model, mujoco.MjData(model)


def test_materials_become_colours_and_units_metres(folder: Path) -> None:
    found = prop(folder, "cube.obj", scale=0.001)
    assert sorted(shown.rgb for shown in found.drawn) == [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0)]
    assert sum(m.volume for m in found.solid) == pytest.approx((2 * HALF) ** 3, rel=1e-3)
    assert {shown.rgb for shown in prop(folder, "cube.obj", scale=0.001, rgb=[0.1, 0.2, 0.3]).drawn} == {(0.1, 0.2, 0.3)}
    with pytest.raises(InputError, match=r"R258.*60 m large"):
        prop(folder, "cube.obj")


def test_a_texture_is_seen_as_it_was_painted(folder: Path) -> None:
    """Red above, blue below, green at the left: from the front, upright and not mirrored, also far away and through a file."""
    painted = np.zeros((64, 128, 3), np.uint8)
    painted[:32], painted[32:], painted[:, :32] = (255, 0, 0), (0, 0, 255), (0, 255, 0)
    Image.fromarray(painted).save(folder / "label.png")
    (folder / "l.mtl").write_text("newmtl label\nmap_Kd label.png\n")
    corners = "v -.1 -.01 0\nv .1 -.01 0\nv .1 -.01 .1\nv -.1 -.01 .1\nv 0 .03 .05\n"
    faces = "f 1/1 2/2 3/3\nf 1/1 3/3 4/4\nf 5/1 2/1 1/1\nf 5/1 3/1 2/1\nf 5/1 4/1 3/1\nf 5/1 1/1 4/1\n"
    (folder / "sign.obj").write_text(f"mtllib l.mtl\n{corners}vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nusemtl label\n{faces}")
    model, data = scene(folder, prop(folder, "sign.obj", at_m=[0.4, 0, 0], loose=False, mass_kg=None))
    mujoco.mj_forward(model, data)
    for away, wide in ((0.3, 48), (0.8, 8)):
        where = look_at(np.array((0.4, -away, 0.05)), np.array((0.4, 0, 0.05)), np.array((0, 0, 1.0)))
        camera = Camera("front", wide, wide // 2, float(np.degrees(2 * np.arctan(0.05 / (away - 0.01)))), where)
        grey = np.full((camera.height, camera.width, 3), 0.5, np.float32)
        nothing = Backdrop(grey, grey, np.full(grey.shape[:2], np.inf, np.float32))
        shown = Eye(model, camera, nothing, Look()).light(data)
        means = [shown[: len(shown) // 2], shown[len(shown) // 2 :]]
        right, left = [half[:, wide // 4 + 1 :].mean((0, 1)) for half in means], shown[:, : wide // 4 - 1].mean((0, 1))
        assert [int(np.argmax(light)) for light in (*right, left)] == [0, 2, 1]
        assert all(sorted(light)[1] < 0.1 * max(light) for light in (*right, left))


def test_an_mjcf_brings_its_meshes_its_colours_and_its_mass(folder: Path) -> None:
    found = prop(folder, "mug.xml", mass_kg=None)
    assert found.mass_kg == pytest.approx(0.25)
    assert [shown.rgb for shown in found.drawn] == [(0, 0, 1), (1, 0, 0)]
    (low, high) = found.drawn[0].mesh.bounds
    assert np.allclose(low, (-HALF, -HALF, 0))
    assert np.allclose(high, (HALF, HALF, HALF))
    model, data = scene(folder, found)
    body = model.body("asset/thing")
    assert body.mass[0] == pytest.approx(0.25)
    drawn = [i for i in range(model.ngeom) if model.geom_bodyid[i] == body.id and model.geom_group[i] == FOREGROUND_GROUP]
    assert len(drawn) == 2
    mujoco.mj_forward(model, data)
    above = data.xpos[body.id] + (0, 0, 0.5)
    hits = cast(model, data, above, np.array([[0, 0, -1.0]]), (FOREGROUND_GROUP,))
    assert hits.geom[0] == drawn[1]  # cameras see the ball on top


def test_a_thing_falls_slides_and_gives_way_as_said(folder: Path) -> None:
    """Rest on the surface within a millimetre; a slide of v squared over 2 mu g; deeper where it is softer."""
    depth = {}
    for softness, mu in ((0.02, 0.3), (0.02, 0.6), (0.2, None)):
        said = {"scale": 0.001, "softness_s": softness, "friction": mu, "at_m": [0.35, 0.2, HALF + 0.01]}
        model, data = scene(folder, prop(folder, "cube.obj", **said))
        mujoco.mj_forward(model, data)
        body = model.body("asset/thing")
        depth[softness] = HALF - data.xpos[body.id][2]
        if mu is None:  # friction sets in as slowly
            continue
        start, speed = data.xpos[body.id].copy(), 0.6
        data.qvel[body.dofadr[0]] = speed
        data.ctrl[:] = data.qpos[model.jnt_qposadr[model.actuator_trnid[:, 0]]]
        mujoco.mj_step(model, data, 250)
        slid = float(np.linalg.norm((data.xpos[body.id] - start)[:2]))
        assert slid == pytest.approx(speed**2 / (2 * mu * 9.81), rel=0.15)
    assert 0 <= depth[0.02] < 0.001 < depth[0.2] < HALF


def test_a_thing_in_mid_air_is_refused_and_one_that_stands_still_needs_no_mass(folder: Path) -> None:
    with pytest.raises(InputError, match=r"R259.*moved"):
        scene(folder, prop(folder, "cube.obj", scale=0.001, at_m=[0.35, 0.2, 0.3]))
    still = prop(folder, "parts/cube.stl", loose=False, mass_kg=None, at_m=[0.35, 0.2, 0.3], turn_deg=[0, 0, 45])
    model, data = scene(folder, still)
    mujoco.mj_step(model, data, 100)
    assert data.xpos[model.body("asset/thing").id] == pytest.approx((0.35, 0.2, 0.3))
    assert still.corners()[:, 0].max() == pytest.approx(0.35 + HALF * 2**0.5, abs=0.01)


def test_what_exporters_make_of_meshes_stands_in_a_twin(folder: Path) -> None:
    corners = "v 0 0 0\nv .1 0 0\nv 0 .1 0\nv 0 0 .1\nv .02 .02 .02\nv .04 .04 .04\n"
    outwards, inside_out = "f 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n", "f 1 2 3\nf 1 4 2\nf 1 3 4\nf 2 4 3\n"
    label = "usemtl blue\nf 2 3 4\n"
    speck = "usemtl blue\nf 1 5 6\n"
    for faces, pieces in ((outwards, 1), (inside_out, 1), (outwards + label, 2), (outwards + speck, 1)):
        (folder / "a.obj").write_text(f"mtllib c.mtl\n{corners}usemtl red\n{faces}")
        made = prop(folder, "a.obj")
        assert len(made.drawn) == pieces
        assert len(made.solid) == 1, "without cutting what is convex, which inside out had no end"
        spec = mujoco.MjSpec()
        (folder / "out").mkdir(exist_ok=True)
        add_props(spec, [made], folder / "out", folder, 0.8)
        assert spec.compile().ngeom == pieces + 1


@pytest.mark.parametrize("mass", ["inf", "1e308"])
def test_a_mass_that_nothing_has_is_refused(folder: Path, mass: str) -> None:
    (folder / "a.xml").write_text(f"<mujoco><worldbody><body><geom size='.05' mass='{mass}'/></body></worldbody></mujoco>")
    with pytest.raises(InputError, match="weighs"):
        prop(folder, "a.xml", mass_kg=None)
    with pytest.raises(InputError, match="weighs"):
        prop(folder, "a.xml", mass_kg=1e-300)
