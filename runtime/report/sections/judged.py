"""What was judged: gates and claims of a study with their waivers, and what follows for the study as a whole."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.bound.waiver import Waiver
from runtime.stats.status import Status, combine

WAIVABLE = (Status.FAILED, Status.UNDECIDED)
"""Outcomes that a waiver can speak of. What did not run was not measured, and nobody can answer for that."""


def judged(names: Sequence[str], folders: Sequence[Path], file: str, waivers: Mapping[str, Waiver]) -> list[dict[str, Any]]:
    """Verdicts in the study's order, each with its `id` and the waiver that covers it, if any.

    Args:
        names: ids, aligned with `folders`.
        folders: gate or claim artifacts.
        file: what holds the verdict in each, `gate.json` or `claim.json`.
        waivers: id -> waiver.
    """
    return [
        with_waiver({"id": name, **json.loads((folder / file).read_text())}, waivers.get(name))
        for name, folder in zip(names, folders, strict=True)
    ]


def with_waiver(verdict: Mapping[str, Any], waiver: Waiver | None) -> dict[str, Any]:
    """The verdict with `waived`: the waiver where it covers the outcome, else None."""
    covered = waiver is not None and Status(verdict["status"]) in WAIVABLE
    return {**verdict, "waived": waiver.model_dump(mode="json") if waiver is not None and covered else None}


def overall(verdicts: Iterable[Mapping[str, Any]]) -> Status:
    """The study's status: the worst over its gates and claims; with neither, nothing was judged, which is `not run`.

    What is waived counts as undecided: it no longer fails the study, and the study has not passed either.
    """
    return combine(Status.UNDECIDED if v.get("waived") else Status(v["status"]) for v in verdicts)
