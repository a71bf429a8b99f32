"""Cosmos-Transfer2.5: pictures of a ControlNet, one kind of control a call, 93 frames at a time (`diffusers`)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.problem import InputError, Problem
from runtime.sim.episodes.transfer import Control, Transfer

if TYPE_CHECKING:
    import numpy as np

CHUNK = 93
"""Frames that the model was trained on; longer films go on from the last one of the chunk before."""
MULTIPLE = 16
"""Width and height are brought to multiples of this: the VAE's 8 and the transformer's patches of 2."""


class Unchecked:
    """In place of NVIDIA's guardrail, whose weights take 18 GB: prompts are ours, and films are checked by simkiln (orientation,
    duration, quality)."""

    def to(self, *args: Any, **kwargs: Any) -> "Unchecked":
        """Nothing to move."""
        return self

    def check_text_safety(self, prompt: str) -> bool:
        """See the class."""
        return True

    def check_video_safety(self, frames: Any) -> Any:
        """See the class."""
        return frames


class CosmosTransfer(Transfer):
    """Role `transfer` through diffusers."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], Any] = {}

    def transfer(
        self, controls: "np.ndarray", control: Control, prompt: str, weights: str, steps: int, strength: float, seed: int
    ) -> "np.ndarray":
        """See `Transfer.transfer`. `weights` is a folder with the pipeline and `controlnet-KIND` in it, or a model's name in the
        cache of this machine."""
        import cv2
        import numpy as np
        import torch

        pipe = self._pipe(weights, control)
        height, width = controls.shape[1:3]
        size = _up(width), _up(height)
        given = [torch.from_numpy(cv2.resize(frame, size)).permute(2, 0, 1).float() / 255 for frame in controls]
        made = pipe(
            controls=given,
            controls_conditioning_scale=strength,
            prompt=prompt,
            height=size[1],
            width=size[0],
            num_frames=len(controls),
            num_frames_per_chunk=CHUNK,
            num_inference_steps=steps,
            generator=torch.Generator().manual_seed(seed),
            output_type="np",
        ).frames
        film = np.asarray(made)[0]
        out = [cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in film.astype(np.float32)]
        return np.round(255 * np.clip(np.stack(out), 0, 1)).astype(np.uint8)

    def _pipe(self, weights: str, control: Control) -> Any:
        """The pipeline with the ControlNet of that kind; nothing is downloaded.

        Raises:
            InputError: R357 when the weights are not on this machine.
        """
        if (weights, control) in self._made:
            return self._made[weights, control]
        import torch
        from diffusers import Cosmos2_5_TransferPipeline, CosmosControlNetModel

        half = torch.bfloat16 if torch.cuda.is_available() else torch.float32
        said: dict[str, Any] = {"torch_dtype": half, "local_files_only": True}
        folder = Path(weights)
        try:
            if folder.is_dir():
                net = CosmosControlNetModel.from_pretrained(folder / f"controlnet-{control}", **said)
                pipe = Cosmos2_5_TransferPipeline.from_pretrained(folder, controlnet=net, safety_checker=Unchecked(), **said)
            else:
                at = {"revision": f"diffusers/controlnet/general/{control}"}
                net = CosmosControlNetModel.from_pretrained(weights, **at, **said)
                pipe = Cosmos2_5_TransferPipeline.from_pretrained(
                    weights, revision="diffusers/general", controlnet=net, safety_checker=Unchecked(), **said
                )
        except OSError as error:
            message = f"the weights `{weights}` are not on this machine: {str(error).splitlines()[0][:200]}"
            help_ = f"nothing is downloaded here: get them once by `hf download {weights} --revision diffusers/general`"
            raise InputError(Problem("R357", message, help_, "stages.transfer.weights")) from error
        pipe.set_progress_bar_config(disable=True)
        self._made[weights, control] = pipe.to("cuda") if torch.cuda.is_available() else pipe
        return self._made[weights, control]


def _up(pixels: int) -> int:
    return -(-pixels // MULTIPLE) * MULTIPLE
