"""Runs where diffusers is installed: loads a pipeline from a folder, and foresees what it is shown. Needs nothing of ours.

    PYTHON worker.py ROOM

ROOM holds `asked.json`, `shown.npy` and perhaps `poses.npy`; what comes of it are `films.npy` and
`answer.json`. Nothing is downloaded.
"""

import hashlib
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

DOMAIN = "umi"
"""Cosmos 3 knows no SO-101; `umi` is one arm: place, turn in six numbers, and how far the hand is open."""


def digest_of(folder: Path) -> str:
    """As `runtime.foresight.process.digest_of`, which a test holds."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and ".cache" not in p.relative_to(folder).parts):
        with path.open("rb") as file:
            own = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{own}\n".encode())
    return digest.hexdigest()


class Unguarded:
    """Stands where diffusers wants a safety checker, for weights whose licence asks for none."""

    dtype, device = None, None

    def to(self, *_: Any, **__: Any) -> "Unguarded":
        """Nothing is moved."""
        return self

    def check_text_safety(self, prompt: str) -> bool:
        """All is let through."""
        return True

    def check_video_safety(self, frames: Any) -> Any:
        """All is let through."""
        return frames


def cosmos3(folder: Path, said: dict[str, Any], place: Any) -> Any:
    """Forward dynamics of Cosmos 3: one picture and where the hand is asked to be."""
    import torch
    from PIL import Image

    diffusers: Any = import_module("diffusers")
    guard = bool(said["guardrail"])
    pipe = diffusers.Cosmos3OmniPipeline.from_pretrained(folder, enable_safety_checker=guard, local_files_only=True, **place)
    tier = 256  # the least canvas; pictures are never enlarged, only padded

    def one(shown: np.ndarray, poses: np.ndarray, seed: int) -> np.ndarray:
        action = diffusers.CosmosActionCondition(
            mode="forward_dynamics",
            chunk_size=len(poses),
            domain_name=DOMAIN,
            resolution_tier=tier,
            raw_actions=torch.from_numpy(poses),
            image=Image.fromarray(shown[-1]),
            view_point="third_person_view",
        )
        return pipe(action=action, **_how(said, seed)).video[1:]

    return pipe, one


def predict(folder: Path, said: dict[str, Any], place: Any) -> Any:
    """Cosmos-Predict 2.5: the pictures that were shown, carried on."""
    from PIL import Image

    checker = {} if said["guardrail"] else {"safety_checker": Unguarded()}
    pipe = import_module("diffusers").Cosmos2_5_PredictBasePipeline.from_pretrained(
        folder, local_files_only=True, **checker, **place
    )

    def one(shown: np.ndarray, poses: None, seed: int) -> np.ndarray:
        count, latents = len(shown), 1 + (len(shown) - 1) // 4  # four frames are one latent, the first is one of its own
        whole = count + said["frames"]
        whole += (1 - whole) % 4
        height, width = shown.shape[1:3]
        size = {"height": height, "width": width, "num_frames": whole, "num_latent_conditional_frames": latents}
        how = _how(said, seed)
        how.pop("fps")
        return pipe(video=[Image.fromarray(x) for x in shown], **size, **how).frames[0][count : count + said["frames"]]

    return pipe, one


CHUNK = 93
"""Frames that Transfer 2.5 was trained on; longer films go on from the last one of the chunk before."""
MULTIPLE = 16
"""Pixels of the least square that width and height are brought to."""


def transfer(folder: Path, said: dict[str, Any], place: Any) -> Any:
    """Cosmos-Transfer 2.5: controls of one kind, as a film."""
    import torch
    from PIL import Image

    diffusers: Any = import_module("diffusers")
    checker = {} if said["guardrail"] else {"safety_checker": Unguarded()}
    net = diffusers.CosmosControlNetModel.from_pretrained(
        folder / f"controlnet-{said['control']}", local_files_only=True, **place
    )
    pipe = diffusers.Cosmos2_5_TransferPipeline.from_pretrained(folder, controlnet=net, local_files_only=True, **checker, **place)

    def one(shown: np.ndarray, poses: None, seed: int) -> np.ndarray:
        height, width = (-(-pixels // MULTIPLE) * MULTIPLE for pixels in shown.shape[1:3])
        large = [
            np.asarray(Image.fromarray(x).resize((width, height), Image.Resampling.BILINEAR), np.float32) / 255 for x in shown
        ]
        controls = [torch.from_numpy(x).permute(2, 0, 1) for x in large]
        how = _how(said, seed)
        how.pop("fps")
        size = {"height": height, "width": width, "num_frames": len(shown), "num_frames_per_chunk": CHUNK}
        return pipe(controls=controls, controls_conditioning_scale=said["strength"], **size, **how).frames[0]

    return pipe, one


def _how(said: dict[str, Any], seed: int) -> dict[str, Any]:
    import torch

    random = torch.Generator().manual_seed(seed)
    how = {"prompt": said["prompt"], "num_inference_steps": said["steps"], "guidance_scale": said["guidance"]}
    return {**how, "fps": said["fps"], "generator": random, "output_type": "np"}


def _sized(film: np.ndarray, height: int, width: int) -> np.ndarray:
    from PIL import Image

    frames = (np.clip(np.asarray(film, np.float32), 0, 1) * 255 + 0.5).astype(np.uint8)
    return np.stack([np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BOX)) for frame in frames])


def run(room: Path) -> dict[str, Any]:
    """Foresee what lies in the room."""
    said = json.loads((room / "asked.json").read_text())
    folder = Path(sys.prefix) / "weights" / said["pipeline"]
    if not folder.is_dir():
        return {"error": f"no folder `weights/{said['pipeline']}` in its environment"}
    if (found := digest_of(folder)) != said["weights"]:
        return {"weights": found}
    import torch

    place = {"torch_dtype": torch.bfloat16 if torch.cuda.is_available() else torch.float32}
    pipe, one = {"cosmos3": cosmos3, "predict": predict, "transfer": transfer}[said["pipeline"]](folder, said, place)
    if torch.cuda.is_available():
        pipe.to("cuda")
    pipe.set_progress_bar_config(disable=True)
    shown, told = np.load(room / "shown.npy", allow_pickle=False), room / "poses.npy"
    poses = np.load(told, allow_pickle=False) if told.is_file() else [None] * len(shown)
    height, width = shown.shape[2:4]
    films = [_sized(one(x, p, said["seed"] + i), height, width) for i, (x, p) in enumerate(zip(shown, poses, strict=True))]
    np.save(room / "films.npy", np.stack(films))
    return {"films": len(films)}


def main() -> None:
    """Answer in a file; libraries print what they like."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
    room = Path(sys.argv[1])
    try:
        answer = run(room)
    except Exception as error:  # whatever a library raises is told to whoever asked
        answer = {"error": f"{type(error).__name__}: {str(error)[:400]}"}
    (room / "answer.json").write_text(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
