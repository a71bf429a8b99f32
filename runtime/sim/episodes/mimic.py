"""Few demos become many: their segments are carried along with the objects that they are about.

MimicGen (Mandlekar et al. 2023, arXiv 2310.17596, section 4): a demo is cut into segments, each about one object; in a new scene
the hand's poses of a segment are moved with that object's frame; straight ways lead from one segment to the next; what succeeds
is kept. The transform is that of Isaac Lab Mimic (`DataGenerator.transform_source_data_segment_using_object_pose`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from runtime.sim.episodes.demos import Driver
from runtime.sim.episodes.episodes import Episode, place
from runtime.sim.parts.inverse import inverse_of
from runtime.sim.parts.kinematics import pose_at
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.start import Start
from runtime.sim.scene.bench import Bench
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.kind import Segment
from runtime.sim.tasks.moves import sight_rad
from runtime.sim.twin.twin import Twin

MOVED_M = 0.008
"""An object farther from its first place than this has been moved: the segment about it ends."""
RADIAN_M = 0.1
"""What a radian between frames counts where the nearest source is looked for, in metres."""
_STREAM = 81


@dataclass(frozen=True)
class Carried:
    """How segments are carried: chosen among the `nearest` sources, led to along straight ways of at least `way_steps` steps,
    no faster than sources move."""

    nearest: int
    way_steps: int
    seed: int


@dataclass(frozen=True)
class Part:
    """A segment of a source demo: frame of its object [4, 4] when it began, poses of the hand [T, 4, 4], gripper [T] (rad)."""

    frame: np.ndarray
    poses: np.ndarray
    gripper: np.ndarray


def carried(poses: np.ndarray, source: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Poses of a hand [T, 4, 4] that are to an object at `frame` [4, 4] what `poses` [T, 4, 4] were to it at `source` [4, 4]."""
    return frame @ np.linalg.inv(source) @ poses


def frame_of(segment: Segment, objects_m: np.ndarray, turns_rad: np.ndarray) -> np.ndarray:
    """The frame [4, 4] of a segment's object, with objects at [K, 3] turned by [K] about the vertical."""
    at = objects_m[segment.about]
    if segment.faces == "other":
        first, last = objects_m[0, :2], objects_m[1, :2]
        yaw = float(np.arctan2(*(last - first)[::-1]))
    else:
        yaw = sight_rad(at) if segment.faces == "sight" else float(turns_rad[segment.about])
    frame = np.eye(4)
    frame[:3, :3], frame[:3, 3] = Rotation.from_euler("z", yaw).as_matrix(), at
    return frame


@dataclass(frozen=True)
class Annotated:
    """What a demo of T steps tells whoever carries it; poses are in the base frame."""

    hand: np.ndarray  # [T, 4, 4] where the tip was
    target: np.ndarray  # [T, 4, 4] where the action wanted it
    objects_m: np.ndarray  # [T, K, 3]
    turns_rad: np.ndarray  # [T, K]
    cuts: tuple[int, ...]  # [S + 1] where segments begin and the last one ends; one that never began is empty

    def frame(self, segment: Segment, t: int) -> np.ndarray:
        """The frame [4, 4] of a segment's object at step t."""
        return frame_of(segment, self.objects_m[t], self.turns_rad[t])


def annotated(episode: Episode, model: Model, twin: Twin) -> Annotated:
    """Poses of hand and objects in a demo, and where its segments begin and end."""
    kind, robot, data = kind_of(twin.task), twin.robot, mujoco.MjData(model)
    offset, seen = np.array(twin.physics.of(robot).joint_offset_rad), []
    for qpos in episode.qpos:
        place(model, data, qpos, episode.objects_m, episode.turns)
        seen.append((kind.objects(model, data), kind.turns(model, data)))
    objects, turns = (np.stack(column) for column in zip(*seen, strict=True))
    hand, target = (np.stack([pose_at(robot, q + offset) for q in of.astype(float)]) for of in (episode.state, episode.action))
    cuts = [0]
    for segment in kind.segments(twin.task)[:-1]:
        moved = np.flatnonzero(np.linalg.norm(objects[:, segment.about] - objects[0, segment.about], axis=1) > MOVED_M)
        cuts.append(min(max(cuts[-1] + 1, int(moved[0]) if len(moved) else len(episode)), len(episode)))
    return Annotated(hand, target, objects, turns, (*cuts, len(episode)))


def parts_of(episode: Episode, model: Model, twin: Twin) -> list[Part]:
    """The segments of a demo, in their order; fewer than the task has where an object never moved."""
    found = annotated(episode, model, twin)
    gripper = episode.action[:, twin.robot.gripper_index].astype(float)
    return [
        Part(found.frame(segment, a), found.target[a:b], gripper[a:b])
        for segment, (a, b) in zip(kind_of(twin.task).segments(twin.task), pairwise(found.cuts), strict=True)
        if a < b
    ]


def carrying(sources: Sequence[Sequence[Part]], twin: Twin, how: Carried) -> Driver:
    """A driver that carries the segments of `sources`, each with all segments of the task, to where the objects are."""
    segments = kind_of(twin.task).segments(twin.task)
    fastest = np.array([_fastest([source[s] for source in sources]) for s in range(len(segments))])

    def driver(bench: Bench, indices: range) -> Callable[[int], np.ndarray]:
        rngs = [np.random.default_rng([_STREAM, how.seed, i]) for i in indices]
        offset = np.array(twin.physics.of(twin.robot).joint_offset_rad)
        joints = bench.measured().astype(float) + offset
        at = [pose_at(twin.robot, q) for q in joints]
        to_come: list[list[tuple[np.ndarray, float]]] = [[] for _ in indices]
        begun = np.zeros(len(indices), int)

        def begin(i: int) -> None:
            s, seen = int(begun[i]), bench.seen(i)
            frame = frame_of(segments[s], seen.objects_m, seen.turns_rad)
            part = _near([source[s] for source in sources], frame, how.nearest, rngs[i])
            poses = carried(part.poses, part.frame, frame)
            held = joints[i][twin.robot.gripper_index]
            for share in _shares(at[i], poses[0], fastest[s], how.way_steps):
                to_come[i].append((_between(at[i], poses[0], share), held + share * (part.gripper[0] - held)))
            to_come[i] += zip(poses, part.gripper.tolist(), strict=True)
            begun[i] += 1

        def wanted(i: int) -> np.ndarray:
            if not to_come[i] and begun[i] < len(segments):
                begin(i)
            if to_come[i]:
                at[i], gripper = to_come[i].pop(0)
                found = inverse_of(twin.robot).solve_pose(at[i], joints[i], gripper)
                joints[i] = joints[i] if found is None else found
            return joints[i] - offset

        return wanted

    return driver


def usable(source: Sequence[Episode], model: Model, twin: Twin, how: Carried) -> list[list[Part]]:
    """The segments of those demos that have all of them and succeed again, undisturbed, from where they began."""
    kind, segments = kind_of(twin.task), kind_of(twin.task).segments(twin.task)
    whole = [(episode, parts) for episode in source if len(parts := parts_of(episode, model, twin)) == len(segments)]
    found = []
    for episode, parts in whole:
        data = mujoco.MjData(model)
        place(model, data, episode.qpos[0], episode.objects_m, episode.turns)
        stood, turned = (read(model, data)[: len(kind.OBJECTS)] for read in (kind.objects, kind.turns))
        start = Start(0, episode.state[0].astype(float), stood, turned)
        bench = Bench(model, twin.physics, twin.task, twin.control_hz, [start], robot=twin.robot)
        wanted = carrying([parts], twin, how)(bench, range(1))
        for _ in range(round(twin.task.horizon_s * twin.control_hz)):
            bench.step(wanted(0)[None])
            if bench.judges[0].success:
                found.append(parts)
                break
    return found


def family_of(seed: int) -> int:
    """The family of starts from which demos are carried, none of a demo's own."""
    return int(np.random.SeedSequence((_STREAM, seed)).generate_state(1)[0])


def _near(parts: Sequence[Part], frame: np.ndarray, nearest: int, rng: np.random.Generator) -> Part:
    """One of the `nearest` sources by place and turn of the object's frame (`nearest_neighbor_object` of MimicGen)."""

    def away(part: Part) -> float:
        turn = Rotation.from_matrix(part.frame[:3, :3].T @ frame[:3, :3]).magnitude()
        return float(np.linalg.norm(part.frame[:3, 3] - frame[:3, 3])) + RADIAN_M * float(turn)

    return sorted(parts, key=away)[int(rng.integers(min(nearest, len(parts))))]


def _fastest(parts: Sequence[Part]) -> float:
    """The longest step of the hand in segments, metres."""
    steps = [np.linalg.norm(np.diff(part.poses[:, :3, 3], axis=0), axis=1) for part in parts]
    return max((float(step.max()) for step in steps if len(step)), default=0.0)


def _shares(start: np.ndarray, end: np.ndarray, fastest: float, least: int) -> np.ndarray:
    """The shares of a way after each of its steps, the last of which leaves the end to what follows."""
    steps = max(least, int(np.ceil(np.linalg.norm(end[:3, 3] - start[:3, 3]) / max(fastest, 1e-3))))
    return np.arange(1, steps) / steps


def _between(start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
    turns = Slerp([0.0, 1.0], Rotation.from_matrix(np.stack((start[:3, :3], end[:3, :3]))))
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turns(share).as_matrix(), start[:3, 3] + share * (end[:3, 3] - start[:3, 3])
    return pose
