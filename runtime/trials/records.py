"""JSON, JSON Lines and Parquet files of trials."""

import io
import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runtime.trials.delimited import decode
from runtime.trials.fault import Fault, TrialsRefused, Where, refusal
from runtime.trials.raw import Raw

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 2_000_000
MOST_CELLS = 100_000_000
MOST_UNPACKED = 1024 * 2**20
TEXTS = ("string", "binary")


def read_parquet(data: bytes, name: str) -> Raw:
    """A Parquet file, one trial a row.

    Raises:
        TrialsRefused: as `parquet_table` says.
    """
    table = parquet_table(data, name)
    columns = {column: table[column].to_pylist() for column in table.column_names}
    return Raw(name, columns, range(1, table.num_rows + 1), "row")


def parquet_table(data: bytes, name: str) -> "pa.Table":
    """The rows of a Parquet file.

    Raises:
        TrialsRefused: T501 no rows; T502 not a Parquet file; T505 a column twice; T512 too large.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
        about, schema = file.metadata, file.schema_arrow
        unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        if about.num_rows > MOST_ROWS or about.num_rows * about.num_columns > MOST_CELLS or unpacked > MOST_UNPACKED:
            raise _too_large(name, f"{about.num_rows:,} rows, {about.num_columns:,} columns, {unpacked / 2**20:,.0f} MiB")
        texts = [field.name for field in schema if str(field.type).removeprefix("large_").removesuffix("_view") in TEXTS]
        table = pq.ParquetFile(io.BytesIO(data), read_dictionary=texts).read()
        table.validate(full=True)
        for text in texts if len(set(schema.names)) == len(schema) else ():  # a page may say a long word a million times
            words = table[text].unify_dictionaries().combine_chunks()
            lengths = [len(word) for word in words.dictionary.to_pylist()]
            length = sum(lengths[i] for i in words.indices.to_pylist() if i is not None)
            if length > MOST_UNPACKED:
                raise _too_large(name, f"{length / 2**20:,.0f} MiB in `{text}`")
            table = table.set_column(schema.get_field_index(text), text, words.dictionary_decode())
    except (OSError, ValueError, pa.ArrowException) as error:
        raise TrialsRefused(_unreadable("Parquet", str(error).splitlines()[0], Where(name))) from error
    twice = [column for column, count in Counter(table.column_names).items() if count > 1]
    if twice:
        raise refusal("T505", f"two columns are called `{twice[0]}`", "rename one of them", Where(name))
    if table.num_rows == 0:
        raise _empty(name)
    return table


def read_json(data: bytes, name: str, encoding: str = "utf-8") -> Raw:
    """A JSON list of objects, or an object of equally long lists.

    Raises:
        TrialsRefused: T501 nothing in it; T502 not JSON, or of another shape.
    """
    found = load_json(data, name, encoding)
    if isinstance(found, dict) and found and all(isinstance(v, list) for v in found.values()):
        lengths = {len(v) for v in found.values()}
        if len(lengths) > 1:
            shown = ", ".join(f"`{k}` {len(v)}" for k, v in list(found.items())[:6])
            raise refusal("T504", f"the columns differ in length: {shown}", "give every column one value a trial", Where(name))
        if lengths == {0}:
            raise _empty(name)
        return Raw(name, found, range(1, lengths.pop() + 1), "row")
    if isinstance(found, dict):
        lists = (found.get(key) for key in ("trials", "episodes", "results", "data"))
        found = next((value for value in lists if isinstance(value, list)), None)
    if not isinstance(found, list):
        message = "this is neither a list of trials nor an object of columns"
        raise refusal("T502", message, "write a list with one object a trial", Where(name))
    return _of_objects(found, name, range(1, len(found) + 1), "row")


def read_json_lines(data: bytes, name: str, encoding: str = "utf-8") -> Raw:
    """One JSON object a line.

    Raises:
        TrialsRefused: T501 nothing in it; T502 a line that is not a JSON object.
    """
    texts = decode(data, name, encoding).replace("\r\n", "\n").split("\n")
    rows, lines, faults = [], [], []
    for i, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            rows.append(json.loads(text))
            lines.append(i)
        except (ValueError, RecursionError) as error:
            col = getattr(error, "colno", 1)
            why = getattr(error, "msg", "it is nested too deeply or holds an endless number")
            faults.append(_unreadable("JSON", why, Where(name, i, col, col + 1)))
    if faults:
        raise TrialsRefused(*faults)
    return _of_objects(rows, name, lines, "line")


def load_json(data: bytes, name: str, encoding: str = "utf-8") -> Any:
    """A JSON document; NaN, as Python writes it, is read.

    Raises:
        TrialsRefused: T502 when it is not JSON.
    """
    text = decode(data, name, encoding)
    if not text.strip():
        raise _empty(name, "is empty")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = Where(name, error.lineno, error.colno, error.colno + 1)
        raise TrialsRefused(_unreadable("JSON", error.msg, where)) from error
    except (RecursionError, ValueError) as error:
        raise TrialsRefused(_unreadable("JSON", "it is nested too deeply or holds an endless number", Where(name))) from error


def _of_objects(rows: list[Any], name: str, lines: Sequence[int], unit: str) -> Raw:
    if not rows:
        raise _empty(name)
    odd = [line for line, row in zip(lines, rows, strict=True) if not isinstance(row, dict)]
    if odd:
        named = [("the line", line) if unit == "line" else (f"row {line}", 1) for line in odd]
        hint = 'write each trial as {"success": true, …}'
        said = "is not an object of names and values"
        raise TrialsRefused(*(Fault("T502", f"{what} {said}", hint, Where(name, line)) for what, line in named))
    columns = dict.fromkeys(key for row in rows for key in row)
    return Raw(name, {key: [row.get(key) for row in rows] for key in columns}, lines, unit)


def _empty(name: str, how: str = "has no rows") -> TrialsRefused:
    return refusal("T501", f"the file {how}", "export the trials again", Where(name))


def _too_large(name: str, size: str) -> TrialsRefused:
    hint = f"split it: at most {MOST_ROWS:,} rows, {MOST_CELLS:,} cells and {MOST_UNPACKED // 2**20} MiB"
    return refusal("T512", f"`{name}` is too large: {size} unpacked", hint, Where(name))


def _unreadable(form: str, why: str, where: Where) -> Fault:
    why = why[:1].lower() + why[1:200]
    return Fault("T502", f"the file cannot be read as {form}: {why}", "export it again, or say its `form` in the mapping", where)
