"""The page: content set in type by the templates under `rules/`."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from runtime.report.downloads import downloads
from runtime.report.drawing import words
from runtime.report.forms.report import Report
from runtime.report.sections.order import SECTIONS, Section

FILTERS = """points of_ten band number metric count level duration domain code expected chance percent hours figure measured
saving saving_band""".split()
"""Those of `drawing/words.py` that templates use."""
FEW = 12
"""Locations up to which lists of single places stand open; more are folded."""
MOST_LISTED = 1000
"""Rows of a table that a page holds; of longer ones only the file."""
OF_TRIALS = ("uplift", "rates", "failures")
"""Sections that a study which tries nothing goes without."""
TEMPLATES = Path(__file__).resolve().parents[2] / "rules"


def render(said: Report) -> str:
    """The offline HTML page. Every text is escaped; only the style sheet is inserted as it is."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {name: getattr(words, name) for name in FILTERS}
    drawn = {section.name: section.drawn(said) for section in SECTIONS}
    macros = environment.get_template("report/macros.html.j2").make_module({"files": downloads(said, drawn, environment)})
    shared = {**said, "m": macros, "few": FEW, "most_listed": MOST_LISTED}

    def typeset(section: Section, **inner: Mapping[str, Markup]) -> Markup:
        template = environment.get_template(f"report/{section.name}.html.j2")
        return Markup(template.render(shared | drawn[section.name] | inner))  # our own markup, escaped there

    inner = {section.name: typeset(section) for section in SECTIONS if section.within}
    asked = [s for s in SECTIONS if not s.within and (said["study"]["approaches"] or s.name not in OF_TRIALS)]
    parts = [(section, typeset(section, inner=inner)) for section in asked]
    style = Markup((TEMPLATES / "report" / "report.css").read_text(encoding="utf-8"))  # ours, not input
    return environment.get_template("report.html.j2").render(study=said["study"], style=style, parts=parts)
