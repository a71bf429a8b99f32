"""Ray casting, shadows, composition by depth, surfaces and sensors."""

import numpy as np
import pytest

from runtime.problem import InputError
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


SIMPLE = ("SPHERE", "CAPSULE", "CYLINDER", "BOX")
SHAPES = (*SIMPLE, "ELLIPSOID", "MESH")


def star(spec: mujoco.MjSpec, name: str, rng: np.random.Generator) -> str:
    """A mesh of 200 or so triangles that is not convex: a ball with dents."""
    turns, rises = 16, 8
    around, up = np.meshgrid(np.arange(turns) * 2 * np.pi / turns, np.linspace(0, np.pi, rises), indexing="ij")
    points = np.stack([np.sin(up) * np.cos(around), np.sin(up) * np.sin(around), np.cos(up)], -1).reshape(-1, 3)
    corner = np.arange(turns * rises).reshape(turns, rises)
    after = np.roll(corner, -1, 0)
    a, b, c, d = (m.ravel() for m in (corner[:, :-1], after[:, :-1], after[:, 1:], corner[:, 1:]))
    triangles = np.concatenate([np.stack([a, d, c], -1)[:-1], np.stack([a, c, b], -1)])
    places = points * rng.uniform(0.05, 0.2, (len(points), 1))
    mesh = spec.add_mesh(name=name, uservert=places.ravel(), userface=triangles.ravel())
    mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
    return name


def tumbled(seed: int, kinds: tuple[str, ...] = SHAPES):
    """One body of solids of all `kinds` about the origin, its mass stated as a robot's link's is; a wall of no opacity."""
    rng = np.random.default_rng(seed)
    spec = mujoco.MjSpec()
    spec.add_material(name="paint", rgba=(0.9, 0.3, 0.1, 1))
    turn, reach, middle = rng.standard_normal(4), np.array((0.7, 0.2, -0.4)), np.zeros(3)
    mujoco.mju_rotVecQuat(middle, reach, turn / np.linalg.norm(turn))
    body = spec.worldbody.add_body(quat=turn, pos=-middle)
    body.explicitinertial, body.mass, body.ipos, body.inertia = True, 1.0, rng.uniform(-0.3, 0.3, 3), (0.1, 0.2, 0.25)
    for i, kind in enumerate(kinds * 3):
        size = rng.uniform(0.03, 0.15, 3) * (3 if kind == "PLANE" else 1)
        look: dict[str, object] = {"size": size, "quat": rng.standard_normal(4), "pos": reach + rng.uniform(-0.3, 0.3, 3)}
        look |= {"material": "paint"} if i % 4 == 0 else {"rgba": (*rng.uniform(0.2, 1, 3), 1)}
        look |= {"meshname": star(spec, f"star{i}", rng)} if kind == "MESH" else {}
        body.add_geom(type=getattr(mujoco.mjtGeom, f"mjGEOM_{kind}"), group=FOREGROUND_GROUP, **look)
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=(0.4, 0.4, 0.01), pos=reach, rgba=(1, 1, 1, 0), group=FOREGROUND_GROUP)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return model, data


def one_ray(model, data, start: np.ndarray, ray: np.ndarray) -> tuple[int, float, np.ndarray]:
    """What MuJoCo's ray meets in the foreground: geom (-1 none), range (inf none), normal."""
    wanted = np.zeros(mujoco.mjNGROUP, np.uint8)
    wanted[FOREGROUND_GROUP] = 1
    geom, normal = np.full(1, -1, np.int32), np.zeros(3)
    distance = mujoco.mj_ray(model, data, start, ray, wanted, True, -1, geom, normal)
    return int(geom[0]), distance if geom[0] >= 0 else np.inf, normal


@pytest.mark.parametrize("origin", [(-0.9, 0.1, 0.2), (0, 0, 1.1), (0.02, 0.01, -0.03)])  # the last one is inside some
def test_hits_are_those_of_one_ray_after_the_other(origin) -> None:
    start, met = np.array(origin, float), set()
    for seed, kinds in ((0, SIMPLE), (1, SIMPLE), (2, SHAPES), (3, (*SHAPES, "PLANE"))):
        model, data = tumbled(seed, kinds)
        targets = np.random.default_rng(seed).uniform(-0.4, 0.4, (400, 3))
        targets[:3, :2], targets[3:6, 0] = start[:2], start[0]  # along axes
        found = cast(model, data, start, targets - start, (FOREGROUND_GROUP,))
        for i, ray in enumerate(targets - start):
            geom, distance, normal = one_ray(model, data, start, ray)
            assert found.geom[i] == geom
            if geom >= 0:
                assert found.range[i] == pytest.approx(distance, abs=1e-7)
                assert abs(found.normal[i] @ normal) == pytest.approx(1, abs=1e-5)
                met.add(model.geom_type[geom])
    assert len(met) >= len(SHAPES)


@pytest.mark.parametrize("kinds", [SIMPLE, SHAPES])
def test_a_picture_is_what_single_rays_say(kinds) -> None:
    """Colours, light, shadow on itself and on the backdrop, depth against the backdrop: all by MuJoCo's own single rays."""
    camera = Camera("c", 24, 18, 33.0, look_at(np.array((-0.9, 0.3, 0.7)), np.zeros(3), UP))
    depth = np.where(np.arange(432) % 7 == 0, np.inf, np.linspace(0.6, 1.6, 432)).reshape(18, 24).astype(np.float32)
    grey = np.random.default_rng(0).uniform(0.2, 0.8, (18, 24, 3)).astype(np.float32)
    (model, data), lamp = tumbled(0, kinds), Lamp((0.5, 0.6, 1.2))
    one = Eye(model, camera, Backdrop(grey, grey * 0.5, depth), Look(lamp, color_gain=(1.2, 0.9, 0.8)), 1).light(data)
    bulb, other = np.array(lamp.position_m), grey.astype(np.float64)
    for (y, x), behind in np.ndenumerate(depth):
        ray = camera.rays()[y, x]
        geom, distance, normal = one_ray(model, data, camera.position, ray)
        if distance < behind:
            point, normal = camera.position + ray * distance, normal * -np.sign(normal @ ray)
            seen = one_ray(model, data, bulb, point + normal * 1e-3 - bulb)[1] > 1 - 2e-3
            rgb = model.geom_rgba[geom, :3] if model.geom_matid[geom] < 0 else (0.9, 0.3, 0.1)
            light = lambert(lamp, point[None], normal[None], np.array([seen]))[0]
            other[y, x] = np.minimum(np.array(rgb) * (1.2, 0.9, 0.8), 1) * light
        elif behind < np.inf and one_ray(model, data, bulb, camera.position + ray * behind - bulb)[1] <= 1 - 2e-3:
            other[y, x] *= 0.5
    assert np.allclose(one, other, atol=1e-5)
    assert (np.abs(one - grey).max(-1) > 0.01).mean() > 0.2


def test_what_cannot_be_drawn_is_said() -> None:
    spec = mujoco.MjSpec()
    spec.add_hfield(name="hill", nrow=2, ncol=2, size=(1, 1, 1, 1), userdata=[0, 0, 1, 1])
    spec.worldbody.add_geom(name="ground", type=mujoco.mjtGeom.mjGEOM_HFIELD, hfieldname="hill", group=FOREGROUND_GROUP)
    with pytest.raises(InputError, match="`ground`, which is a hfield"):
        Eye(spec.compile(), DOWN, Backdrop(*[np.zeros((33, 33, 3), np.float32)] * 2, np.ones((33, 33), np.float32)), Look())


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
    model, data = scene((BALL, FOREGROUND_GROUP), (Solid("rod", "capsule", (0.3, 0.2, 0.3), (0.02, 0.2)), 1))
    far = Backdrop(np.zeros((33, 33, 3), np.float32), np.zeros((33, 33, 3), np.float32), np.full((33, 33), np.inf))
    camera = Camera("c", 33, 33, 60.0, look_at(np.array((0.9, -0.4, 0.8)), np.zeros(3), UP))
    eye = Eye(model, camera, far, Look(), samples=1)
    hits = cast(model, data, camera.position, camera.rays().reshape(-1, 3), (FOREGROUND_GROUP,))
    assert np.array_equal(eye.light(data).any(-1).ravel(), hits.geom >= 0)


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
