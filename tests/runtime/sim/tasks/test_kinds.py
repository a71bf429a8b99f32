"""A kind of task is a folder: it is found, its objects may be loose, its expert moves the gripper. `more/push_cube` is one that
nothing outside of its folder knows."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.bound.task import Task
from runtime.build import closure
from runtime.build.code_digest import code_digest
from runtime.problem import InputError
from runtime.sim import tasks
from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.places import put
from runtime.sim.parts.solid import COLLISION_GROUP, Solid
from runtime.sim.parts.start import Start
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.scene.scene import build_scene
from runtime.sim.scene.settle import refuse_unsettled
from runtime.sim.tasks import kind_of, kinds
from tests import REPOSITORY

SUPPORT = Solid("support", "box", (0.2, 0.0, -0.02), (0.5, 0.5, 0.02))
HZ = 10.0
EDGE_M = 0.03


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Where kinds are looked for; a test may add folders."""
    found = [*tasks.__path__]
    monkeypatch.setattr(tasks, "__path__", found)
    kinds.cache_clear()
    known = {*sys.modules}
    yield found
    kinds.cache_clear()
    for name in {*sys.modules} - known:
        if name.startswith("runtime.sim.tasks."):
            del sys.modules[name]


@pytest.fixture
def push(folders: list[str]) -> Task:
    folders.append(str(Path(__file__).parent / "more"))
    return kinds()["push_cube"](kind="push_cube", instruction="push the cube away", horizon_s=6.0)


@pytest.fixture
def press() -> Task:
    return kinds()["press_button"](kind="press_button", instruction="press the red button")


def bench_of(task: Task, count: int, **kwargs: Any) -> Bench:
    physics = Physics()
    model = build_scene(task, physics, [SUPPORT], COLLISION_GROUP).compile()
    return Bench(model, physics, task, HZ, [kind_of(task).draw_start(task, i, "trial") for i in range(count)], **kwargs)


def play(bench: Bench, steps: int) -> np.ndarray:
    """Let the expert act; the measured joints before each step [T, N, J]."""
    seen = []
    for _ in range(steps):
        seen.append(bench.measured())
        wishes = [expert_action(bench.task, bench.seen(i)) for i in range(len(bench))]
        bench.step(np.stack(wishes), np.array([not j.success for j in bench.judges]))
    return np.stack(seen)


def test_a_folder_is_found_by_being_there(folders: list[str], push: Task) -> None:
    assert {"press_button", "push_cube"} < set(kinds())
    assert kind_of(push).__name__ == "runtime.sim.tasks.push_cube.task"  # ty: ignore[missing-attribute]


def test_a_kind_s_code_counts_among_that_of_stages_that_simulate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closure, "PACKAGE", tmp_path / "runtime")
    shutil.copytree(REPOSITORY / "runtime", tmp_path / "runtime", ignore=shutil.ignore_patterns("__pycache__"))

    def digests() -> list[str]:
        return [code_digest(stage) for stage in ("evaluate", "demos", "policy")]

    before = digests()
    path = tmp_path / "runtime/sim/tasks/press_button/task.py"
    path.write_text(path.read_text().replace("HOVER_M = 0.045", "HOVER_M = 0.046"))
    after = digests()
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, False, True]


@pytest.mark.parametrize("kind", ["    kind: Literal['greet']\n", "    pass\n"])
def test_a_folder_whose_settings_do_not_have_its_name_is_refused(kind: str, folders: list[str], tmp_path: Path) -> None:
    (tmp_path / "wave").mkdir()
    (tmp_path / "wave" / "__init__.py").touch()
    text = "from typing import Literal\nfrom runtime.bound.task import Task\nclass Wave(Task):\n" + kind
    (tmp_path / "wave" / "setup.py").write_text(text)
    folders.append(str(tmp_path))
    with pytest.raises(TypeError, match=r'wave/setup.py must define one subclass of Task with `kind: Literal\["wave"\]`'):
        kinds()


def test_a_loose_object_begins_in_its_place_falls_and_rests_on_the_table(push: Task) -> None:
    push = type(push).model_validate({**push.model_dump(), "cube": {"drop_m": 0.03}})
    bench = bench_of(push, 6)
    with pytest.raises(InputError, match="R275: 6 of 6 initial states do not stay as they are"):
        refuse_unsettled(bench.model, Physics(), push, bench.starts)
    assert np.array_equal(bench.objects(), np.stack([s.objects_m for s in bench.starts]))
    assert np.all(bench.objects()[:, 0, 2] > EDGE_M)
    still = bench.measured()
    for _ in range(15):
        bench.step(still)
    assert np.abs(bench.objects()[:, 0, 2] - EDGE_M / 2).max() < 0.005
    assert {(j.failure_mode, j.success) for j in bench.judges} == {("never_touched", False)}


def test_the_expert_moves_the_gripper_and_pushes_the_object(push: Task) -> None:
    bench = bench_of(push, 12)
    before = bench.objects()
    joints = play(bench, 60)
    assert [j.success for j in bench.judges] == [True] * 12
    assert np.all(np.ptp(joints[:, :, -1], axis=0) > 0.3)  # radians that the gripper moved
    assert np.all((bench.objects() - before)[:, 0, 0] > 0.035)


def test_an_expert_may_wish_joints(press: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    wish = np.array((0.1, -0.5, 0.4, 1.0, 0.2, 0.3))
    monkeypatch.setattr(kind_of(press), "expert", lambda task, seen: wish)
    assert np.array_equal(expert_action(press, bench_of(press, 1).seen(0)), wish)


@pytest.mark.parametrize("kind", ["press", "push"])
@pytest.mark.parametrize("count", [0, 2])
def test_a_start_with_more_or_fewer_objects_than_places_is_an_error(
    kind: str, count: int, request: pytest.FixtureRequest
) -> None:
    bench = bench_of(request.getfixturevalue(kind), 1)
    start = Start(0, bench.starts[0].joints_rad, np.full((count, 3), 0.2))
    with pytest.raises(ValueError, match=f"a start does not fit its scene: {count}x3 numbers for objects at 1 places"):
        bench.reset([0], [start])


def test_an_object_that_is_part_of_the_model_has_no_place() -> None:
    spec = mujoco.MjSpec()
    spec.worldbody.add_body(name="stand", mocap=True)
    spec.worldbody.add_body(name="rock").add_geom(size=(0.01, 0, 0))
    model = spec.compile()
    with pytest.raises(ValueError, match="`rock` has no place in the state: make it a mocap body, or give it a free joint"):
        put(model, mujoco.MjData(model), ("rock",), np.zeros((1, 3)))


@pytest.mark.parametrize("kind", ["press", "push"])
def test_rows_that_are_reset_are_those_of_a_fresh_bench(kind: str, request: pytest.FixtureRequest) -> None:
    task = request.getfixturevalue(kind)
    used, fresh = bench_of(task, 4), bench_of(task, 4)
    play(used, 9)
    others = [used.datas[i].qpos.copy() for i in (0, 2)]
    used.reset([1, 3], [fresh.starts[0], fresh.starts[3]])
    assert all(np.array_equal(a, used.datas[i].qpos) for a, i in zip(others, (0, 2), strict=True))
    play(used, 12)
    play(fresh, 12)
    for row, same in ((1, 0), (3, 3)):
        a, b = used.datas[row], fresh.datas[same]
        for name in ("qpos", "qvel", "act", "ctrl", "mocap_pos", "qacc_warmstart", "time"):
            assert np.array_equal(getattr(a, name), getattr(b, name)), name
        assert used.judges[row].score == fresh.judges[same].score
        assert used.starts[row].index == fresh.starts[same].index


def test_steps_return_the_weighted_terms_of_the_rows_that_moved(press: Task) -> None:
    kind = kind_of(press)
    bench = bench_of(press, 3, terms=kind.REWARD)
    weights = {term.__name__: weight for term, weight in kind.REWARD.items()}  # ty: ignore[missing-attribute]
    assert weights == {"tip_to_cap_exp_5cm": 1.0, "success_bool": 10.0}
    first = bench.step(bench.measured(), np.array([True, True, False]))
    assert first[2] == 0
    assert np.all((first[:2] > 0) & (first[:2] < 1))
    play(bench, 30)
    last = bench.step(bench.measured())
    assert [j.success for j in bench.judges] == [True] * 3
    assert np.all((last > 10.5) & (last <= 11))


def test_a_bench_without_terms_gives_no_reward(press: Task) -> None:
    bench = bench_of(press, 2)
    assert bench.step(bench.measured()).tolist() == [0, 0]
