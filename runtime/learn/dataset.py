"""Demos as a LeRobotDataset v3: written and read with pyarrow alone, and opened with LeRobot itself where that is wanted."""

import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from runtime.problem import InputError, Problem

if TYPE_CHECKING:
    import pyarrow as pa

STATE, ACTION, IMAGE_PREFIX, PLACES_PREFIX = "observation.state", "action", "observation.images.", "places."
REPO_ID = "simkiln/demos"  # LeRobot wants a name; ours never leaves this machine


@dataclass(frozen=True)
class Arrays:
    """A dataset in memory. Frames of all episodes lie one after another."""

    fps: int
    instruction: str
    images: dict[str, np.ndarray]  # camera -> u8 [T, H, W, 3]
    state: np.ndarray  # f32 [T, D]
    action: np.ndarray  # f32 [T, A]
    episode_index: np.ndarray  # i64 [T], non-decreasing
    places: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Camera -> where objects are in its pictures, f32 [T, K, 2] in -1..1, across and down; empty where nobody knows."""


Shown = tuple[Mapping[str, np.ndarray], np.ndarray, np.ndarray, Mapping[str, np.ndarray]]
"""Of one episode of practice: pictures by camera u8 [T, H, W, 3], state [T, D], action [T, A], places of objects by camera."""


def checked_instruction(text: object) -> str:
    """The instruction, or an error: a policy trained on an empty instruction fails silently later."""
    if not isinstance(text, str) or not text.strip():
        help_ = "give the task a sentence to follow"
        raise InputError(Problem("R301", "the instruction of the demos is empty", help_, "instruction"))
    return text.strip()


def checked_cameras(arrays: "Arrays", camera_keys: Iterable[str]) -> tuple[int, int]:
    """Height and width that the named cameras share, pixels; an error when one is missing or they differ."""
    cameras = list(camera_keys)
    missing = [c for c in cameras if c not in arrays.images]
    if missing:
        have = ", ".join(sorted(arrays.images))
        raise InputError(Problem("R306", f"the demos have no camera `{missing[0]}`", f"they have: {have}", "camera_keys"))
    sizes = {arrays.images[c].shape[1:3] for c in cameras}
    if len(sizes) != 1:
        raise InputError(Problem("R307", f"the policy's cameras differ in size: {sorted(sizes)}", "use one size"))
    height, width = sizes.pop()
    return int(height), int(width)


def write_dataset(
    root: Path,
    fps: int,
    camera_keys: Iterable[str],
    image_hw: tuple[int, int] | Mapping[str, tuple[int, int]],
    episodes: Iterable[Mapping[str, Any]],
    instruction: str,
    joint_names: Iterable[str] | None = None,
) -> dict[str, int]:
    """Write episodes as a LeRobotDataset v3 at `root`, which must be absent or an empty folder.

    Args:
        episodes: each a dict with `images` {camera: u8 [T, H, W, 3]}, `state` [T, D] and `action` [T, A] (radians), and where
            it was said otherwise, its own `instruction`.
        image_hw: height and width of images, pixels: of every one, or by camera.
        instruction: the sentence stored as `task` of every frame.
        joint_names: names of the D state and A action entries (D = A); `joint_0` ... when absent.

    Returns:
        `{"episodes": n, "frames": n}`.

    Raises:
        InputError: an empty instruction, no episodes, or arrays whose shapes disagree.
    """
    from runtime.learn.dataset_writer import DatasetWriter

    task, cameras = checked_instruction(instruction), list(camera_keys)
    sizes = image_hw if isinstance(image_hw, Mapping) else dict.fromkeys(cameras, image_hw)
    root = Path(root)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise FileExistsError(f"{root} is there, and not an empty folder")
    writer: DatasetWriter | None = None
    for episode in episodes:
        state, action = (np.asarray(episode[k], np.float32) for k in ("state", "action"))
        images = {c: np.asarray(episode["images"][c]) for c in cameras}
        _check_shapes(writer.episodes if writer else 0, state, action, images, sizes)
        if writer is None:
            features = _features(sizes, state.shape[1], action.shape[1], joint_names)
            writer = DatasetWriter(root, int(fps), features)
        said = checked_instruction(episode["instruction"]) if episode.get("instruction") else task
        writer.add({**{IMAGE_PREFIX + c: film for c, film in images.items()}, STATE: state, ACTION: action}, said)
    if writer is None:
        raise InputError(Problem("R302", "there are no demos to write", "loosen the task or raise the number of attempts"))
    writer.close()
    return {"episodes": writer.episodes, "frames": writer.frames}


def open_dataset(root: Path, **kwargs: Any) -> Any:
    """Open with LeRobot itself (`lerobot.datasets.lerobot_dataset.LeRobotDataset`); never asks the network."""
    offline()
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    return LeRobotDataset(REPO_ID, root=Path(root), video_backend="pyav", **kwargs)


def read_arrays(root: Path) -> Arrays:
    """All frames of an image dataset in memory, with pyarrow and pillow only (0.2 s where LeRobot's import takes 8).

    Raises:
        InputError: not a dataset, one with no instruction, or one that stores its cameras as video.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from PIL import Image

    root = Path(root)
    info_path = root / "meta/info.json"
    if not info_path.is_file():
        raise InputError(Problem("R303", f"`{root.name}` is not a LeRobotDataset", "it has no meta/info.json"))
    info = json.loads(info_path.read_text())
    cameras = [k for k, f in info["features"].items() if f["dtype"] == "image"]
    if any(f["dtype"] == "video" for f in info["features"].values()):
        raise InputError(
            Problem(
                "R304", "the demos store their cameras as video", "build them again: `demos` and `recorded_demos` write images"
            )
        )
    tasks = pq.ParquetFile(root / "meta/tasks.parquet").read().to_pydict()
    texts = next((v for v in tasks.values() if v and isinstance(v[0], str)), [""])
    files = sorted((root / "data").glob("*/*.parquet"))
    if not files:
        raise InputError(Problem("R308", f"the dataset `{root.name}` has no frames", "build the demos again"))
    table = pa.concat_tables([pq.ParquetFile(path).read() for path in files])
    images = {}
    for key in cameras:
        pictures = table[key].combine_chunks().field("bytes").to_pylist()
        images[key.removeprefix(IMAGE_PREFIX)] = np.stack([np.asarray(Image.open(io.BytesIO(b))) for b in pictures])
    return Arrays(
        fps=int(info["fps"]),
        instruction=checked_instruction(texts[0]),
        images=images,
        state=_matrix(table, STATE),
        action=_matrix(table, ACTION),
        episode_index=_flat(table["episode_index"].combine_chunks(), np.int64),
    )


def with_places(arrays: Arrays, path: Path) -> Arrays:
    """The arrays with the places of objects that stand beside the dataset, if there are any.

    Raises:
        InputError: R309 when they are not those of its frames.
    """
    if not path.is_file():
        return arrays
    with np.load(path) as stored:
        places = {name: stored[name] for name in stored.files if name in arrays.images}
    if any(len(found) != len(arrays.state) for found in places.values()):
        raise InputError(Problem("R309", "the places of objects are not those of the dataset's frames", "build the demos again"))
    return replace(arrays, places=places)


def joined(demos: Arrays, shown: Sequence[Shown], before: Path | None, kept: Path) -> Arrays:
    """Demos and what was shown in practice, in rounds before (the file `before`) as well; all of that is written to `kept`.

    Cameras that practice did not draw are left out. Places of objects are kept where both know them.
    """
    cameras = list(demos.images)
    parts: dict[str, list[np.ndarray]] = {"length": [np.zeros(0, np.int64)]}
    parts |= {"state": [demos.state[:0]], "action": [demos.action[:0]]}
    parts |= {IMAGE_PREFIX + c: [demos.images[c][:0]] for c in cameras}
    parts |= {PLACES_PREFIX + c: [places[:0]] for c, places in demos.places.items()}
    if before is not None:
        with np.load(before) as stored:
            for name in parts:
                parts[name].append(stored[name])
    for film, state, action, places in shown:
        found: dict[str, np.ndarray] = {"state": state, "action": action, "length": np.array([len(state)])}
        found |= {IMAGE_PREFIX + c: film[c] for c in cameras} | {PLACES_PREFIX + c: places[c] for c in demos.places}
        for name in parts:
            parts[name].append(found[name])
    new = {name: np.concatenate(found) for name, found in parts.items()}
    np.savez_compressed(kept, **new)  # ty: ignore[invalid-argument-type]
    first = int(demos.episode_index.max()) + 1
    index = np.repeat(first + np.arange(len(new["length"])), new["length"])
    return replace(
        demos,
        images={c: np.concatenate([demos.images[c], new[IMAGE_PREFIX + c]]) for c in cameras},
        state=np.concatenate([demos.state, new["state"]]),
        action=np.concatenate([demos.action, new["action"]]),
        episode_index=np.concatenate([demos.episode_index, index]),
        places={c: np.concatenate([p, new[PLACES_PREFIX + c]]) for c, p in demos.places.items()},
    )


def _matrix(table: "pa.Table", key: str) -> np.ndarray:
    column = table[key].combine_chunks()
    return _flat(column.flatten(), np.float32).reshape(len(column), -1)


def _flat(array: "pa.Array", dtype: type) -> np.ndarray:
    # From the buffer: pyarrow's own `to_numpy` imports pandas, 1.2 s of CPU.
    return np.frombuffer(array.buffers()[1], dtype)[array.offset : array.offset + len(array)].copy()


def _features(
    sizes: Mapping[str, tuple[int, int]], state_dim: int, action_dim: int, names: Iterable[str] | None
) -> dict[str, dict[str, Any]]:
    joints = list(names) if names else [f"joint_{i}" for i in range(state_dim)]
    names_ = ["height", "width", "channels"]
    return {
        **{IMAGE_PREFIX + c: {"dtype": "image", "shape": (*hw, 3), "names": names_} for c, hw in sizes.items()},
        STATE: {"dtype": "float32", "shape": (state_dim,), "names": joints},
        ACTION: {"dtype": "float32", "shape": (action_dim,), "names": joints[:action_dim]},
    }


def _check_shapes(
    index: int, state: np.ndarray, action: np.ndarray, images: dict[str, np.ndarray], sizes: Mapping[str, tuple[int, int]]
) -> None:
    n = len(state)
    wrong = [c for c, im in images.items() if im.shape != (n, *sizes[c], 3) or im.dtype != np.uint8]
    if n == 0 or len(action) != n or state.ndim != 2 or action.ndim != 2 or wrong:
        shapes = {"state": state.shape, "action": action.shape, **{c: im.shape for c, im in images.items()}}
        message = f"the arrays of demo {index} disagree: {shapes}"
        raise InputError(Problem("R305", message, f"images must be uint8 of {dict(sizes)} pixels"))


def offline() -> None:
    """Forbid the network to LeRobot and the libraries under it; must be called before they are imported."""
    import warnings

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")  # else one bar for each episode
    warnings.filterwarnings("ignore", message="Cannot enable progress bars")
