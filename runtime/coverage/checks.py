"""Is a film fit to learn from: the way round, the length, the quality? Three checks against what it should show: the original of
an appearance variant, what was rendered for a clip, what stands behind in a demo.

All films are u8 [T, H, W, 3]. Pictures are compared by what lies where, never by brightness or colour: those are what a
variant changes. Block means come first wherever noise would count as detail or as motion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter

from runtime.contract import CHECKS

BLACK, WHITE = 5, 250
"""Levels at or beyond which all three colours of a pixel hold nothing any more."""
STILL = 0.5
"""Mean change, in levels, below which an original itself stands still, so that nothing can be frozen."""
FPS_TOLERANCE = 1e-6
TURNED = 0.1
"""By so much (correlation) a film resembles what it should show better turned or mirrored than as it lies, if it is that."""


@dataclass(frozen=True)
class Limits:
    """Where a check begins to fail.

    `least_lead`: by how much (correlation, 0..2) the variant must resemble its original more as it lies than turned.
    `least_sharpness`, `least_motion`: share of the original's. `most_clipped`: share of pixels that became black or
    white.
    """

    least_lead: float = 0.02
    least_sharpness: float = 0.4
    most_clipped: float = 0.35
    least_motion: float = 0.35


@dataclass(frozen=True)
class Checked:
    """What the checks found. `passed` is all three."""

    orientation: bool
    duration: bool
    quality: bool
    lead: float
    sharpness: float
    clipped: float
    motion: float

    @property
    def passed(self) -> bool:
        """Whether the film may be used."""
        return not self.failed

    @property
    def failed(self) -> list[str]:
        """Names of the checks that failed."""
        return [name for name in CHECKS if not getattr(self, name)]


def check_variant(
    original: np.ndarray, variant: np.ndarray, limits: Limits, fps: float = 1.0, variant_fps: float = 1.0
) -> Checked:
    """All three checks of one film.

    Raises:
        ValueError: when the original has no frame.
    """
    if not len(original):
        raise ValueError("an original without a frame has no variants")
    return _checked(original, variant, limits, len(original), (fps, variant_fps), limits.least_lead)


def check_film(
    film: np.ndarray, shown: np.ndarray | None, limits: Limits, frames: int, fps: float = 1.0, film_fps: float = 1.0
) -> Checked:
    """All three checks of a film that is no variant, of `frames` frames: `shown` u8 [T, H, W, 3] is what was rendered for it,
    or a single frame of what stands behind. A plain place may look alike mirrored, so the film fails only where it resembles that
    clearly better when it is turned. Where nothing is known (a camera that is mounted) it is held against what it is."""
    return _checked(film if shown is None else shown, film, limits, frames, (fps, film_fps), -TURNED, shown is None)


def all_fit(films: Mapping[str, np.ndarray], behind: Mapping[str, np.ndarray], frames: int) -> bool:
    """Whether the films of all cameras pass, by what stands behind in each (u8 [1, H, W, 3]) where that is known."""
    return all(check_film(film, behind.get(name), Limits(), frames).passed for name, film in films.items())


def _checked(
    original: np.ndarray,
    film: np.ndarray,
    limits: Limits,
    frames: int,
    rates: tuple[float, float],
    least_lead: float,
    alone: bool = False,
) -> Checked:
    if not len(film):
        return Checked(False, False, False, 0.0, 0.0, 1.0, 0.0)
    lead = orientation_lead(original, film)
    sharp, clipped, moves = relative_sharpness(original, film), newly_clipped(original, film), motion(film)
    clipped = _clipped(film) if alone else clipped
    kept = moves / motion(original) if change(original) >= STILL else 1.0
    return Checked(
        orientation=lead >= least_lead and original.shape[1:] == film.shape[1:],
        duration=frames == len(film) and abs(rates[0] - rates[1]) <= FPS_TOLERANCE,
        quality=sharp >= limits.least_sharpness and clipped <= limits.most_clipped and kept >= limits.least_motion,
        lead=round(lead, 4),
        sharpness=round(sharp, 4),
        clipped=round(clipped, 4),
        motion=round(kept, 4),
    )


def worst(checks: Sequence[Checked]) -> Checked:
    """The variant seen by several cameras: it passes a check where each of its films does."""
    return Checked(
        all(c.orientation for c in checks),
        all(c.duration for c in checks),
        all(c.quality for c in checks),
        min(c.lead for c in checks),
        min(c.sharpness for c in checks),
        max(c.clipped for c in checks),
        min(c.motion for c in checks),
    )


def tally(checks: Sequence[Checked]) -> dict[str, float]:
    """Metrics of a stage: variants, how many passed, and the shares (0..1) that passed each check and all of them."""
    count = len(checks)
    shares = {
        "pass_rate": sum(c.passed for c in checks),
        "pass_orientation": sum(c.orientation for c in checks),
        "pass_duration": sum(c.duration for c in checks),
        "pass_quality": sum(c.quality for c in checks),
    }
    return {
        "variants": count,
        "variants_passed": shares["pass_rate"],
        **{name: round(passed / count, 6) if count else 0.0 for name, passed in shares.items()},
    }


def shares(checks: Sequence[Checked]) -> dict[str, float]:
    """Of `tally` the shares alone."""
    return {name: share for name, share in tally(checks).items() if name.startswith("pass_")}


def orientation_lead(original: np.ndarray, variant: np.ndarray) -> float:
    """How much better the variant's mean picture correlates with the original's as it lies than mirrored, upside down
    or turned by half (square pictures: by a quarter too). 0 where it cannot be told: another size, or a plain picture.

    Light that changes slowly over the picture is taken out first: a variant may be lit from the other side.
    """
    if original.shape[1:] != variant.shape[1:]:
        return 0.0
    a, b = (_detail(film.mean(axis=(0, 3))) for film in (original, variant))
    turned = [a[::-1], a[:, ::-1], a[::-1, ::-1]]
    if a.shape[0] == a.shape[1]:
        turned += [np.rot90(a), np.rot90(a, 3), a.T, a[::-1, ::-1].T]
    return _correlation(a, b) - max(_correlation(t, b) for t in turned)


def relative_sharpness(original: np.ndarray, variant: np.ndarray) -> float:
    """Sharpness as a share of the original's: energy of steps between blocks of 2 x 2 pixels over the variance of the
    picture, so that contrast does not count."""
    ours, theirs = _sharpness(original), _sharpness(variant)
    return theirs / ours if ours > 0 else 1.0


def newly_clipped(original: np.ndarray, variant: np.ndarray) -> float:
    """Share of pixels that are black or white beyond the share that were so in the original."""
    return max(0.0, _clipped(variant) - _clipped(original))


def motion(film: np.ndarray) -> float:
    """Mean change from the first frame over blocks of 4 x 4 pixels, in standard deviations of the picture."""
    spread = float(_blocks(film, 4).std(axis=(1, 2)).mean())
    return change(film) / spread if spread > 0 else 0.0


def change(film: np.ndarray) -> float:
    """Mean change from the first frame over blocks of 4 x 4 pixels, in levels."""
    blocks = _blocks(film, 4)
    return float(np.abs(blocks - blocks[:1]).mean())


def _detail(picture: np.ndarray) -> np.ndarray:
    return picture - uniform_filter(picture, size=2 * max(2, picture.shape[0] // 8) + 1, mode="nearest")


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 0 else 0.0


def _sharpness(film: np.ndarray) -> float:
    blocks = _blocks(film, 2)
    steps = float((np.diff(blocks, axis=1) ** 2).mean() + (np.diff(blocks, axis=2) ** 2).mean())
    variance = float(blocks.var(axis=(1, 2)).mean())
    return steps / variance if variance > 0 else 0.0


def _clipped(film: np.ndarray) -> float:
    return float(((film >= WHITE).all(-1) | (film <= BLACK).all(-1)).mean())


def _blocks(film: np.ndarray, size: int) -> np.ndarray:
    """Mean grey [T, H // size, W // size] of square blocks; what is left over at the far edges is cut off."""
    grey = film.astype(np.float32).mean(-1)
    t, height, width = grey.shape
    size = min(size, height, width)
    rows, columns = height // size, width // size
    cut = grey[:, : rows * size, : columns * size]
    return cut.reshape(t, rows, size, columns, size).mean(axis=(2, 4))
