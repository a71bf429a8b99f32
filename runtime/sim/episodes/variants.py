"""Appearance variants: other light, colours, surfaces, sensors and slightly moved cameras; never other motion."""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import Look
from runtime.sim.pixels.raycast import Lamp
from runtime.sim.pixels.sensor import Sensor
from runtime.sim.pixels.texture import Material, Pattern, pattern_share

_PATTERNS: tuple[Pattern, ...] = ("grain", "tiles", "speckle", "checker", "stripes", "cloth")


@dataclass(frozen=True)
class Ranges:
    """Largest deviation of each kind; a variant draws each uniformly between nothing and that, either way."""

    light_turn_deg: float = 180.0
    light_change: float = 0.25
    light_tint: float = 0.10
    exposure: float = 0.20
    white_balance: float = 0.08
    gamma: float = 0.10
    vignetting: float = 0.25
    noise_sd: float = 4.0
    camera_shift_m: float = 0.008
    camera_turn_deg: float = 1.0
    object_color: float = 0.15
    relight: float = 0.20
    retexture: float = 0.15

    def times(self, factor: float) -> Self:
        """All deviations `factor` times as large; a lamp turns by half a circle at most."""
        wider = {field.name: factor * getattr(self, field.name) for field in fields(self)}
        return replace(self, **wider | {"light_turn_deg": min(180.0, wider["light_turn_deg"])})


@dataclass(frozen=True)
class Variant:
    """One draw. `slope` is how the light on the backdrop changes along the image, `material` what is laid over it."""

    lamp_turn_rad: float
    lamp_gain: np.ndarray  # [3] of lamp and ambient light
    ambient_gain: float
    lamp_height: float  # factor
    sensor: Sensor
    color_gain: np.ndarray  # [3]
    shadow: float  # factor
    camera_shift_m: np.ndarray  # [3]
    camera_turn_rad: np.ndarray  # [3]
    slope: np.ndarray  # [2] along x and y of the picture
    material: Material
    strength: np.ndarray  # [3] of the material, by colour


def draw_variant(ranges: Ranges, noise_sd: float, rng: np.random.Generator) -> Variant:
    """Draw one variant; `noise_sd` is the camera's own noise, which stays."""

    def either(largest: float, size: int | None = None) -> np.ndarray:
        return largest * np.asarray(rng.uniform(-1, 1, size))

    tint = ranges.light_tint * float(rng.uniform(-1, 1)) * np.array((1.0, 0.0, -1.0))
    balance = 1 + either(ranges.white_balance, 3) * (1, 0, 1)
    gain = balance * (1 + either(ranges.exposure))
    sensor = Sensor(
        tuple(float(x) for x in gain),
        float(rng.uniform(0, 1)) * ranges.vignetting,
        noise_sd + float(rng.uniform(0, 1)) * ranges.noise_sd,
        float(np.exp(either(ranges.gamma))),
    )
    return Variant(
        lamp_turn_rad=float(np.radians(either(ranges.light_turn_deg))),
        lamp_gain=(1 + tint) * (1 + either(ranges.light_change)),
        ambient_gain=float(1 + either(ranges.light_change)),
        lamp_height=float(rng.uniform(0.7, 1.2)) if ranges.light_turn_deg else 1.0,
        sensor=sensor,
        color_gain=1 + either(ranges.object_color, 3),
        shadow=float(1 + either(ranges.light_change)),
        camera_shift_m=either(ranges.camera_shift_m, 3),
        camera_turn_rad=np.radians(either(ranges.camera_turn_deg, 3)),
        slope=either(ranges.relight, 2),
        material=Material(
            (0, 0, 0), (1, 1, 1), _PATTERNS[rng.integers(len(_PATTERNS))], float(rng.uniform(0.03, 0.2)), int(rng.integers(2**31))
        ),
        strength=either(ranges.retexture) * np.clip(1 + 0.4 * rng.standard_normal(3), 0, 2),
    )


def draw_variants(ranges: Ranges, noise_sd: float, rng: np.random.Generator, count: int) -> list[Variant]:
    """One draw for each of several cameras: the scene is varied alike for all, each camera has a pose and a sensor of its own."""
    first = draw_variant(ranges, noise_sd, rng)
    found = [first]
    for own in (draw_variant(ranges, noise_sd, r) for r in rng.spawn(count - 1)):
        shift = {"camera_shift_m": own.camera_shift_m, "camera_turn_rad": own.camera_turn_rad}
        found.append(replace(first, sensor=own.sensor, slope=own.slope, **shift))
    return found


def varied_look(look: Look, variant: Variant, center_m: np.ndarray) -> Look:
    """The look with the variant's lamp (turned about the vertical through `center_m`), sensor and object colours."""
    offset = np.array(look.lamp.position_m) - center_m
    c, s = np.cos(variant.lamp_turn_rad), np.sin(variant.lamp_turn_rad)
    turned = np.array((c * offset[0] - s * offset[1], s * offset[0] + c * offset[1], offset[2] * variant.lamp_height))
    position = tuple(float(x) for x in center_m + turned)
    lamp = Lamp(position, look.lamp.rgb, look.lamp.ambient).scaled(variant.lamp_gain)
    lamp = replace(lamp, ambient=tuple(float(x) * variant.ambient_gain for x in lamp.ambient))
    gain = tuple(float(x) for x in np.array(look.color_gain) * variant.color_gain)
    return Look(lamp, variant.sensor, gain)


def light_field(height: int, width: int, variant: Variant) -> np.ndarray:
    """Factor [H, W, 3] of the light on a backdrop: another lamp strength and colour, and a slope over the picture."""
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]
    field = np.clip(1 + variant.slope[0] * x + variant.slope[1] * y, 0.2, 2.0)
    return (field[..., None] * variant.lamp_gain).astype(np.float32)


def varied_backdrop(backdrop: Backdrop, camera: Camera, variant: Variant) -> Backdrop:
    """The backdrop relit, and its surfaces overlaid with the variant's pattern, which lies still in the scene."""
    height, width = backdrop.depth_m.shape
    factor = light_field(height, width, variant)
    there = np.isfinite(backdrop.depth_m)
    points = camera.position + camera.rays()[there] * backdrop.depth_m[there][:, None]
    flat = points[:, :2] + points[:, 2:] * 0.7  # walls show the pattern too
    share = pattern_share(variant.material, flat[:, 0], flat[:, 1])
    factor[there] *= np.clip(1 + (share[:, None] * 2 - 1) * variant.strength, 0.1, 2.0)
    return backdrop.scaled(factor)


def vary_picture(frames: np.ndarray, variant: Variant, rng: np.random.Generator) -> np.ndarray:
    """The part of a variant that needs no scene, for finished frames u8 [T, H, W, 3]: light field, colour, sensor."""
    field = light_field(frames.shape[1], frames.shape[2], variant)
    return np.stack([variant.sensor.expose(f.astype(np.float32) / 255 * field, rng) for f in frames])
