"""Checkpoints into something that acts: `load_policy(checkpoint)`, then `.act(...)` for N trials in step."""

import json
from pathlib import Path

import numpy as np

from runtime.learn.actor import Actor, PolicyFacts, check_observation
from runtime.learn.dataset import ACTION, IMAGE_PREFIX, STATE, checked_instruction
from runtime.learn.normaliser import Stats, denormalise, normalise, normaliser_digest, normaliser_files
from runtime.problem import InputError, Problem

_SHUFFLE = 0x0DD


def load_policy(checkpoint: Path, facts_path: Path | None = None) -> Actor:
    """Load a checkpoint of a policy artifact, such as its `checkpoint/` folder.

    Args:
        checkpoint: the folder.
        facts_path: the artifact's `policy.json`; by default the one beside the folder.

    Raises:
        InputError: files are missing, or the normaliser is not the one that `policy.json` records.
    """
    checkpoint = Path(checkpoint)
    facts_path, config_path = facts_path or checkpoint.parent / "policy.json", checkpoint / "config.json"
    for path in (facts_path, config_path, checkpoint / "model.safetensors"):
        if not path.is_file():
            raise InputError(Problem("R312", f"the policy has no `{path.name}`", "build the policy again"))
    facts: PolicyFacts = json.loads(facts_path.read_text())
    found = normaliser_digest(checkpoint)
    if found != facts["normaliser_digest"]:
        message = f"the checkpoint's normaliser is not its own: {found[:12]}, not {facts['normaliser_digest'][:12]}"
        help_ = "a policy acts only with the normaliser that it was trained with: build the policy again"
        raise InputError(Problem("R313", message, help_))
    match json.loads(config_path.read_text())["type"]:
        case "simkiln_small":
            return SmallActor(checkpoint, facts)
        case "simkiln_small_world":
            from runtime.learn.modality.actor import SmallWorldActor

            return SmallWorldActor(checkpoint, facts, load_normaliser(checkpoint))
    from runtime.learn.zoo import LeRobotActor

    return LeRobotActor(checkpoint, facts)


class SmallActor:
    """The small policy in numpy; see `Actor`."""

    def __init__(self, checkpoint: Path, facts: PolicyFacts) -> None:
        from safetensors.numpy import load_file

        self.facts = facts
        self._weights = load_file(checkpoint / "model.safetensors")
        self._stats = load_normaliser(checkpoint)
        self.reset(0)

    def reset(self, n: int) -> None:
        """See `Actor.reset`."""
        self._n, self._at, self._chunk = n, 0, None
        self._past: list[tuple[np.ndarray, ...]] = []  # keypoints of each camera and state of the last plans, each [N, ...]
        self._rng = np.random.default_rng(_SHUFFLE)

    @property
    def looks(self) -> bool:
        """See `Actor.looks`."""
        return self._chunk is None or self._at == self.facts["n_action_steps"]

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        """See `Actor.act`."""
        checked_instruction(instruction)
        check_observation(self.facts, images, state, self._n, self.looks)
        if self._chunk is None or self._at == self.facts["n_action_steps"]:
            self._chunk, self._at = self._plan(images, state), 0
        self._at += 1
        return self._chunk[:, self._at - 1]

    def _plan(self, images: dict[str, np.ndarray], state: np.ndarray) -> np.ndarray:
        from runtime.learn.small.forward import look, plan

        stats, facts = self._stats, self.facts
        seen = [normalise_image(images[c], stats[IMAGE_PREFIX + c]) for c in facts["camera_keys"]]
        proprio = normalise(np.asarray(state, np.float32), stats[STATE])
        now = (*look(self._weights, seen), proprio)
        self._past = [*(self._past or [now] * (facts["history"] - 1)), now][-facts["history"] :]
        past = self._shuffled() if facts.get("history_order") == "shuffled" else self._past
        *points, states = (np.concatenate(column, axis=1) for column in zip(*past, strict=True))
        out = plan(self._weights, points, states).reshape(len(state), facts["chunk"], facts["action_dim"])
        if facts["state_dim"] == facts["action_dim"]:
            out = out + proprio[:, None]
        return denormalise(out, stats[ACTION]).astype(np.float32)

    def _shuffled(self) -> list[tuple[np.ndarray, ...]]:
        """What was seen before, in an order of chance for each trial; what is seen now stays last."""
        *past, now = self._past
        order = self._rng.permuted(np.tile(np.arange(len(past)), (self._n, 1)), axis=1)
        columns = [np.stack(column, 1) for column in zip(*past, strict=True)]  # [N, n - 1, ...]
        moved = [np.take_along_axis(column, order[..., None], 1) for column in columns]
        return [*(tuple(column[:, i] for column in moved) for i in range(len(past))), now]


def load_normaliser(checkpoint: Path) -> Stats:
    """Statistics that a checkpoint's observations are normalised by, and its actions."""
    from safetensors.numpy import load_file

    stats: Stats = {}
    for name, value in load_file(next(f for f in normaliser_files(checkpoint) if "preprocessor" in f.name)).items():
        key, statistic = name.rsplit(".", 1)
        stats.setdefault(key, {})[statistic] = value
    return stats


def normalise_image(image: np.ndarray, entry: dict[str, np.ndarray]) -> np.ndarray:
    """u8 [N, H, W, 3] -> normalised f32 of the same shape."""
    flat = {k: v.reshape(3) for k, v in entry.items() if k in ("mean", "std")}
    return normalise(image.astype(np.float32) / 255, flat)
