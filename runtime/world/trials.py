"""A policy inside the world model: it sees what the model paints, and the model says how likely it got it done."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from runtime.bound.task import Task
from runtime.bound.twin_camera import DEFAULT_CAMERA
from runtime.learn.actor import Actor
from runtime.problem import InputError, Problem
from runtime.sim.parts.robot import Robot
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.scene.settle import refuse_unsettled
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.kind import Seen
from runtime.sim.trials.conditions import Condition, alike
from runtime.sim.trials.run import Trial, look
from runtime.sim.twin.twin import Twin, eyes_of, read_behind, read_model
from runtime.world.model import Kept, WorldModel
from runtime.world.network import QUARTERS, World

_NOISE_STREAM = 43
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Dream:
    """N trials that were imagined by M members for T steps."""

    done: np.ndarray  # [N, T] probability that it was done by then, mean over members
    apart: np.ndarray  # [N] how far members are apart about that in the end, standard deviation
    joints: np.ndarray  # [N, T + 1, J], as all that follows of the members' mean
    action: np.ndarray  # [N, T, J]
    tip: np.ndarray  # [N, T + 1, 3]
    objects: np.ndarray  # [N, T + 1, K, 3]
    turns: np.ndarray  # [N, T + 1, K, 2]
    reward: np.ndarray  # [N, T]
    apart_m: np.ndarray  # [N, T] how far members' objects are apart
    first: np.ndarray  # u8 [N, H, W, 3] the picture that each begins with


@torch.no_grad()
def dream(
    world: WorldModel,
    policy: Actor | None,
    first: np.ndarray,
    joints: np.ndarray,
    indices: Sequence[int],
    task: Task,
    robot: Robot,
) -> Dream:
    """Run a policy (or the task's scripted expert, who acts on the members' mean) in the model from one picture of each initial
    state; nothing else of the twin is looked at.

    Every member carries its own worlds, and the policy acts in each. Camera noise depends on initial state and step alone.

    Args:
        first: u8 [N, H, W, 3], the picture that the policy begins with.
        joints: [N, J], rad.
        indices: numbers of the initial states.
        robot: what its joints can do: actions are cut to that, as its servos do.
    """
    n, m, camera = len(first), world.members, world.facts["camera"]
    worlds = world.look(first[:, None], joints[:, None], np.zeros((n, 0, joints.shape[1])))
    left = torch.ones(m, n)
    kept = world.keep(np.tile(first, (m, 1, 1, 1)), *joined(worlds))
    low, high = (torch.from_numpy(x.astype(np.float32)) for x in robot.limits_rad.T)
    if policy:
        policy.reset(n * m)
    rows: list[tuple[np.ndarray, ...]] = []
    states: list[tuple[np.ndarray, ...]] = [_mean(worlds)]
    for t in range(round(task.horizon_s * world.facts["control_hz"])):
        images = {}
        if policy and policy.looks:
            seen = np.tile(first, (m, 1, 1, 1)) if t == 0 else _seen(world, worlds, indices, t, kept)
            images = {camera: seen}
        measured = worlds.joints.flatten(0, 1).numpy().astype(np.float32)
        wish = policy.act(images, measured, task.instruction) if policy else _scripted(world, worlds, task, robot)
        actions = torch.minimum(torch.maximum(torch.from_numpy(np.nan_to_num(np.asarray(wish, np.float32))), low), high)
        actions = actions.view(m, n, -1)
        worlds, said = world.network.ensemble.step(worlds, actions)
        left = left * (1 - torch.sigmoid(said.success))
        apart_m = ((worlds.objects - worlds.objects.mean(0)) ** 2).sum(-1).mean((0, 2)).sqrt()
        states.append(_mean(worlds))
        rows.append(((1 - left).mean(0).numpy(), actions.mean(0).numpy(), said.reward.mean(0).numpy(), apart_m.numpy()))
    done, action, reward, apart_m = (np.stack(column, 1) for column in zip(*rows, strict=True))
    joints, tip, objects, turns = (np.stack(column, 1) for column in zip(*states, strict=True))
    return Dream(done, left.std(0, correction=0).numpy(), joints, action, tip, objects, turns, reward, apart_m, first)


def _scripted(world: WorldModel, worlds: World, task: Task, robot: Robot) -> np.ndarray:
    """What the expert wants where the members' mean is the truth, of every member alike [M * N, J]."""
    joints, tip, objects, turns = _mean(worlds)
    angles, hand = np.arctan2(turns[..., 1], turns[..., 0]) / QUARTERS, robot.hand
    wishes = []
    for q, at, places, turned in zip(joints.astype(np.float64), tip, objects.astype(np.float64), angles, strict=True):
        gap_m = hand.gap(float(q[robot.gripper_index])) if hand else 0.0
        seen = Seen(at.astype(np.float64), q, places, turned.astype(np.float64), 1 / world.facts["control_hz"], hand, gap_m)
        wishes.append(expert_action(task, seen, robot))
    return np.tile(np.stack(wishes), (world.members, 1))


def _mean(worlds: World) -> tuple[np.ndarray, ...]:
    return tuple(getattr(worlds, name).mean(0).numpy() for name in ("joints", "tip", "objects", "turns"))


def joined(worlds: World) -> list[torch.Tensor]:
    """Joints, objects and turns of all members' worlds, one after another."""
    return [getattr(worlds, name).flatten(0, 1) for name in ("joints", "objects", "turns")]


def _seen(world: WorldModel, worlds: World, indices: Sequence[int], step: int, kept: Kept) -> np.ndarray:
    """What each member's worlds look like, with the camera's noise: u8 [M * N, H, W, 3]."""
    clean = world.paint(*joined(worlds), kept).permute(0, 2, 3, 1).numpy() * 255
    own = [] if world.facts["camera"] == DEFAULT_CAMERA else [zlib.crc32(world.facts["camera"].encode())]
    noise = np.stack(
        [
            np.random.default_rng([_NOISE_STREAM, i, step, *own]).standard_normal(clean.shape[1:], dtype=np.float32)
            for i in indices
        ]
    )
    noisy = clean + np.tile(noise, (world.members, 1, 1, 1)) * float(world.facts["noise_sd"])
    return np.clip(noisy + 0.5, 0, 255).astype(np.uint8)


def film_of(world: WorldModel, dreamt: Dream, i: int) -> np.ndarray:
    """What was imagined of trial i, u8 [T + 1, H, W, 3], without noise."""
    state = [torch.from_numpy(x[i].astype(np.float32)) for x in (dreamt.joints, dreamt.objects, dreamt.turns)]
    kept = world.keep(dreamt.first[i : i + 1], *(x[:1] for x in state))
    with torch.no_grad():
        return (world.paint(*state, kept) * 255 + 0.5).to(torch.uint8).permute(0, 2, 3, 1).numpy()


@dataclass(frozen=True)
class Dreams:
    """Dreams and the initial states that they begin from, in order."""

    indices: list[int]
    dream: Dream


def dreamt_from(world: WorldModel, policy: Actor | None, twin: Path, facts: Twin, found: Sequence[Condition]) -> Dreams:
    """Dreams that begin from conditions, as the twin's camera sees these; of the scripted expert where there is no policy.

    Raises:
        InputError: R348 when the policy looks through another camera than the model paints; R275 when something moves before
            anybody acts.
    """
    refuse_cameras(world, policy.facts["camera_keys"] if policy else [])
    parts, indices = [], []
    for task, own, first, joints in beginnings(world.facts["camera"], twin, facts, found):
        parts.append(dream(world, policy, first, joints, own, task, facts.robot))
        indices += own
    order = np.argsort(indices)
    whole = {name: np.concatenate([getattr(part, name) for part in parts])[order] for name in vars(parts[0])}
    return Dreams([indices[i] for i in order], Dream(**whole))


def refuse_cameras(world: WorldModel, cameras: Sequence[str]) -> None:
    """Raises R348 when a policy looks through another camera than the model paints."""
    camera = world.facts["camera"]
    if strange := [c for c in cameras if c != camera]:
        message = f"the policy looks through `{strange[0]}`, the world model paints what `{camera}` sees"
        raise InputError(Problem("R348", message, "train it on that camera alone", "stages.policy.camera_keys"))


def beginnings(
    camera: str, twin: Path, facts: Twin, found: Sequence[Condition]
) -> Iterator[tuple[Task, list[int], np.ndarray, np.ndarray]]:
    """Of each group of conditions that are alike: their task, numbers, first pictures u8 [N, H, W, 3], and joints [N, J].

    Raises:
        InputError: R275 when something moves before anybody acts.
    """
    backdrops = read_behind(twin, facts)
    for _, task, starts in alike(facts.task, found):
        model = read_model(twin, facts, task)
        refuse_unsettled(model, facts.physics, task, starts, facts.robot)
        bench = Bench(model, facts.physics, task, facts.control_hz, starts, robot=facts.robot)
        eye = {camera: eyes_of(model, facts, backdrops)[camera]}
        first = np.stack([look(eye, data, start.index, 0)[camera] for data, start in zip(bench.datas, starts, strict=True)])
        yield task, [start.index for start in starts], first, bench.measured()


def mastered(world: WorldModel, twin: Path, facts: Twin, tries: int) -> int:
    """How many of `tries` starts the scripted expert masters in the model: those of `demos`' `scripted_tries`, which no demo,
    rollout or trial begins from."""
    kind = kind_of(facts.task)
    starts = [Condition("scripted", kind.draw_start(facts.task, i, "scripted", 0, facts.robot)) for i in range(tries)]
    dreams = dreamt_from(world, None, twin, facts, starts)
    return sum(trial.success for trial in judged(dreams.dream, dreams.indices, world))


def judged(dreamt: Dream, indices: Sequence[int], world: WorldModel) -> list[Trial]:
    """Dreams as trials. Success is drawn with the probability that the model says, by a number that belongs to the initial state:
    the same for every policy, and spread evenly over them (multiples of the golden ratio), so that the share of successes is
    the mean probability to within about one trial. The score is the probability itself.
    """
    found = []
    for row, index in enumerate(indices):
        chance = float(dreamt.done[row, -1])
        won = (index * GOLDEN + 0.5) % 1.0 < chance
        likely = np.flatnonzero(dreamt.done[row] >= 0.5)
        steps = int(likely[0]) + 1 if won and len(likely) else dreamt.done.shape[1]
        mode = "" if won else "not_done" if chance < 0.5 else "lost_the_draw"
        film: Callable[[], np.ndarray] = partial(film_of, world, dreamt, row)
        found.append(Trial(index, bool(won), 1.0 if won else round(min(chance, 0.9999), 4), mode, steps, film))
    return found
