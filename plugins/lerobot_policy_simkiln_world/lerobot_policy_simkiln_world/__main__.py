"""Latents of a LeRobotDataset, made once: `python -m lerobot_policy_simkiln_world --help`."""

import argparse
import sys
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from runtime.learn.modality.encoders import PACKAGES, Encoder, Pretrained
from runtime.learn.modality.latents import LatentFacts, Latents, made, save_latents
from runtime.problem import InputError

AT_ONCE = 16


def encode(dataset: Any, camera: str, encoder: Encoder, kind: str, context: int, offset: int) -> Latents:
    """Latents of every frame of a LeRobotDataset, in its order; before an episode's first frame there is that frame again.

    Raises:
        KeyError: the dataset has no such camera.
    """
    values, waiting, episodes = [], [], []
    last, frames = None, deque(maxlen=encoder.window)
    for i in range(len(dataset)):
        item = dataset[i]
        episode = int(item["episode_index"])
        frame = (item[camera].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
        if episode != last:
            frames.extend([frame] * encoder.window)
        else:
            frames.append(frame)
        last = episode
        episodes.append(episode)
        waiting.append(np.stack(frames))
        if len(waiting) == AT_ONCE or i == len(dataset) - 1:
            values.append(encoder(np.stack(waiting), np.zeros((len(waiting), 0))))
            waiting.clear()
    facts = LatentFacts(kind, encoder.window, context, offset, encoder.latent, float(dataset.fps), camera)
    return made(facts, np.concatenate(values), np.array(episodes))


def main(arguments: list[str] | None = None) -> None:
    """Read a dataset that lies on this machine, and write its latents."""
    parser = argparse.ArgumentParser(prog="python -m lerobot_policy_simkiln_world", description=__doc__)
    parser.add_argument("root", type=Path, help="folder of a LeRobotDataset v3")
    parser.add_argument("--camera", required=True, help="such as observation.images.front")
    parser.add_argument("--encoder", required=True, choices=sorted(PACKAGES))
    parser.add_argument("--weights", required=True, type=Path, help="folder of the encoder, with its config and safetensors")
    parser.add_argument("--window", type=int, default=4, help="frames that each latent is made of")
    parser.add_argument("--context", type=int, default=4, help="latents that the Prophet knows")
    parser.add_argument("--offset", type=int, default=8, help="latents that it foretells")
    parser.add_argument("--to", required=True, type=Path, help="folder to write: --policy.world_latents_path of lerobot-train")
    said = parser.parse_args(arguments)
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    try:
        encoder = Pretrained(said.encoder, said.weights, said.window)
        dataset = LeRobotDataset("local/dataset", root=said.root)
        save_latents(said.to, encode(dataset, said.camera, encoder, said.encoder, said.context, said.offset))
    except (InputError, KeyError, OSError, ValueError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
