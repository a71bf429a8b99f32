"""Which of the ways that a kind of path could take is gone: free of matter, and where photos saw what it shows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from runtime.coverage.frame import SceneFrame
from runtime.coverage.lens import Lens
from runtime.coverage.matter import in_matter
from runtime.coverage.paths import Way, orbit
from runtime.coverage.seen import Limits, Render, Shots, seen_pixels
from runtime.splat.gaussians import Gaussians

LOOK_PX = 48
"""Width of the pictures that ways are judged by."""
LOOKS = 7
"""Places of a way that are looked from."""
STEPS = 96
"""Places of a way that must be free."""
AZIMUTHS = 24
"""Places of a circle that are looked from."""
NEARLY = 0.9
"""A way is taken before a better one if it shows so large a share of what that one does."""
ARC = 0.7
"""An orbit leaves out what shows less than this share of its best side."""
SHORTEST_ARC_RAD = np.radians(20)
RAISES = (0.25, 0.5, 1.0, 2.0)
"""How much higher a way may go to pass over things, in half short sides of the support."""


@dataclass(frozen=True)
class Scout:
    """Looks at a scene from poses before a clip is rendered there."""

    frame: SceneFrame
    gaussians: Gaussians
    render: Render
    lens: Lens  # of the clips
    shots: Shots | None
    limits: Limits
    margin_m: float  # least distance of the camera to matter

    def free(self, way: Way) -> bool:
        """Whether the camera passes through nothing."""
        return not self.in_matter(self.frame.to_world(way.sampled(STEPS)[0])).any()

    def in_matter(self, eyes: np.ndarray) -> np.ndarray:
        """See `runtime.coverage.matter`; eyes [T, 3] in scene units."""
        return in_matter(eyes, self.gaussians, self.margin_m / self.frame.scale_m_per_unit, self.shots)

    def seen(self, c2w: np.ndarray) -> np.ndarray:
        """Share [T] of each view's picture that photos saw; 1 where there are no photos to ask."""
        if self.shots is None:
            return np.ones(len(c2w))
        small = self.lens.narrowed(LOOK_PX)
        finer = self.lens.width / small.width
        views = [self.render(pose, small)[1] for pose in c2w]
        pairs = zip(views, c2w, strict=True)
        return np.array([seen_pixels(self.shots, depth, pose, small, self.limits, 1, finer).mean() for depth, pose in pairs])

    def along(self, way: Way) -> float:
        """The mean of that over a way."""
        return float(self.seen(self.frame.cameras(*way.sampled(LOOKS))).mean())


def choose(scout: Scout, ways: Iterable[Way], stay: bool) -> Way | None:
    """The first free way; with `stay` the first that shows nearly as much of what photos saw as the best. Where all pass
    through things, higher ones are tried; None where those do, too."""
    ways = list(ways)
    higher = [ways[0].raised(h * float(scout.frame.half_m[1])) for h in RAISES]
    if not stay or scout.shots is None:
        return next(filter(scout.free, [*ways, *higher]), None)
    free = list(filter(scout.free, ways)) or list(filter(scout.free, higher))
    scores = [scout.along(way) for way in free]
    return next((way for way, score in zip(free, scores, strict=True) if score >= NEARLY * max(scores)), None)


def supported_orbit(scout: Scout, rings: list[tuple[float, float, float]], turns: float) -> list[Way]:
    """The circle of each ring (radius, height, height looked at: metres) as far as photos saw what it shows, the one that shows
    the most first; a ring that is good all around is gone all around."""
    found: list[tuple[float, Way]] = []
    for radius, height, look in rings:
        whole = orbit(radius, height, look, 1.0)
        eye, target = whole.sampled(AZIMUTHS)
        seen = np.where(scout.in_matter(scout.frame.to_world(eye)), 0, scout.seen(scout.frame.cameras(eye, target)))
        begin, count = _longest(seen >= ARC * max(seen.max(), 1e-9))
        step = 2 * np.pi / AZIMUTHS
        arc = 2 * np.pi if count == AZIMUTHS else max((count - 1) * step, SHORTEST_ARC_RAD)
        start = begin * step - max(SHORTEST_ARC_RAD - (count - 1) * step, 0) / 2 if count < AZIMUTHS else 0.0
        kept = seen[(begin + np.arange(count)) % AZIMUTHS]
        found.append((float(kept.sum()), orbit(radius, height, look, turns, start, arc)))
    best = max(score for score, _ in found)
    first = next(k for k, (score, _) in enumerate(found) if score >= NEARLY * best)
    return [way for _, way in [found[first], *sorted(found[:first] + found[first + 1 :], key=lambda one: -one[0])]]


def _longest(good: np.ndarray) -> tuple[int, int]:
    """First and length of the longest run of a circle [N] bool."""
    if good.all():
        return 0, len(good)
    begin = int(np.argmin(good))  # no run goes through here
    best, first, count = (begin, 0), 0, 0
    for k in range(len(good)):
        at = (begin + k) % len(good)
        first, count = (at if count == 0 else first, count + 1) if good[at] else (0, 0)
        best = max(best, (first, count), key=lambda run: run[1])
    return best
