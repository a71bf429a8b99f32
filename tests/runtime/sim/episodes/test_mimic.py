"""Demos that are carried along with their objects: the transform, every kind, other physics, sources that are no good."""

import ast
import os
import sys
from dataclasses import make_dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import RigidTransform, Rotation

from runtime.sim.episodes.demos import Effort, make_demos
from runtime.sim.episodes.mimic import Carried, carried, carrying, usable
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.solid import COLLISION_GROUP
from runtime.sim.scene.scene import build_scene
from tests.runtime.sim.tasks.test_manipulation import OTHER, SUPPORT, task_of

HOW = Carried(3, 5, 0)


def poses(seed: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return RigidTransform.from_components(rng.normal(size=(count, 3)), Rotation.random(count, rng)).as_matrix()


def scene_of(kind: str, physics: Physics) -> tuple[Any, Any]:
    task = task_of(kind)
    twin: Any = make_dataclass("Known", ["task", "physics", "control_hz", "robot"])(task, physics, 10.0, SO101)
    return build_scene(task, physics, [SUPPORT], COLLISION_GROUP).compile(), twin


@given(st.integers(0, 1000))
def test_a_hand_is_to_the_new_object_what_it_was_to_the_old_one(seed: int) -> None:
    source, frame = poses(seed, 2)
    hand = poses(seed + 1, 7)
    moved = carried(hand, source, frame)
    assert np.allclose(np.linalg.inv(frame) @ moved, np.linalg.inv(source) @ hand)
    assert np.allclose(carried(hand, source, source), hand)


def test_the_transform_is_that_of_isaac_lab_mimic() -> None:
    wheel = os.environ.get("ISAACLAB_WHEEL")
    if not wheel:
        pytest.skip("ISAACLAB_WHEEL names no folder that the wheel of isaaclab 3.0.0 was unpacked into")
    torch = pytest.importorskip("torch")
    found = spec_from_file_location("isaaclab_math", Path(wheel) / "isaaclab/utils/math.py")
    assert found is not None
    assert found.loader is not None
    sys.modules[found.name] = math = module_from_spec(found)
    found.loader.exec_module(math)
    text = (Path(wheel) / "isaaclab_mimic/datagen/data_generator.py").read_text()
    theirs = ModuleType("theirs")
    vars(theirs).update(torch=torch, PoseUtils=math)
    name = "transform_source_data_segment_using_object_pose"
    code = next(d for d in ast.parse(text).body if isinstance(d, ast.FunctionDef) and d.name == name)
    exec(compile(ast.Module([code], []), name, "exec"), vars(theirs))
    for seed in range(50):
        (source, frame), hand = poses(seed, 2), poses(seed + 1, 11)
        as_theirs = [torch.tensor(value, dtype=torch.float32) for value in (frame, hand, source)]
        assert np.abs(getattr(theirs, name)(*as_theirs).numpy() - carried(hand, source, frame)).max() < 1e-5


@pytest.mark.parametrize("physics", [Physics(), OTHER], ids=["nominal", "other"])
@pytest.mark.parametrize("kind", ["press_button", "push_to_zone", "pick_place", "stack", "open_drawer"])
def test_few_demos_become_many_at_other_places(kind: str, physics: Physics) -> None:
    model, twin = scene_of(kind, physics)
    source, _ = make_demos(model, twin, 4, 8, Effort(0.012, 0.6, 3, 0))
    parts = usable(source, model, twin, HOW)
    assert len(parts) >= 3, "demos succeed again where they were recorded"
    new, failures = make_demos(model, twin, 8, 16, Effort(0.012, 0.6, 3, 9), carrying(parts, twin, HOW))
    assert len(new) == 8
    assert failures.total() <= 3, failures
    moved = [np.abs(a.qpos[0] - b.qpos[0]).max() + np.abs(a.objects_m - b.objects_m).sum() for a in new for b in source]
    assert min(moved) > 0.005


def test_demos_that_do_not_succeed_again_are_no_source() -> None:
    model, twin = scene_of("pick_place", Physics())
    source, _ = make_demos(model, twin, 3, 6, Effort(0.0, 0.6, 3, 0))
    open_hand = source[0].action.copy()
    open_hand[:, SO101.gripper_index] = open_hand[:, SO101.gripper_index].max()
    never_moved = replace(source[1], qpos=np.repeat(source[1].qpos[:1], len(source[1]), 0))
    assert len(usable([replace(source[0], action=open_hand), never_moved, source[2]], model, twin, HOW)) == 1
