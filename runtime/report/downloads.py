"""Every table as CSV and every figure as SVG, inside the page: links to data URIs, so nothing is fetched or run."""

import base64
from collections.abc import Iterator, Mapping

from jinja2 import Environment

from runtime.report.drawing import Drawn
from runtime.report.drawing.csv import table_csv
from runtime.report.forms.report import Report
from runtime.report.sections.order import SECTIONS, Section

TYPES = {"csv": "text/csv", "svg": "image/svg+xml"}


def downloads(said: Report, drawn: Mapping[str, Drawn], environment: Environment) -> dict[str, list[dict[str, str]]]:
    """Name of a table or figure -> its files, each with `kind`, `name` and `uri`.

    Args:
        said: the report's content.
        drawn: section -> what it draws.
        environment: where the templates are.
    """
    found: dict[str, list[dict[str, str]]] = {}
    for section in SECTIONS:
        for name, kind, text in _files(section, said, drawn[section.name], environment):
            encoded = base64.b64encode(text.encode()).decode("ascii")
            file = {"kind": kind, "name": f"{said['study']['id']}-{name}.{kind}"}
            found.setdefault(name, []).append(file | {"uri": f"data:{TYPES[kind]};charset=utf-8;base64,{encoded}"})
    return found


def _files(section: Section, said: Report, drawn: Drawn, environment: Environment) -> Iterator[tuple[str, str, str]]:
    """Name, kind and content of a section's files."""
    for name, table in section.rows.items():
        if rows := table(said):
            yield name, "csv", table_csv(rows)
    figure = section.figure
    if figure and drawn["groups"]:
        groups = [{"lines": figure.head + figure.line * len(group.get("rows", ())), **group} for group in drawn["groups"]]
        template = environment.get_template(f"report/svg/{figure.template}.svg.j2")
        yield figure.file or section.name, "svg", template.render({**drawn, "study": said["study"]["id"], "groups": groups})
