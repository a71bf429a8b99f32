"""`--env.type=simkiln`: which twin, and from which initial states; by folders, or by the names that a project gives them."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import gymnasium as gym
from lerobot.configs import FeatureType, PolicyFeature
from lerobot.envs.configs import EnvConfig
from lerobot.envs.utils import freeze_after_episode_end
from lerobot.utils.constants import ACTION, OBS_IMAGES, OBS_STATE

from lerobot_env_simkiln.env import TwinEnv


@EnvConfig.register_subclass("simkiln")
@dataclass
class SimkilnEnv(EnvConfig):
    """A task in a twin of simkiln.

    Either `path` names a folder that `simkiln export` wrote (a twin's artifact, with its `conditions.json`), or `location` and
    `task` name a twin that a study of `project` has built.
    """

    path: str = ""
    conditions: str = ""
    """Folder of the condition set; by default `path` itself."""
    project: str = "."
    study: str = "study"
    location: str = ""
    units: Literal["radians", "degrees", "percent"] = "radians"
    """Of `observation.state` and `action`: radians as demos of simkiln have them, or as LeRobot's drivers count."""
    features: dict[str, PolicyFeature] = field(default_factory=dict)
    features_map: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the twin, and say what it shows and takes.

        Raises:
            ValueError: when there is no such twin, or it is not built.
        """
        if not self.path:
            self.path, self.conditions = _built(self)
        self.conditions = self.conditions or self.path
        for folder, name in ((self.path, "twin.json"), (self.conditions, "conditions.json")):
            if not (Path(folder) / name).is_file():
                raise ValueError(f"`{folder}` has no `{name}`: `simkiln export NODE --to DIR` of a twin writes both")
        from runtime.sim.twin.twin import read_twin

        facts = read_twin(Path(self.path))
        self.task, self.fps = self.task or facts.task.kind, round(facts.control_hz)
        count = facts.robot.action_dim
        self.features = {ACTION: PolicyFeature(type=FeatureType.ACTION, shape=(count,))}
        self.features["agent_pos"] = PolicyFeature(type=FeatureType.STATE, shape=(count,))
        self.features_map = {ACTION: ACTION, "agent_pos": OBS_STATE}
        for camera in facts.cameras:
            shape = (camera.height, camera.width, 3)
            self.features[f"pixels/{camera.name}"] = PolicyFeature(type=FeatureType.VISUAL, shape=shape)
            self.features_map[f"pixels/{camera.name}"] = f"{OBS_IMAGES}.{camera.name}"

    @property
    def gym_kwargs(self) -> dict[str, Any]:
        """What `TwinEnv` is made of."""
        return {"twin": self.path, "conditions": self.conditions, "units": self.units}

    def create_envs(self, n_envs: int, use_async_envs: bool = False) -> dict[str, dict[int, gym.vector.VectorEnv]]:
        """`{"simkiln": {0: n_envs of them}}`. An ended episode costs nothing until the last of its batch ends.

        LeRobot's own way makes environments by `gym.make`, in workers that never import a plug-in, and then waits for ever.
        """
        make = freeze_after_episode_end(partial(TwinEnv, **self.gym_kwargs))
        mode = gym.vector.AutoresetMode.NEXT_STEP
        if use_async_envs and n_envs > 1:
            made = gym.vector.AsyncVectorEnv([make] * n_envs, context="forkserver", autoreset_mode=mode)
        else:
            made = gym.vector.SyncVectorEnv([make] * n_envs, autoreset_mode=mode)
        return {self.type: {0: made}}


def _built(asked: SimkilnEnv) -> tuple[str, str]:
    """Folders of a built twin and of the conditions that its study's trials begin from."""
    from compiler.plan.study import open_project, plan_study
    from runtime.store.store import Store

    project = open_project(Path(asked.project), {})
    graph = plan_study(project, asked.study).graph
    for node in graph.nodes.values():
        at = node.scope
        if node.stage.role != "trials" or at.location != asked.location or asked.task not in (None, at.task):
            continue
        (twin,), (conditions,) = node.inputs["twin"], node.inputs["conditions"]
        store = Store(project.store)
        if at.domain == "twin" and store.has(*twin.address) and store.has(*conditions.address):
            asked.task = at.task
            return str(store.path(*twin.address)), str(store.path(*conditions.address))
    named = f"task `{asked.task}` at `{asked.location}`" if asked.task else f"`{asked.location}`"
    raise ValueError(
        f"study `{asked.study}` has no built twin of {named} with trials in it: `simkiln run {asked.study}` makes it"
    )
