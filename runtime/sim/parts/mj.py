"""MuJoCo, for code that type checkers read: its classes live in a compiled module that they cannot look into."""

import importlib
from typing import Any

mujoco: Any = importlib.import_module("mujoco")

type Spec = Any  # mujoco.MjSpec
type Body = Any  # mujoco.MjsBody
type Model = Any  # mujoco.MjModel
type Data = Any  # mujoco.MjData
