"""What rows see: cameras that stand a little elsewhere, in another light, each row in its own."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from runtime.bound.randomise import Randomise
from runtime.coverage.checks import all_fit
from runtime.sim.episodes.episodes import Episode, Film, redraw
from runtime.sim.episodes.variants import Ranges, Variant, draw_variants, varied_backdrop, varied_look
from runtime.sim.parts.mj import Model
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import Behind, Eye
from runtime.sim.twin.twin import Embedded, Twin, read_behind, read_surroundings, splat_behind
from runtime.splat.renderer import Renderer

_STREAM = 83
VIEWS = 32
"""Places of cameras and surfaces behind, of which each episode has one: the splat is drawn from each once."""


class Looks:
    """Draws of what a row sees. Cameras of a twin that is not varied see what they see in evaluation."""

    def __init__(self, views: list[dict[str, Eye]], twin: Twin, randomise: Randomise | None) -> None:
        self._views, self._twin = views, twin
        self._ranges = _ranges(randomise) if randomise else None
        self._center = np.array((twin.task.area.center_x_m, 0.0, 0.0))

    def draw(self, rng: np.random.Generator) -> dict[str, Eye]:
        """The eyes of one row for one episode, by the names of the cameras."""
        eyes = self._views[rng.integers(len(self._views))]
        if self._ranges is None:
            return eyes
        drawn = draw_variants(self._ranges, self._twin.look.sensor.noise_sd, rng, len(eyes))
        found = zip(eyes.items(), drawn, strict=True)
        return {name: eye.under(varied_look(eye.look, v, self._center), v.lamp_gain) for (name, eye), v in found}


def _ranges(randomise: Randomise) -> Ranges:
    """What varies of light, surfaces and sensors; cameras are moved apart from it."""
    names = "light_turn_deg", "light_change", "light_tint", "exposure"
    found = replace(Ranges().times(randomise.of("appearance")), camera_shift_m=0.0, camera_turn_deg=0.0)
    drawn = {name: randomise.of(name) for name in names}
    return replace(found, **drawn | {"light_turn_deg": min(180.0, drawn["light_turn_deg"])})


def _surfaces(randomise: Randomise) -> dict[str, float]:
    """What varies of what is behind, from view to view."""
    ranges = Ranges().times(randomise.of("appearance"))
    return {"relight": ranges.relight, "retexture": ranges.retexture}


def _overlaid(behind: Behind, camera: Camera, variant: Variant) -> Behind:
    """What is behind, in other light and with other surfaces."""
    if isinstance(behind, Backdrop):
        return varied_backdrop(behind, camera, variant)
    if camera.on is None:
        return varied_backdrop(behind(camera), camera, variant)
    return lambda at: varied_backdrop(behind(at), at, variant)


def read_looks(
    folder: Path,
    twin: Twin,
    model: Model,
    randomise: Randomise | None = None,
    scene: Path | None = None,
    renderer: Renderer | None = None,
    views: int = VIEWS,
    seed: int = 0,
) -> Looks:
    """The looks of a published twin; where its cameras are to move, the splat of `scene` is drawn from `views` places.

    Raises:
        ValueError: cameras are to move, and there is no scene to draw.
    """
    behind: Mapping[str, Behind] = read_behind(folder, twin)
    named = "camera_shift_m", "camera_turn_deg", "fov_deg"
    moves = randomise is not None and any(randomise.of(name) for name in named)
    if randomise is None or not (moves or randomise.of("appearance")):
        return Looks([{c.name: Eye(model, c, behind[c.name], twin.look, twin.samples) for c in twin.cameras}], twin, randomise)
    splat: Callable[[Camera], Backdrop] | None = None
    if moves:
        if scene is None:
            raise ValueError("cameras that are moved need the splat: give the twin's `scene`, or set their ranges to 0")
        splat = splat_behind(renderer or Embedded(), read_surroundings(scene, folder), twin)
    surfaces = replace(Ranges(**dict.fromkeys(Ranges.__dataclass_fields__, 0.0)), **_surfaces(randomise))
    rng, found = np.random.default_rng([_STREAM, seed]), []
    shift, turn, wider = (randomise.of(name) for name in named)
    for _ in range(views):
        eyes, drawn = {}, draw_variants(surfaces, 0.0, rng, len(twin.cameras))
        for camera, variant in zip(twin.cameras, drawn, strict=True):
            moved = camera.moved(rng.uniform(-shift, shift, 3), np.radians(rng.uniform(-turn, turn, 3)))
            moved = moved.zoomed(rng.uniform(-wider, wider))
            light = _overlaid(splat or behind[camera.name], moved, variant)
            eyes[camera.name] = Eye(model, moved, light, twin.look, twin.samples)
        found.append(eyes)
    return Looks(found, twin, randomise)


def film_of(
    episode: Episode, looks: Looks, behind: Mapping[str, np.ndarray], redraws: int, seed: int
) -> tuple[Film, dict[str, Eye], int] | None:
    """An episode drawn in the first of its looks that passes the visual checks against what is `behind` (`all_fit`), with the
    eyes that saw it and how many looks were left out; none when each of `redraws` more fails."""
    for again in range(redraws + 1):
        rng = np.random.default_rng([_STREAM, seed, episode.start_index, again])
        eyes = looks.draw(rng)
        film = {name: redraw(eye, episode, rng) for name, eye in eyes.items()}
        if all_fit(film, behind, len(episode)):
            return film, eyes, again
    return None
