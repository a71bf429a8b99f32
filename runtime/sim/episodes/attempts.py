"""Attempts that fail, nearly succeed and succeed: the expert held back in several ways, and what came of every action."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from runtime.learn.actor import Actor
from runtime.sim.episodes.episodes import Episode
from runtime.sim.parts.mj import Data, Model, mujoco
from runtime.sim.parts.start import Start
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import Twin

GROUP = 20
"""Attempts in lockstep; bounds memory, changes nothing else."""
_STREAM = 71
NOISE_RAD = (0.01, 0.12)
"""Range of the disturbance of joint targets, drawn evenly on a logarithmic scale."""
HASTE = (0.2, 1.0)
"""Range of the share of the wished way that is gone in one step, where an attempt is slow."""


@dataclass(frozen=True)
class Attempt:
    """One attempt of T actions. States have T + 1 rows: what stood before each action, and what the last one left."""

    qpos: np.ndarray  # [T + 1, nq]
    still_m: np.ndarray  # [M, 3] places of mocap bodies
    turns: np.ndarray  # [M, 4] and their quaternions
    state: np.ndarray  # [T + 1, J] measured joints, rad, float32
    action: np.ndarray  # [T, J] joint targets as they were carried out, rad, float32
    success: np.ndarray  # [T + 1] whether the task was done by then
    reward: np.ndarray  # [T + 1] of the step that led there; 0 at first
    contact: np.ndarray  # [T + 1] whether the robot touched an object
    force_n: np.ndarray  # [T + 1] how hard: the sum of all normal forces between them, newtons

    def __len__(self) -> int:
        return len(self.action)


@dataclass(frozen=True)
class Hindered:
    """How attempts are held back. Shares are of attempts; none of these excludes another."""

    aim_sd_m: float  # objects are taken to be aside by this much along each axis, the same all through an attempt
    mistaken: float  # share of attempts with such an error
    slow: float  # share that goes only part of each way
    stalled: float  # share that stops at some step and drifts
    hold_steps: int  # steps kept after success
    seed: tuple[int, ...]


def attempts(
    model: Model, twin: Twin, how: Hindered, count: int, policy: Actor | None = None, eyes: Sequence[Eye] = ()
) -> Iterator[Attempt]:
    """`count` attempts, whatever came of them: of the expert, or of a policy that looks through `eyes`; both are disturbed."""
    for first in range(0, count, GROUP):
        yield from _group(model, twin, how, range(first, min(first + GROUP, count)), policy, eyes)


def _group(
    model: Model, twin: Twin, how: Hindered, indices: range, policy: Actor | None, eyes: Sequence[Eye]
) -> Iterator[Attempt]:
    kind, task, robot = kind_of(twin.task), twin.task, twin.robot
    starts = begun(twin, indices, how.seed)
    bench = Bench(model, twin.physics, task, twin.control_hz, starts, kind.REWARD, robot)
    rngs = [np.random.default_rng([_STREAM, *how.seed, i]) for i in indices]
    n, steps = len(starts), round(task.horizon_s * twin.control_hz)
    objects = bench.objects().shape[1]
    noise = np.array([np.exp(r.uniform(*np.log(NOISE_RAD))) for r in rngs])
    hold = np.array([r.uniform(0.5, 0.95) for r in rngs])
    aim = np.stack([(r.uniform() < how.mistaken) * r.normal(0, how.aim_sd_m, (objects, 3)) * (1, 1, 0) for r in rngs])
    haste = np.array([r.uniform(*HASTE) if r.uniform() < how.slow else 1.0 for r in rngs])
    until = np.array([r.integers(1, steps) if r.uniform() < how.stalled else steps for r in rngs])
    drift, wish = np.zeros((n, robot.action_dim)), bench.measured().astype(np.float64)
    after, rows, taken = np.zeros(n, int), [[_row(bench, i, 0.0)] for i in range(n)], [[] for _ in range(n)]
    if policy:
        policy.reset(n)
    for t in range(steps):
        active = after <= how.hold_steps
        if not active.any():
            break
        measured = bench.measured()
        if policy:
            seen = (
                {e.camera.name: np.stack([e.see(d, rngs[i]) for i, d in enumerate(bench.datas)]) for e in eyes}
                if policy.looks
                else {}
            )
            wish = np.nan_to_num(policy.act(seen, measured, task.instruction)).astype(np.float64)
        for i in np.flatnonzero(active):
            fresh = rngs[i].normal(0, noise[i] if t < until[i] else NOISE_RAD[1], robot.action_dim) * robot.of_arm
            drift[i] = hold[i] * drift[i] + np.sqrt(1 - hold[i] ** 2) * fresh
            if not policy and t < until[i]:
                known = bench.seen(i)
                wish[i] = expert_action(task, replace(known, objects_m=known.objects_m + aim[i]), robot)
        actions = np.clip(measured + haste[:, None] * (wish - measured) + drift, *robot.limits_rad.T)
        rewards = bench.step(actions, active)
        for i in np.flatnonzero(active):
            taken[i].append(actions[i].astype(np.float32))
            rows[i].append(_row(bench, i, rewards[i]))
            after[i] += bench.judges[i].success
    for i, data in enumerate(bench.datas):
        yield _attempt(data, rows[i], taken[i])


def begun(twin: Twin, indices: Iterable[int], seeds: tuple[int, ...]) -> list[Start]:
    """From where attempts begin."""
    seed = int(np.random.SeedSequence((_STREAM, *seeds)).generate_state(1)[0])
    return [kind_of(twin.task).draw_start(twin.task, i, "practice", seed, twin.robot) for i in indices]


def own_attempts(
    model: Model,
    twin: Twin,
    starts: Sequence[Start],
    policy: Actor,
    eyes: Sequence[Eye],
    hold_steps: int,
    rng: np.random.Generator,
) -> list[Attempt]:
    """What a policy does from each start, undisturbed, until some steps after success or the horizon's end."""
    kind, task = kind_of(twin.task), twin.task
    bench = Bench(model, twin.physics, task, twin.control_hz, starts, kind.REWARD, twin.robot)
    n = len(starts)
    after, rows, taken = np.zeros(n, int), [[_row(bench, i, 0.0)] for i in range(n)], [[] for _ in range(n)]
    policy.reset(n)
    for _ in range(round(task.horizon_s * twin.control_hz)):
        active = after <= hold_steps
        if not active.any():
            break
        images = {e.camera.name: np.stack([e.see(d, rng) for d in bench.datas]) for e in eyes} if policy.looks else {}
        wish = np.nan_to_num(policy.act(images, bench.measured(), task.instruction)).astype(np.float64)
        actions = np.clip(wish, *twin.robot.limits_rad.T)
        rewards = bench.step(actions, active)
        for i in np.flatnonzero(active):
            taken[i].append(actions[i].astype(np.float32))
            rows[i].append(_row(bench, i, rewards[i]))
            after[i] += bench.judges[i].success
    return [_attempt(bench.datas[i], rows[i], taken[i]) for i in range(n)]


def _attempt(data: Data, rows: Sequence[tuple[Any, ...]], actions: Sequence[np.ndarray]) -> Attempt:
    columns = [np.stack(column) for column in zip(*rows, strict=True)]
    return Attempt(columns[0], data.mocap_pos.copy(), data.mocap_quat.copy(), columns[1], np.stack(actions), *columns[2:])


def _row(bench: Bench, i: int, reward: float) -> tuple[np.ndarray, np.ndarray, bool, np.float32, bool, np.float32]:
    data = bench.datas[i]
    touched = touching(bench.model, data)
    force = np.float32(sum(_pressed_n(bench.model, data, int(c)) for c in touched))
    return data.qpos.copy(), bench.measured_of(i), bench.judges[i].success, np.float32(reward), bool(len(touched)), force


def own_episode(attempt: Attempt, start: Start, hold_steps: int) -> Episode:
    """A policy's own success as an episode to learn from, until some steps after it."""
    end = min(len(attempt), int(np.argmax(attempt.success)) + hold_steps)
    turns = attempt.turns if np.any(attempt.turns[:, 1:]) else None
    said = start.settings.get("instruction", "")
    return Episode(attempt.qpos[:end], attempt.still_m, attempt.state[:end], attempt.action[:end], start.index, said, turns)


def touching(model: Model, data: Data) -> np.ndarray:
    """Contacts in which the robot touches anything that is loose, or moves in an object that stands still."""
    bodies = model.geom_bodyid[data.contact.geom]  # [C, 2]
    robot = model.body_rootid[model.site_bodyid[model.site("gripperframe").id]]
    roots = model.body_rootid[bodies]
    mine, other = roots == robot, (roots != robot) & (model.body_dofnum[bodies] > 0)
    return np.flatnonzero(mine.any(1) & other.any(1))


def _pressed_n(model: Model, data: Data, contact: int) -> float:
    wrench = np.zeros(6)  # in the contact's frame, whose first axis is the normal
    mujoco.mj_contactForce(model, data, contact, wrench)
    return float(wrench[0])


def save_attempts(path: Path, found: Sequence[Attempt]) -> None:
    """Write attempts as one npz; rows of all lie one after another."""
    joined = {f.name: np.concatenate([getattr(a, f.name) for a in found]) for f in fields(Attempt)}
    np.savez_compressed(path, lengths=np.array([len(a) for a in found]), **joined)


def load_attempts(path: Path) -> list[Attempt]:
    """The inverse of `save_attempts`."""
    with np.load(path) as stored:
        columns, lengths = {f.name: stored[f.name] for f in fields(Attempt)}, stored["lengths"]
    sizes = {"action": lengths, "still_m": None, "turns": None}
    cut = {}
    for name, column in columns.items():
        own = sizes.get(name, lengths + 1)
        ends = np.arange(1, len(lengths)) * (len(column) // len(lengths)) if own is None else np.cumsum(own)[:-1]
        cut[name] = np.split(column, ends)
    return [Attempt(**{name: parts[i] for name, parts in cut.items()}) for i in range(len(lengths))]


def replay(model: Model, attempt: Attempt) -> Iterator[Data]:
    """The scene at each state of an attempt, geometry alone."""
    data = mujoco.MjData(model)
    data.mocap_pos[:], data.mocap_quat[:] = attempt.still_m, attempt.turns
    for qpos in attempt.qpos:
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        yield data
