"""At how many places each approach helps and hurts, for the report's first lines."""

from collections.abc import Mapping
from typing import Any


def where(said: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Approach -> domain -> words such as `helps at 2 of 3 places`; nothing where there is one place only.

    Of a fleet they are its decisions, false discoveries under control; of a few places, what each one's own band says.
    """
    found: dict[str, dict[str, str]] = {}
    fleets = {(fleet["approach"], fleet["domain"]): fleet["locations"] for fleet in said["evidence"]["fleet"]}
    single: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in said["evidence"]["uplift"]:
        if row["location"] is not None:
            single.setdefault((row["approach"], row["domain"]), []).append(row)
    for (approach, domain), rows in {**single, **fleets}.items():
        if len(rows) > 1:
            found.setdefault(approach, {})[domain] = _said([row["direction"] for row in rows], (approach, domain) in fleets)
    return found


def _said(directions: list[str], fleet: bool) -> str:
    of = f"{len(directions)} {'locations' if fleet else 'places'}"
    helps, hurts = directions.count("helps"), directions.count("hurts")
    if not helps and not hurts:
        return f"undecided at each of {of}"
    parts = [f"{word} at {n}" for word, n in (("helps", helps), ("hurts", hurts)) if n]
    return f"{' and '.join(parts)} of {of}"
