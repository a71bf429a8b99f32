"""The task: the scripted expert presses the button, and a trial that goes wrong says how."""

from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from runtime.learn.actor import Actor
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import Servo
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.solid import COLLISION_GROUP, Solid
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.scene.scene import build_scene
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.press_button.setup import PressButton
from runtime.sim.trials.run import run_trials

TASK = PressButton(kind="press_button", instruction="press the red button")
SUPPORT = Solid("support", "box", (0.2, 0.0, -0.02), (0.5, 0.5, 0.02))
HZ = 10.0


def bench_of(count: int, physics: Physics | None = None) -> Bench:
    physics = physics or Physics()
    model = build_scene(TASK, physics, [SUPPORT], COLLISION_GROUP).compile()
    starts = [kind_of(TASK).draw_start(TASK, i, "trial") for i in range(count)]
    return Bench(model, physics, TASK, HZ, starts)


def play(bench: Bench, aim_m: tuple[float, float, float] = (0, 0, 0), lift_m: float = 0.0) -> None:
    """Let the expert act, its aim displaced by `aim_m` and every wish raised by `lift_m`."""
    for _ in range(int(TASK.horizon_s * HZ)):
        seen = [bench.seen(i) for i in range(len(bench))]
        aimed = [replace(s, tip_m=s.tip_m + np.array((0, 0, lift_m)), objects_m=s.objects_m + np.array(aim_m)) for s in seen]
        actions = [expert_action(TASK, s) for s in aimed]
        bench.step(np.stack(actions), np.array([not j.success for j in bench.judges]))


def test_the_expert_succeeds_in_nominal_physics() -> None:
    bench = bench_of(60)
    play(bench)
    assert np.mean([j.success for j in bench.judges]) > 0.95
    assert all(j.score == 1.0 for j in bench.judges if j.success)


def test_the_expert_mostly_succeeds_under_other_physics() -> None:
    other = Physics(
        servo=Servo(kp_nm_per_rad=60, time_constant_s=0.08),
        latency_s=0.05,
        joint_offset_rad=(0.015, -0.015, 0.015, 0.015, 0, 0),
        stiffness_scale=1.5,
        mount_offset_m=(0.004, -0.004),
    )
    bench = bench_of(40, other)
    play(bench)
    assert np.mean([j.success for j in bench.judges]) > 0.7


def test_a_press_beside_the_button_is_called_so() -> None:
    bench = bench_of(8)
    play(bench, aim_m=(0.0, 0.048, 0.0))
    assert [j.failure_mode for j in bench.judges] == ["pressed_beside"] * 8
    assert all(0 < j.score < 0.6 for j in bench.judges)


def test_a_robot_that_stays_away_never_reached() -> None:
    bench = bench_of(12)
    still = bench.measured()
    for _ in range(int(TASK.horizon_s * HZ)):
        bench.step(still)
    modes = {j.failure_mode for j in bench.judges}
    assert modes <= {"never_reached", "timeout"}
    assert "never_reached" in modes


def test_initial_states_are_numbered_and_cover_the_area() -> None:
    kind = kind_of(TASK)
    assert np.array_equal(kind.draw_start(TASK, 3, "trial").objects_m, kind.draw_start(TASK, 3, "trial").objects_m)
    assert not np.array_equal(kind.draw_start(TASK, 3, "trial").objects_m, kind.draw_start(TASK, 3, "demo").objects_m)
    places = np.concatenate([kind.draw_start(TASK, i, "trial").objects_m for i in range(200)])
    assert np.all(np.ptp(places[:, :2], axis=0) > (0.16, 0.18))


def test_two_identical_benches_agree_exactly() -> None:
    a, b = bench_of(5), bench_of(5)
    play(a)
    play(b)
    assert all(np.array_equal(x.qpos, y.qpos) for x, y in zip(a.datas, b.datas, strict=True))


@pytest.mark.parametrize("joint", range(5))
def test_a_joint_offset_is_invisible_to_the_encoders_but_moves_the_tip(joint: int) -> None:
    offset = [0.0] * SO101.action_dim
    offset[joint] = 0.05
    plain, off = bench_of(1), bench_of(1, Physics(joint_offset_rad=tuple(offset)))
    assert np.allclose(plain.measured(), off.measured(), atol=1e-6), SO101.names[joint]
    moved = np.linalg.norm(plain.tips() - off.tips())
    assert moved > (1e-4 if SO101.names[joint] == "wrist_roll" else 5e-3)


def test_a_trial_whose_physics_blows_up_is_invalid_and_the_others_go_on() -> None:
    bench = bench_of(2)

    class Blows:
        looks, steps = False, 0

        def reset(self, n: int) -> None:
            pass

        def act(self, images: dict, state: np.ndarray, instruction: str) -> np.ndarray:
            self.steps += 1
            if self.steps == 3:
                bench.datas[0].qvel[:] = np.nan
            assert np.isfinite(state).all()
            return state

    lost, other = run_trials(bench, {}, cast(Actor, Blows()), 6)
    assert (lost.success, lost.score, lost.failure_mode, lost.steps) == (False, 0.0, "invalid: physics diverged", 3)
    assert (other.steps, other.failure_mode.startswith("invalid")) == (6, False)
    assert len(lost.states) == 3  # its last state is no state of the trial
