"""Trials in environments of a benchmark: from recorded resets, some side by side, judged by what the environment reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from runtime.benchmarks.suite import Environments, Seen
from runtime.bound.benchmark import FoundBenchmark
from runtime.learn.actor import Actor
from runtime.problem import InputError, Problem
from runtime.sim.pixels.contact_sheet import side_by_side
from runtime.sim.trials.trial import Trial
from runtime.stats.table.factors import packed

THUMB = 8
"""Pixels across and down of the picture by which an initial state is known again."""
MOST_VARIED = 12
FRAMES, ACROSS = 60, 96
"""Frames of a film at most, and pixels across of each."""


@dataclass(frozen=True)
class Reset:
    """One initial state: the seed that it is drawn by, and what is seen there, by which it is known again."""

    index: int
    seed: int
    state: tuple[float, ...]
    thumbs: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, index: int, seed: int, seen: Seen) -> "Reset":
        """As it is recorded: states to six digits, means of 8-bit levels in squares of each picture."""
        thumbs = {name: tuple(_thumb(picture).round().astype(int).ravel().tolist()) for name, picture in seen.images.items()}
        return cls(index, seed, tuple(float(f"{x:.6g}") for x in seen.state), thumbs)

    def is_again(self, other: "Reset") -> bool:
        """Whether both are one state: another graphics driver may draw it a little differently."""
        near = np.allclose(self.state, other.state, rtol=1e-4, atol=1e-4)
        pictures = [(np.array(self.thumbs[name]), np.array(other.thumbs[name])) for name in self.thumbs]
        return near and all(np.abs(a - b).mean() < 1 and np.abs(a - b).max() <= 8 for a, b in pictures)


@dataclass(frozen=True)
class Rules:
    """How trials of an environment are judged."""

    max_steps: int
    success: str
    most_reward: float | None

    @classmethod
    def of(cls, found: FoundBenchmark, max_steps: int | None, success: str | None) -> "Rules":
        """The suite's, but for what the task says."""
        return cls(max_steps or found.max_steps, success or found.success, found.most_reward)

    def succeeded(self, seen: Seen) -> bool:
        """Whether the environment reports success.

        Raises:
            InputError: R292 when it reports nothing, or no truth.
        """
        value = seen.info.get(self.success)
        if value not in (0, 1):
            said = f"`{self.success}` is {value}" if self.success in seen.info else f"there is no `{self.success}`"
            message = f"the environment does not report success: in the `info` of its steps {said}"
            help = f"say which entry does: `success: KEY`; it has {', '.join(f'`{k}`' for k in seen.info) or 'none that could'}"
            raise InputError(Problem("R292", message, help, "benchmark.success"))
        return bool(value)

    def score(self, success: bool, best: float) -> float:
        """1 exactly on success; of a failure the best reward of a step as a share of the most, below 1."""
        if success or self.most_reward is None:
            return float(success)
        return min(max(best / self.most_reward, 0.0), 0.999)


def run_trials(
    environments: Environments, policy: Actor, resets: Sequence[Reset], rules: Rules, instruction: str, at_once: int
) -> list[Trial]:
    """Run a trial from each reset, `at_once` of them side by side, until the environment reports success or ends it.

    Raises:
        InputError: R294 when a reset begins elsewhere than was recorded; as `Environments.step` and `Rules.succeeded`.
        FloatingPointError: when an action is none.
    """
    done = []
    for first in range(0, len(resets), at_once):
        done += _side_by_side(environments, policy, resets[first : first + at_once], rules, instruction)
    return done


def _side_by_side(
    environments: Environments, policy: Actor, resets: Sequence[Reset], rules: Rules, instruction: str
) -> list[Trial]:
    n = len(resets)
    seen = [begun(environments, row, one) for row, one in enumerate(resets)]
    success, best, steps = np.zeros(n, bool), np.full(n, -np.inf), np.zeros(n, int)
    active, stride = np.ones(n, bool), -(-rules.max_steps // FRAMES)
    frames = [[_small(one.images)] for one in seen]
    policy.reset(n)
    for _ in range(rules.max_steps):
        images = {name: np.stack([one.images[name] for one in seen]) for name in seen[0].images} if policy.looks else {}
        actions = np.asarray(policy.act(images, np.stack([one.state for one in seen]).astype(np.float32), instruction))
        if not np.isfinite(actions[active]).all():
            raise FloatingPointError("the policy's actions are not finite")
        for row in np.flatnonzero(active).tolist():
            seen[row] = now = environments.step(row, actions[row])
            steps[row] += 1
            best[row] = max(best[row], now.reward)
            success[row] = rules.succeeded(now)
            active[row] = not (success[row] or now.ended)
            if steps[row] % stride == 0 or not active[row]:
                frames[row].append(_small(now.images))
        if not active.any():
            break
    return [
        Trial(
            one.index,
            bool(success[row]),
            rules.score(bool(success[row]), best[row]),
            "" if success[row] else "not reached in time" if steps[row] == rules.max_steps else "ended before it was reached",
            int(steps[row]),
            partial(_film, frames[row]),
        )
        for row, one in enumerate(resets)
    ]


def begun(environments: Environments, row: int, reset: Reset) -> Seen:
    """A trial at its beginning.

    Raises:
        InputError: R294 when it is not the state that was recorded.
    """
    seen = environments.reset(row, reset.seed)
    if not Reset.of(reset.index, reset.seed, seen).is_again(reset):
        message = f"a reset with seed {reset.seed} begins elsewhere than it did when it was recorded"
        help = "the environment draws its states by more than the seed: policies cannot be compared state by state there"
        raise InputError(Problem("R294", message, help, "benchmark.environment"))
    return seen


def varied(resets: Sequence[Reset]) -> dict[int, str | None]:
    """By initial state, what varies between resets: entries of the state that the environment shows, by their place in it and in
    its own units, for it names none. The first `MOST_VARIED` that vary are told."""
    if not resets:
        return {}
    states = np.array([one.state for one in resets])
    moving = np.flatnonzero(np.ptp(states, axis=0) > 0)[:MOST_VARIED].tolist()
    return {one.index: packed({f"state_{i}": float(one.state[i]) for i in moving}) for one in resets}


class Idle:
    """An actor that does nothing, as the suite's description says what that is; see `Actor`."""

    looks = False

    def __init__(self, found: FoundBenchmark) -> None:
        self.facts: Any = {}
        self._found = found

    def reset(self, n: int) -> None:
        """See `Actor.reset`."""
        self._held: np.ndarray | None = None

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        """See `Actor.act`."""
        if self._held is None:
            zeros = np.zeros((len(state), self._found.action_dim), np.float32)
            self._held = state if self._found.idle == "state" else zeros
        return self._held


def film_fps(fps: float, rules: Rules) -> float:
    """Frames a second of films, which leave steps out."""
    return fps / -(-rules.max_steps // FRAMES)


def _thumb(picture: np.ndarray) -> np.ndarray:
    rows, columns = (np.linspace(0, size, THUMB + 1).astype(int)[:-1] for size in picture.shape[:2])
    sums = np.add.reduceat(np.add.reduceat(picture.astype(np.int64).sum(2), rows, 0), columns, 1)
    counts = np.diff([*rows, picture.shape[0]])[:, None] * np.diff([*columns, picture.shape[1]])
    return sums / (3 * counts)


def _small(images: dict[str, np.ndarray]) -> list[np.ndarray]:
    strides = {name: -(-picture.shape[1] // ACROSS) for name, picture in images.items()}
    return [picture[:: strides[name], :: strides[name]].copy() for name, picture in images.items()]


def _film(frames: list[list[np.ndarray]]) -> np.ndarray:
    return side_by_side([np.stack(view) for view in zip(*frames, strict=True)])
