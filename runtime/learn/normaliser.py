"""The normaliser: statistics of the demos, kept as safetensors beside the weights so that they cannot drift apart."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from runtime.learn.dataset import ACTION, IMAGE_PREFIX, STATE
from runtime.problem import InputError, Problem

Stats = dict[str, dict[str, np.ndarray]]  # feature -> statistic -> f32, images as [3, 1, 1]
EPS = 1e-8  # LeRobot's NormalizerProcessorStep divides by std + 1e-8
FLOOR_RAD = 0.02  # least standard deviation of a joint: one that never moved must not turn noise into huge inputs
FLOOR_PIXEL = 0.02


def load_stats(dataset: Path) -> Stats:
    """LeRobot's own statistics of a dataset (`meta/stats.json`) for cameras, state and action, with floored spreads."""
    raw = json.loads((Path(dataset) / "meta/stats.json").read_text())
    kept = {k: v for k, v in raw.items() if k in (STATE, ACTION) or k.startswith(IMAGE_PREFIX)}
    stats = {k: {s: np.asarray(x, np.float32) for s, x in sorted(v.items()) if s != "count"} for k, v in kept.items()}
    for key, entry in stats.items():
        floor = FLOOR_PIXEL if key.startswith(IMAGE_PREFIX) else FLOOR_RAD
        entry["std"] = np.maximum(entry["std"], np.float32(floor))
        for low, high in (("min", "max"), ("q01", "q99"), ("q10", "q90")):
            slack = np.maximum(2 * np.float32(floor) - (entry[high] - entry[low]), 0) / 2
            entry[low], entry[high] = entry[low] - slack, entry[high] + slack
    return dict(sorted(stats.items()))


def normalise(value: np.ndarray, entry: Mapping[str, np.ndarray]) -> np.ndarray:
    """Zero mean and unit spread, exactly as LeRobot's MEAN_STD mode does it."""
    return (value - entry["mean"]) / (entry["std"] + np.float32(EPS))


def denormalise(value: np.ndarray, entry: Mapping[str, np.ndarray]) -> np.ndarray:
    """The inverse of `normalise`, as LeRobot does it (without its epsilon)."""
    return value * entry["std"] + entry["mean"]


def normaliser_files(checkpoint: Path) -> list[Path]:
    """The files of a checkpoint that hold normaliser statistics, sorted by name."""
    return sorted(Path(checkpoint).glob("policy_*normalizer_processor.safetensors"))


def normaliser_digest(checkpoint: Path) -> str:
    """sha256 over names and bytes of the checkpoint's normaliser files.

    Raises:
        InputError: the checkpoint has no normaliser.
    """
    files = normaliser_files(checkpoint)
    if not files:
        raise InputError(Problem("R311", "the checkpoint has no normaliser", "build the policy again"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
