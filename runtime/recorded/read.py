"""Episodes of a recorded dataset as our demos have them: radians in the robot's order, our cameras, the rate that is asked for.

Read with pyarrow, pillow and PyAV alone: LeRobot's own reader takes seconds to import, follows paths that the files name, and
seeks in videos for each frame. A test holds what is read here to what LeRobot reads.
"""

import io
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from runtime.bound.dataset import FoundDataset, camera_key
from runtime.problem import InputError, Problem
from runtime.recorded.files import MOST_FRAMES
from runtime.recorded.films import Film
from runtime.recorded.info import ACTION, STATE, Info
from runtime.recorded.joints import Column, columns
from runtime.sim.parts.robot import Robot

MOST_FILE_BYTES = 2**31
"""Bytes of a parquet file once it is unpacked."""
UNEVEN = 0.05
"""How far a frame may be from its time, in frames."""
EPISODE = ("episode_index", "length")
COUNTED = ("episode_index", "timestamp", "task_index")


def episodes(said: FoundDataset, folder: Path, info: Info, robot: Robot) -> Iterator[dict[str, Any]]:
    """Each episode as `runtime.learn.dataset.write_dataset` takes it, by number.

    Raises:
        InputError: R336 frames that are not as far apart as is said, R337 no instruction, R341 pictures that cannot be read, R342
            tables that cannot, that contradict each other, or hold what is no number.
    """
    keys = {camera: camera_key(name) for camera, name in said.cameras.items()}
    filmed = {camera: key for camera, key in keys.items() if info.features[key].dtype == "video"}
    rows = _rows(folder / "meta/episodes", [*EPISODE, *_film_columns(filmed)])
    tasks = sentences(folder)
    films = {camera: Film(folder, key, f"data.cameras.{camera}", said.size_px) for camera, key in filmed.items()}
    read = {STATE: columns(said, info, STATE, robot)}
    read |= {ACTION: columns(said, info, ACTION, robot)} if said.action != "next_state" else {}
    pictured = [key for key in keys.values() if key not in filmed.values()]
    count = 0
    for number, table in _by_episode(folder / "data", [*read, *COUNTED, *pictured], info):
        row = rows.get(number)
        if row is None or row["length"] != len(table):
            raise _odd(f"episode {number} has {len(table)} frames, and the table of episodes says otherwise")
        at, end = _thinned(len(table), info.fps, said.fps or info.fps)
        when = _numbers(table, "timestamp", 1)[:, 0]
        if len(when) > 1 and np.abs(np.diff(when) * info.fps - 1).max() > UNEVEN:
            message = f"frames of episode {number} are not 1/{info.fps} s apart: two rates are mixed, or frames are missing"
            raise InputError(Problem("R336", message, "leave the episode out with `lerobot-edit-dataset`", "data.path"))
        state = _as_ours(table, STATE, read[STATE], number)
        images = {camera: film.frames(row, when[at], info.fps) for camera, film in films.items()}
        for camera, key in keys.items():
            if camera not in images:
                images[camera] = _pictures(table[key].take(pa.array(at)), said.size_px, f"data.cameras.{camera}", number)
        action = _action(said, state, table, read, number)
        said_there = {tasks.get(int(i), "") for i in np.unique(_numbers(table, "task_index", 1))}
        told = said.instruction or " ".join(sorted(said_there)).strip()
        if not told:
            help = "say it with `instruction:` in `data`"
            raise InputError(Problem("R337", f"episode {number} does not say what the robot was told", help, "data.path"))
        count += 1
        yield {"images": images, "state": state[at], "action": action[end], "instruction": told}
    if count != info.episodes:
        raise _odd(f"{count} episodes are there, and `meta/info.json` says {info.episodes}")


def _film_columns(filmed: Mapping[str, str]) -> list[str]:
    return [f"videos/{key}/{name}" for key in filmed.values() for name in ("chunk_index", "file_index", "from_timestamp")]


def _odd(why: str) -> InputError:
    return InputError(Problem("R342", f"the dataset cannot be read: {why}", "copy the whole dataset again", "data.path"))


def _opened(path: Path) -> pq.ParquetFile:
    """A parquet file that does not grow beyond bounds when it is unpacked."""
    try:
        found = pq.ParquetFile(path)
        groups = [found.metadata.row_group(i) for i in range(found.metadata.num_row_groups)]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _odd(f"`{path.name}` in `{path.parent.name}` is no parquet file ({str(error)[:100]})") from error
    if sum(g.total_byte_size for g in groups) > MOST_FILE_BYTES or found.metadata.num_rows > MOST_FRAMES:
        raise _odd(f"`{path.name}` in `{path.parent.name}` is too large")
    return found


def _table(path: Path, wanted: list[str], file: pq.ParquetFile) -> pa.Table:
    if lacking := next((name for name in wanted if name not in file.schema_arrow.names), None):
        raise _odd(f"`{path.name}` in `{path.parent.name}` has no column `{lacking}`")
    try:
        return file.read(columns=wanted)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _odd(f"`{path.name}` in `{path.parent.name}` is damaged ({str(error)[:100]})") from error


def _rows(folder: Path, wanted: list[str]) -> dict[int, dict[str, float]]:
    """Episode -> what the table of episodes says of it in numbers."""
    tables = [_table(path, wanted, _opened(path)) for path in sorted(folder.glob("*/*.parquet"))]
    rows = [row for table in tables for row in zip(*(_numbers(table, key, 1)[:, 0].tolist() for key in wanted), strict=True)]
    return {int(row[0]): dict(zip(wanted, row, strict=True)) for row in rows}


def sentences(folder: Path) -> dict[int, str]:
    """Number -> what the robot was told. LeRobot writes the sentences as the table's index, under a name of pandas'."""
    path = folder / "meta/tasks.parquet"
    file = _opened(path)
    found = _table(path, ["task_index", *file.schema_arrow.names], file)
    others = (found[name].to_pylist() for name in file.schema_arrow.names if name != "task_index")
    texts = next((values for values in others if values and isinstance(values[0], str)), [])
    numbers = _numbers(found, "task_index", 1)[:, 0].tolist()
    return {int(i): text for i, text in zip(numbers, texts, strict=False) if isinstance(text, str)}


def _by_episode(folder: Path, wanted: list[str], info: Info) -> Iterator[tuple[int, pa.Table]]:
    """The frames of each episode, which rise from file to file."""
    before = -1
    for path in sorted(folder.glob("*/*.parquet")):
        table = _table(path, wanted, _opened(path))
        numbers = _numbers(table, "episode_index", 1)[:, 0]
        starts = np.flatnonzero(np.diff(numbers, prepend=np.nan))
        for first, last in pairwise([*starts, len(numbers)]):
            number = int(numbers[first])
            if number <= before:
                raise _odd(f"episode {number} comes after episode {before}")
            before = number
            yield number, table.slice(int(first), int(last - first))


def _numbers(table: pa.Table, key: str, width: int, *, finite: bool = True) -> np.ndarray:
    """A column as float64 [T, width]; unless `finite` is asked for, numbers in it may be none."""
    column = table[key].combine_chunks()
    try:
        while pa.types.is_list(column.type) or pa.types.is_large_list(column.type) or pa.types.is_fixed_size_list(column.type):
            if column.null_count:
                raise ValueError("rows are missing")
            column = column.flatten()
        column = column.cast(pa.float64())
        found = column.to_numpy(zero_copy_only=False).reshape(len(table), width)
        if column.null_count or (finite and not np.isfinite(found).all()):
            raise ValueError("numbers are missing")
        return found
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise _odd(f"`{key}` does not hold {width} numbers in each row") from error


def _as_ours(table: pa.Table, key: str, lines: list[Column], number: int, turned: bool = True) -> np.ndarray:
    """Rows of joints [T, J] in radians; of changes (not `turned` about their zero) without what is added."""
    kind = table[key].type
    width = len(table[key].combine_chunks().flatten()) // max(len(table), 1) if pa.types.is_nested(kind) else 1
    raw = _numbers(table, key, width, finite=False)
    if max(line.at for line in lines) >= width or not np.isfinite(raw[:, [line.at for line in lines]]).all():
        raise _odd(f"`{key}` of episode {number} holds what is no number, or too few")
    found = [line.a * raw[:, line.at] + (line.b if turned else 0.0) for line in lines]
    return np.stack(found, axis=1).astype(np.float32)


def _action(said: FoundDataset, state: np.ndarray, table: pa.Table, read: Mapping[str, list[Column]], number: int) -> np.ndarray:
    """Targets of joints [T, J], radians."""
    if said.action == "next_state":
        return np.concatenate([state[1:], state[-1:]])
    found = _as_ours(table, ACTION, read[ACTION], number, turned=said.action == "absolute")
    return found if said.action == "absolute" else state + found


def _thinned(count: int, fps: int, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames that are kept, and for each the last frame before the next: its target is where the arm is to be by then."""
    at = np.unique(np.floor(np.arange(0, count, fps / wanted) + 1e-9).astype(int))
    return at, np.append(at[1:] - 1, count - 1)


def _pictures(column: pa.ChunkedArray, size_px: tuple[int, int] | None, key: str, number: int) -> np.ndarray:
    """Pictures u8 [T, H, W, 3] that stand in the table itself."""
    from PIL import Image

    found = []
    for cell in column.to_pylist():
        try:
            picture = Image.open(io.BytesIO((cell or {}).get("bytes") or b""), formats=("PNG", "JPEG"))
            picture = picture.convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            help = "copy the dataset again"
            raise InputError(Problem("R341", f"a picture of episode {number} cannot be read: {error}", help, key)) from error
        found.append(np.asarray(picture.resize(size_px, Image.Resampling.BOX) if size_px else picture))
    return np.stack(found)
