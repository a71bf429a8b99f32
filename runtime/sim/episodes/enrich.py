"""Draw recorded demos again as variants: background from the splat at the moved camera, foreground cast anew."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from runtime.coverage.checks import Checked, Limits, check_variant
from runtime.coverage.video import read_video, write_video
from runtime.sim.episodes.episodes import Episode, Film, redraw
from runtime.sim.episodes.variants import Ranges, Variant, draw_variant, draw_variants, varied_backdrop, varied_look, vary_picture
from runtime.sim.parts.mj import Model
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import Eye
from runtime.sim.twin.twin import Refine, Twin, splat_behind
from runtime.splat.gaussians import Gaussians
from runtime.splat.renderer import Renderer

SPREAD = 8
_STREAM = {"demo": 51, "clip": 52}


def variant_films(
    episode: Episode,
    model: Model,
    twin: Twin,
    renderer: Renderer,
    gaussians: Gaussians,
    ranges: Ranges,
    draws: Iterable[int],
    seed: tuple[int, int],
    refine: Refine | None = None,
) -> Iterator[tuple[Film, list[Camera]]]:
    """Variants of one demo, one for each of the numbered `draws`: pictures by camera, and the cameras as they were moved. `seed`
    is (stage seed, demo)."""
    for k in draws:
        rng = np.random.default_rng([_STREAM["demo"], *seed, k])
        variants = draw_variants(ranges, twin.look.sensor.noise_sd, rng, len(twin.cameras))
        eyes = varied_eyes(variants, model, twin, renderer, gaussians, refine)
        yield {eye.camera.name: redraw(eye, episode, rng) for eye in eyes}, [eye.camera for eye in eyes]


def spread_draws(ranges: Ranges, count: int, seed: tuple[int, int]) -> list[int]:
    """Which `count` of eight times as many draws lie furthest from each other and from the camera as it stands, by how they move
    and turn the first camera: the farthest point next, again and again (Gonzalez 1985)."""
    streams = [np.random.default_rng([_STREAM["demo"], *seed, k]) for k in range(SPREAD * count)]
    drawn = [draw_variant(ranges, 0.0, rng) for rng in streams]
    largest = max(ranges.camera_shift_m, 1e-12), max(np.radians(ranges.camera_turn_deg), 1e-12)
    moves = np.array([np.concatenate([v.camera_shift_m / largest[0], v.camera_turn_rad / largest[1]]) for v in drawn])
    away, chosen = np.linalg.norm(moves, axis=1), []
    for _ in range(count):
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(moves - moves[chosen[-1]], axis=1))
    return chosen


def varied_eyes(
    variants: Sequence[Variant],
    model: Model,
    twin: Twin,
    renderer: Renderer,
    gaussians: Gaussians,
    refine: Refine | None = None,
    make: Callable[..., Eye] = Eye,
) -> list[Eye]:
    """The twin's cameras as variants have them, one for each: moved, with the splat drawn from there, in another light. `make`
    makes an eye."""
    eyes = []
    for camera, variant in zip(twin.cameras, variants, strict=True):
        look = varied_look(twin.look, variant, np.array((twin.task.area.center_x_m, 0.0, 0.0)))
        moved = camera.moved(variant.camera_shift_m, variant.camera_turn_rad)
        behind = splat_behind(renderer, gaussians, twin, float(np.clip(twin.shadow * variant.shadow, 0, 1)), refine)

        def varied(at: Camera, behind: Callable[[Camera], Backdrop] = behind, variant: Variant = variant) -> Backdrop:
            return varied_backdrop(behind(at), at, variant)

        eyes.append(make(model, moved, varied if moved.on else varied(moved), look, twin.samples))
    return eyes


def enrich_clips(
    source: Path, target: Path, ranges: Ranges, limits: Limits, count: int, seed: int, progress: Callable[[float, str], None]
) -> list[tuple[str, Checked]]:
    """Variants of every coverage clip of `source`, written to the folder `target` as `NAME.vK.mp4` with a `clips.json`.

    What was written is read again and checked; a clip that fails is taken out.

    Returns:
        Name and outcome of every variant, also of those taken out.
    """
    manifest = json.loads((source / "clips.json").read_text())
    entries, found = [], []
    for i, entry in enumerate(manifest["clips"]):
        frames, fps = read_video(source / entry["file"])
        for k in range(count):
            rng = np.random.default_rng([_STREAM["clip"], seed, i, k])
            varied = vary_picture(frames, draw_variant(ranges, 0.0, rng), rng)
            name = f"{entry['name']}.v{k}"
            path = target / f"{name}.mp4"
            write_video(path, varied, round(fps))
            again, fps_again = read_video(path)
            checked = check_variant(frames, again, limits, fps, fps_again)
            found.append((name, checked))
            if not checked.passed:
                path.unlink()
                continue
            length, height, width, _ = again.shape
            length_s = {"frames": length, "fps": fps_again, "duration_s": length / fps_again}
            of = {"name": name, "file": f"{target.name}/{name}.mp4", "of": entry["name"]}
            entries.append(of | length_s | {"width": width, "height": height})
        progress((i + 1) / len(manifest["clips"]), "clips")
    (target / "clips.json").write_text(json.dumps({"clips": entries}, indent=1) + "\n")
    return found
