"""Kinds with loose things: each can be done, not by doing nothing, and a trial that goes wrong says how."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runtime.bound.task import Task
from runtime.problem import InputError
from runtime.sim.episodes.self_test import play, self_test
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import Servo
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.solid import COLLISION_GROUP, Solid
from runtime.sim.parts.start import Start
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.scene import build_scene
from runtime.sim.scene.settle import refuse_unsettled
from runtime.sim.tasks import kind_of, kinds
from runtime.sim.tasks.kind import Reach, Seen

KINDS = ("pick_place", "push_to_zone", "stack", "open_drawer")
SUPPORT = Solid("support", "box", (0.2, 0.0, -0.02), (0.5, 0.5, 0.02))
OTHER = Physics(
    servo=Servo(kp_nm_per_rad=60, time_constant_s=0.08),
    latency_s=0.05,
    joint_offset_rad=(0.015, -0.015, 0.015, 0.015, 0, 0),
    friction=0.6,
    mass_scale=1.3,
    stiffness_scale=1.3,
)


def task_of(kind: str, **settings: Any) -> Task:
    return kinds()[kind].model_validate({"kind": kind, "instruction": "do what is asked", **settings})


def bench_of(task: Task, starts: int | Sequence[Start], physics: Physics | None = None, **kwargs: Any) -> Bench:
    physics = physics or Physics()
    model = build_scene(task, physics, [SUPPORT], COLLISION_GROUP).compile()
    if isinstance(starts, int):
        starts = [kind_of(task).draw_start(task, i, "development") for i in range(starts)]
    return Bench(model, physics, task, 10.0, starts, **kwargs)


def modes(bench: Bench) -> set[str]:
    return {judge.failure_mode for judge in bench.judges}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("physics", [Physics(), OTHER], ids=["nominal", "other"])
def test_the_expert_succeeds(kind: str, physics: Physics) -> None:
    bench = bench_of(task_of(kind), 20, physics)
    refuse_unsettled(bench.model, physics, bench.task, bench.starts)
    play(bench)
    assert sum(judge.success for judge in bench.judges) >= 19, modes(bench)
    assert all(judge.score == 1.0 and judge.failure_mode == "" for judge in bench.judges if judge.success)


@pytest.mark.parametrize("kind", KINDS)
def test_doing_nothing_fails_and_rewards_grow_on_the_way(kind: str) -> None:
    task = task_of(kind)
    rewards = kind_of(task).REWARD
    idle, acting = (bench_of(task, 3, terms=rewards) for _ in range(2))
    first = idle.step(idle.measured())
    play(idle, still=True)
    play(acting)
    assert modes(idle) == {"never_touched"}
    assert all(0 <= judge.score < 0.2 for judge in idle.judges)
    last = acting.step(acting.measured())
    assert np.all((first > 0) & (last > first + 10)), "success is worth ten"
    assert all(term.__name__.split("_")[-1] in ("bool", "5cm", "10cm", "3cm", "cm") for term in rewards)  # ty: ignore[missing-attribute]


@pytest.mark.parametrize("kind", KINDS)
def test_trials_alone_meet_things_and_wordings_that_are_held_out(kind: str) -> None:
    name = "drawer" if kind == "open_drawer" else "thing"
    other = {"color": "green"} if name == "drawer" else {"shape": "cylinder", "width_m": 0.026, "color": "green"}
    task = task_of(kind, wordings=["do it please"], held_out_wordings=["be so kind"], **{f"held_out_{name}s": [other]})
    draw = kind_of(task).draw_start

    def settings(purpose: str) -> list[dict[str, Any]]:
        return [dict(draw(task, i, purpose).settings) for i in range(40)]

    for purpose in ("demo", "scripted", "development"):
        assert {one.get("instruction") for one in settings(purpose)} == {None, "do it please"}
        assert not any(name in one for one in settings(purpose))
    assert {one.get("instruction") for one in settings("trial")} == {None, "do it please", "be so kind"}
    assert 10 < sum(name in one for one in settings("trial")) < 30
    start = next(start for i in range(40) if name in (start := draw(task, i, "trial")).settings)
    thing = task.under(start.settings)
    assert getattr(thing, name).color == "green"
    bench = bench_of(thing, [start])
    assert start.turns_rad is not None
    assert np.allclose(bench.seen(0).turns_rad[0], start.turns_rad[0])
    refuse_unsettled(bench.model, Physics(), thing, [start])
    play(bench)
    assert bench.judges[0].success


def spoilt(monkeypatch: pytest.MonkeyPatch, task: Task, change: Callable[[Reach], Reach]) -> None:
    """Let the expert of a kind wish something else."""
    kind = kind_of(task)
    honest = kind.expert

    def expert(task: Task, seen: Seen) -> Reach | np.ndarray:
        wish = honest(task, seen)
        return change(wish) if isinstance(wish, Reach) else wish

    monkeypatch.setattr(kind, "expert", expert)


def test_a_pick_without_a_grip_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of("pick_place")
    spoilt(monkeypatch, task, lambda wish: Reach(wish.tip_m, max(wish.gap_m or 0.0, 0.037), wish.turn_rad))
    bench = bench_of(task, 4)
    play(bench)
    assert modes(bench) == {"not_lifted"}
    assert all(judge.score < 0.6 for judge in bench.judges)


@pytest.mark.parametrize(("kind", "least_m"), [("push_to_zone", 0.05), ("stack", 0.05), ("open_drawer", 0.07)])
def test_a_hand_that_stays_too_high_is_called_so(kind: str, least_m: float, monkeypatch: pytest.MonkeyPatch) -> None:
    task, least = task_of(kind), np.array((-9, -9, least_m))
    spoilt(monkeypatch, task, lambda wish: Reach(np.maximum(wish.tip_m, least), wish.gap_m, wish.turn_rad))
    bench = bench_of(task, 3)
    play(bench)
    assert modes(bench) == {"never_touched"}


def test_a_thing_that_begins_on_the_pad_is_no_success_until_it_was_lifted() -> None:
    task = task_of("pick_place")
    start = kind_of(task).draw_start(task, 0, "development")
    places = start.objects_m.copy()
    places[0] = places[1] + np.array((0, 0, 0.017 + 0.003))
    bench = bench_of(task, [Start(0, start.joints_rad, places, start.turns_rad)])
    refuse_unsettled(bench.model, Physics(), task, bench.starts)
    play(bench, still=True)
    assert modes(bench) == {"never_touched"}


@pytest.mark.parametrize(("kind", "up_m"), [("push_to_zone", 0.015), ("stack", 0.032)])
def test_a_state_that_is_a_success_is_refused(kind: str, up_m: float) -> None:
    task = task_of(kind)
    start = kind_of(task).draw_start(task, 0, "development")
    places = start.objects_m.copy()
    places[0] = places[1] + np.array((0, 0, up_m))
    bench = bench_of(task, [Start(0, start.joints_rad, places, start.turns_rad)])
    with pytest.raises(InputError, match="R275: 1 of 1 initial states"):
        refuse_unsettled(bench.model, Physics(), task, bench.starts)


class Patience:
    """A judge of those who wait: no task."""

    score, failure_mode = 0.0, "hasty"

    def __init__(self, task: Task, model: Any) -> None:
        self.seen = 0

    @property
    def success(self) -> bool:
        return self.seen > 9

    def update(self, data: Any) -> None:
        self.seen += 1


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        (None, r"R264: the expert succeeds in 0 of 20 trials in the twin, undisturbed \(n"),
        (Patience, "R264: 20 of 20 trials succeed though nobody acts"),
    ],
)
def test_what_is_no_task_is_refused(judge: Any, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of("pick_place", horizon_s=1.0)
    if judge:
        monkeypatch.setattr(kind_of(task), "judge", judge)
    model = build_scene(task, Physics(), [SUPPORT], COLLISION_GROUP).compile()
    twin: Any = SimpleNamespace(task=task, physics=Physics(), control_hz=10.0, robot=SO101)
    with pytest.raises(InputError, match=said):
        self_test(model, twin)
