"""Excel workbooks (.xlsx): the rows of one sheet, read as a stream and bounded before anything is unpacked."""

import io
import re
import zipfile
from collections import Counter
from datetime import date, time
from typing import Any

from runtime.trials.fault import Where, refusal
from runtime.trials.raw import Raw
from runtime.trials.records import MOST_UNPACKED

LAST_ROW = 1_048_576
"""Of a sheet in Excel."""
MOST_CELLS = 20_000_000
"""Cells of a sheet, empty ones between others among them."""


def read_workbook(data: bytes, name: str, sheet: str | None = None) -> Raw:
    """A sheet of a workbook, whose first row that is not empty holds the names of columns.

    Formulas count as what they came to when the file was saved. A number that is shown in percent is a percentage.

    Args:
        data: the file's bytes.
        name: how messages call the file.
        sheet: its name; None takes the first one.

    Raises:
        TrialsRefused: T501 no rows; T502 no workbook, or no such sheet; T504 a cell beside the named columns; T505 a column
            twice; T512 too large; T522 a formula without a value.
    """
    _refuse_large(data, name)
    try:
        from openpyxl import load_workbook
        from openpyxl.worksheet._read_only import ReadOnlyWorksheet

        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheets = {one.title: one for one in book.worksheets if isinstance(one, ReadOnlyWorksheet)}
        if not sheets or (sheet is not None and sheet not in sheets):
            there = ", ".join(f"`{title[:40]}`" for title in list(sheets)[:8]) or "none"
            message = f"`{name}` has no sheet" + (f" `{sheet}`" if sheet else "")
            raise refusal("T502", message, f"its sheets: {there}", Where(name), ("sheet",))
        title = sheet or next(iter(sheets))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            written = archive.read(sheets[title]._worksheet_path)
        if any(int(number) > LAST_ROW for number in re.findall(rb'<row\b[^>]{0,400}?\br="(\d{7,15})"', written)):
            message = f"sheet `{title}` has a row beyond {LAST_ROW:,}, which no spreadsheet has"
            raise refusal("T512", message, "save it again from a spreadsheet, or as CSV", Where(name))
        empty = _never_worked_out(written)
        rows = _rows(sheets[title], name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, SyntaxError, zipfile.BadZipFile) as error:
        # What openpyxl raises for files that are no workbooks, or are damaged, is of no one kind (SyntaxError: its XML).
        why = (str(error).splitlines() or ["it is damaged"])[0][:120]
        message = f"the file cannot be read as a workbook: {why}"
        raise refusal("T502", message, "save it again as .xlsx, or as `CSV UTF-8`", Where(name)) from error
    if len(rows) < 2:
        raise refusal("T501", f"sheet `{title}` has no rows below a header", "export the trials again", Where(name))
    (_, first), *rest = rows
    header = ["" if cell is None else str(cell).strip() for cell in first]
    if twice := [column for column, count in Counter(header).items() if count > 1 and column]:
        raise refusal("T505", f"two columns are called `{twice[0]}`", "rename one of them", Where(name))
    odd = [number for number, row in rest if any(cell is not None for cell in row[len(header) :])]
    if odd:
        raise refusal(
            "T504", f"row {odd[0]} has cells beside the named columns", "name every column in the first row", Where(name)
        )
    if empty is not None:
        message = f"cell {empty} of sheet `{title}` holds a formula that was never worked out"
        raise refusal(
            "T522", message, "open the file in a spreadsheet, save it, and import it again; or save it as CSV", Where(name)
        )
    columns = {c: [row[i] if i < len(row) else None for _, row in rest] for i, c in enumerate(header) if c}
    notes = (f"sheet `{title}` of {len(sheets)} was read; `sheet` in the mapping names another",) if sheet is None else ()
    return Raw(name, columns, [number for number, _ in rest], "row", notes=notes if len(sheets) > 1 else ())


def _never_worked_out(written: bytes) -> str | None:
    """The first cell of a sheet's XML that holds a formula and no value: programs that write formulas do not reckon, and it would
    be read as empty. A formula that came to an empty text has one."""
    for piece in written.split(b"</c>"):
        cell = piece[piece.rfind(b"<c ") :]
        if re.search(rb"<f[ >/]", cell) and not re.search(rb"<v>[^<]|<is>", cell) and b't="str"' not in cell:
            found = re.search(rb'\br="([A-Z]{1,3}\d{1,7})"', cell)
            return found[1].decode() if found else "?"
    return None


def _refuse_large(data: bytes, name: str) -> None:
    """Look at what the archive says that its members take; none of them is read beyond that (`zipfile` stops there)."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
            sheets = [member for member in archive.infolist() if member.filename.endswith((".xml", ".rels"))]
            typed = next(
                (m.filename for m in sheets if size <= MOST_UNPACKED and b"<!DOCTYPE" in archive.open(m).read(4096)), None
            )
    except (OSError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        encrypted = isinstance(error, RuntimeError) or data[:4] == b"\xd0\xcf\x11\xe0"
        why = "it is encrypted, or in the form of before 2007" if encrypted else "it is no .xlsx file, or damaged"
        raise refusal("T502", f"the file cannot be read as a workbook: {why}", "save it again as .xlsx", Where(name)) from error
    if size > MOST_UNPACKED:
        raise refusal(
            "T512", f"`{name}` is too large: {size / 2**20:,.0f} MiB unpacked", "split it, or save it as CSV", Where(name)
        )
    if typed is not None:
        raise refusal("T502", f"`{name}` declares XML entities, which no spreadsheet does", "save it again as .xlsx", Where(name))


def _rows(sheet: Any, name: str) -> list[tuple[int, list[Any]]]:
    """Number and cells of the rows that are not empty.

    Raises:
        TrialsRefused: T512 when the sheet spans too many cells.
    """
    found: list[tuple[int, list[Any]]] = []
    spanned = 0
    sheet.reset_dimensions()  # what the file says of its own size may be wrong, and rows beyond it would be lost
    for number, row in enumerate(sheet.iter_rows(), 1):
        spanned += len(row) + 1
        if spanned > MOST_CELLS:
            message = f"`{name}` is too large: a sheet that spans more than {MOST_CELLS:,} cells"
            raise refusal("T512", message, "delete what lies far from the trials, or save it as CSV", Where(name))
        cells = [_value(cell) for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            found.append((number, cells))
    return found


def _value(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return f"{100 * value:.12g} %"
    return value if isinstance(value, (bool, int, float, date, type(None))) else str(value) if isinstance(value, time) else value
