"""The role `transfer`: films drawn again by a generative model. Nothing heavy is imported here, for stages name the role at
their top."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

Control = Literal["edge", "depth", "seg"]
"""What of a film stays: its edges, its depth, or which thing each pixel shows."""


class Transfer:
    """A back end of the role."""

    def transfer(
        self, controls: "np.ndarray", control: Control, prompt: str, weights: str, steps: int, strength: float, seed: int
    ) -> "np.ndarray":
        """A film u8 [T, H, W, 3] of what `prompt` says, that keeps to the pictures `controls` u8 [T, H, W, 3] of one kind.

        Args:
            controls: drawn from our own scene, not guessed of the film.
            control: what they show.
            prompt: how it is to look.
            weights: the model's name or folder, as the back end takes it.
            steps: denoising steps.
            strength: weight of the controls.
            seed: of the noise.
        """
        raise NotImplementedError
