"""One cell of a file to success, a number, a seed or a name; `ValueError` says what is wrong with it."""

import math
from datetime import date, datetime

SUCCESS = frozenset(["1", "true", "t", "yes", "y", "success", "succeeded", "successful", "pass", "passed", "ok", "won"])
FAILURE = frozenset(["0", "false", "f", "no", "n", "failure", "failed", "fail", "nok", "lost"])
NOTHING = frozenset(["", "na", "n/a", "nan", "none", "null", "-", "--", "?"])
COUNTED = "counted "
"""How initial states of trials begin that are only counted: they are nobody else's, and their order is no order."""
LARGEST_FACTOR = 1e100
"""Beyond it differences of two numbers may be endless."""
NO_FAILURE = frozenset(["", "none", "na", "n/a", "-", "success", "succeeded", "ok", "null", "nan"])


def is_empty(value: object) -> bool:
    """Whether a cell says nothing: empty, NaN, null, `n/a`."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and value.strip().lower() in NOTHING


def as_success(value: object, success: frozenset[str] = SUCCESS, failure: frozenset[str] = FAILURE, decimal: str = ".") -> bool:
    """True or false; also from a number 1 or 0, with that decimal mark.

    Raises:
        ValueError: for anything else; a share such as 0.5 is a score, and 14 a count.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    word = str(value).strip().casefold()
    if word in success or word in failure:
        return word in success
    try:
        number = as_number(word, decimal)
    except ValueError:
        hint = '; say `decimal: ","` in the mapping' if decimal != "," and word in ("0,0", "1,0", "0,00", "1,00") else ""
        raise ValueError(f"`{shown(value)}` is neither success nor failure{hint}") from None
    if number in (0.0, 1.0):
        return bool(number)
    other = "counts are read by `columns: {successes: …, trials: …}`" if number > 1 else "a part of success is a `score`"
    raise ValueError(f"`{shown(value)}` is neither success nor failure; {other}")


def as_number(value: object, decimal: str = ".") -> float:
    """A finite number; `75 %` is 0.75.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    if is_percentage(text):
        return as_number(text[:-1].rstrip(), decimal) / 100
    if decimal == "," and "." not in text:
        text = text.replace(",", ".")
    try:
        number = float(text.replace("_", "x"))
    except ValueError:
        hint = '; say `decimal: ","` in the mapping' if text.count(",") == 1 and decimal != "," else ""
        raise ValueError(f"`{shown(value)}` is not a number{hint}") from None
    if not math.isfinite(number):
        raise ValueError(f"`{shown(value)}` is not a finite number")
    return number


def is_percentage(value: object) -> bool:
    """Whether a cell is a number of hundredths, such as `75 %`."""
    return isinstance(value, str) and value.rstrip().endswith("%") and value.count("%") == 1


def as_count(value: object, decimal: str = ".") -> int:
    """A whole number from 0.

    Raises:
        ValueError: for anything else.
    """
    number = as_number(value, decimal)
    if number < 0 or number != int(number) or number > 2**53:
        raise ValueError(f"`{shown(value)}` is not a whole number from 0")
    return int(number)


def as_name(value: object) -> str:
    """A name: text on one line, whole floats without their `.0`.

    Raises:
        ValueError: when it is empty, or not a name.
    """
    if is_empty(value):
        raise ValueError("the cell is empty")
    if isinstance(value, float) and value == int(value):
        value = int(value)
    if isinstance(value, dict | list):
        raise ValueError(f"`{shown(value)}` is not a name")
    text = str(value).strip()
    if not text.isprintable() or len(text) > 200:
        raise ValueError(f"`{shown(text)}` is not a name on one line")
    return text


def as_factor(value: object, decimal: str = ".") -> float | str:
    """A number where it is one, else a word.

    Raises:
        ValueError: when it is neither, endless, or larger than what anything measures.
    """
    try:
        number = as_number(value, decimal) if not isinstance(value, bool) else None
    except ValueError:
        if isinstance(value, float) or str(value).strip().lower().lstrip("+-") in ("inf", "infinity"):
            raise
        return as_name(value)
    if number is not None and abs(number) > LARGEST_FACTOR:
        raise ValueError(f"`{shown(value)}` is too large for a factor")
    return str(value).lower() if number is None else number


def as_day(value: object, form: str | None = None) -> str:
    """A day as 2026-03-05, from a date, a time (of which the day is kept as it stands) or text.

    Args:
        value: the cell.
        form: how text is written, as `strptime` takes it; None for ISO 8601.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, date):  # a datetime is one
        return value.strftime("%Y-%m-%d")
    text = str(value).strip()
    try:
        found = datetime.strptime(text, form) if form else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        wanted = f"written as `{form}`" if form else "such as 2026-03-05; say `day_format` in the mapping"
        raise ValueError(f"`{shown(value)}` is not a day {wanted}") from None
    return found.date().isoformat()


def shown(value: object) -> str:
    """A value in a message: short, printable."""
    text = "".join(c if c.isprintable() else "\ufffd" for c in str(value))
    return text if len(text) <= 40 else text[:39] + "…"
