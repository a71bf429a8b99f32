"""The form of what `simkiln trials join --json` prints: uplift of several studies, each over its own baseline."""

from typing import NotRequired

from runtime.bound.domain import Domain
from runtime.report.forms.base import Form
from runtime.report.forms.drivers import Shift
from runtime.report.forms.evidence import Evidence, UpliftRow

DIGITS = 12
"""Of a digest, where people read it."""


class AcrossRow(UpliftRow):
    """One comparison within one study."""

    study: str
    """The study, as `studies` calls it."""
    baseline: str
    """What its approaches are compared with: of another study it may be another policy."""
    protocols: list[str]
    """Digests of the protocols that these trials followed; an empty one where nobody said."""


class ByRow(Shift):
    """One approach of one study under one word of a factor."""

    study: str
    """The study's id."""
    file: str
    """The file that was read."""


class AcrossStudy(Form):
    """One study, by its exported trials alone."""

    study: str
    """Its id, with the file where several studies have the same."""
    file: str
    """The file that was read."""
    rows_sha256: str
    """Digest of its trials."""
    revision: str | None
    """Commit of the project at the export."""
    stages: dict[str, int]
    """Stage -> version that its artifacts were made by."""
    protocols: dict[Domain, dict[str, list[str]]]
    """Domain -> task -> digests of protocols."""
    evidence: Evidence
    """What its `uplift.json` says, computed anew. Rates in it are this study's own and are not held against another's."""


class Across(Form):
    """Several studies side by side."""

    uplift: list[AcrossRow]
    """Every comparison of every study."""
    studies: list[AcrossStudy]
    """In the order of the files."""
    notes: list[str]
    """What must be known about the table."""
    by: NotRequired[list[ByRow]]
    """Where `--by FACTOR` asked for it."""
