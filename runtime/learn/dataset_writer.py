"""A LeRobotDataset v3 of pictures, written as LeRobot 0.6 writes it, with pyarrow and pillow alone.

LeRobot's own writer takes seconds to import, and hashes, maps and copies each episode through `datasets`, files and back. A test
holds what LeRobot reads of a dataset of ours to what it reads of one of its own: frames, statistics, episodes, info.
"""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from runtime.learn.dataset_stats import Stats, joined, of_pictures, of_rows

NAME = "chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
FILES_IN_CHUNK, FILE_MB = 1000, 100
EPISODES_IN_GROUP = 10  # rows of the table of episodes that are written at once
PNG_LEVEL = 1  # of 9: noise is most of a picture, and more effort hardly packs it
COUNTED = {"timestamp": "float32", "frame_index": "int64", "episode_index": "int64", "index": "int64", "task_index": "int64"}
"""Columns that LeRobot adds, and their types."""


class DatasetWriter:
    """Writes episodes at `root`, a folder that is there. `features` are LeRobot's, of pictures and of float32 vectors."""

    def __init__(self, root: Path, fps: int, features: Mapping[str, Mapping[str, Any]]) -> None:
        self.root, self.fps, self.tasks = root, fps, list[str]()
        self.features = {k: dict(v) for k, v in features.items()}
        self.features |= {k: {"dtype": dtype, "shape": (1,), "names": None} for k, dtype in COUNTED.items()}
        self.episodes = self.frames = 0
        self._stats: dict[str, Stats] = {}
        self._rows: list[dict[str, Any]] = []
        self._data: pq.ParquetWriter | None = None
        self._table: pq.ParquetWriter | None = None
        self._file, self._file_from = 0, 0
        self._schema = self._described()

    def _described(self) -> pa.Schema:
        """The schema of the frames; what `datasets` wants to know of it stands in its metadata."""
        fields, said = [], {}
        for key, feature in self.features.items():
            plain = {"_type": "Value", "dtype": feature["dtype"]}
            if feature["dtype"] == "image":
                fields.append((key, pa.struct({"bytes": pa.binary(), "path": pa.string()})))
                said[key] = {"_type": "Image"}
            elif key in COUNTED:
                fields.append((key, pa.float32() if feature["dtype"] == "float32" else pa.int64()))
                said[key] = plain
            else:
                length = int(feature["shape"][0])
                fields.append((key, pa.list_(pa.float32(), length)))
                said[key] = {"_type": "List", "feature": plain, "length": length}
        text = json.dumps({"info": {"features": said}}, sort_keys=True)
        return pa.schema(fields, metadata={"huggingface": text})

    def add(self, columns: Mapping[str, np.ndarray], task: str) -> None:
        """One more episode of a task: pictures u8 [T, H, W, 3] and float32 [T, D], by the names of features."""
        count = len(next(iter(columns.values())))
        at = np.arange(count)
        if task not in self.tasks:
            self.tasks.append(task)
        counted: dict[str, np.ndarray] = {
            "timestamp": at / self.fps,
            "frame_index": at,
            "episode_index": np.full(count, self.episodes),
            "index": at + self.frames,
            "task_index": np.full(count, self.tasks.index(task)),
        }
        values = {**columns, **counted}
        pictures = {key for key, feature in self.features.items() if feature["dtype"] == "image"}
        found = {key: of_pictures(value) if key in pictures else of_rows(value) for key, value in values.items()}
        self._stats = {k: joined(self._stats[k], one) for k, one in found.items()} if self._stats else found
        arrays = [self._array(key, values[key]) for key in self.features]
        self._frames_of(pa.Table.from_arrays(arrays, schema=self._schema))
        row: dict[str, Any] = {"episode_index": self.episodes, "tasks": [task], "length": count}
        row |= {"data/chunk_index": self._file // FILES_IN_CHUNK, "data/file_index": self._file % FILES_IN_CHUNK}
        row |= {"dataset_from_index": self.frames, "dataset_to_index": self.frames + count}
        row |= {f"stats/{key}/{name}": value.tolist() for key, one in found.items() for name, value in one.items()}
        self._rows.append(row | {"meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0})
        self.episodes, self.frames = self.episodes + 1, self.frames + count
        if len(self._rows) == EPISODES_IN_GROUP:
            self._write_rows()

    def _array(self, key: str, values: np.ndarray) -> pa.Array:
        if self.features[key]["dtype"] == "image":
            names = [f"frame-{i:06d}.png" for i in range(len(values))]
            return pa.StructArray.from_arrays([[_png(v) for v in values], names], ["bytes", "path"])
        if key in COUNTED:
            return pa.array(values, self._schema.field(key).type)
        return pa.FixedSizeListArray.from_arrays(np.ascontiguousarray(values, np.float32).ravel(), values.shape[1])

    def _frames_of(self, table: pa.Table) -> None:
        """One row group for each episode; a new file where this one would grow beyond FILE_MB."""
        if self._data is not None:
            before = self._path("data", self._file).stat().st_size / 2**20
            if before * (1 + len(table) / (self.frames - self._file_from)) >= FILE_MB:
                self._data.close()
                self._data, self._file, self._file_from = None, self._file + 1, self.frames
        if self._data is None:
            self._data = self._opened(self._path("data", self._file), table.schema)
        self._data.write_table(table)

    def _write_rows(self) -> None:
        if self._rows:
            table = pa.Table.from_pylist(self._rows)
            self._table = self._table or self._opened(self._path("meta/episodes", 0), table.schema)
            self._table.write_table(table)
            self._rows.clear()

    def _path(self, folder: str, file: int) -> Path:
        return self.root / folder / NAME.format(chunk_index=file // FILES_IN_CHUNK, file_index=file % FILES_IN_CHUNK)

    def _opened(self, path: Path, schema: pa.Schema) -> pq.ParquetWriter:
        path.parent.mkdir(parents=True, exist_ok=True)
        return pq.ParquetWriter(path, schema, compression="snappy")

    def close(self) -> None:
        """Write what is said of the whole: info, statistics, tasks. Without it nobody can read the dataset."""
        self._write_rows()
        for writer in (self._data, self._table):
            if writer is not None:
                writer.close()
        info: dict[str, Any] = {"codebase_version": "v3.0", "fps": self.fps, "features": self.features}
        info |= {"total_episodes": self.episodes, "total_frames": self.frames, "total_tasks": len(self.tasks)}
        info |= {"chunks_size": FILES_IN_CHUNK, "data_files_size_in_mb": FILE_MB, "video_files_size_in_mb": 200}
        info |= {"data_path": f"data/{NAME}", "video_path": None, "robot_type": None, "splits": {"train": f"0:{self.episodes}"}}
        (self.root / "meta/info.json").write_text(json.dumps(info, indent=4, ensure_ascii=False))
        stats = {key: {name: value.tolist() for name, value in one.items()} for key, one in self._stats.items()}
        (self.root / "meta/stats.json").write_text(json.dumps(stats, indent=1, sort_keys=True))
        pq.write_table(_tasks(self.tasks), self.root / "meta/tasks.parquet")


def _tasks(tasks: list[str]) -> pa.Table:
    """The table of tasks; its metadata make pandas take the sentences for its index, as LeRobot wants them."""
    unicode = {"name": "task", "field_name": "task", "pandas_type": "unicode", "numpy_type": "object", "metadata": None}
    number = {"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64", "metadata": None}
    label = unicode | {"name": None, "field_name": None, "metadata": {"encoding": "UTF-8"}}
    pandas = {"index_columns": ["task"], "column_indexes": [label], "columns": [number, unicode], "attributes": {}}
    text = json.dumps(pandas | {"creator": {"library": "pyarrow", "version": pa.__version__}, "pandas_version": "2.3.3"})
    return pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), "task": tasks}, metadata={"pandas": text})


def _png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=PNG_LEVEL)
    return file.getvalue()
