"""A study's report as Markdown, for a pull request or a chat: the verdict first, no picture.

Everything that comes from specs (ids, titles, reasons of waivers) stands in code spans, where Markdown, HTML, mentions
and links mean nothing; only our own words and numbers are set free.
"""

import re
from collections.abc import Sequence

from compiler.render.markdown import code, shortened
from compiler.templates import template
from runtime.report.drawing import words
from runtime.report.drawing.listing import pooled
from runtime.report.forms.kpi import KpiPack
from runtime.report.forms.report import Report
from runtime.report.forms.verdict import Token
from runtime.report.sections.verdict import refused

MOST_LINES = 40
MARKS = {"passed": "✅", "failed": "❌", "undecided": "➖", "not run": "⬜"}


def render_brief(said: Report) -> str:
    """The summary of a report, with `labels` for titles."""
    labels = said.get("labels", {})

    def named(kind: str, name: str) -> str:
        label = labels.get(f"{kind}:{name}")
        return span((label and label["title"]) or name)

    def sentence(tokens: Sequence[Token]) -> str:
        text = ""
        for token in tokens:
            part = named(token.get("kind", ""), token["id"]) if "id" in token else _plain(token.get("text", ""))
            text += f" {part}" if text.endswith("`") and part.startswith("`") else part  # else the two fences would join
        return text

    def place(kind: str, name: str) -> str:
        label = labels.get(f"{kind}:{name}")
        return span(f"{label['file']}:{label['line']}") if label and "file" in label and "line" in label else ""

    numbers = ("points", "band", "number", "count", "level", "domain", "expected", "figure")
    filters = {name: getattr(words, name) for name in numbers} | {"code": span}
    rows = pooled(said["evidence"]["uplift"])
    in_order = [row["approach"] for row in said["approaches"]]  # treatments, then the controls
    approaches = [a for a in in_order if any((a, d) in rows for d in said["domains"])]
    text = template("brief.md.j2", filters, trim=True, lstrip=True).render(
        said=said,
        named=named,
        sentence=sentence,
        place=place,
        rows=rows,
        refused=refused(said),
        approaches=approaches,
        marks=MARKS,
        most=MOST_LINES,
        key_figures=_in_use(said["kpi"]),
    )
    return shortened(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n")


def span(text: str) -> str:
    """Text as inline code that is safe in a table too, where a code span does not hold back a bar."""
    return code(text).replace("|", "¦")


def _in_use(kpi: KpiPack) -> dict[str, object] | None:
    """The newest week of the policy in use, over all locations, and what its history recommends; None without one."""
    trend = next((t for t in kpi["trends"] if t["approach"] == kpi["baseline"]), next(iter(kpi["trends"]), None))
    if trend is None:
        return None
    mine = [r for r in kpi["rows"] if r["approach"] == trend["approach"] and r["location"] is None]
    week = max(r["week"] for r in mine)
    rows = [r for r in mine if r["week"] == week]
    over = max(r["locations"] for r in rows)
    return {**{k: trend[k] for k in ("approach", "weeks", "advice")}, "week": week, "rows": rows, "locations": over}


def _plain(text: str) -> str:
    """Words of ours as they are; with anything in them that Markdown might obey, all but the ends in one code span."""
    if re.search(r"[`<>&@#\[\]*_|\\~$]|://", text) is None:
        return text
    inner = text.lstrip(" :,.").rstrip()
    before, _, after = text.partition(inner)
    return f"{before}{span(inner)}{after}"
