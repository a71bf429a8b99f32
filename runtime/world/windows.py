"""What a world model learns from: attempts in a twin as states, actions and the layers of their pictures.

A picture is `front + behind * ((1 - shadow) * free + shadow * bright)`: what robot and objects show, and how much of what is
behind them is free, and free of their shadow. Behind is the twin's own empty picture, which is known. So a layer fits every
backdrop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from runtime.sim.episodes.attempts import Attempt, replay
from runtime.sim.episodes.episodes import Episode
from runtime.sim.parts.mj import Model
from runtime.sim.parts.robot import TIP_SITE
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.eye import Eye
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import Twin


@dataclass(frozen=True)
class Attempts:
    """Frames of N attempts, one after another; an attempt of T actions has T + 1, and its last action is its last but one again.

    Of demos pictures and states alone are known (not `told`): what they record as an action is the expert's wish, not what was
    carried out.
    """

    layers: np.ndarray  # u8 [F, 5, H, W]: red, green, blue of the front, free, bright
    state: np.ndarray  # f32 [F, J] measured joints, rad
    action: np.ndarray  # f32 [F, J] what was asked for after it
    tip: np.ndarray  # f32 [F, 3] metres
    objects: np.ndarray  # f32 [F, K, 3] metres
    turns: np.ndarray  # f32 [F, K] rad
    success: np.ndarray  # bool [F]
    reward: np.ndarray  # f32 [F]
    contact: np.ndarray  # bool [F]
    force_n: np.ndarray  # f32 [F] newtons
    told: np.ndarray  # bool [F] whether actions, success, reward, touch and its force are known
    episode: np.ndarray  # i64 [F]
    behind: np.ndarray  # i64 [F] which of `backdrops` stands behind
    filmed: np.ndarray  # i64 [F] which of `films` shows it as well, -1 for none
    backdrops: np.ndarray  # u8 [B, H, W, 3] the first ones are those of the twins
    films: np.ndarray  # u8 [G, H, W, 3] pictures in another look, such as of enriched demos

    def __len__(self) -> int:
        return len(self.state)

    def starts(self, length: int) -> np.ndarray:
        """Frames from which an attempt goes on for `length` more, and that are not after success."""
        last = np.concatenate([np.flatnonzero(np.diff(self.episode)), [len(self) - 1]])
        ends = last[np.searchsorted(last, np.arange(len(self)))]
        return np.flatnonzero((ends - np.arange(len(self)) >= length) & ~self.success & self.told)


def drawn(
    found: Iterable[Attempt],
    model: Model,
    twin: Twin,
    backdrop: Backdrop,
    films: Sequence[np.ndarray] | None = None,
    seen: bool = True,
) -> Attempts:
    """Attempts with the layers of their pictures, as the twin's first camera sees them; layers of one pixel where nobody looks
    (not `seen`). Those that come with `films`, each [T + 1, H, W, 3], are demos."""
    camera, kind, tip = twin.cameras[0], kind_of(twin.task), model.site(TIP_SITE).id
    white, black = np.ones_like(backdrop.rgb), np.zeros_like(backdrop.rgb)
    eyes = [
        Eye(model, camera, Backdrop(*light, backdrop.depth_m), twin.look, twin.samples)
        for light in ((black, black), (white, white), (white, black))
    ]
    rows: list[tuple[Any, ...]] = []
    for e, attempt in enumerate(found):
        for t, data in enumerate(replay(model, attempt)):
            front, free, bright = (eye.light(data) for eye in eyes) if seen else [np.zeros((1, 1, 3))] * 3
            layers = np.concatenate([front, (free - front)[..., :1], (bright - front)[..., :1]], -1).transpose(2, 0, 1)
            action = attempt.action[min(t, len(attempt) - 1)]
            known = (attempt.success[t], attempt.reward[t], attempt.contact[t], attempt.force_n[t], films is None, e)
            places = kind.objects(model, data), kind.turns(model, data)
            pixels = np.round(255 * np.clip(layers, 0, 1)).astype(np.uint8)
            rows.append((pixels, attempt.state[t], action, data.site_xpos[tip].copy(), *places, *known))
    columns = [np.stack(column) for column in zip(*rows, strict=True)]
    floats = [c.astype(np.float32) if c.dtype == np.float64 else c for c in columns]
    picture = np.round(255 * np.clip(backdrop.rgb, 0, 1)).astype(np.uint8)[None]
    shown = np.concatenate(films) if films else np.zeros((0, *picture.shape[1:]), np.uint8)
    filmed = np.arange(len(rows)) if films else np.full(len(rows), -1)
    return Attempts(*floats, np.zeros(len(rows), np.int64), filmed, picture, shown)


def demonstrated(episodes: Sequence[Episode]) -> list[Attempt]:
    """Demos as attempts of which nothing is told but what was seen."""
    found = []
    for e in episodes:
        turns = np.tile((1.0, 0.0, 0.0, 0.0), (len(e.objects_m), 1)) if e.turns is None else e.turns
        none, nothing = np.zeros(len(e), bool), np.zeros(len(e), np.float32)
        found.append(Attempt(e.qpos, e.objects_m, turns, e.state, e.action[:-1], none, nothing, none, nothing))
    return found


def together(parts: Sequence[Attempts]) -> Attempts:
    """Attempts of several twins, or of one."""
    counts = {
        "episode": [int(p.episode.max()) + 1 for p in parts],
        "behind": [len(p.backdrops) for p in parts],
        "filmed": [len(p.films) for p in parts],
    }
    shifts = {name: np.cumsum([0, *found[:-1]]) for name, found in counts.items()}
    columns = {f.name: [getattr(p, f.name) for p in parts] for f in fields(Attempts)}
    for name, shift in shifts.items():
        columns[name] = [np.where(x < 0, x, x + by) for x, by in zip(columns[name], shift, strict=True)]
    return Attempts(**{name: np.concatenate(found) for name, found in columns.items()})


def composed(layers: np.ndarray, behind: np.ndarray, shadow: float) -> np.ndarray:
    """Layers [..., 5, H, W] over backdrops [..., H, W, 3], all 0..1 or all 0..255, to pictures [..., H, W, 3]."""
    top = 255.0 if layers.dtype == np.uint8 else 1.0
    moved = np.moveaxis(layers.astype(np.float32), -3, -1)
    shade = ((1 - shadow) * moved[..., 3:4] + shadow * moved[..., 4:5]) / top
    return moved[..., :3] + behind * shade
