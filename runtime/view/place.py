"""A place as one value: from the folders of its artifacts to layers of lines and points, and views to look from."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from runtime.splat.ply import read_ply
from runtime.splat.scene import SceneFacts, Support
from runtime.view.packed import MOST, Packed, pack

SPLAT = "splat"
TWIN = "twin"
SHOWN = {"capture": "photos and sparse points", "coverage": "camera paths", "twin": "the robot in the twin"}
"""Kinds of artifacts: the one that is asked for, and those beside it with what is shown of them."""
MOST_POINTS = 20_000
_FRUSTUM = 0.12  # how far the pyramid of a camera reaches, of the scene's radius
_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
_EDGES = [(a, b) for a in range(8) for b in range(a) if np.abs(_CORNERS[a] - _CORNERS[b]).sum() == 2]


@dataclass(frozen=True)
class Part:
    """An artifact: what it stands for, and its folder."""

    name: str
    folder: Path


@dataclass
class Layer:
    """Something that can be shown or hidden: segments [S, 2, 3] and points [P, 3] in scene units."""

    label: str
    color: str
    on: bool = True
    lines: list[np.ndarray] = field(default_factory=list)
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))

    def to_json(self, number: int) -> dict[str, Any]:
        """JSON value, six digits a number."""
        segments = np.concatenate([np.reshape(s, (-1, 2, 3)) for s in self.lines]) if self.lines else np.zeros(0)
        return {"id": number, "label": self.label, "color": self.color, "on": self.on} | {
            "lines": _rounded(segments),
            "points": _rounded(self.points),
        }


@dataclass
class Place:
    """All that a page shows beside the splat's Gaussians."""

    up: list[float]
    center: list[float]
    radius: float
    layers: list[Layer] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    lenses: list[list[float]] = field(default_factory=list)  # fx, fy, cx, cy, width, height in pixels

    def see(self, group: str, name: str, c2w: np.ndarray, lens: list[float]) -> np.ndarray:
        """Add a view (c2w [4, 4], scene units); returns the segments of its pyramid."""
        if lens not in self.lenses:
            self.lenses.append(lens)
        self.views.append({"group": group, "name": name, "c2w": c2w[:3].ravel().tolist(), "lens": self.lenses.index(lens)})
        fx, fy, cx, cy, width, height = lens
        corners = np.array([[(u - cx) / fx, (v - cy) / fy, 1] for u, v in ((0, 0), (width, 0), (width, height), (0, height))])
        corners = corners * _FRUSTUM * self.radius @ c2w[:3, :3].T + c2w[:3, 3]
        eye = np.broadcast_to(c2w[:3, 3], (4, 3))
        return np.concatenate([np.stack([eye, corners], axis=1), np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)])

    def to_json(self) -> dict[str, Any]:
        """JSON value but for the splat."""
        layers = [layer.to_json(i) for i, layer in enumerate(self.layers)]
        facts = {"up": self.up, "center": self.center, "radius": self.radius, "views": self.views, "lenses": self.lenses}
        return facts | {"layers": layers}


def place_of(splat: Part, parts: Mapping[str, list[Part]], most: int = MOST) -> tuple[Place, Packed]:
    """What is built of a place.

    Args:
        splat: the artifact of its splat.
        parts: kind of artifact, as in `SHOWN` -> those of that kind that go with the splat.
        most: Gaussians that the page may hold.

    Raises:
        OSError, ValueError, KeyError, InputError: a file is damaged.
    """
    scene: SceneFacts = json.loads((splat.folder / "scene.json").read_text())
    place = Place(scene["up"], scene["center"], float(scene["radius"]))
    if scene["support"]:
        place.layers.append(_support(Support.from_json(scene["support"]), float(scene["scale_m_per_unit"])))
    readers: dict[str, Callable[[Place, Part], None]] = {"capture": _capture, "coverage": _coverage, "twin": _twin}
    for kind, read in readers.items():
        for part in parts.get(kind, []):
            read(place, part)
    return place, pack(read_ply(splat.folder / "splat.ply"), most)


def _support(support: Support, scale: float) -> Layer:
    half_x, half_y = support.half_extent_m / scale
    corners = np.array([[-half_x, -half_y, 0], [half_x, -half_y, 0], [half_x, half_y, 0], [-half_x, half_y, 0]])
    edges = np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)
    normal = np.array([[[0, 0, 0], [0, 0, 0.1 / scale]]])
    lines = np.concatenate([edges, normal]) @ support.rotation.T + support.origin
    return Layer("support, with 10 cm up", "#e57cf0", lines=[lines])


def _capture(place: Place, part: Part) -> None:
    said = json.loads((part.folder / "cameras.json").read_text())
    lenses = [_lens(camera) for camera in said["cameras"]]
    used, kept = Layer("photos", "#4fc3f7"), Layer("held-out photos", "#ffb74d")
    for held_out in (False, True):
        layer = kept if held_out else used
        for frame in said["frames"]:
            if frame["held_out"] == held_out:
                pose = np.array(frame["c2w"], float)
                layer.lines.append(place.see(layer.label, frame.get("name", frame["file"]), pose, lenses[frame["camera"]]))
    place.layers += [layer for layer in (used, kept) if layer.lines]
    if not said["frames"]:
        return  # a splat from elsewhere, whose points are its Gaussians
    with np.load(part.folder / "points.npz") as stored:
        xyz = stored["xyz"].astype(float)
    if len(xyz):
        shown = xyz[:: -(-len(xyz) // MOST_POINTS)]
        thinned = f"{len(shown):,} of " if len(shown) < len(xyz) else ""
        place.layers.append(Layer(f"{thinned}{len(xyz):,} sparse points", "#aed581", on=False, points=shown))


def _coverage(place: Place, part: Part) -> None:
    said = json.loads((part.folder / "poses.json").read_text())
    for name, clip in said["clips"].items():
        poses = np.array(clip["c2w"], float)
        path = np.stack([poses[:-1, :3, 3], poses[1:, :3, 3]], axis=1)
        for i in range(0, len(poses), max(1, len(poses) // 4)):
            place.see(f"path {name}", f"frame {i}", poses[i], _lens(said))
        place.layers.append(Layer(f"path {name}", "#fff176", lines=[path]))
    wanted = part.folder / "next_photos.json"
    views = json.loads(wanted.read_text())["views"] if wanted.exists() else []
    if views:
        layer = Layer("photos that would add most", "#69f0ae", on=False)
        layer.lines = [place.see(layer.label, f"{i + 1}", np.array(v["c2w"], float), _lens(said)) for i, v in enumerate(views)]
        place.layers.append(layer)


def _twin(place: Place, part: Part) -> None:
    from runtime.sim.parts.mj import mujoco
    from runtime.sim.pixels.eye import where_now
    from runtime.sim.twin.twin import read_model, read_twin

    twin, model = read_twin(part.folder), read_model(part.folder)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    back = np.linalg.inv(twin.splat_to_twin)

    def boxes(geoms: Iterable[int]) -> list[np.ndarray]:
        """Segments of the boxes around geoms, scene units."""
        found = []
        for g in geoms:
            center, half = model.geom_aabb[g].reshape(2, 3)
            corners = (center + _CORNERS * half) @ data.geom_xmat[g].reshape(3, 3).T + data.geom_xpos[g]
            found.append((corners @ back[:3, :3].T + back[:3, 3])[np.array(_EDGES)])
        return found

    finite = [g for g in range(model.ngeom) if model.geom_type[g] != mujoco.mjtGeom.mjGEOM_PLANE]
    moving = [g for g in finite if model.body_weldid[model.geom_bodyid[g]] != 0]
    still = [g for g in finite if g not in set(moving)]
    place.layers.append(Layer(f"robot and objects: {part.name}", "#ff8a80", lines=boxes(moving)))
    place.layers.append(Layer(f"what they may bump into: {part.name}", "#90a4ae", on=False, lines=boxes(still)))
    for camera in (where_now(one, model, data) for one in twin.cameras):
        K = camera.K
        lens = [float(v) for v in (K[0, 0], K[1, 1], K[0, 2], K[1, 2], camera.width, camera.height)]
        pyramid = place.see("cameras of the twin", f"{camera.name}: {part.name}", twin.splat_camera(camera), lens)
        place.layers[-2].lines.append(pyramid)


def _lens(said: Mapping[str, Any]) -> list[float]:
    return [float(said[key]) for key in ("fl_x", "fl_y", "cx", "cy", "width", "height")]


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{v:.6g}") for v in values.ravel().tolist()]


def facts(place: Place, packed: Packed) -> dict[str, Any]:
    """All that the page's script reads, but the Gaussians' bytes."""
    splat = {key: value for key, value in asdict(packed).items() if key != "base64"}
    return place.to_json() | {"splat": splat, "background": [0.125, 0.14, 0.155]}
