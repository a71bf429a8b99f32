"""A policy on the true state: a perceptron over named observations, as plain arrays."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runtime.problem import InputError, Problem
from runtime.sim.parts.robot import Robot
from runtime.sim.scene.bench import Bench

OBSERVATIONS = ("joint_rad", "target_rad", "tip_m", "objects_m")
"""What it is told, side by side: measured joints [J], the joints' last targets [J], the tip [3], the objects [3K]."""
MOST_BYTES = 2**28


@dataclass(frozen=True)
class Perceptron:
    """Layers `weights` [out, in], `biases` [out] with ELU between them, over observations from which `mean` [D] was taken and
    that were divided by `spread` [D]. It gives how far each joint's target is from home, in units of `scale_rad`.
    """

    mean: np.ndarray
    spread: np.ndarray
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    scale_rad: float

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """What it gives [N, J] for observations [N, D]."""
        value = (np.asarray(seen, np.float32) - self.mean) / self.spread
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            value = value @ weight.T + bias
            if i + 1 < len(self.weights):
                value = np.where(value > 0, value, np.expm1(np.minimum(value, 0)))
        return value

    def targets(self, seen: np.ndarray, robot: Robot) -> np.ndarray:
        """Joint targets [N, J], radians, within the joints' ranges."""
        return np.clip(robot.home_rad + self.scale_rad * self(seen), robot.limits_rad[:, 0], robot.limits_rad[:, 1])

    def save(self, file: Path) -> None:
        """Write `file` (.npz)."""
        arrays: dict[str, Any] = {"mean": self.mean, "spread": self.spread, "scale_rad": np.float32(self.scale_rad)}
        arrays |= {f"weight/{i}": weight for i, weight in enumerate(self.weights)}
        arrays |= {f"bias/{i}": bias for i, bias in enumerate(self.biases)}
        np.savez_compressed(file, **arrays)


def read_perceptron(file: Path) -> Perceptron:
    """The inverse of `Perceptron.save`."""
    with np.load(file, allow_pickle=False) as found:
        many = range(sum(name.startswith("weight/") for name in found))
        layers = (tuple(found[f"{of}/{i}"] for i in many) for of in ("weight", "bias"))
        return Perceptron(found["mean"], found["spread"], *layers, float(found["scale_rad"]))


def of_rsl_rl(checkpoint: Path, scale_rad: float) -> Perceptron:
    """The mean of the actor in a checkpoint of rsl-rl 5 (`model_N.pt`): `MLPModel`, its observations normalised by
    `EmpiricalNormalization`, which adds 1e-2 to the spread (rsl_rl/modules/normalization.py, 5.5.1).

    Raises:
        InputError: R390 when it is none, or not of this form.
    """
    import torch

    try:
        if checkpoint.stat().st_size > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes")
        held: Mapping[str, torch.Tensor] = torch.load(checkpoint, map_location="cpu", weights_only=True)["actor_state_dict"]
        flat = {name: value.numpy().astype(np.float32) for name, value in held.items()}
        layers = sorted({int(name.split(".")[1]) for name in flat if name.startswith("mlp.") and name.endswith(".weight")})
        weights, biases = (tuple(flat[f"mlp.{i}.{of}"] for i in layers) for of in ("weight", "bias"))
        mean, spread = (flat[f"obs_normalizer._{of}"].reshape(-1) for of in ("mean", "std"))
        sizes = [len(mean), *(len(bias) for bias in biases)]
        if not layers or [w.shape for w in weights] != [(b, a) for a, b in itertools.pairwise(sizes)]:
            raise ValueError("its layers do not follow each other")
        if bad := [name for name, value in flat.items() if not np.isfinite(value).all()]:
            raise ValueError(f"`{bad[0]}` holds what is no number")
    except Exception as error:  # whatever torch raises on a file that is none
        why = f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
        message = f"the trainer's checkpoint `{checkpoint.name}` cannot be read: {why}"
        raise InputError(
            Problem("R390", message, "train again with the version of the trainer that its back end pins")
        ) from error
    return Perceptron(mean, spread + 1e-2, weights, biases, scale_rad)


def observed(bench: Bench) -> np.ndarray:
    """What a policy on the true state is told of all trials [N, D]."""
    told = [bench.measured(), bench.targets(), bench.tips(), bench.objects().reshape(len(bench), -1)]
    return np.concatenate(told, axis=1).astype(np.float32)
