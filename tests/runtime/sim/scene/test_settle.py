"""A state that moves by itself is no state to judge a policy from."""

import numpy as np
import pytest

from runtime.problem import InputError
from runtime.sim.parts.kinematics import solve
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.start import Start
from runtime.sim.scene.settle import refuse_unsettled
from runtime.sim.tasks.press_button.task import cap_top_m
from tests.runtime.sim.tasks.test_press_button import TASK, bench_of


def test_drawn_states_stay_as_they_are() -> None:
    soft = Physics(friction=0.5, latency_s=0.06, stiffness_scale=0.3, mass_scale=1.6)
    # site 604 at the large gap: the spring presses the cap 1.1 mm into its stop
    stiff = Physics(stiffness_scale=1.775, mass_scale=0.431)
    for physics in (Physics(), soft, stiff):
        bench = bench_of(40, physics)
        refuse_unsettled(bench.model, physics, TASK, bench.starts)


def test_an_arm_that_begins_on_the_button_is_refused() -> None:
    bench = bench_of(3)
    place = bench.starts[1].objects_m
    joints = solve(place[0] + (0, 0, cap_top_m(TASK.button) - 0.004), gripper_rad=0.0)
    assert joints is not None
    pressed = Start(1, np.array(joints), place)
    with pytest.raises(InputError, match=r"R275: 1 of 3 initial states do not stay as they are, first 1"):
        refuse_unsettled(bench.model, Physics(), TASK, [bench.starts[0], pressed, bench.starts[2]])
