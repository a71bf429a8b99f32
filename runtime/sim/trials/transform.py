"""Input transforms: what is done to live pictures before a policy sees them. The policy itself stays as it is."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from runtime.learn.actor import Actor
from runtime.problem import InputError, Problem
from runtime.sim.pixels.align import Alignment

REFERENCE = "reference.npz"
"""What an alignment is made of: a picture u8 [H, W, 3] by the name of its camera; an empty one of a camera that is mounted."""


class Transformed:
    """A policy that sees the pictures of some cameras aligned; see `Actor`."""

    def __init__(self, policy: Actor, aligned: Mapping[str, Alignment]) -> None:
        self._policy, self._aligned, self.facts = policy, aligned, policy.facts

    def reset(self, n: int) -> None:
        """See `Actor.reset`."""
        self._policy.reset(n)

    @property
    def looks(self) -> bool:
        """See `Actor.looks`."""
        return self._policy.looks

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        """See `Actor.act`. Between two looks of a policy that plans in chunks nothing is aligned, for nothing is seen."""
        if self.looks:
            images = images | {name: align(images[name]) for name, align in self._aligned.items()}
        return self._policy.act(images, state, instruction)


def transformed(policy: Actor, transform: Path | None) -> Actor:
    """The policy behind a published transform, if there is one.

    Raises:
        InputError: R318 when the transform does not fit the cameras that the policy looks through.
    """
    if transform is None:
        return policy
    facts = policy.facts
    with np.load(transform / REFERENCE) as stored:
        pictures = {name: stored[name] for name in stored.files}
    still = [camera for camera in facts["camera_keys"] if camera not in pictures or pictures[camera].size]
    for camera in still:
        has = pictures[camera].shape[:2] if camera in pictures else None
        if has != tuple(facts["image_hw"]):
            said = f"has {has} pixels of it" if has else "does not have it"
            message = f"the policy looks through `{camera}` at {tuple(facts['image_hw'])} pixels, and the transform {said}"
            raise InputError(
                Problem("R318", message, "build the transform for the twin that the policy was trained in", "inputs")
            )
    return Transformed(policy, {camera: Alignment(pictures[camera]) for camera in still})
