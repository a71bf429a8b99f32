"""Build a twin from a capture and its splat: support, placement of the robot, collision, backdrops, preview."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from runtime.bound.known_scene import KnownScene
from runtime.bound.twin_camera import TwinCamera
from runtime.out import Out
from runtime.problem import InputError, Problem
from runtime.sim.parts.mj import Spec, mujoco
from runtime.sim.parts.solid import COLLISION_GROUP
from runtime.sim.pixels.camera import Camera, look_at
from runtime.sim.pixels.contact_sheet import side_by_side
from runtime.sim.pixels.eye import Eye, where_now
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.scene import build_scene
from runtime.sim.tasks import kind_of
from runtime.sim.twin.cameras import refuse_blind, stood
from runtime.sim.twin.clearing import NOTHING, Clearing, before_and_after, emptied
from runtime.sim.twin.collision import add_parts, reach_box, solid_field, support_box, things, write_parts
from runtime.sim.twin.haze import far_from_points, in_sight
from runtime.sim.twin.inventory import Told, how_posed, inventory
from runtime.sim.twin.overlay import MOST, overlay
from runtime.sim.twin.placement import in_footprint, placements
from runtime.sim.twin.props import Prop, add_props, settle
from runtime.sim.twin.shots import Shot, evenly, read_shots
from runtime.sim.twin.support_picture import draw_support
from runtime.sim.twin.surface import DepthView, fuse
from runtime.sim.twin.twin import Twin, camera_picture, over_support, save_backdrops, splat_behind
from runtime.splat.gaussians import Gaussians
from runtime.splat.ply import read_ply, write_ply
from runtime.splat.renderer import Renderer
from runtime.splat.scene import SceneFacts, Support

RING = 16  # views around a place that has no photos
VIEW_PX = 160  # width of the depth pictures that are fused
PREVIEW_SCALE = 6
OPAQUE = 0.5  # Gaussians above this opacity are surfaces, when a capture has no points of its own
FEWEST_POINTS = 50
PLACES, ENOUGH_SEEN, SEEN_WIDTH = 400, 0.97, 32  # places tried in order until this share of the work area is seen


def support_from_world(support: Support, scale: float) -> np.ndarray:
    """The similarity [4, 4] from scene units to metres in the support's frame."""
    matrix = np.eye(4)
    matrix[:3, :3] = scale * support.rotation.T
    matrix[:3, 3] = -scale * support.rotation.T @ support.origin
    return matrix


def captured_points(capture: Path, gaussians: Gaussians) -> np.ndarray:
    """Points [N, 3] of what is there, scene units: sparse points of the capture, or the splat's opaque Gaussians."""
    path = capture / "points.npz"
    if path.exists():
        with np.load(path) as stored:
            if len(stored["xyz"]) >= FEWEST_POINTS:
                return stored["xyz"].astype(float)
    return gaussians.means[gaussians.opacities > OPAQUE].astype(float)


def area_seen(renderer: Renderer, gaussians: Gaussians, twin: Twin) -> float:
    """Share of the work area's pixels, in a small picture, at which the camera sees down to the support; the least of those that
    stand still."""
    shares = [1.0]
    for camera in (one.resized(SEEN_WIDTH, SEEN_WIDTH * 3 // 4) for one in twin.cameras if one.on is None):
        _, depth = camera_picture(renderer, gaussians, twin, camera)
        _, height, area = over_support(depth, camera, twin.task.area)
        shares.append(float((np.abs(height[area]) < twin.snap.free_m).mean()) if area.any() else 0.0)
    return min(shares)


UNKNOWN = KnownScene()


@dataclass(frozen=True)
class Wanted:
    """What a twin is to be: all of it but where it stands, and how that is found."""

    assumed: Twin
    least_on_support: float  # share of the points near the focus that lie on the support
    voxel_m: float  # of the collision mesh
    views: int  # most depth pictures that are fused
    cameras: Mapping[str, TwinCamera]  # as people say them
    named: bool = False  # whether people named the cameras
    clearing: Clearing = NOTHING
    known: KnownScene = UNKNOWN
    props: Sequence[Prop] = ()


def find_support(facts: SceneFacts, points: np.ndarray, shots: list[Shot], least: float, out: Out) -> Support:
    """The support of the scene, when it is one; `points` [N, 3] in scene units.

    Raises:
        InputError: R251 there is none, R252 too few points lie on it.
    """
    if not facts["support"]:
        message = "the scene has no support that the robot could stand on"
        raise InputError(Problem("R251", message, "capture a table or a floor from above", "source"))
    support = Support.from_json(facts["support"])
    if support.inlier_fraction >= least:
        return support
    local = (points - support.origin) @ support.rotation * float(facts["scale_m_per_unit"])
    axis, picture = int(np.argmax(support.half_extent_m)), out.aside("support.png")
    draw_support(picture, points, local[:, 2], local[:, axis], float(support.half_extent_m[axis]), shots)
    share = f"{support.inlier_fraction:.1%} of the points that the capture is about lie on the support that was found"
    help = "look at the picture: capture a table or a floor from above and all around, or, where it is right, set"
    help = f"{help} `stages: {{twin: {{least_on_support: ...}}}}` below that share"
    raise InputError(Problem("R252", f"only {share}, and {least:.1%} are needed: {picture}", help, "least_on_support"))


def named(shots: list[Shot], photo: str, key: str) -> Shot:
    """The photo of that name, which stands under that key of the spec.

    Raises:
        InputError: R253 there is none.
    """
    if found := next((shot for shot in shots if photo in (shot.name, shot.file.name, shot.file.stem)), None):
        return found
    names = [shot.name for shot in shots]
    near = get_close_matches(photo, names, 3, 0.3) or names[:3]
    message = f"the capture has no photo `{photo}`"
    help = f"name one that was registered, such as `{'`, `'.join(near)}`" if near else "it was made of a splat, without photos"
    raise InputError(Problem("R253", message, help, key))


def depth_views(renderer: Renderer, gaussians: Gaussians, twin: Twin, shots: list[Shot]) -> list[DepthView]:
    """What the splat shows from the photos' places, in the base frame."""
    views = []
    for shot in (one.reduced(VIEW_PX) for one in shots):
        rgb, depth, _ = renderer.render(gaussians, shot.c2w, shot.K, shot.width, shot.height)
        views.append(DepthView(depth * twin.scale, rgb, shot.K, twin.from_splat(shot.c2w)))
    return views


def looks_around(twin: Twin) -> list[Shot]:
    """Places to look from where no photos say any: rings at two heights round the work area, in the splat's coordinates."""
    middle = np.array((twin.task.area.center_x_m, 0.0, 0.0))
    found = []
    for i in range(RING):
        turn, height = 2 * np.pi * i / RING, (0.35, 0.7)[i % 2]
        eye = middle + np.array((0.9 * np.cos(turn), 0.9 * np.sin(turn), height))
        camera = Camera("around", VIEW_PX, VIEW_PX * 3 // 4, 60.0, look_at(eye, middle, np.array((0.0, 0.0, 1.0))))
        pose = twin.splat_camera(camera)
        found.append(Shot(i, "", Path(), camera.width, camera.height, camera.K, pose, False))
    return found


def add_optics(spec: Spec, twin: Twin) -> None:
    """The twin's cameras and lamp, for viewers and converters that open `scene.xml`: MuJoCo's look along -z, with y up."""
    for camera in twin.cameras:
        quat = np.zeros(4)
        mujoco.mju_mat2Quat(quat, (camera.c2w[:3, :3] @ np.diag((1.0, -1.0, -1.0))).ravel())
        fov = float(np.degrees(2 * np.arctan(0.5 * camera.height / camera.K[1, 1])))
        size = [camera.width, camera.height]
        body = spec.body(camera.on) if camera.on else spec.worldbody
        body.add_camera(name=camera.name, pos=camera.position, quat=quat, fovy=fov, resolution=size)
    lamp = twin.look.lamp
    down = {"pos": lamp.position_m, "dir": (0, 0, -1), "type": mujoco.mjtLightType.mjLIGHT_POINT, "castshadow": True}
    spec.worldbody.add_light(name="lamp", diffuse=lamp.rgb, ambient=lamp.ambient, **down)


def build_twin(wanted: Wanted, capture: Path, scene: Path, out: Out, renderer: Renderer) -> dict[str, Any]:
    """Write all files of the twin artifact; return its metrics.

    Raises:
        InputError: R251, R252: see `find_support`; R253: see `named`; R254: see `Clearing`; R277: see `refuse_blind`.
    """
    facts: SceneFacts = json.loads((scene / "scene.json").read_text())
    gaussians, shots, assumed = read_ply(scene / "splat.ply"), read_shots(capture), wanted.assumed
    points = captured_points(capture, gaussians)
    support = find_support(facts, points, shots, wanted.least_on_support, out)
    to_support = support_from_world(support, float(facts["scale_m_per_unit"]))
    points = points @ to_support[:3, :3].T + to_support[:3, 3]
    means = gaussians.means.astype(float) @ to_support[:3, :3].T + to_support[:3, 3]
    wanted.clearing.check(means)
    adrift, cleared = far_from_points(means, points), wanted.clearing.goes(means)
    points = points[~wanted.clearing.goes(points)]
    brought = [prop.corners() for prop in wanted.props if not prop.in_base]
    avoided = np.concatenate([points, *brought])
    task, physics, said = assumed.task, assumed.physics, wanted.cameras
    keys = {name: f"cameras.{name}.photo" if wanted.named else "camera_photo" for name in said}
    matched = {name: named(shots, one.photo, keys[name]) for name, one in said.items() if one.photo}

    def standing(base: np.ndarray) -> tuple[Twin, np.ndarray]:
        """The twin with the robot at `base`, and which Gaussians are haze then, or cleared away."""
        twin = replace(assumed, splat_to_twin=np.linalg.inv(base) @ to_support)
        twin = replace(twin, cameras=stood(twin, said, matched, base))
        if wanted.known.lamp_position_m is not None:
            hung = (np.array(wanted.known.lamp_position_m) - base[:3, 3]) @ base[:3, :3]
            twin = replace(twin, look=replace(twin.look, lamp=replace(twin.look.lamp, position_m=tuple(hung.tolist()))))
        local = (means - base[:3, 3]) @ base[:3, :3]
        hidden = np.zeros(len(means), bool)
        for camera in twin.cameras:
            hidden |= in_footprint(local, task.area) if camera.on else in_sight(local, camera.position, task.area)
        return twin, cleared | adrift & hidden

    best, base, twin, haze = -1.0, np.eye(4), None, np.zeros(0, bool)
    for candidate in placements(avoided, support.half_extent_m, task.area, PLACES):
        tried, hidden = standing(candidate)
        seen = area_seen(renderer, gaussians.select(~hidden), tried)
        if seen > best + 1e-9:
            best, base, twin, haze = seen, candidate, tried, hidden
        if best >= ENOUGH_SEEN:
            break
    assert twin is not None
    if wanted.named:
        refuse_blind(twin)
    points = (points - base[:3, 3]) @ base[:3, :3]
    everything, gaussians = gaussians.select(~haze | cleared), gaussians.select(~haze)
    np.save(out.path("haze"), np.flatnonzero(haze).astype(np.int32))

    solids = [support_box()]
    spec = build_scene(task, physics, solids, COLLISION_GROUP, robot=twin.robot)
    box = reach_box(wanted.voxel_m)
    views = depth_views(renderer, gaussians, twin, evenly(shots, wanted.views) or looks_around(twin))
    distance, seen, _ = fuse(views, box, wanted.voxel_m)
    field = solid_field(distance, seen, box, wanted.voxel_m, task.area, points)
    if wanted.clearing:
        field[wanted.clearing.goes(box.centers(wanted.voxel_m) @ base[:3, :3].T + base[:3, 3]).reshape(field.shape)] = 1.0
    found = things(field, box, wanted.voxel_m, points)
    parts = [part for thing in found for part in thing.parts]
    add_parts(spec, write_parts(out.path("collision"), parts), out.root, physics.friction)
    props = [prop.seen_from(base) for prop in wanted.props]
    if props:
        add_props(spec, props, out.path("assets"), out.root, physics.friction)
    add_optics(spec, twin)
    spec.modelname = "twin"
    model = spec.compile()
    if settle(spec, model, props, twin.robot):
        model = spec.compile()
    out.path("scene").write_text(spec.to_xml())
    out.path("twin").write_text(json.dumps(twin.to_json(), indent=1) + "\n")
    save_backdrops(out.path("background"), twin, renderer, gaussians)
    if any(one.on for one in twin.cameras):
        write_ply(out.path("splat"), gaussians)

    start = kind_of(task).draw_start(task, 0, "demo", robot=twin.robot)
    bench = Bench(model, physics, task, twin.control_hz, [start], robot=twin.robot)
    behind, shown = splat_behind(renderer, gaussians, twin), []
    for camera in twin.cameras:
        big = camera.resized(camera.width * PREVIEW_SCALE, camera.height * PREVIEW_SCALE)
        shown.append(Eye(model, big, behind if big.on else behind(big), twin.look).see(bench.datas[0], np.random.default_rng(0)))
    Image.fromarray(side_by_side([picture[None] for picture in shown])[0]).save(out.path("preview"))
    first = where_now(twin.cameras[0], model, bench.datas[0])
    metrics: dict[str, Any] = {}
    if wanted.clearing:
        big = first.resized(first.width * PREVIEW_SCALE, first.height * PREVIEW_SCALE)
        rgb, far = camera_picture(renderer, gaussians, twin, big)
        before, had = camera_picture(renderer, everything, twin, big)
        lost = emptied(had, far, big, task.area)
        before_and_after(out.path("cleared"), before, rgb, lost)
        metrics |= {"cleared_gaussians": int(cleared.sum()), "cleared_holes": round(float(lost.mean()), 4)}
    stated = {name for name, value in wanted.known if value is not None}
    told = Told(said, wanted.named, how_posed(capture), stated, props)
    elements = inventory(twin, support.inlier_fraction, found, base, told)
    out.path("inventory").write_text(json.dumps(elements, indent=1) + "\n")
    held_out = [shot for shot in shots if shot.held_out] or shots
    compared = list(matched.values()) or evenly(held_out, MOST)
    laid = overlay(out.path("overlay"), renderer, gaussians, twin, compared, capture) if shots else {}
    _, depth = camera_picture(renderer, gaussians, twin, first)
    _, height, _ = over_support(depth, first, task.area)
    on_support = np.isfinite(depth) & (np.abs(height) < twin.snap.near_m)
    return metrics | {
        "scale_m_per_unit": float(facts["scale_m_per_unit"]),
        "collision_things": len(found),
        "collision_parts": len(parts),
        "collision_watertight": all(thing.mesh.is_watertight for thing in found),
        "on_support": round(support.inlier_fraction, 3),
        "area_seen": round(best, 3),
        "overlay": laid,
        "haze": int((haze & ~cleared).sum()),
        "points_in_the_way": int(np.count_nonzero(in_footprint(points, task.area))),
        "view_on_support": round(float(on_support.mean()), 3),
        "view_empty": round(float(1 - np.isfinite(depth).mean()), 3),
        "support_noise_m": round(float(np.std(height[on_support])) if on_support.any() else 0.0, 4),
    }
