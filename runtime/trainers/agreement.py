"""How far another simulator and the twin agree: the same actions again, and the same policy."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from runtime.sim.parts.start import Start
from runtime.sim.scene.bench import Bench
from runtime.sim.tasks.reward import parts_of
from runtime.sim.twin.twin import read_model, read_twin
from runtime.trainers.isaaclab import Played
from runtime.trainers.perceptron import Perceptron, observed


def bench_of(twin: Path, starts: Sequence[Start]) -> Bench:
    """The twin from some starts."""
    facts = read_twin(twin)
    return Bench(read_model(twin), facts.physics, facts.task, facts.control_hz, starts, robot=facts.robot)


class Rewards:
    """What parts of a reward pay for each step of a bench's trials."""

    def __init__(self, bench: Bench, weights: Mapping[str, float], discount: float) -> None:
        self._bench, self._parts, self._discount = bench, parts_of(bench.task, weights), discount
        self._before = self._values()

    def _values(self) -> dict[str, np.ndarray]:
        moments = [self._bench.moment(i) for i in range(len(self._bench))]
        return {name: np.array([part.of(now) for now in moments]) for name, part in self._parts.items()}

    def step(self) -> np.ndarray:
        """The reward of the step that the bench has just made [N]."""
        now, before = self._values(), self._before
        self._before = now
        paid = [
            part.weight * (self._discount * now[name] - before[name] if part.shapes else now[name])
            for name, part in self._parts.items()
        ]
        return np.sum(paid, axis=0)


def play_here(bench: Bench, actor: Perceptron) -> np.ndarray:
    """Run a policy on the true state from every start to success or the horizon; whether each trial succeeded [N]."""
    for _ in range(round(bench.task.horizon_s / bench.step_s)):
        active = np.array([not judge.success for judge in bench.judges])
        if not active.any():
            break
        bench.step(actor.targets(observed(bench), bench.robot), active)
    return np.array([judge.success for judge in bench.judges])


def agreement(
    twin: Path, starts: Sequence[Start], played: Played, actor: Perceptron, discount: float, weights: Mapping[str, float]
) -> dict[str, float]:
    """Root mean squares over the steps of trials until either success: of joints and the tip when the other simulator's actions
    are carried out in the twin, and of the step's reward; and how often the policy succeeds there, here by the same actions,
    and here by itself.
    """
    replayed, steps = bench_of(twin, starts), len(played.action_rad)
    paying = Rewards(replayed, weights, discount)
    joints, tips, rewards, counted = [], [], [], []
    for t in range(steps):
        active = np.array([not judge.success for judge in replayed.judges])
        active &= ~played.success[t - 1] if t else True
        replayed.step(played.action_rad[t].astype(np.float64), active)
        joints.append(replayed.measured() - played.joint_rad[t])
        tips.append(np.linalg.norm(replayed.tips() - played.tip_m[t], axis=-1))
        rewards.append(paying.step() - played.reward[t])
        counted.append(active)
    mask = np.stack(counted)
    both = played.success[-1] == (here := play_here(bench_of(twin, starts), actor))
    return {
        "joint_rmse_rad": _rms(np.stack(joints)[mask]),
        "tip_rmse_m": _rms(np.stack(tips)[mask]),
        "reward_rmse": _rms(np.stack(rewards)[mask]),
        "success_there": float(played.success[-1].mean()),
        "success_same_actions": float(np.mean([judge.success for judge in replayed.judges])),
        "success_here": float(here.mean()),
        "same_outcome": float(both.mean()),
    }


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
