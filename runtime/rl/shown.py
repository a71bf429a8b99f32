"""What is shown to a policy in a varied twin: stretches of a teacher from where the policy had got, or its own successes."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from runtime.learn.dataset import Shown
from runtime.rl.rollout import STILL, Course, Plan
from runtime.sim.episodes.episodes import Episode
from runtime.sim.episodes.places import places_of
from runtime.sim.episodes.practice import LATEST
from runtime.sim.pixels.eye import Eye
from runtime.sim.vector.bench import VectorBench

type Teacher = Callable[[Course, np.ndarray], np.ndarray]
"""A course and rows of it -> joint targets there [n, J], radians."""


def by_expert(course: Course, rows: np.ndarray) -> np.ndarray:
    """The task's scripted expert, who knows the true state."""
    return course.bench.expert(rows)


def longest(bench: VectorBench) -> int:
    """Control steps that one of `shown`'s episodes takes at most: until the teacher takes over, and a whole horizon after."""
    return bench.horizon + _latest(bench)


def _latest(bench: VectorBench) -> int:
    return max(2, round(LATEST * bench.horizon))


def shown(
    course: Course, plan: Plan, count: int, rng: np.random.Generator, teacher: Teacher | None, drives: bool = True
) -> Iterator[tuple[Shown | None, int]]:
    """`count` episodes: what is learned from each, or None, and its control steps.

    With a teacher the policy drives (if it `drives`) until a random step, from which the teacher has the whole horizon: its
    stretch is shown (DAgger, Ross, Gordon and Bagnell 2011, with whole stretches as labels), unless the policy had succeeded
    before, or the teacher fails. Without one the policy drives to the end, and is shown its own successes.
    """
    bench = course.bench
    for first in range(0, count, bench.rows):
        bench.reset(np.arange(bench.rows))
        course.at[:] = course.every
        eyes = list(bench.eyes)  # rows that are over begin anew, in another look
        taken = np.zeros(bench.rows, int) if teacher is None or not drives else rng.integers(1, _latest(bench), bench.rows)
        over, won, steps = np.zeros(bench.rows, bool), np.zeros(bench.rows, bool), np.zeros(bench.rows, int)
        rows: list[list[tuple]] = [[] for _ in range(bench.rows)]
        for t in range(longest(bench)):
            told = np.flatnonzero(~over & (t >= taken))
            bench.elapsed[told[t == taken[told]]] = 0  # the teacher has all the time there is
            own = np.flatnonzero(~over & ((t < taken) if teacher else True) & (course.at == course.every))
            if len(own):
                course.look(own, plan, STILL, rng)
            actions = course.next()
            if teacher and len(told):
                actions[told] = teacher(course, told)
            if len(told):
                for row, pictures, state in zip(told, bench.pictures(told), bench.state()[told], strict=True):
                    data = bench.bench.datas[row]
                    still = data.mocap_pos.copy(), data.mocap_quat.copy()
                    rows[row].append((pictures, state, actions[row].astype(np.float32), data.qpos.copy(), *still))
            stepped = bench.step(actions)
            course.at = np.minimum(course.at + 1, course.every)
            steps += ~over
            won |= stepped.success & ~over & (t >= taken)
            over |= stepped.done
            if over.all():
                break
        for row in range(min(bench.rows, count - first)):
            yield (_shown(course, rows[row], eyes[row]) if won[row] else None), int(steps[row])


def _shown(course: Course, rows: list[tuple], eyes: Mapping[str, Eye]) -> Shown:
    """Pictures by camera, joints, actions, and where objects were in the pictures."""
    bench = course.bench
    pictures, state, action, qpos, still, turns = (np.stack(column) for column in zip(*rows, strict=True))
    episode = Episode(qpos, still[0], state, action, 0, turns=turns[0])
    film = {name: pictures[:, i] for i, name in enumerate(bench.cameras)}
    return film, state, action, places_of(episode, bench.bench.model, bench.twin, [eye.camera for eye in eyes.values()])
