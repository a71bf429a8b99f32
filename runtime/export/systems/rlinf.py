"""RLinf (Apache-2.0, commit a3816b5): rollouts and keyframes that its Wan environment begins from; its scalars as a table.

`trajN.npy` is a list of dicts, a frame each: `image` u8 [H, W, 3], `init_ee_pose`, `delta_action` [7], `instruction`
(`rlinf/data/datasets/world_model.py:128-168, 213-310`). The environment takes a file's first frame as its reference; where the
file has four frames or more it goes on from the last four, each with the action that led to it, which is a keyframe (`_kir` in
the name), else from the first (`rlinf/envs/world_model/world_model_wan_env.py:302-379, 512-518`).

Scalars are TensorBoard's event files (`rlinf/utils/metric_logger.py:20-30`): records of a length, two checksums and a message, of
which `step` (2) and, in `summary` (5), `value` (1) with `tag` (1) and `simple_value` (2) are read
(tensorboard/compat/proto/event.proto and summary.proto).
"""

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from runtime.export.systems.rollouts import rollouts_of
from runtime.export.systems.scene import Scene, refused

EVERY = 8
"""Control steps between keyframes: a chunk of its policy."""
SEEN = 4
"""Frames that a keyframe is seen by, beside the reference (`condition_frame_length` less one)."""
AT_REST = np.array([[0, 0, 0, 0, 0, 0, -1]], np.float32)
"""The action before the first frame: none, the gripper open, as its environment has it."""
NAME = "wan_libero_spatial_grpo_openvlaoft"
LARGEST = 256 * 2**20


class RLinf:
    """Role `optimiser`."""

    def __init__(self, command: list[str] | None = None) -> None:
        self.command = command or ["python"]

    def write(self, of: Scene, into: Path) -> str:
        """Write the data folder and what differs from the named settings; the words that train there.

        Raises:
            InputError: as `rollouts_of`.
        """
        folder, said = into / "dataset", of.twin.task.instruction
        folder.mkdir()
        count = keys = 0
        for i, one in enumerate(rollouts_of(of)):
            led = np.concatenate([AT_REST, one.action[:-1]])  # the action before each frame
            frames = [
                {"image": image, "init_ee_pose": hand, "delta_action": action, "instruction": said}
                for image, hand, action in zip(one.film, one.hand, led, strict=True)
            ]
            np.save(folder / f"traj{i}.npy", np.array(frames[:1], dtype=object), allow_pickle=True)
            for at in range(EVERY, len(frames), EVERY):
                kept = np.array([frames[0], *frames[at - SEEN + 1 : at + 1]], dtype=object)
                np.save(folder / f"traj{i}_{at:04d}_kir.npy", kept, allow_pickle=True)
                keys += 1
            count += 1
        changed = ["env.train.initial_image_path=DIR/dataset", "env.train.enable_kir=True", "algorithm.group_size=8"]
        changed += ["algorithm.clip_ratio_low=0.2", "algorithm.clip_ratio_high=0.28", "algorithm.kl_beta=0.0"]
        (into / "overrides.txt").write_text("\n".join(changed) + "\n")
        (into / "facts.json").write_text(json.dumps({"rollouts": count, "keyframes": keys, "instruction": said}, indent=1) + "\n")
        script = "examples/embodiment/train_embodied_agent.py --config-path config/ --config-name"
        return f"{self.command[0]} {script} {NAME} {' '.join(changed)}"

    def metrics(self, log: Path) -> list[dict[str, float | str]]:
        """Rows of {step, metric, value} of an event file, or of all below a folder.

        Raises:
            InputError: R428 when there is none, or one is damaged.
        """
        files = sorted(log.glob("**/events.out.tfevents.*")) if log.is_dir() else [log]
        rows: list[dict[str, float | str]] = []
        for file in files:
            try:
                if file.stat().st_size > LARGEST:
                    raise ValueError("it is too large")
                rows += [
                    {"step": step, "metric": tag, "value": value}
                    for record in _records(file.read_bytes())
                    for step, tag, value in _scalars(record)
                ]
            except (OSError, ValueError, IndexError, struct.error) as error:
                raise refused(f"`{file.name}` is no event file: {error}", "name the folder `tensorboard` of a run") from error
        if not rows:
            raise refused(f"`{log.name}` has no scalar of TensorBoard", "name the folder `tensorboard` of a run")
        return rows


def _records(content: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        (size,) = struct.unpack_from("<Q", content, at)
        if at + 16 + size > len(content):
            raise ValueError("it was cut short")
        yield content[at + 12 : at + 12 + size]
        at += 16 + size


def _scalars(event: bytes) -> Iterator[tuple[int, str, float]]:
    fields = list(_fields(event))
    step = next((v for number, v in fields if number == 2 and isinstance(v, int)), 0)
    for _, summary in (f for f in fields if f[0] == 5 and isinstance(f[1], bytes)):
        for _, value in (f for f in _fields(summary) if f[0] == 1 and isinstance(f[1], bytes)):  # ty: ignore[invalid-argument-type]
            found = dict(_fields(value))  # ty: ignore[invalid-argument-type]
            tag, number = found.get(1), found.get(2)
            if isinstance(tag, bytes) and isinstance(number, float) and np.isfinite(number):
                yield step, tag.decode(errors="replace"), number


def _fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """Number and value of each field of a message of Protocol Buffers; floats are the 32-bit ones."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
        elif kind == 2:
            size, at = _varint(message, at)
            yield key >> 3, message[at : at + size]
            at += size
        elif kind in (1, 5):
            if kind == 5:
                yield key >> 3, struct.unpack_from("<f", message, at)[0]
            at += 8 if kind == 1 else 4
        else:
            raise ValueError("a field of it is of no kind")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value, at, shift = value | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128 or shift > 63:
            return value, at
