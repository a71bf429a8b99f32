"""A trained policy that acts, and what it may be shown."""

from typing import Literal, NotRequired, Protocol, TypedDict

import numpy as np

from runtime.problem import InputError, Problem


class PolicyFacts(TypedDict):
    """`policy.json`: what whoever runs a checkpoint must know, and how it was trained."""

    architecture: str
    camera_keys: list[str]
    image_hw: list[int]  # pixels
    state_dim: int
    action_dim: int
    fps: float  # actions a second
    chunk: int  # actions predicted at once
    n_action_steps: int  # actions carried out before the policy looks again
    history: int  # observations it looks at
    history_order: NotRequired[Literal["shuffled"]]  # of a control: those before the last are in an order of chance
    instruction_key: str
    instruction: str
    normaliser_digest: str
    seed: int
    steps: int
    batch_size: int


class Actor(Protocol):
    """A trained policy that runs N trials in step."""

    facts: PolicyFacts

    @property
    def looks(self) -> bool:
        """Whether the next `act` looks at pictures: one that carries on with its plan needs none."""
        ...

    def reset(self, n: int) -> None:
        """Start N new trials: forget plans and history, and reseed any noise."""
        ...

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        """One control step.

        Args:
            images: camera -> u8 [N, H, W, 3]; more cameras than the policy uses are ignored. Empty unless `looks`.
            state: f32 [N, D], radians.
            instruction: what to do; must not be empty.

        Returns:
            Joint position targets f32 [N, A], radians.
        """
        ...


def check_observation(facts: PolicyFacts, images: dict[str, np.ndarray], state: np.ndarray, n: int, looks: bool = True) -> None:
    """Refuse observations that the policy was not trained for, instead of acting on nonsense; pictures where it `looks`."""
    cameras = facts["camera_keys"] if looks else []
    missing = [c for c in cameras if c not in images]
    if missing:
        offer = f"cameras on offer: {', '.join(sorted(images))}"
        raise InputError(Problem("R314", f"the policy needs camera `{missing[0]}`", offer))
    want = {c: (n, *facts["image_hw"], 3) for c in cameras}
    wrong = [c for c in want if images[c].shape != want[c]]
    if wrong or state.shape != (n, facts["state_dim"]):
        given = {c: images[c].shape for c in wrong} or {"state": state.shape}
        raise InputError(Problem("R315", f"the policy was trained for other shapes than {given}", f"it wants {want} and n = {n}"))
