"""Rollouts of a policy that explores, at its place: pictures, measured joints, targets, and whether it was done; nothing else is
known there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.learn.actor import Actor
from runtime.sim.parts.mj import Model
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import Twin

FAMILY = 500_009
"""Where the states that rollouts begin from lie: no demo, rehearsal or trial of a study does."""


@dataclass(frozen=True)
class Steps:
    """F frames of rollouts, one after another; one of T actions has T + 1, and its last action is the one before again."""

    images: Mapping[str, np.ndarray]  # camera -> u8 [F, H, W, 3]
    state: np.ndarray  # f32 [F, J] measured joints, rad
    action: np.ndarray  # f32 [F, J] joint targets that were sent after it, rad
    success: np.ndarray  # bool [F] whether it was done by then
    episode: np.ndarray  # i64 [F]
    round: np.ndarray  # i64 [F]

    def __len__(self) -> int:
        return len(self.state)

    def ends(self) -> np.ndarray:
        """The last frame of the rollout that each frame is of [F]."""
        last = np.concatenate([np.flatnonzero(np.diff(self.episode)), [len(self) - 1]])
        return last[np.searchsorted(last, np.arange(len(self)))]

    def save(self, path: Path) -> None:
        """As one npz."""
        columns = {name: value for name, value in vars(self).items() if name != "images"}
        np.savez_compressed(path, **columns, **{f"images.{name}": film for name, film in self.images.items()})

    def after(self, before: "Steps | None") -> "Steps":
        """These, behind those of earlier rounds."""
        if before is None:
            return self
        images = {name: np.concatenate([before.images[name], film]) for name, film in self.images.items()}
        moved = {"episode": self.episode + before.episode[-1] + 1}
        names = [name for name in vars(self) if name != "images"]
        return Steps(
            images, **{name: np.concatenate([getattr(before, name), moved.get(name, getattr(self, name))]) for name in names}
        )


def read_steps(path: Path) -> Steps:
    """The inverse of `Steps.save`."""
    with np.load(path) as stored:
        images = {name.removeprefix("images."): stored[name] for name in stored.files if name.startswith("images.")}
        return Steps(images, **{name: stored[name] for name in stored.files if not name.startswith("images.")})


@dataclass(frozen=True)
class Sway:
    """How it explores: joint targets lean off by an offset that is drawn for each plan, and grows from 0 to it by the plan's
    end."""

    sd_rad: float
    seed: tuple[int, ...]


def explored(
    model: Model, twin: Twin, eyes: Mapping[str, Eye], policy: Actor, sway: Sway, budget: int, hold_steps: int, this: int
) -> tuple[Steps, int]:
    """Rollouts until fewer than one horizon of `budget` control steps is left, each until some steps after success or the
    horizon's end; and the control steps that were spent, never more than the budget."""
    kind, task = kind_of(twin.task), twin.task
    horizon, every = round(task.horizon_s * twin.control_hz), int(policy.facts["n_action_steps"])
    family = int(np.random.SeedSequence((FAMILY, *sway.seed)).generate_state(1)[0])
    cameras = policy.facts["camera_keys"]
    parts: list[tuple[np.ndarray, ...]] = []
    episodes = spent = 0
    while (rows := (budget - spent) // horizon) > 0:
        starts = [kind.draw_start(task, episodes + i, "practice", family, twin.robot) for i in range(rows)]
        rngs = [np.random.default_rng([FAMILY, *sway.seed, episodes + i]) for i in range(rows)]
        bench = Bench(model, twin.physics, task, twin.control_hz, starts, robot=twin.robot)
        policy.reset(rows)
        after, active = np.zeros(rows, int), np.ones(rows, bool)
        frames: list[list[tuple[np.ndarray, ...]]] = [[] for _ in range(rows)]
        sent: list[list[np.ndarray]] = [[] for _ in range(rows)]
        lean = np.zeros((rows, twin.robot.action_dim))
        for t in range(horizon + 1):
            measured = bench.measured()
            seen = {name: np.stack([eyes[name].see(d, rngs[i]) for i, d in enumerate(bench.datas)]) for name in cameras}
            for i in np.flatnonzero(active):
                frames[i].append((*(seen[c][i] for c in cameras), measured[i], np.bool_(bench.judges[i].success)))
            active &= after <= hold_steps
            if t == horizon or not active.any():
                break
            if t % every == 0:
                lean = np.stack([r.normal(0, sway.sd_rad, twin.robot.action_dim) for r in rngs])
            wish = np.nan_to_num(policy.act(seen if policy.looks else {}, measured, task.instruction)).astype(np.float64)
            actions = np.clip(wish + (t % every + 1) / every * lean, *twin.robot.limits_rad.T)
            for i in np.flatnonzero(active):
                sent[i].append(actions[i].astype(np.float32))
            bench.step(actions, active)
            spent += int(active.sum())
            after += [bool(active[i] and bench.judges[i].success) for i in range(rows)]
        for i in range(rows):
            *films, state, success = (np.stack(column) for column in zip(*frames[i], strict=True))
            action = np.stack([*sent[i], sent[i][-1]])
            parts.append((*films, state, action, success, np.full(len(state), episodes + i), np.full(len(state), this)))
        episodes += rows
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Steps(dict(zip(cameras, columns, strict=False)), *columns[len(cameras) :]), spent
