"""What the expert shows in practice begins before the task is done."""

from dataclasses import make_dataclass
from typing import Any

import numpy as np

from runtime.sim.episodes.practice import Drill, practise
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.solid import COLLISION_GROUP
from runtime.sim.scene.expert import expert_action
from runtime.sim.scene.scene import build_scene
from tests.runtime.sim.tasks.test_manipulation import SUPPORT, bench_of, task_of

POINT = {"center_x_m": 0.24, "half_x_m": 1e-6, "half_y_m": 1e-6}


def test_nothing_is_shown_after_the_policy_has_done_it_alone() -> None:
    task, physics = task_of("press_button", start_jitter_rad=0.0, area=POINT), Physics()
    bench, plan = bench_of(task, 1), []
    while not bench.judges[0].success:
        plan.append(expert_action(task, bench.seen(0), SO101))
        bench.step(plan[-1][None])

    class Able:
        """A policy that knows by heart how it is done."""

        facts, looks = {"n_action_steps": 1, "history": 1}, False

        def reset(self, n: int) -> None:
            self.n, self.left = n, list(plan)

        def act(self, *_: Any) -> np.ndarray:
            return np.tile(self.left.pop(0) if len(self.left) > 1 else self.left[0], (self.n, 1))

    twin: Any = make_dataclass("Known", ["task", "physics", "control_hz", "robot"])(task, physics, 10.0, SO101)
    drill, able = Drill(0.0, 0.0, 3, (0, 0)), Able()
    made = practise(
        lambda: build_scene(task, physics, [SUPPORT], COLLISION_GROUP).compile(),
        twin,
        drill,
        lambda *_: [],
        16,
        able,  # ty: ignore[invalid-argument-type]
    )
    lengths = [len(episode) for episode, _, _ in made]
    assert min(lengths) > drill.hold_steps, "each holds the step that led to success"
