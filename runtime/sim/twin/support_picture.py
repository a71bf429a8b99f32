"""A picture of the support that was found, for people: the points on it over a photo, and all points from the side."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from runtime.sim.twin.shots import Shot

WIDTH, HEIGHT = 480, 360
ON, OFF, PLANE = (40, 200, 80), (150, 150, 150), (230, 60, 50)
NEAR_M = 0.02
"""A point that is nearer to the plane is drawn as lying on it."""


def draw_support(
    path: Path, points: np.ndarray, heights_m: np.ndarray, side_m: np.ndarray, half_m: float, shots: list[Shot]
) -> None:
    """Write a PNG: points on the support green, others grey, the support's plane red.

    Args:
        points: what was captured, scene units. [N, 3]
        heights_m: their heights over the plane. [N]
        side_m: their places along the support's longer axis. [N]
        half_m: half the length of that axis.
        shots: the capture's photos; without any there is only the view from the side.
    """
    on = np.abs(heights_m) < NEAR_M
    panels = [_in_photo(shots, points, on)] if shots else []
    panels.append(_from_side(heights_m, side_m, on, half_m))
    sheet = Image.new("RGB", (WIDTH * len(panels), HEIGHT), "white")
    for i, panel in enumerate(panels):
        sheet.paste(panel, (WIDTH * i, 0))
    sheet.save(path)


def _dots(draw: ImageDraw.ImageDraw, places: np.ndarray, on: np.ndarray) -> None:
    for color, chosen, size in ((OFF, ~on, 1), (ON, on, 2)):
        for x, y in places[chosen]:
            draw.ellipse((x - size, y - size, x + size, y + size), fill=color)


def _in_photo(shots: list[Shot], points: np.ndarray, on: np.ndarray) -> Image.Image:
    """The photo that sees the most points on the plane, with the points."""
    best, most, drawn = shots[0], -1, (np.zeros((0, 2)), np.zeros(0, bool))
    for shot in (s.reduced(WIDTH) for s in shots):
        local = (points - shot.c2w[:3, 3]) @ shot.c2w[:3, :3]
        ahead = local[:, 2] > 1e-6
        uv = local[:, :2] / np.where(ahead, local[:, 2], 1)[:, None] * shot.K[[0, 1], [0, 1]] + shot.K[:2, 2]
        inside = ahead & np.all((uv >= 0) & (uv < (shot.width, shot.height)), axis=1)
        if (inside & on).sum() > most:
            best, most, drawn = shot, int((inside & on).sum()), (uv[inside], on[inside])
    picture = Image.fromarray((best.picture() * 255).astype(np.uint8))
    scale = min(WIDTH / picture.width, HEIGHT / picture.height)
    panel = Image.new("RGB", (WIDTH, HEIGHT), "white")
    panel.paste(picture.resize((round(picture.width * scale), round(picture.height * scale))))
    _dots(ImageDraw.Draw(panel), drawn[0] * scale, drawn[1])
    return panel


def _from_side(heights_m: np.ndarray, side_m: np.ndarray, on: np.ndarray, half_m: float) -> Image.Image:
    """Height over the plane against the longer axis of the support."""
    panel = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(panel)
    reach, ground = max(1.5 * half_m, 0.3), HEIGHT * 0.75
    near = np.abs(side_m) < reach
    scale = WIDTH / (2 * reach)
    _dots(draw, np.stack((WIDTH / 2 + side_m[near] * scale, ground - heights_m[near] * scale), 1), on[near])
    draw.line((WIDTH / 2 - half_m * scale, ground, WIDTH / 2 + half_m * scale, ground), fill=PLANE, width=2)
    draw.line((10, 14, 10 + 0.1 * scale, 14), fill="black", width=2)
    draw.text((10, 18), f"10 cm. From the side: the support that was found is {2 * half_m:.2f} m long", fill="black")
    return panel
