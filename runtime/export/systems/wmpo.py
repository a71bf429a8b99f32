"""WMPO (Apache-2.0, commit 09f60b7): rollouts as shards for its world model and its head for success; its logs as a table.

A shard is a tar of `KEY.video.npy` u8 [T + 1, H, W, 3], `KEY.action.npy` f32 [T, 7] and `KEY.meta.json` with `finish_step` = T
and `complete` (`dependencies/opensora/scripts/convert_hdfs_to_webdataset_v1.1.py:15-28`,
`dependencies/opensora/opensora/datasets/simplevla_webdataset.py:80-118`, `scripts/success_classifier_vit_v1_3.py:93-97`). Actions
are normalised by quantiles of a JSON file (the same, lines 62-69). Its logger prints `step:N - KEY:VALUE - ...`
(`verl/utils/logger/aggregate_logger.py:24-30`).
"""

import io
import json
import re
import tarfile
from pathlib import Path

import numpy as np

from runtime.export.systems.rollouts import rollouts_of
from runtime.export.systems.scene import Scene, refused

SHARD = 128
"""Rollouts of a shard, as its converter has by default."""
LINE = re.compile(r"step:(\d+)((?: - [^\s:]+:-?[\d.einfa+-]+)+)\s*$")
LARGEST = 256 * 2**20


class WMPO:
    """Role `optimiser`."""

    def __init__(self, command: list[str] | None = None) -> None:
        self.command = command or ["python"]

    def write(self, of: Scene, into: Path) -> str:
        """Write shards and quantiles; the words that train its world model there.

        Raises:
            InputError: as `rollouts_of`.
        """
        (into / "shards").mkdir()
        told, shard, won, count = [], None, 0, 0
        for i, one in enumerate(rollouts_of(of)):
            if i % SHARD == 0:
                shard = _closed(shard) or tarfile.open(into / "shards" / f"{i // SHARD:06d}.tar", "w")  # noqa: SIM115
            assert shard is not None
            steps = len(one.action) - 1  # the picture after the last action was not taken
            meta = {"finish_step": steps, "complete": one.success, "episode_name": f"{i:09d}"}
            for name, content in (
                ("video.npy", _npy(one.film)),
                ("action.npy", _npy(one.action[:steps])),
                ("meta.json", json.dumps(meta).encode()),
            ):
                member = tarfile.TarInfo(f"{i:09d}.{name}")
                member.size = len(content)
                shard.addfile(member, io.BytesIO(content))
            told.append(one.action[:steps])
            won, count = won + one.success, count + 1
        _closed(shard)
        actions = np.concatenate(told)
        stats = {q: np.quantile(actions, share, axis=0).tolist() for q, share in (("q01", 0.01), ("q99", 0.99))}
        (into / "dataset_statistics.json").write_text(json.dumps({"action": stats}, indent=1) + "\n")
        facts = {"rollouts": count, "succeeded": won, "instruction": of.twin.task.instruction, "fps": of.twin.control_hz}
        (into / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
        return (
            "torchrun --nproc_per_node 8 dependencies/opensora/scripts/train_web.py CONFIG.py  (shards_pattern DIR/shards/*.tar)"
        )

    def metrics(self, log: Path) -> list[dict[str, float | str]]:
        """Rows of {step, metric, value} of what it printed.

        Raises:
            InputError: R428 when there is none.
        """
        rows: list[dict[str, float | str]] = []
        for line in text_of(log).splitlines():
            if found := LINE.search(line):
                pairs = (pair.rpartition(":") for pair in found[2].split(" - ")[1:])
                rows += [{"step": int(found[1]), "metric": key, "value": float(value)} for key, _, value in pairs]
        if not rows:
            raise refused(f"`{log.name}` has no line of WMPO's logger", "keep what it prints: `... | tee log.txt`")
        return rows


def text_of(file: Path) -> str:
    """The content of a log.

    Raises:
        InputError: R428 when it cannot be read, or is too large.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise OSError("it is too large")
        return file.read_text(errors="replace")
    except OSError as error:
        raise refused(f"`{file.name}` cannot be read: {error.strerror or error}", "name the log") from error


def _npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


def _closed(shard: tarfile.TarFile | None) -> None:
    if shard is not None:
        shard.close()
