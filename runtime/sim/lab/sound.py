"""What an impact sounds like: damped modes of the object, driven by the impulses of its contact.

Modal synthesis after van den Doel and Pai (1998): each mode is a sine that dies away, at the ratios of a free bar. A small object
sounds high, a hard one high and bright, one that loses energy dull; a soft contact lasts long and leaves high modes unstruck.
"""

from itertools import pairwise

import numpy as np

from runtime.sim.lab.objects import Thing

RATE_HZ = 16_000
LENGTH_S = 0.25
RATIOS = np.array([1.0, 2.756, 5.404, 8.933])
"""Frequencies of a free bar's bending modes over the first one's."""
BANDS = 8
EDGES_HZ = np.geomspace(100.0, RATE_HZ / 2, BANDS + 1)


def modes_hz(thing: Thing) -> np.ndarray:
    """Frequencies of its modes, [4]: the first grows with hardness and falls with size."""
    return 120.0 * 6.0**thing.hardness * (0.05 / thing.size_m) * RATIOS


def impact_sound(thing: Thing, impulses: np.ndarray, every_s: float) -> np.ndarray:
    """The sound [4000] at 16 kHz of a contact whose impulses (N s), one each `every_s`, are these."""
    times = np.arange(int(RATE_HZ * LENGTH_S)) / RATE_HZ
    drive = np.zeros(len(times))
    at = np.minimum((np.arange(len(impulses)) * every_s * RATE_HZ).astype(int), len(times) - 1)
    np.add.at(drive, at, impulses)
    frequency = modes_hz(thing)
    decay = (8.0 + 60.0 * (1 - thing.elasticity)) * np.sqrt(RATIOS)  # 1/s: higher modes die sooner
    heard = frequency < RATE_HZ / 2
    waves = np.exp(-decay[heard, None] * times) * np.sin(2 * np.pi * frequency[heard, None] * times)
    spectrum = np.fft.rfft(waves.sum(0), 2 * len(times)) * np.fft.rfft(drive, 2 * len(times))
    return np.fft.irfft(spectrum)[: len(times)]


def bands(sound: np.ndarray) -> np.ndarray:
    """Log10 of the power in eight bands from 100 Hz to 8 kHz, over the loudest; [8], from -1 to 0."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    summed = np.array([power[(frequency >= low) & (frequency < high)].sum() for low, high in pairwise(EDGES_HZ)])
    return np.log10(np.maximum(summed / max(float(summed.max()), 1e-12), 1e-4)) / 4
