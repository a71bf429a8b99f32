"""Recorded episodes seen through splats of robot and objects (row E), or in plain colours as a control; how both differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from runtime.sim.episodes.episodes import Episode, place
from runtime.sim.parts.mj import Data, Model, mujoco
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import GROUPS, Behind, Eye, Look, where_now
from runtime.sim.pixels.raycast import Lamp, cast
from runtime.sim.pixels.splat_eye import SplatEye, shell_of
from runtime.sim.pixels.texture import Material, albedo
from runtime.sim.twin.twin import Twin, eyes_of, over_support, splat_backdrop
from runtime.splat.metrics import psnr
from runtime.splat.renderer import Renderer

PLAIN = Lamp(rgb=(0.0, 0.0, 0.0), ambient=(1.0, 1.0, 1.0))
"""No lamp: every surface shows its own colour."""
SKY = 0.8
FLOOR = Material((0.42, 0.42, 0.42), (0.62, 0.62, 0.62), "checker", 0.1)


def seen_as_splats(model: Model, first: Episode, spacing_m: float, renderer: Renderer) -> Callable[..., SplatEye]:
    """What makes eyes that see robot and objects as Gaussians, lit as where an episode begins, of what an `Eye` is made of."""
    return partial(SplatEye, shell=shell_of(model, spacing_m), scanned=state_at(model, first, 0), renderer=renderer)


def splat_eyes(
    model: Model, twin: Twin, behind: Mapping[str, Behind], first: Episode, spacing_m: float, renderer: Renderer
) -> dict[str, SplatEye]:
    """The twin's cameras, which see robot and objects as Gaussians."""
    make = seen_as_splats(model, first, spacing_m, renderer)
    return {c.name: make(model, c, behind[c.name], twin.look, twin.samples) for c in twin.cameras}


def plain_eyes(model: Model, twin: Twin, behind: Mapping[str, Behind] | None) -> dict[str, Eye]:
    """The twin's cameras without light and shadow: plain colours over what is behind, or over an empty plane."""
    look = Look(PLAIN, twin.look.sensor)

    def shadowless(of: Backdrop) -> Backdrop:
        return replace(of, shaded=of.rgb)

    def under(camera: Camera) -> Behind:
        found = behind[camera.name] if behind else (lambda at: bare(at, twin))
        if isinstance(found, Backdrop):
            return shadowless(found)
        return (lambda at: shadowless(found(at))) if camera.on else shadowless(found(camera))

    return {c.name: Eye(model, c, under(c), look, twin.samples) for c in twin.cameras}


def lit_eyes(model: Model, twin: Twin) -> dict[str, Eye]:
    """The twin's cameras with its lamp and shadows, over an empty plane."""

    def under(camera: Camera) -> Backdrop:
        plane = bare(camera, twin)
        return splat_backdrop(plane.rgb, plane.depth_m, twin.shadow)

    return eyes_of(model, twin, {c.name: under if c.on else under(c) for c in twin.cameras})


def bare(camera: Camera, twin: Twin) -> Backdrop:
    """A chequered grey plane under a light sky: what a simulator shows that knows nothing of the place."""
    nothing = np.full((camera.height, camera.width), np.inf, np.float32)
    plane = over_support(nothing, camera, twin.task.area)[0].astype(np.float32)
    rgb, there = np.full((*nothing.shape, 3), SKY, np.float32), np.isfinite(plane)
    points = camera.position + camera.rays()[there] * plane[there][:, None]
    rgb[there] = albedo(FLOOR, points, np.broadcast_to((0.0, 0.0, 1.0), points.shape))
    return Backdrop(rgb, rgb, plane)


def state_at(model: Model, episode: Episode, step: int) -> Data:
    """The scene at a step of an episode, geometry alone."""
    data = mujoco.MjData(model)
    place(model, data, episode.qpos[step], episode.objects_m, episode.turns)
    return data


def spread_states(model: Model, episodes: Sequence[Episode], count: int) -> list[Data]:
    """So many states, evenly spread over all steps of all episodes."""
    steps = [(episode, step) for episode in episodes for step in range(len(episode))]
    return [state_at(model, *steps[i]) for i in np.linspace(0, len(steps) - 1, min(count, len(steps))).astype(int)]


def overlap(eye: SplatEye, states: Sequence[Data], geoms: Sequence[int] | None = None) -> float:
    """Intersection over union of two outlines, over all states: where Gaussians (of some `geoms`, else of all) make at least half
    of a sample of a pixel, and where a ray meets such a mesh first; nan where neither is ever seen."""
    both, either, wanted = 0, 0, np.unique(eye.shell.geom).tolist() if geoms is None else geoms
    for data in states:
        camera = where_now(eye.camera, eye.model, data)
        fine = camera.resized(camera.width * eye.samples, camera.height * eye.samples)
        met = cast(eye.model, data, fine.position, fine.rays().reshape(-1, 3), GROUPS).geom
        meshes, splats = np.isin(met, wanted).reshape(fine.height, fine.width), eye.share_of(wanted, data, eye.samples) >= 0.5
        both, either = both + int((meshes & splats).sum()), either + int((meshes | splats).sum())
    return both / either if either else float("nan")


def apart(path: Path, eyes: Mapping[str, Eye], meshes: Mapping[str, Eye], states: Sequence[Data]) -> float:
    """Write the pictures of states, below them those of the meshes and where they differ; the mean PSNR of the pairs in dB,
    without the cameras' noise."""
    rows, found = [], []
    for name, eye in eyes.items():
        ours = np.stack([np.clip(eye.light(data), 0, 1) for data in states])
        theirs = np.stack([np.clip(meshes[name].light(data), 0, 1) for data in states])
        found += [psnr(a, b) for a, b in zip(ours, theirs, strict=True)]
        rows += [np.concatenate(list(film), 1) for film in (ours, theirs, np.abs(ours - theirs))]
    width = max(row.shape[1] for row in rows)
    sheet = np.concatenate([np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0))) for row in rows])
    Image.fromarray((sheet * 255 + 0.5).astype(np.uint8)).save(path)
    return float(np.mean(found))
