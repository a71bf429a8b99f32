"""Ray casting, shadows, composition by depth, surfaces and sensors."""

import numpy as np
import pytest

from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.robot import FOREGROUND_GROUP
from runtime.sim.parts.solid import SITE_GROUP, Solid, add_solids
from runtime.sim.pixels.backdrop import Backdrop, site_backdrop
from runtime.sim.pixels.camera import Camera, look_at
from runtime.sim.pixels.eye import Eye, Look
from runtime.sim.pixels.raycast import Lamp, cast, lambert, lit
from runtime.sim.pixels.sensor import Sensor
from runtime.sim.pixels.texture import Material, albedo

UP = np.array((0.0, 0.0, 1.0))
TABLE = Solid("table", "box", (0, 0, -0.05), (2, 2, 0.05))
BALL = Solid("ball", "sphere", (0, 0, 0.2), (0.1,), rgb=(1, 0, 0))
DOWN = Camera("down", 33, 33, 60.0, look_at(np.array((0, 0, 1.0)), np.array((0, 1e-9, 0)), np.array((0, 1.0, 0))))


def scene(*parts: tuple[Solid, int]):
    spec = mujoco.MjSpec()
    for solid, group in parts:
        add_solids(spec, [solid], group, 1.0)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return model, data


def test_rays_pass_pixel_centres_and_come_back() -> None:
    camera = Camera("c", 8, 6, 50.0, look_at(np.array((0.3, -1, 0.8)), np.zeros(3), UP))
    points = camera.position + camera.rays() * 1.7
    local = (points - camera.position) @ camera.c2w[:3, :3]
    assert np.allclose(local[..., 2], 1.7)
    uv = local @ camera.K.T
    u, v = np.meshgrid(np.arange(8) + 0.5, np.arange(6) + 0.5)
    assert np.allclose(uv[..., 0] / uv[..., 2], u)
    assert np.allclose(uv[..., 1] / uv[..., 2], v)


def test_a_camera_may_look_straight_down() -> None:
    c2w = look_at(np.array((0.2, 0, 0.9)), np.array((0.2, 0, 0)), UP)
    assert np.allclose(c2w[:3, :3], np.array(((0, -1, 0), (-1, 0, 0), (0, 0, -1))).T)  # x, ahead of the robot, is up


def test_depth_and_normals_agree_with_geometry() -> None:
    model, data = scene((BALL, FOREGROUND_GROUP), (TABLE, SITE_GROUP))
    rays = DOWN.rays().reshape(-1, 3)
    hits = cast(model, data, DOWN.position, rays, (FOREGROUND_GROUP, SITE_GROUP))
    points = DOWN.position + rays * hits.range[:, None]
    on_ball = hits.geom == model.geom("ball").id
    assert on_ball.any()
    assert not on_ball.all()
    assert np.allclose(np.linalg.norm(points[on_ball] - (0, 0, 0.2), axis=1), 0.1)
    assert np.allclose(hits.normal[on_ball], (points[on_ball] - (0, 0, 0.2)) / 0.1, atol=1e-6)
    assert np.allclose(points[~on_ball, 2], 0)
    middle = hits.range.reshape(33, 33)[16, 16]
    assert middle == pytest.approx(0.7)  # range is z-depth


def test_a_ball_shades_the_table_below_it_and_nothing_else() -> None:
    model, data = scene((BALL, FOREGROUND_GROUP), (TABLE, SITE_GROUP))
    points = np.array(((0, 0, 0.0), (0.5, 0, 0.0), (0.09, 0, 0.0), (0.13, 0, 0)))
    assert lit(model, data, Lamp((0, 0, 5)), points, (FOREGROUND_GROUP,)).tolist() == [False, True, False, True]


def test_lambert_light_falls_with_the_cosine() -> None:
    lamp = Lamp((0, 0, 1), (0.6,) * 3, (0.2,) * 3)
    light = lambert(lamp, np.array(((0, 0, 0.0), (1.0, 0, 0))), np.array((UP, UP)), np.ones(2, bool))
    assert np.allclose(light[0], 0.8)
    assert np.allclose(light[1], 0.2 + 0.6 * np.sqrt(0.5))


@pytest.fixture
def eye_over_table():
    """An eye that looks down at a red ball, with a grey backdrop at a depth that a test chooses."""

    def make(depth_m: float, samples: int = 1) -> np.ndarray:
        model, data = scene((BALL, FOREGROUND_GROUP))
        grey = np.full((33, 33, 3), 0.5, np.float32)
        backdrop = Backdrop(grey, grey * 0.5, np.full((33, 33), depth_m, np.float32))
        return Eye(model, DOWN, backdrop, Look(Lamp((2, 0, 2))), samples).light(data)

    return make


def test_the_foreground_is_in_front_of_a_far_backdrop_and_behind_a_near_one(eye_over_table) -> None:
    assert eye_over_table(1.0)[16, 16, 1] == 0  # red, no green
    assert np.all(eye_over_table(0.5) == 0.5)


def test_the_foreground_casts_a_shadow_on_the_backdrop(eye_over_table) -> None:
    image = eye_over_table(1.0)
    dimmed = np.all(image == 0.25, axis=-1)
    assert dimmed.any()
    assert np.all(image[0, 0] == 0.5)


def test_more_samples_smooth_edges_and_change_little_else(eye_over_table) -> None:
    rough, smooth = eye_over_table(1.0), eye_over_table(1.0, samples=3)
    assert len(np.unique(smooth)) > len(np.unique(rough))
    assert np.abs(rough - smooth).mean() < 0.02


def test_culling_changes_no_pixel() -> None:
    """The pixels that an eye casts are a superset of those that the foreground covers."""
    model, data = scene((BALL, FOREGROUND_GROUP), (Solid("rod", "capsule", (0.3, 0.2, 0.3), (0.02, 0.2)), 1))
    far = Backdrop(np.zeros((33, 33, 3), np.float32), np.zeros((33, 33, 3), np.float32), np.full((33, 33), np.inf))
    camera = Camera("c", 33, 33, 60.0, look_at(np.array((0.9, -0.4, 0.8)), np.zeros(3), UP))
    eye = Eye(model, camera, far, Look(), samples=1)
    hits = cast(model, data, camera.position, camera.rays().reshape(-1, 3), (FOREGROUND_GROUP,))
    covered = np.flatnonzero(hits.geom >= 0)
    assert set(covered) <= set(eye._candidates(data))
    assert np.array_equal(np.flatnonzero(eye.light(data).any(-1).ravel()), covered)


def test_a_site_backdrop_shows_surfaces_where_they_are() -> None:
    model, data = scene((TABLE, SITE_GROUP), (BALL, SITE_GROUP))
    plain = {"table": Material((0.2, 0.4, 0.6), (0.2, 0.4, 0.6)), "ball": Material((1, 0, 0), (1, 0, 0))}
    view = site_backdrop(model, data, plain, DOWN, Lamp((0, 0, 50)), samples=1)
    assert view.depth_m[16, 16] == pytest.approx(0.7)
    assert view.depth_m[0, 0] == pytest.approx(1.0)
    assert view.rgb[0, 0] / view.rgb[0, 0].sum() == pytest.approx(np.array((0.2, 0.4, 0.6)) / 1.2, abs=0.01)
    assert np.all(view.shaded <= view.rgb + 1e-6)


@pytest.mark.parametrize("pattern", ["plain", "grain", "tiles", "speckle", "checker", "stripes", "cloth"])
def test_surfaces_are_in_range_deterministic_and_patterned(pattern) -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (2000, 3)) * (1, 1, 0)
    normals = np.tile(UP, (2000, 1))
    material = Material((0.2, 0.3, 0.4), (0.8, 0.7, 0.6), pattern, 0.07, 3)
    colors = albedo(material, points, normals)
    assert np.all((colors >= 0.2 - 1e-9) & (colors <= 0.8 + 1e-9))
    assert np.array_equal(colors, albedo(material, points, normals))
    assert colors[:, 0].std() > 0.01


def test_a_sensor_exposes_clips_and_adds_noise_of_the_given_size() -> None:
    light = np.full((40, 40, 3), 0.4, np.float32)
    plain = Sensor().expose(light, np.random.default_rng(0))
    assert np.all(plain == 102)
    bright = Sensor(gain=(3.0, 1.0, 0.5)).expose(light, np.random.default_rng(0))
    assert bright[0, 0].tolist() == [255, 102, 51]
    noisy = Sensor(noise_sd=5).expose(light, np.random.default_rng(0)).astype(float)
    assert noisy.std() == pytest.approx(5, rel=0.1)
    dark = Sensor(vignetting=0.5).expose(light, np.random.default_rng(0))
    assert dark[0, 0, 0] < 0.6 * dark[20, 20, 0]
