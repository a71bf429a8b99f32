"""Rows of a vectorised bench: those of evaluation number for number, begun anew singly, varied and rewarded each by itself."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from runtime.bound.hidden_gap import HiddenGap
from runtime.bound.randomise import Randomise
from runtime.bound.task import Task
from runtime.problem import InputError
from runtime.sim.parts.mj import Model
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.solid import COLLISION_GROUP
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera, look_at
from runtime.sim.pixels.eye import Eye, Look
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.scene import build_scene
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.reward import parts_of
from runtime.sim.trials.run import look
from runtime.sim.twin.twin import Snap, Twin
from runtime.sim.vector.bench import VectorBench
from runtime.sim.vector.looks import Looks
from runtime.sim.vector.varied import FACTORS, Varied
from tests.runtime.sim.tasks.test_manipulation import SUPPORT, task_of

KINDS = ("press_button", "pick_place", "push_to_zone", "stack", "open_drawer")
FIELDS = tuple(name for name in Randomise.model_fields if name != "width")
STILL = Randomise(**dict.fromkeys(FIELDS, 0.0))
CAMERA = Camera("front", 48, 36, 50.0, look_at(np.array((0.7, 0.0, 0.4)), np.array((0.2, 0.0, 0.0)), np.array((0.0, 0.0, 1.0))))


def scene_of(task: Task, physics: Physics | None = None) -> tuple[Twin, Model]:
    twin = Twin(task, 10.0, [CAMERA], np.eye(4), physics or Physics(), Look(), 0.35, 2, Snap(0.01, 0.02))
    return twin, build_scene(task, twin.physics, [SUPPORT], COLLISION_GROUP).compile()


def bench_of(task: Task, rows: int, seed: int = 0, **kwargs: Any) -> VectorBench:
    return VectorBench(*scene_of(task), rows, seed, **kwargs)


def looks_of(task: Task, randomise: Randomise | None) -> Looks:
    twin, model = scene_of(task)
    grey = np.full((36, 48, 3), 0.5, np.float32)
    wall = Backdrop(grey, grey * np.float32(0.65), np.full((36, 48), 2.0, np.float32))
    return Looks([{"front": Eye(model, CAMERA, wall, twin.look)}], twin, randomise)


@pytest.mark.parametrize("kind", ["press_button", "pick_place"])
def test_a_row_is_a_trial_of_evaluation_number_for_number(kind: str) -> None:
    task = task_of(kind)
    rows = bench_of(task, 3, looks=looks_of(task, None))
    plain = Bench(rows.bench.model, Physics(), task, 10.0, rows.bench.starts)
    for step in range(rows.horizon):
        assert np.array_equal(rows.state(), np.stack([plain.measured_of(i) for i in range(3)]))
        if step % 10 == 0:
            seen = [look(rows.eyes[i], plain.datas[i], plain.starts[i].index, step)["front"] for i in (2, 0)]
            assert np.array_equal(rows.pictures([2, 0]), np.stack(seen)[:, None])
        actions = rows.expert(range(3))
        plain.step(actions)
        stepped = rows.step(actions)
        assert np.array_equal(rows.final.state, plain.measured())
        assert stepped.success.tolist() == [judge.success for judge in plain.judges]
        if stepped.done.any():
            break
    assert stepped.success.any()
    assert not stepped.timed_out.any()
    assert stepped.log["episode/success"] == 1
    assert stepped.log["episode/steps"] == step + 1


def test_starts_of_evaluation_are_met_and_those_of_training_are_not_among_them() -> None:
    rows = bench_of(task_of("press_button"), 20)
    starts = [kind_of(rows.task).draw_start(rows.task, i, "trial") for i in range(20)]
    stand = np.stack([start.objects_m[0, :2] for start in starts])

    def standing() -> np.ndarray:
        return rows.privileged()[:, rows.groups["objects_m"]][:, :2]

    apart = np.linalg.norm(standing()[:, None] - stand, axis=-1)
    assert apart.min() > 1e-4
    rows.reset(range(20), starts)
    assert np.allclose(standing(), stand, atol=1e-6)
    other = replace(starts[0], settings={"button": {}})
    with pytest.raises(ValueError, match="other objects: button"):
        rows.reset([0], [other])


@pytest.mark.parametrize("kind", ["press_button", "stack"])
def test_rows_that_begin_anew_leave_the_others_as_they_are(kind: str) -> None:
    one, other = (bench_of(task_of(kind), 3, 4, randomise=Randomise()) for _ in range(2))
    rng = np.random.default_rng(1)
    for step in range(12):
        if step in (3, 7):
            one.reset([1])
        actions = other.state() + rng.uniform(-0.2, 0.2, (3, 6))
        a, b = one.step(actions), other.step(actions)
        for i in (0, 2):
            for name in ("qpos", "qvel", "act", "ctrl", "qacc_warmstart"):
                assert np.array_equal(getattr(one.bench.datas[i], name), getattr(other.bench.datas[i], name)), name
            assert a.reward[i] == b.reward[i]
            assert np.array_equal(a.privileged[i], b.privileged[i])
    assert one.elapsed.tolist() == [12, 5, 12]
    assert not np.array_equal(one.drawn[1], other.drawn[1])


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_end_begin_anew_by_themselves_and_all_repeats(kind: str) -> None:
    def run() -> list[np.ndarray]:
        rows = bench_of(task_of(kind, horizon_s=0.5), 3, 1, randomise=Randomise())
        rng, found = np.random.default_rng(0), []
        for step in range(1, 8):
            stepped = rows.step(rows.state() + rng.uniform(-0.2, 0.2, (3, rows.actions)))
            found += [stepped.privileged, stepped.reward[:, None], stepped.done[:, None]]
            assert np.isfinite(stepped.privileged).all()
            assert np.array_equal(sum(stepped.terms.values()), stepped.reward)
            assert np.abs(stepped.reward).max() < 3
            assert stepped.timed_out.tolist() == stepped.done.tolist() == [step == 5] * 3
            left = rows.groups["time_left"]
            assert np.allclose(rows.final.privileged[:, left], 1 - step / 5 if step <= 5 else 1 - (step - 5) / 5)
            assert np.allclose(stepped.privileged[:, left], 1 - step % 5 / 5)
            assert np.array_equal(stepped.state, rows.state())
        assert rows.episodes.tolist() == [1, 1, 1]
        assert [start.index for start in rows.bench.starts] == [3, 4, 5]
        return found

    assert all(np.array_equal(a, b) for a, b in zip(run(), run(), strict=True))
    with pytest.raises(FloatingPointError):
        bench_of(task_of(kind), 1).step(np.full((1, 6), np.nan))


@pytest.mark.parametrize("kind", KINDS)
def test_rewards_grow_on_the_way_of_the_expert_and_parts_can_be_left_out(kind: str) -> None:
    task = task_of(kind)
    rows = bench_of(task, 4, 3)
    got, done = np.zeros(4), np.zeros(4, bool)
    most, fallen = np.zeros(4), np.zeros(4)
    shaped = [name for name, part in rows.parts.items() if part.shapes]
    for _ in range(rows.horizon):
        stepped = rows.step(rows.expert(range(4)))
        got += np.where(done, 0, sum(stepped.terms[name] for name in shaped))
        most = np.maximum(most, got)
        fallen = np.maximum(fallen, most - got)
        assert np.isfinite(stepped.reward).all()
        assert np.all(stepped.terms["success"] == np.where(stepped.success, 5.0, 0.0))
        done |= stepped.done
        if done.all():
            break
    assert done.all()
    assert np.all(got > 0.8)
    assert np.all(fallen < 0.35 * most), "what shapes pays for progress, and takes back little of it on the expert's way"
    assert {"success", "time", "smooth", *shaped} == set(rows.parts) == set(type(task).reward_parts), "specs are checked by these"
    without = bench_of(task, 4, 3, terms={name: 0.0 for name in shaped} | {"success": 2.0})
    assert set(without.parts) == {"success", "time", "smooth"}
    assert without.parts["success"].weight == 2.0
    with pytest.raises(InputError, match=r"R380.*no part `jump`"):
        parts_of(task, {"jump": 1.0})
    with pytest.raises(InputError, match=r"R380.*`time: nan`"):
        parts_of(task, {"time": float("nan")})


def test_what_shapes_is_discounted_as_the_learner_discounts() -> None:
    rows, gamma = bench_of(task_of("press_button"), 2, discount=0.9), 0.9
    part = rows.parts["reach"]
    before = np.array([part.of(rows.bench.moment(i)) for i in range(2)])
    paid = rows.step(rows.expert(range(2))).terms["reach"]
    after = np.array([part.of(rows.bench.moment(i)) for i in range(2)])
    assert np.allclose(paid, part.weight * (gamma * after - before), atol=1e-12)


SAYS = {
    "gravity_m_s2": {"gravity"},
    "mass": {"body_mass", "body_inertia"},
    "friction": {"geom_friction", "dof_frictionloss"},
    "damping": {"dof_damping"},
    "servo": {"actuator_gainprm", "actuator_biasprm"},
}
REST = {"latency_s": "latency_s", "backlash_deg": "backlash_rad", "joint_offset_deg": "joint_offset_rad"}
RECKONED = {"body_subtreemass", "body_invweight0", "dof_invweight0", "dof_M0", "tendon_invweight0", "actuator_acc0"}


def numbers(model: Model) -> dict[str, np.ndarray]:
    found = {
        name: np.array(getattr(model, name))
        for name in dir(model)
        if not name.startswith("_") and isinstance(getattr(model, name), np.ndarray)
    }
    return found | {"gravity": np.array(model.opt.gravity)}


@pytest.mark.parametrize("name", [*SAYS, *REST])
def test_what_varies_is_what_was_asked_for_and_that_alone(name: str) -> None:
    twin, model = scene_of(task_of("open_drawer"))
    width = Randomise.model_fields[name].default
    varied = Varied(model, twin, STILL.model_copy(update={name: width}))
    before, mine = numbers(model), varied.fresh()
    drawn, moved = [], set()
    for i in range(30):
        physics, share = varied.draw(mine, np.random.default_rng(i))
        drawn.append(share[FACTORS.index(name)] if name in FACTORS else 0.0)
        changed = {key for key, value in numbers(mine).items() if not np.array_equal(value, before[key])}
        assert SAYS.get(name, set()) <= changed <= SAYS.get(name, set()) | (RECKONED if name == "mass" else set())
        same = {key for key in vars(physics) if getattr(physics, key) != getattr(twin.physics.of(twin.robot), key)}
        assert same - {"backlash_rad"} <= {REST.get(name)}
        moved |= same
        assert physics.latency_s <= Randomise().latency_s
        assert np.allclose(physics.backlash_rad, 0) or name == "backlash_deg"
    assert np.array_equal(numbers(model)["body_mass"], before["body_mass"])
    assert name in SAYS or REST[name] in moved
    if name in FACTORS:
        low = 0 if name in ("latency_s", "backlash_deg") else -1
        assert low <= min(drawn) < low + 0.15
        assert 0.85 < max(drawn) <= 1


def test_a_change_of_mass_is_that_of_a_model_which_was_compiled_with_it() -> None:
    for kind in ("pick_place", "open_drawer", "press_button"):
        twin, model = scene_of(task_of(kind))
        varied = Varied(model, twin, STILL.model_copy(update={"mass": 0.5}))
        mine = varied.fresh()
        _, share = varied.draw(mine, np.random.default_rng(3))
        _, whole = scene_of(twin.task, Physics(mass_scale=1 + 0.5 * share[FACTORS.index("mass")]))
        for name in ("body_mass", "body_subtreemass", "body_invweight0", "dof_invweight0", "dof_M0"):
            assert np.allclose(getattr(mine, name), getattr(whole, name), rtol=1e-9), name
        if kind == "pick_place":  # a drawer states its inertia
            assert np.allclose(mine.body_inertia, whole.body_inertia, rtol=1e-9)


def test_each_row_obeys_its_own_physics() -> None:
    rows = bench_of(task_of("press_button"), 4, 5, randomise=Randomise(width=2, mass=0.4, friction=0.4, damping=0.4))
    alone = []
    for i in range(4):
        rng = np.random.default_rng([79, 5, i, 0])
        varied = Varied(rows.bench.model, rows.twin, Randomise(width=2, mass=0.4, friction=0.4, damping=0.4))
        mine = varied.fresh()
        physics, _ = varied.draw(mine, rng)
        alone.append(Bench(mine, physics, rows.task, 10.0, [rows.bench.starts[i]]))
    assert len({bench._late[0] for bench in alone}) > 2
    rng = np.random.default_rng(0)
    for _ in range(8):
        actions = rows.state() + rng.uniform(-0.1, 0.1, (4, 6))
        rows.step(actions)
        for i, bench in enumerate(alone):
            bench.step(actions[i : i + 1])
            assert np.array_equal(rows.final.state[i], bench.measured()[0])
    assert len({row.tobytes() for row in rows.drawn}) == 4


def test_ranges_know_nothing_of_hidden_sites_and_are_widened_together() -> None:
    ours, gap = Randomise(), HiddenGap()
    alike = {"latency_s": "latency_s", "mass": "mass", "friction": "friction", "servo": "servo_weakness", "exposure": "exposure"}
    alike |= {name: name for name in ("camera_shift_m", "camera_turn_deg", "light_turn_deg", "light_change", "light_tint")}
    alike |= {"joint_offset_deg": "joint_offset_deg", "backlash_deg": "backlash_deg"}
    assert all(getattr(ours, a) != getattr(gap, b) for a, b in alike.items())
    assert Randomise(width=1.5).of("mass") == 0.75
    with pytest.raises(ValidationError, match="`mass` is a share, and with `width: 2` it is 1"):
        Randomise(width=2)


def test_looks_vary_light_and_exposure_by_row_and_cameras_as_they_were_moved() -> None:
    task = task_of("press_button")
    rows = bench_of(task, 3, looks=looks_of(task, Randomise()))
    plain = bench_of(task, 3, looks=looks_of(task, STILL))
    seen, still = rows.pictures(range(3)), plain.pictures(range(3))
    assert seen.shape == (3, 1, 36, 48, 3)
    assert len({picture.mean().round(2) for picture in seen}) == 3
    assert np.abs(still[:, 0, 0].mean((1, 2)) - 127.5).max() < 1, "nothing of the light varies"
    eye = rows.eyes[0]["front"]
    wall = plain.eyes[0]["front"].behind
    assert isinstance(wall, Backdrop)
    gain = np.array((1.2, 1.0, 0.8))
    fresh = Eye(eye.model, CAMERA, wall.scaled(gain), eye.look, 2)
    shared = plain.eyes[0]["front"].under(eye.look, gain)
    assert np.array_equal(fresh.light(rows.bench.datas[0]), shared.light(rows.bench.datas[0]))
    lens = replace(CAMERA, lens=(CAMERA.focal_px, CAMERA.focal_px, 24, 18))
    for camera in (CAMERA, lens):
        wide = camera.zoomed(10)
        assert np.isclose(2 * np.degrees(np.arctan(18 / wide.focal_px)), 60)
    with pytest.raises(ValueError, match="no pictures"):
        bench_of(task, 1).pictures([0])
