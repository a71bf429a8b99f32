"""A comparison as a comment for a pull request: Markdown in which nothing that a spec says is more than text."""

import re
from collections.abc import Mapping

import jinja2

from compiler.against import Against
from compiler.emit import RULES
from compiler.plan import State
from compiler.render.columns import visible
from compiler.summary import amounts, over, size

MOST_BYTES = 60_000
"""GitHub takes 65,536 characters."""
MOST_CAUSES = 30
MOST_LABELS = 100
MOST_TEXT = 240
CUT = "\n\n*cut: too long for a comment*\n"


def render_comment(found: Against) -> str:
    """The comment. Its first line is a hidden marker, by which a later run finds and replaces it."""
    # Markdown, not HTML: `code` makes text inert, and it is used on all that comes from a spec or from git.
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    environment.filters |= {"code": code, "stages": stages}
    study = found.project.studies[found.plan.graph.study]
    marks = list(found.builds.items())
    text = environment.from_string((RULES / "comment.md.j2").read_text()).render(
        study=found.plan.graph.study, revision=found.revision, commit=found.commit[:12], problems=found.problems,
        notes=found.notes, counts=found.counts, gone_size=size(found.gone_bytes / 1e9),
        reused_in_all=found.plan.count(State.REUSE), amounts=", ".join(amounts(found.estimate)) if marks else "",
        over=over(found.estimate, study.budget), groups=found.groups[:MOST_CAUSES],
        more_groups=max(0, len(found.groups) - MOST_CAUSES), gone=found.gone_by_stage(),
        labels=[(mark, found.plan.graph.nodes[address].label) for address, mark in marks[:MOST_LABELS]],
        more_labels=max(0, len(marks) - MOST_LABELS),
    )  # fmt: skip
    return shortened(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n")


def code(text: str, limit: int = MOST_TEXT) -> str:
    """Text as inline code, where Markdown, HTML, mentions, links and issue numbers mean nothing.

    The fence is longer than any run of backticks inside, so nothing can close it; line ends become visible.
    """
    shown = visible(text)
    shown = shown if len(shown) <= limit else shown[: limit - 1] + "…"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if not shown or shown[0] in " `" or shown[-1] in " `" else ""
    return f"{fence}{pad}{shown or '-'}{pad}{fence}"


def stages(counts: Mapping[str, int]) -> str:
    """Stage -> number as `policy 2, evaluate 4`; names of stages are identifiers of ours."""
    return ", ".join(f"{stage} {count:,}" for stage, count in counts.items())


def shortened(text: str) -> str:
    """The text, cut at a line where it is longer than GitHub takes."""
    encoded = text.encode()
    if len(encoded) <= MOST_BYTES:
        return text
    kept = encoded[: MOST_BYTES - len(CUT)].decode(errors="ignore")
    return kept[: kept.rindex("\n")] + CUT
