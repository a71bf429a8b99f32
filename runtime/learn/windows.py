"""Training windows: the observation at a frame and the chunk of actions that follows it, within one episode."""

from dataclasses import dataclass

import numpy as np

from runtime.learn.dataset import ACTION, IMAGE_PREFIX, PLACES_PREFIX, STATE, Arrays

_SHUFFLE = 0x0DD


@dataclass(frozen=True)
class Windows:
    """Frames of a dataset that training may start from.

    `observation_deltas` is None (one observation, no time axis) or frame offsets such as (-1, 0); `action_deltas` are
    frame offsets such as 0..15. Offsets past an end of the episode repeat its first or last frame; `action_is_pad` says
    where that happened.
    """

    arrays: Arrays
    starts: np.ndarray  # [N] frames
    first: np.ndarray  # [T] first frame of each frame's episode
    last: np.ndarray  # [T] last frame of each frame's episode
    observation_deltas: tuple[int, ...] | None
    action_deltas: tuple[int, ...]
    shuffled: bool = False  # whether observations before the last are in an order of chance

    def batch(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """Windows `starts[index]`: images u8 [B, (n,) H, W, 3], state [B, (n,) D], action [B, k, A] and its padding, the frame
        that it is about (`index` [B]), and where objects are in the images [B, (n,) K, 2], as far as that is known."""
        t = self.starts[index]
        seen = t if self.observation_deltas is None else self._clamped(t, self.observation_deltas)[0]
        if self.shuffled:
            rng = np.random.default_rng((_SHUFFLE, len(index), int(np.sum(index))))
            seen[:, :-1] = rng.permuted(seen[:, :-1], axis=1)
        ahead, is_pad = self._clamped(t, self.action_deltas)
        a = self.arrays
        images = {IMAGE_PREFIX + c: im[seen] for c, im in a.images.items()}
        images |= {PLACES_PREFIX + c: places[seen] for c, places in a.places.items()}
        return {**images, STATE: a.state[seen], ACTION: a.action[ahead], "action_is_pad": is_pad, "index": t}

    def _clamped(self, t: np.ndarray, deltas: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        wanted = t[:, None] + np.asarray(deltas)[None]
        inside = np.clip(wanted, self.first[t][:, None], self.last[t][:, None])
        return inside, inside != wanted


def split_episodes(episode_index: np.ndarray, held_out: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames for training, frames of `held_out` random episodes (fewer when there are few; at least one trains).

    The same ones for every training seed, so that held-out losses of seeds differ by training alone.
    """
    names = np.unique(episode_index)
    count = min(held_out, len(names) - 1)
    out = np.random.default_rng(0x5B11).permutation(names)[:count]
    mask = np.isin(episode_index, out)
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def make_windows(
    arrays: Arrays,
    frames: np.ndarray,
    observation_deltas: tuple[int, ...] | None,
    action_deltas: tuple[int, ...],
    shuffled: bool = False,
) -> Windows:
    """Windows that start at `frames`."""
    names, first, counts = np.unique(arrays.episode_index, return_index=True, return_counts=True)
    which = np.searchsorted(names, arrays.episode_index)
    last = first + counts - 1
    return Windows(arrays, frames, first[which], last[which], observation_deltas, action_deltas, shuffled)
