"""Live pictures are brought over the reference whatever stands in front of it."""

import numpy as np
import pytest
from scipy import ndimage

from runtime.sim.pixels.align import Alignment

HEIGHT, WIDTH = 48, 64


@pytest.fixture(scope="module")
def place() -> np.ndarray:
    """A room larger than the picture, [H, W, 3] in 0..255, with structure of a few pixels."""
    noise = np.random.default_rng(0).standard_normal((HEIGHT + 24, WIDTH + 24, 3))
    return np.clip(120 + 220 * ndimage.gaussian_filter(noise, (3, 3, 0)), 20, 200)


def taken(place: np.ndarray, shift_px: tuple[float, float], turn_rad: float, light: bool, thing: bool) -> np.ndarray:
    """A picture u8 [H, W, 3] of the place by a camera that is moved and turned, under another light, with a thing before it."""
    v, u = np.indices((HEIGHT, WIDTH), float)
    x, y = u - (WIDTH - 1) / 2, v - (HEIGHT - 1) / 2
    at = (12 + v - shift_px[1] + turn_rad * x, 12 + u - shift_px[0] - turn_rad * y)
    seen = np.stack([ndimage.map_coordinates(place[..., c], at, order=1) for c in range(3)], -1)
    if thing:
        seen[20:40, 24:42] = (200, 180, 20)
    if light:
        seen = seen * (np.array((0.8, 0.7, 0.6)) * (1 + 0.2 * x[..., None] / WIDTH - 0.3 * y[..., None] / HEIGHT))
        seen = seen + np.random.default_rng(1).normal(0, 4, seen.shape)
    return np.clip(seen + 0.5, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("thing", [False, True])
def test_motion_and_light_are_taken_out_behind_whatever_stands_there(place: np.ndarray, thing: bool) -> None:
    reference = taken(place, (0, 0), 0, light=False, thing=False)
    live = taken(place, (2.5, -1.5), 0.02, light=True, thing=thing)
    back = Alignment(reference)(live[None])[0].astype(float)
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[4:-4, 4:-4] = True
    inside[14:44, 18:48] &= not thing
    before, after = (np.abs(picture - reference.astype(float))[inside].mean() for picture in (live.astype(float), back))
    assert before > 30
    assert after < 5  # the camera's noise is left


def test_a_picture_that_fits_stays_as_it_is(place: np.ndarray) -> None:
    reference = taken(place, (0, 0), 0, light=False, thing=False)
    shown = taken(place, (0, 0), 0, light=False, thing=True)
    assert np.abs(Alignment(reference)(shown[None])[0].astype(int) - shown).mean() < 1


def test_nothing_to_register_moves_nothing() -> None:
    """A bare wall tells no motion, and another place none that can be believed."""
    grey = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    motion, planes = Alignment(grey).fit(np.full_like(grey, 60))
    assert np.abs(motion).max() < 1e-3
    assert np.abs(planes[0] - 0.5).max() < 0.01
    assert Alignment(grey)(np.zeros((0, HEIGHT, WIDTH, 3), np.uint8)).shape == (0, HEIGHT, WIDTH, 3)
    with pytest.raises(ValueError, match="and a reference"):
        Alignment(grey)(np.zeros((1, 10, 10, 3), np.uint8))
