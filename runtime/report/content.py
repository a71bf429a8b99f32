"""All that the report says, as one JSON-able value; the page only sets it in type."""

from typing import Any, cast

from runtime.report.forms.report import Report
from runtime.report.sections.order import SECTIONS
from runtime.report.study import Study

PICTURED = ("pictures", "films", "inventory")
"""Parts of the locations that are pictured: they hold pixels or stand beside them, and no trial bears them out."""


def content(study: Study) -> Report:
    """The report of a study: what its sections say, in the order of the form."""
    said: dict[str, object] = {"study": study.frame.model_dump(mode="json"), "evidence": study.evidence}
    for section in SECTIONS:
        said |= section.content(study)
    if unknown := said.keys() - Report.__annotations__.keys():
        raise TypeError(f"forms/report.py: Report has no field for {', '.join(sorted(unknown))}")
    return cast(Report, {key: said[key] for key in Report.__annotations__ if key in Report.__required_keys__})


def without_pixels(said: Report) -> dict[str, object]:
    """The same content with pictures and films named by their place in the store only."""
    return {key: _bare(value) if key in PICTURED else value for key, value in said.items()}


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items() if k != "uri"}
    return [_bare(v) for v in value] if isinstance(value, list) else value
