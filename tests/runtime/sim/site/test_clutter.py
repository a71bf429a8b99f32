"""What came since the photos: things beside the work area, and gears with play."""

import numpy as np
import pytest

from runtime.bound.hidden_gap import HiddenGap
from runtime.bound.source import HiddenSite
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.solid import SITE_GROUP
from runtime.sim.parts.start import Start
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.scene import build_scene
from runtime.sim.site.clutter import trial_clutter
from runtime.sim.site.place import hidden_place
from tests.runtime.stages.sim_chain import TASK


def test_things_stand_beside_the_work_area_and_apart() -> None:
    scene = build_scene(TASK, Physics(), [], SITE_GROUP)
    for seed in range(20):
        site = HiddenSite(kind="hidden_site", seed=seed, gap=HiddenGap(clutter=8))
        count = hidden_place(site).clutter
        assert 4 <= count <= 8
        solids, materials = trial_clutter(site, TASK, count, scene)
        assert len(solids) == count
        assert solids == trial_clutter(site, TASK, count, scene)[0]
        places = np.array([solid.center_m[:2] for solid in solids])
        beyond = np.abs(places - (TASK.area.center_x_m, 0)) - (TASK.area.half_x_m, TASK.area.half_y_m)
        assert (beyond.max(1) > 0.02).all()
        apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.eye(count)
        assert apart.min() > 0.035
        task_red = [m for m in materials.values() if m.rgb == pytest.approx((0.85, 0.08, 0.08), abs=1e-3)]
        assert len(task_red) <= count // 2
    assert hidden_place(HiddenSite(kind="hidden_site", seed=1)).clutter == 0


def test_a_joint_follows_once_its_servo_has_turned_through_the_play() -> None:
    site = HiddenSite(kind="hidden_site", seed=3, gap=HiddenGap(backlash_deg=4).only(["backlash"]))
    physics = hidden_place(site).physics
    assert all(np.radians(2) <= play <= np.radians(4) for play in physics.backlash_rad)
    start = Start(0, np.array((0.0, -0.9, 0.75, 1.15, 0.0, 0.0)), np.array([(0.3, 0.1, 0.0)]))
    ends = {}
    for name, of in (("tight", Physics()), ("loose", physics)):
        bench = Bench(build_scene(TASK, of, [], SITE_GROUP).compile(), of, TASK, 20.0, [start])
        ways = []
        for target in (0.5, 0.5 - np.radians(1)):  # there, and back by less than half of the play
            wanted = start.joints_rad + np.eye(6)[0] * target
            for _ in range(30):
                bench.step(wanted[None])
            ways.append(float(bench.measured()[0, 0]))
        ends[name] = ways
    assert ends["tight"][1] == pytest.approx(ends["tight"][0] - np.radians(1), abs=2e-3)
    assert ends["loose"][1] == pytest.approx(ends["loose"][0], abs=1e-3)
    assert ends["loose"][0] < ends["tight"][0] - np.radians(0.9)
