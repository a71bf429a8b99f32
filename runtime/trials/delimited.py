"""CSV files as people and spreadsheets write them: which separator, which encoding, and rows that do not fit."""

import csv
import io
from collections import Counter

from runtime.trials.fault import Fault, TrialsRefused, Where, refusal
from runtime.trials.raw import Raw

SEPARATORS = (",", ";", "\t", "|")
NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
LONGEST_CELL = 131_072


def read_delimited(data: bytes, name: str, encoding: str = "utf-8", separator: str | None = None) -> Raw:
    """A CSV file with a header.

    Args:
        data: the file's bytes.
        name: how messages call the file.
        encoding: of the text; a byte order mark wins over it.
        separator: between cells; None takes the one that the header has most of.

    Raises:
        TrialsRefused: T501 no rows; T503 not in this encoding; T504 rows that do not fit the header; T505 a
            column twice.
    """
    text = decode(data, name, encoding)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    at = next((i for i, line in enumerate(lines) if line.strip()), None)
    if at is None:
        raise refusal("T501", "the file is empty", "export the trials again", Where(name))
    if separator is None and lines[at].lower().startswith("sep=") and len(lines[at]) == 5:
        separator, at = lines[at][4], at + 1  # what Excel writes to tell itself
    separator = separator or max(SEPARATORS, key=lambda s: lines[at].count(s) if at < len(lines) else 0)
    body = io.StringIO("\n".join(lines[at:]), newline="")
    reader = csv.reader(body, delimiter=separator, strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    starts: list[int] = []
    faults: list[Fault] = []
    blank = 0
    start = at + 1
    try:
        for cells in reader:
            here, start = start, at + reader.line_num + 1
            if not header:
                header = [cell.strip() for cell in cells]
            elif not any(cell.strip() for cell in cells):
                blank += 1
            elif len(cells) != len(header):
                faults.append(_misfit(cells, header, lines[here - 1], separator, Where(name, here, 1, len(lines[here - 1]) + 1)))
            else:
                rows.append(cells)
                starts.append(here)
    except csv.Error as error:
        where = Where(name, min(start, len(lines)))
        faults.append(Fault("T504", f"the row cannot be read: {_why(error)}", "close the quotes of every cell", where))
    twice = [column for column, count in Counter(header).items() if count > 1 and column]
    for column in twice:
        last = len(header) - 1 - header[::-1].index(column)
        raw = Raw(name, {}, [at + 1], texts=lines, separator=separator, header=(*header[:last], "\0last"))
        faults.append(Fault("T505", f"two columns are called `{column}`", "rename one of them", raw.where(0, "\0last")))
    if faults:
        raise TrialsRefused(*faults)
    if not rows:
        raise refusal("T501", "the file has a header but no rows", "export the trials again", Where(name, at + 1))
    columns = {column: [row[i].strip() for row in rows] for i, column in enumerate(header) if column}
    notes = (f"{blank} blank rows were passed over",) if blank > 1 else ()
    return Raw(name, columns, starts, "line", lines, separator, notes, tuple(header))


def decode(data: bytes, name: str, encoding: str) -> str:
    """The text of a file.

    Raises:
        TrialsRefused: T503 at the first character that does not fit.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif data.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
        line, col = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        wrong = data[error.start : error.start + 1].hex()
        hint = "save the file as `CSV UTF-8`, or say `encoding: cp1252` in the mapping"
        raise refusal("T503", f"byte 0x{wrong} is not {encoding.upper()}", hint, Where(name, line, col, col + 1)) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        message = "the file holds null characters: it is not text in this encoding"
        raise refusal("T503", message, "say `encoding: utf-16` in the mapping, or export the file as CSV", Where(name, line))
    return text


def _misfit(cells: list[str], header: list[str], line: str, separator: str, where: Where) -> Fault:
    message = f"the row has {len(cells)} cell{'s' * (len(cells) != 1)}, the header {len(header)}"
    for other in SEPARATORS:
        if other != separator and line.count(other) + 1 == len(header):
            message += f": it is separated by {NAMES[other]}, the header by {NAMES.get(separator, separator)}"
            return Fault("T504", message, "use one separator in the whole file", where)
    if len(cells) == len(header) + 1 and separator == ",":
        return Fault("T504", message, "put a cell that holds a comma in double quotes", where)
    return Fault("T504", message, "give every row as many cells as the header", where)


def _why(error: csv.Error) -> str:
    text = str(error)
    if "field larger" in text:
        return f"a cell has more than {LONGEST_CELL:,} characters"
    return "a quote is not closed" if "unexpected end" in text else text.replace("'", "`")
