"""Benchmarks from outside: which suite a location stands for, which of its environments a task is, what suites say of themselves.

A spec names a suite by the name of a back end of the role `benchmark`, and an environment by a name that the suite's description
lists. Neither is ever imported: what is imported stands in descriptions of installed back ends alone.
"""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound

BENCHMARK = "benchmark"
"""The kind of such locations and tasks, the role of their back ends, and the domain of their trials."""

Size = tuple[Annotated[int, Field(ge=16, le=1024)], Annotated[int, Field(ge=16, le=1024)]]
"""Width and height, pixels."""
Camera = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w-]*$", max_length=60)]
Key = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$", max_length=60)]
_RANGE = re.compile(r"(.*/)(\d+)\.\.(\d+)")
MOST_NAMED = 1000


class BenchmarkSuite(Bound):
    """A suite of environments that others made and that is installed here, in the place of a captured place."""

    kind: Literal["benchmark"]
    """A benchmark from outside."""
    suite: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
    """Name of a back end of the role `benchmark`, such as `pusht`; `simkiln backends` lists them."""
    size_px: Size | None = None
    """Width and height of the pictures, where the suite draws them in any size."""
    is_metric: ClassVar[bool] = True


class BenchmarkTask(Bound):
    """One environment of a suite."""

    kind: Literal["benchmark"]
    """An environment of a benchmark from outside."""
    environment: Annotated[str, Field(min_length=1, max_length=200)]
    """Its name in the suite, such as `PushT-v0`; the suite's description lists them."""
    instruction: Annotated[str, Field(min_length=3, max_length=1000)]
    """What the policy is told, in words."""
    max_steps: int | None = Field(None, ge=1, le=100_000)
    """Steps after which a trial that has not succeeded has failed; by default the suite's."""
    success: Key | None = None
    """The entry of a step's `info` that says whether the trial has succeeded; by default the suite's. Nothing else
    counts: not the reward, not that the episode ended."""
    held_out: bool = False
    """True for a task that may be evaluated but never trained on."""


class SuiteFacts(Bound):
    """What a suite's description says of its environments (`[benchmark]` in its TOML file), before anything of it is started."""

    door: Literal["gymnasium", "lerobot"]
    """How they are made: `gymnasium.make`, or LeRobot's `make_env`."""
    module: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$", max_length=100)]
    """The module that registers them, which is their namespace in gymnasium too; of LeRobot's door, its name of the suite."""
    environments: tuple[str, ...] = Field(min_length=1, max_length=MOST_NAMED)
    """Their names; `NAME/0..9` stands for ten."""
    fps: int = Field(ge=1, le=240)
    """Actions a second that the environments are made for."""
    max_steps: int = Field(ge=1, le=100_000)
    """Steps of a trial."""
    action_dim: int = Field(ge=1, le=1000)
    """Numbers in an action."""
    state_dim: int = Field(ge=1, le=1000)
    """Numbers in what the robot feels."""
    cameras: dict[Camera, Size] = Field(min_length=1, max_length=16)
    """Camera -> width and height of its pictures; `image` where an environment has one without a name."""
    resizable: bool = False
    """Whether pictures can be asked for in another size."""
    success: Key = "is_success"
    """The entry of a step's `info` that says whether the trial has succeeded."""
    most_reward: float | None = Field(None, gt=0)
    """The reward of a step at success, by which the score of a failure is reckoned; without it failures score 0."""
    idle: Literal["zeros", "state"] = "zeros"
    """The action of who does nothing: zeros where actions are changes, the state where they are targets."""
    starts: int | None = Field(None, ge=1)
    """How many initial states there are, where reset I takes state I of a list in place of drawing one by its seed."""

    def names(self) -> Iterator[str]:
        """Names of all environments."""
        for name in self.environments:
            found = _RANGE.fullmatch(name)
            yield from [f"{found[1]}{i}" for i in range(int(found[2]), int(found[3]) + 1)] if found else [name]

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        spans = [_RANGE.fullmatch(name) for name in self.environments]
        if sum(int(x[3]) - int(x[2]) for x in spans if x) > MOST_NAMED:
            raise ValueError(f"more than {MOST_NAMED} environments")
        return self


class FoundBenchmark(BenchmarkSuite):
    """A location's suite with what its description says; its marks tell which facts of the contract each sets."""

    suite: str = Field(json_schema_extra={"fact": "action_dim camera_keys camera_sizes fps units"})
    fps: int
    action_dim: int
    state_dim: int
    cameras: dict[str, Size]
    max_steps: int
    success: str
    most_reward: float | None
    idle: Literal["zeros", "state"]
    starts: int | None

    @classmethod
    def of(cls, said: BenchmarkSuite, facts: SuiteFacts) -> "FoundBenchmark":
        """The same, as its description has it."""
        cameras = dict.fromkeys(facts.cameras, said.size_px) if said.size_px else facts.cameras
        kept = {name: getattr(facts, name) for name in cls.model_fields if name in SuiteFacts.model_fields}
        return cls.model_validate({**kept, **said.model_dump(), "cameras": cameras})
