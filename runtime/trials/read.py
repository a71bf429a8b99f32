"""A file of trials, by its form."""

import errno
from pathlib import Path

from runtime.bound.trial_mapping import TrialMapping
from runtime.files import Unfit, read_file
from runtime.trials.arena import NAMED, read_arena
from runtime.trials.delimited import read_delimited
from runtime.trials.fault import Where, refusal
from runtime.trials.lerobot import read_lerobot
from runtime.trials.raw import Raw
from runtime.trials.records import read_json, read_json_lines, read_parquet
from runtime.trials.vla_eval import NAMED as MERGED
from runtime.trials.vla_eval import read_vla_eval
from runtime.trials.workbook import read_workbook

LARGEST = 64 * 2**20
"""Bytes of the largest file that is read: more than a million trials as CSV, which take about 2.5 GB while read."""
FORMS = ("csv", "parquet", "json", "jsonl", "xlsx")
"""Forms that suffixes tell; LeRobot's file is told by its whole name."""
ALIASES = {"tsv": "csv", "txt": "csv", "pq": "parquet", "ndjson": "jsonl", "xlsm": "xlsx"}


def read_bytes(path: Path, name: str) -> bytes:
    """The content of a file.

    Raises:
        TrialsRefused: T512 when there is no such file, it cannot be read or is too large.
    """
    try:
        return read_file(path, LARGEST)
    except FileNotFoundError as error:
        raise refusal("T512", f"`{name}` cannot be read: there is no such file", "mend the path", Where(name)) from error
    except OSError as error:
        large = error.errno == errno.EFBIG
        help = "split it, or leave out columns that no mapping names" if large else "mend the path or its rights"
        why = error.strerror if isinstance(error, Unfit) else (error.strerror or str(error)).lower()
        raise refusal("T512", f"`{name}` cannot be read: {why}", help, Where(name)) from error


def read_raw(content: bytes, name: str, mapping: TrialMapping) -> Raw:
    """The columns of a file.

    Raises:
        TrialsRefused: when it is not what its form says.
    """
    match form_of(name, mapping):
        case "csv":
            return read_delimited(content, name, mapping.encoding, mapping.separator)
        case "parquet":
            return read_parquet(content, name)
        case "json":
            return read_json(content, name, mapping.encoding)
        case "jsonl":
            return read_json_lines(content, name, mapping.encoding)
        case "arena":
            return read_arena(content, name, mapping.encoding)
        case "vla_eval":
            return read_vla_eval(content, name, mapping.encoding)
        case "xlsx":
            return read_workbook(content, name, mapping.sheet)
        case _:
            return read_lerobot(content, name, mapping.encoding)


def form_of(name: str, mapping: TrialMapping) -> str:
    """The file's form, as the mapping or its suffix says.

    Raises:
        TrialsRefused: T502 when neither does.
    """
    if mapping.form is not None:
        return mapping.form
    path = Path(name)
    if path.name == "eval_info.json":
        return "lerobot"
    if NAMED.fullmatch(path.name):
        return "arena"
    if MERGED.fullmatch(path.name):
        return "vla_eval"
    suffix = path.suffix.lower()[1:]
    form = ALIASES.get(suffix, suffix)
    if form not in FORMS:
        message = f"the form of `{path.name}` is not known from its suffix"
        raise refusal("T502", message, f"say `form` in the mapping: {', '.join(FORMS)}, lerobot, arena, vla_eval", Where(name))
    return form
