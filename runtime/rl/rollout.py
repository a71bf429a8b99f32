"""A policy that plans chunks and explores, in many rows of a twin at once: each row has its own clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from runtime.problem import InputError, Problem
from runtime.sim.vector.bench import VectorBench

type Plan = Callable[[Mapping[str, np.ndarray], np.ndarray, np.ndarray], np.ndarray]
"""Pictures u8 [n, H, W, 3] by camera, measured joints [n, J] and true state [n, P] -> joint targets [n, k, J], radians."""


@dataclass(frozen=True)
class Noise:
    """How a policy explores: each target is off by `sd_rad` of its own, and all of a chunk together by `chunk_sd_rad`, which a
    servo's lag does not smooth away; standard deviations."""

    sd_rad: float
    chunk_sd_rad: float

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Deviations [n, k, J], radians."""
        return rng.normal(0, self.sd_rad, shape) + rng.normal(0, self.chunk_sd_rad, (shape[0], 1, shape[2]))


STILL = Noise(0.0, 0.0)
OF_CAMERAS = ("images", "places")
"""Fields of an experience that are by camera."""


@dataclass(frozen=True)
class Experience:
    """M decisions of a policy, row by row and in order, each with what came of it. A decision is a chunk of k control steps, of
    which the first `done` were carried out."""

    images: dict[str, np.ndarray]  # u8 [M, H, W, 3]
    places: dict[str, np.ndarray]  # [M, K, 2] where objects are in them
    state: np.ndarray  # [M, J] measured, rad
    privileged: np.ndarray  # [M, k, P] true state before each step, for the critic
    mean: np.ndarray  # [M, k, J] rad, what the policy meant
    action: np.ndarray  # [M, k, J] rad, what it did
    done: np.ndarray  # [M, k] which of these steps were carried out
    reward: np.ndarray  # [M, k] of each step
    ends: np.ndarray  # [M] whether its last step was its episode's
    row: np.ndarray  # [M]
    after: np.ndarray  # [N, P] true state in which each row was left

    def __len__(self) -> int:
        return len(self.state)


@dataclass(frozen=True)
class Told:
    """What came of the episodes that ended."""

    success: np.ndarray  # [E]
    paid: np.ndarray  # [E] undiscounted sum of the reward

    def hacked(self, before: "Told") -> bool:
        """Whether the reward has risen since `before`, from the same starts, while success fell: each by over two standard errors
        of the mean difference. Who is paid for the wrong thing learns that (Skalse et al., "Defining and Characterizing Reward
        Hacking", 2022)."""
        changes = [np.asarray(now, float) - then for now, then in ((self.paid, before.paid), (self.success, before.success))]
        more, fewer = (change.mean() / max(1e-12, change.std(ddof=1) / len(change) ** 0.5) for change in changes)
        return bool(more > 2 and fewer < -2)


class Course:
    """The rows of a bench, driven by a policy that plans `every` steps at once; one that is not `sees` is shown no pictures."""

    def __init__(self, bench: VectorBench, every: int, sees: bool = True) -> None:
        self.bench, self.every, self._sees = bench, every, sees
        self._chunk = np.zeros((bench.rows, every, bench.actions))
        self.at = np.full(bench.rows, every)
        """The step of its chunk that each row is at [N]; at `every` it plans anew."""
        self._paid = np.zeros(bench.rows)

    def look(self, rows: np.ndarray, plan: Plan, noise: Noise, rng: np.random.Generator) -> dict[str, np.ndarray | dict]:
        """Plan anew in `rows`: what was seen, meant and will be done there, as `Experience` names it.

        Raises:
            InputError: R399 when that is no finite number.
        """
        bench = self.bench
        state, privileged, images, places = bench.state()[rows], bench.privileged()[rows], {}, {}
        if self._sees:
            pictures, places = bench.pictures(rows), bench.places(rows)
            images = {name: np.ascontiguousarray(pictures[:, i]) for i, name in enumerate(bench.cameras)}
        mean = plan(images, state, privileged)
        if not np.isfinite(mean).all():
            help_ = "lower its learning rate, or begin from another policy: weights of this one are no finite numbers"
            raise InputError(Problem("R399", "the policy means to do what is no finite number", help_, "stages.rl"))
        self._chunk[rows] = mean + noise.draw(rng, mean.shape)
        self.at[rows] = 0
        return {"images": images, "places": places, "state": state, "mean": mean, "action": self._chunk[rows], "row": rows}

    def next(self) -> np.ndarray:
        """The joint targets [N, J] of this step, by each row's clock."""
        return self._chunk[np.arange(self.bench.rows), np.minimum(self.at, self.every - 1)]

    def collect(self, plan: Plan, noise: Noise, rng: np.random.Generator, steps: int) -> tuple[Experience, Told]:
        """So many control steps of every row. Decisions that these cut off count as far as they went; all rows plan anew next
        time."""
        bench, n = self.bench, self.bench.rows
        parts: list[dict] = []
        size = 0
        open_ = np.zeros(n, int)  # which decision each row is at
        most = n * steps, self.every
        done, reward, ends = np.zeros(most, bool), np.zeros(most), np.zeros(most[0], bool)
        privileged = np.zeros((*most, bench.privileged().shape[1]), np.float32)
        success, paid = [], []
        for _ in range(steps):
            if len(rows := np.flatnonzero(self.at == self.every)):
                parts.append(self.look(rows, plan, noise, rng))
                open_[rows] = size + np.arange(len(rows))
                size += len(rows)
            privileged[open_, self.at] = bench.privileged()
            stepped = bench.step(self.next())
            done[open_, self.at], reward[open_, self.at] = True, stepped.reward
            self._paid += stepped.reward
            self.at += 1
            if stepped.done.any():
                over = np.flatnonzero(stepped.done)
                ends[open_[over]] = True
                self.at[over] = self.every
                success.extend(stepped.success[over])
                paid.extend(self._paid[over])
                self._paid[over] = 0.0
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name not in OF_CAMERAS}
        films = {of: {name: np.concatenate([part[of][name] for part in parts]) for name in parts[0][of]} for of in OF_CAMERAS}
        self.at[:] = self.every
        order = np.lexsort((np.arange(size), columns["row"]))
        columns |= {"done": done[:size], "reward": reward[:size], "ends": ends[:size], "privileged": privileged[:size]}
        found = {name: column[order] for name, column in columns.items()}
        told = Told(np.array(success, bool), np.array(paid))
        seen = {of: {name: film[order] for name, film in films[of].items()} for of in OF_CAMERAS}
        return Experience(seen["images"], seen["places"], after=bench.privileged().copy(), **found), told


def first_episodes(course: Course, plan: Plan) -> Told:
    """What comes of one episode in each row, without exploring."""
    bench, rng = course.bench, np.random.default_rng(0)
    success, paid, over = np.zeros(bench.rows, bool), np.zeros(bench.rows), np.zeros(bench.rows, bool)
    for _ in range(bench.horizon):
        if len(rows := np.flatnonzero((course.at == course.every) & ~over)):
            course.look(rows, plan, STILL, rng)
        stepped = bench.step(course.next())
        paid += np.where(over, 0.0, stepped.reward)
        success |= stepped.success & ~over
        over |= stepped.done
        course.at = np.minimum(course.at + 1, course.every)
        if over.all():
            break
    return Told(success, paid)


def joined(parts: Sequence[Experience]) -> Experience:
    """Several of the same rows as one, whose rows are others each."""
    seen = {of: {k: np.concatenate([getattr(x, of)[k] for x in parts]) for k in getattr(parts[0], of)} for of in OF_CAMERAS}
    columns = {
        f.name: np.concatenate([getattr(part, f.name) for part in parts])
        for f in fields(Experience)
        if f.name not in (*OF_CAMERAS, "row")
    }
    firsts = np.cumsum([0, *(len(part.after) for part in parts[:-1])])
    row = np.concatenate([part.row + first for part, first in zip(parts, firsts, strict=True)])
    return Experience(seen["images"], seen["places"], row=row, **columns)
