"""A twin to learn in by trial and error: N rows stepped together, each begun anew by itself as soon as its episode ends.

Physics, initial states, judges and experts are those of `runtime.sim.scene.bench`, by which policies are evaluated. An adapter
to a learner reads `rows`, `actions`, `horizon`, `elapsed`, and of each step `reward`, `done` and `timed_out`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.bound.randomise import Randomise
from runtime.bound.task import Task
from runtime.sim.episodes.places import projected
from runtime.sim.parts.mj import Model
from runtime.sim.parts.start import Start
from runtime.sim.pixels.eye import Eye, where_now
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.kind import Moment
from runtime.sim.tasks.reward import parts_of
from runtime.sim.trials.run import look as seen_by
from runtime.sim.twin.twin import Twin, read_model, read_twin
from runtime.sim.vector.looks import VIEWS, Looks, read_looks
from runtime.sim.vector.privileged import Privileged
from runtime.sim.vector.varied import FACTORS, Varied
from runtime.splat.renderer import Renderer

_STREAM = 79


@dataclass(frozen=True)
class Observed:
    """Observations of all rows, float32: `state` [N, S] is what policies act on, `privileged` [N, P] what a critic may know."""

    state: np.ndarray
    privileged: np.ndarray


@dataclass(frozen=True)
class Stepped:
    """What came of a step. Observations of a row that is `done` are those of its next episode's beginning; those of its end are
    in `VectorBench.final`."""

    state: np.ndarray  # [N, S] float32
    privileged: np.ndarray  # [N, P] float32
    reward: np.ndarray  # [N] the sum of `terms`
    terms: dict[str, np.ndarray]  # part of the reward -> [N], weighted
    done: np.ndarray  # [N] bool: success, or out of time
    timed_out: np.ndarray  # [N] bool: the horizon ended, which is no failure of the state
    success: np.ndarray  # [N] bool
    log: dict[str, float]
    """Means over the episodes that ended: `episode/success`, `episode/steps`, and `reward/PART`, the sum over an episode."""


class VectorBench:
    """N rows of a task in a twin.

    Actions [N, A] are joint targets as the robot's encoders count them, radians: what policies of ours return. Row r's episode k
    begins from initial state `r + k * rows` of a stream that depends on the seed alone, so that what a row meets does not hang on
    how the others fare. Without `randomise` a row is a trial of evaluation, number for number.
    """

    def __init__(
        self,
        twin: Twin,
        model: Model,
        rows: int,
        seed: int,
        randomise: Randomise | None = None,
        terms: Mapping[str, float] | None = None,
        looks: Looks | None = None,
        discount: float = 1.0,
        purpose: str = "practice",
    ) -> None:
        """See `vector_bench`, which reads all this from a published twin.

        Args:
            twin: its facts; the task is its own.
            model: the compiled scene.
            rows: how many.
            seed: of starts and of what varies.
            randomise: how far the twin varies from episode to episode.
            terms: weights of parts of the reward (`runtime.sim.tasks.reward`) that are not the task's own; 0 leaves a part out.
            looks: what rows see; without them there are no pictures.
            discount: the learner's, by which parts that shape are discounted.
            purpose: whose stream of initial states (`runtime.sim.parts.start`).

        Raises:
            InputError: R380: see `parts_of`.
        """
        self.twin, self.task, self.rows, self.seed, self.discount = twin, twin.task, rows, seed, discount
        self.actions, self.cameras = twin.robot.action_dim, [camera.name for camera in twin.cameras]
        self.horizon = round(twin.task.horizon_s * twin.control_hz)
        self.parts = parts_of(twin.task, terms)
        self.elapsed = np.zeros(rows, int)
        """Steps of each row's episode so far [N]; a learner may write it, to begin out of step."""
        self.eyes: list[dict[str, Eye]] = [{}] * rows
        self._kind, self._looks, self._purpose = kind_of(twin.task), looks, purpose
        self._family = int(np.random.SeedSequence((_STREAM, seed)).generate_state(1)[0])
        self._varied = Varied(model, twin, randomise) if randomise else None
        self._models = [self._varied.fresh() for _ in range(rows)] if self._varied else []
        self.drawn = np.zeros((rows, len(FACTORS)))
        """What varies in each row, as shares of its range [N, F], by `runtime.sim.vector.varied.FACTORS`."""
        self.episodes = np.full(rows, -1)
        """The number of each row's episode [N], from 0."""
        starts = [self._start(row, 0) for row in range(rows)]
        self.bench = Bench(model, twin.physics, twin.task, twin.control_hz, starts, robot=twin.robot)
        self._privileged = Privileged(self.bench)
        self._moments: list[Moment] = [self.bench.moment(row) for row in range(rows)]
        self._before: dict[str, np.ndarray] = {name: np.zeros(rows) for name, part in self.parts.items() if part.shapes}
        self._sums = {name: np.zeros(rows) for name in self.parts}
        self._now = self._observe(np.arange(rows))
        self.reset(np.arange(rows))
        self.final = self._now
        """Observations as the last step left them, before rows that were done began anew."""

    def _start(self, row: int, episode: int) -> Start:
        return self._kind.draw_start(self.task, row + episode * self.rows, self._purpose, self._family, self.twin.robot)

    @property
    def groups(self) -> dict[str, slice]:
        """Which columns of `privileged` are what."""
        return self._privileged.groups

    @property
    def instructions(self) -> list[str]:
        """What each row is asked to do, in words."""
        return [start.settings.get("instruction", self.task.instruction) for start in self.bench.starts]

    def reset(self, rows: Sequence[int] | np.ndarray, starts: Sequence[Start] | None = None) -> None:
        """Begin new episodes in `rows`; the others stay as they are, to the last bit. With `starts` they begin there.

        Raises:
            ValueError: a start changes more of the task than its wording, so that it needs another model.
        """
        for number, row in enumerate(int(row) for row in rows):
            self.episodes[row] += 1
            start = self._start(row, int(self.episodes[row])) if starts is None else starts[number]
            if set(start.settings) - {"instruction"}:
                raise ValueError(f"initial state {start.index} has other objects: {', '.join(start.settings)}")
            rng = np.random.default_rng([_STREAM, self.seed, row, int(self.episodes[row])])
            if self._varied:
                physics, self.drawn[row] = self._varied.draw(self._models[row], rng)
                self.bench.vary(row, self._models[row], physics)
            if self._looks:
                self.eyes[row] = self._looks.draw(rng)
            self.bench.reset([row], [start])
            self.elapsed[row] = 0
            self._moments[row] = self.bench.moment(row)
            for name, before in self._before.items():
                before[row] = self.parts[name].of(self._moments[row])
            for total in self._sums.values():
                total[row] = 0.0
        rows = np.asarray(rows, int)
        begun, state, privileged = self._observe(rows), self._now.state.copy(), self._now.privileged.copy()
        state[rows], privileged[rows] = begun.state, begun.privileged
        self._now = Observed(state, privileged)

    def state(self) -> np.ndarray:
        """Joints as the robot reports them [N, S], radians, float32: what policies act on beside pictures."""
        return self._now.state

    def privileged(self) -> np.ndarray:
        """What is true of each row [N, P], float32; `groups` says which columns are what."""
        return self._now.privileged

    def _observe(self, rows: np.ndarray) -> Observed:
        left = 1 - self.elapsed[rows] / self.horizon
        return Observed(
            self.bench.measured()[rows],
            self._privileged.of(rows.tolist(), [self._moments[i] for i in rows], left, self.drawn[rows]),
        )

    def pictures(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """What the cameras of these rows see now, u8 [n, C, H, W, 3], in the order of `cameras`; drawn when asked for.

        Raises:
            ValueError: the bench has no looks.
        """
        if self._looks is None:
            raise ValueError("this bench has no pictures: make it with `look`")
        found = [seen_by(self.eyes[i], self.bench.datas[i], self.bench.starts[i].index, int(self.elapsed[i])) for i in rows]
        return np.stack([np.stack([one[name] for name in self.cameras]) for one in found])

    def places(self, rows: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
        """Where the task's objects are in the pictures of these rows now, as `runtime.sim.episodes.places` has it [n, K, 2]."""
        found: dict[str, list[np.ndarray]] = {name: [] for name in self.cameras}
        for row in rows:
            data = self.bench.datas[row]
            points = self._kind.objects(self.bench.model, data)[None]
            for name, eye in self.eyes[row].items():
                camera = where_now(eye.camera, self.bench.model, data)
                found[name].append(projected(points, camera, camera.c2w[None])[0])
        return {name: np.stack(each) for name, each in found.items()}

    def expert(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """What the task's expert would do in these rows now [n, A], radians."""
        return np.stack([expert_action(self.task, self.bench.seen(int(row)), self.twin.robot) for row in rows])

    def step(self, actions: np.ndarray) -> Stepped:
        """One control step of all rows; rows whose episodes end begin anew.

        Raises:
            FloatingPointError: an action is not finite.
        """
        if not np.isfinite(actions).all():
            raise FloatingPointError("actions are not finite")
        self.bench.step(np.asarray(actions, np.float64))
        self.elapsed += 1
        self._moments = [self.bench.moment(row) for row in range(self.rows)]
        terms = {name: self._paid(name) for name in self.parts}
        success = np.array([judge.success for judge in self.bench.judges])
        timed_out = ~success & (self.elapsed >= self.horizon)
        ended = np.flatnonzero(success | timed_out)
        self._now = self.final = self._observe(np.arange(self.rows))
        log = self._log(ended, success) if len(ended) else {}
        if len(ended):
            self.reset(ended)
        reward = np.sum(list(terms.values()), axis=0) if terms else np.zeros(self.rows)
        return Stepped(self._now.state, self._now.privileged, reward, terms, success | timed_out, timed_out, success, log)

    def _paid(self, name: str) -> np.ndarray:
        """What a part of the reward pays for the step [N]."""
        part = self.parts[name]
        value = np.array([part.of(now) for now in self._moments])
        paid = value
        if part.shapes:
            paid, self._before[name] = self.discount * value - self._before[name], value
        paid = part.weight * paid
        self._sums[name] += paid
        return paid

    def _log(self, ended: np.ndarray, success: np.ndarray) -> dict[str, float]:
        found = {"episode/success": success[ended], "episode/steps": self.elapsed[ended]}
        found |= {f"reward/{name}": total[ended] for name, total in self._sums.items()}
        return {name: float(np.mean(values)) for name, values in found.items()}


def vector_bench(
    folder: Path,
    rows: int,
    seed: int,
    randomise: Randomise | None = None,
    terms: Mapping[str, float] | None = None,
    look: bool = False,
    task: Task | None = None,
    scene: Path | None = None,
    renderer: Renderer | None = None,
    views: int = VIEWS,
    discount: float = 1.0,
    purpose: str = "practice",
) -> VectorBench:
    """A `VectorBench` of a published twin; see there.

    Args:
        folder: of the twin.
        look: whether its cameras see.
        task: another of the twin's kind than its own.
        scene: the twin's splat, where cameras are to move; drawn from `views` places by `renderer`, or by ours.

    Raises:
        InputError: R380: see `parts_of`.
        ValueError: see `read_looks`.
    """
    from dataclasses import replace

    twin = read_twin(folder)
    model = read_model(folder, twin, task)
    twin = replace(twin, task=task) if task else twin
    looks = read_looks(folder, twin, model, randomise, scene, renderer, views, seed) if look else None
    return VectorBench(twin, model, rows, seed, randomise, terms, looks, discount, purpose)
