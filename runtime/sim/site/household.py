"""Things of a household for the edges of a site's table: solids of revolution with painted labels, by seed.

Bottles, cans, jars, bowls and cartons: meshes with textures, where plain sites have boxes, cylinders and balls of procedural
colour. All shapes and labels are made here, so that no one's models are needed.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from runtime.sim.parts.solid import Solid, Turned
from runtime.sim.pixels.texture import Material

WORDS = ("OATS", "TEA", "SALT", "MILK", "GLUE", "OIL", "SOAP", "RICE", "WAX", "CORN", "BEANS", "PAINT")
LABEL_PX = (256, 128)
SIDES = 28

type Profile = tuple[tuple[float, float], ...]  # (radius, height) from foot to top, as shares of the thing's own
PROFILES: dict[str, tuple[Profile, float, float, int]] = {
    "bottle": (((0.9, 0), (1, 0.03), (1, 0.6), (0.8, 0.7), (0.35, 0.8), (0.32, 0.97), (0.38, 1)), 3.4, 6.0, SIDES),
    "can": (((0.92, 0), (1, 0.04), (1, 0.94), (0.92, 1)), 1.8, 3.2, SIDES),
    "jar": (((0.85, 0), (1, 0.08), (1, 0.7), (0.75, 0.8), (0.8, 0.82), (0.8, 1)), 1.8, 3.0, SIDES),
    "bowl": (((0.45, 0), (0.5, 0.06), (0.8, 0.4), (0.95, 0.75), (1, 1)), 0.7, 1.2, SIDES),
    "carton": (((1, 0), (1, 1)), 1.6, 3.4, 4),
}
"""Outline, height in radii from least to most, and corners of the round."""


def household_thing(rng: np.random.Generator, name: str, at_m: tuple[float, float], radius_m: float) -> tuple[Solid, Material]:
    """A thing of some kind that stands at `at_m` on the table and reaches no farther than `radius_m` from there."""
    kind = sorted(PROFILES)[rng.integers(len(PROFILES))]
    outline, least, most, sides = PROFILES[kind]
    radius = radius_m * float(rng.uniform(0.75, 1.0))
    high = min(radius * float(rng.uniform(least, most)), 0.24)
    rgb = rng.uniform(0.1, 0.9, 3)
    turned = Turned(tuple((r * radius, z * high) for r, z in outline), sides, _label(rng, kind, rgb))
    yaw = float(rng.uniform(-np.pi, np.pi))
    solid = Solid(name, "mesh", (*at_m, 0.0), (radius, high / 2), yaw, turned=turned)
    plain = tuple(map(float, rgb))
    return solid, Material(plain, plain)


def _label(rng: np.random.Generator, kind: str, rgb: np.ndarray) -> np.ndarray:
    """The whole surface u8 [H, W, 3], foot at the bottom: glaze, and on all but bowls a printed band."""
    wide, high = LABEL_PX
    body, paper, ink = (tuple((255 * c).astype(int).tolist()) for c in (rgb, rng.uniform(0.6, 1, 3), rng.uniform(0, 0.5, 3)))
    picture = Image.new("RGB", LABEL_PX, body)
    pen = ImageDraw.Draw(picture)
    if kind == "bowl":
        for i in range(int(rng.integers(1, 5))):
            top = int(rng.integers(high - 10))
            pen.rectangle((0, top, wide, top + int(rng.integers(3, 12))), fill=paper if i % 2 else ink)
        return np.asarray(picture)
    top, foot = (0, high) if kind == "carton" else (int(0.4 * high), int(0.85 * high))
    pen.rectangle((0, top, wide, foot), fill=paper)
    pen.rectangle((0, top, wide, top + 8), fill=ink)
    font = ImageFont.load_default(size=int(rng.integers(22, 38)))
    for side in range(2):
        left = side * wide // 2
        pen.text((left + 8, top + 12), WORDS[rng.integers(len(WORDS))], fill=ink, font=font)
        spot, size = int(rng.integers(left + 70, left + 100)), int(rng.integers(6, 16))
        pen.ellipse((spot, foot - 2 * size, spot + size, foot - size), fill=body)
        for bar in range(10):  # as of a barcode
            x = left + 10 + 4 * bar
            pen.rectangle((x, foot - 16, x + int(rng.integers(0, 3)), foot - 3), fill=(20, 20, 20))
    return np.asarray(picture)
