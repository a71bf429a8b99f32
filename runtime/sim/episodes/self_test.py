"""Is a task one? Whoever does nothing must fail it, and the expert, undisturbed, must master it."""

from collections import Counter
from typing import Any

import numpy as np

from runtime.problem import InputError, Problem
from runtime.sim.parts.mj import Model
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.scene.settle import refuse_unsettled
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import Twin

TRIES, LEAST = 20, 17  # an expert that masters 95 % of trials succeeds in fewer than 17 of 20 once in 60 tests (binomial)


def play(bench: Bench, still: bool = False) -> np.ndarray:
    """Run every trial to its success or the horizon, by the expert or with the arm kept `still`; the steps taken [N]."""
    steps = np.zeros(len(bench), int)
    rest = bench.measured().astype(np.float64)
    for _ in range(round(bench.task.horizon_s / bench.step_s)):
        active = np.array([not judge.success for judge in bench.judges])
        if not active.any():
            break
        actions = rest.copy()
        for i in np.flatnonzero(active) if not still else ():
            actions[i] = expert_action(bench.task, bench.seen(int(i)), bench.robot)
        bench.step(actions, active)
        steps += active
    return steps


def self_test(model: Model, twin: Twin) -> dict[str, Any]:
    """Try a task in its twin from development states: the arm at rest, then the expert.

    Returns:
        Metrics: how often each succeeded, and how the expert failed.

    Raises:
        InputError: R275 when a state does not stay as it is or is a success; R264 when doing nothing succeeds, or the expert
            does so too rarely.
    """
    robot = twin.robot
    starts = [kind_of(twin.task).draw_start(twin.task, i, "development", robot=robot) for i in range(TRIES)]
    refuse_unsettled(model, twin.physics, twin.task, starts, robot)
    idle, acting = (Bench(model, twin.physics, twin.task, twin.control_hz, starts, robot=robot) for _ in range(2))
    play(idle, still=True)
    play(acting)
    rested, mastered = (sum(judge.success for judge in bench.judges) for bench in (idle, acting))
    failures = Counter(judge.failure_mode for judge in acting.judges if not judge.success)
    if rested:
        message = f"{rested} of {TRIES} trials succeed though nobody acts"
        raise InputError(Problem("R264", message, "make the task's success harder to reach", "task"))
    if mastered < LEAST:
        modes = ", ".join(f"{mode} {n}" for mode, n in failures.most_common())
        message = f"the expert succeeds in {mastered} of {TRIES} trials in the twin, undisturbed ({modes})"
        raise InputError(Problem("R264", message, "give it more time (`horizon_s`), or easier things in reach", "task"))
    return {"idle_successes": rested, "expert_rate": mastered / TRIES, "expert_failures": dict(sorted(failures.items()))}
