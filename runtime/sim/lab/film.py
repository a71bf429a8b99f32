"""What a camera beside the bench sees: the object and the hand, drawn from the side. 32 x 32 pixels, 40 ms apart."""

import numpy as np

from runtime.sim.lab.bench import HAND_M, INCHES_M, TIMESTEP_S, Course
from runtime.sim.lab.objects import Thing

SIDE = 32
SPAN_M = 0.6
"""How much of the bench is seen across."""
EVERY = 40


def colour(thing: Thing) -> np.ndarray:
    """Its looks, RGB in [0, 1]: nothing of its mass or material can be seen but what its shape and size say."""
    return np.array([0.8, 0.3, 0.2]) if thing.shape == "ball" else np.array([0.2, 0.4, 0.8])


def frames(course: Course, thing: Thing, mode: str, rng: np.random.Generator, noise: float = 0.02) -> np.ndarray:
    """Pictures [n, 3, 32, 32] in [0, 1] of a course, one each 40 ms, from a camera that stands a little elsewhere each time."""
    at = np.arange(0, len(course.place), EVERY)
    away = thing.size_m + HAND_M + INCHES_M * (mode == "strike")
    hand = np.cumsum(course.hand[:, 0])[at] * TIMESTEP_S - away
    sway, light = rng.uniform(-0.05, 0.05, 2), rng.uniform(0.8, 1.2)
    axis = (np.arange(SIDE) + 0.5) / SIDE * SPAN_M
    x, z = axis[None, None, :] - 0.2 + sway[0], SPAN_M - 0.05 - axis[None, :, None] + sway[1] / 2
    dx, dz = x - course.place[at, 0, None, None], z - course.place[at, 2, None, None]
    inside = (dx**2 + dz**2 < thing.size_m**2) if thing.shape == "ball" else (np.maximum(abs(dx), abs(dz)) < thing.size_m)
    touched = (x - hand[:, None, None]) ** 2 + (z - thing.size_m) ** 2 < HAND_M**2
    table = np.broadcast_to(z < 0, inside.shape)
    shade = 0.7 + 0.3 * np.clip(dz / thing.size_m, -1, 1)
    pictures = np.full((len(at), 3, SIDE, SIDE), 0.75)
    for mask, paint in ((table, 0.45), (touched, 0.15)):
        pictures = np.where(mask[:, None], paint, pictures)
    pictures = np.where(inside[:, None], colour(thing)[None, :, None, None] * shade[:, None], pictures)
    return np.clip(pictures * light + noise * rng.normal(size=pictures.shape), 0, 1).astype(np.float32)
