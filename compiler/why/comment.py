"""A comparison as a comment for a pull request: Markdown in which nothing that a spec says is more than text."""

import re
from collections.abc import Mapping

from compiler.plan.plan import State
from compiler.plan.summary import amounts, over, size
from compiler.render.markdown import code, shortened
from compiler.templates import template
from compiler.why.against import Against

MOST_CAUSES = 30
MOST_LABELS = 100


def render_comment(found: Against) -> str:
    """The comment. Its first line is a hidden marker, by which a later run finds and replaces it."""
    # `code` makes text inert; it is used on all that comes from a spec or from git.
    filters = {"code": code, "stages": stages}
    study = found.project.studies[found.plan.graph.study]
    marks = list(found.builds.items())
    text = template("comment.md.j2", filters, trim=True).render(
        study=found.plan.graph.study,
        revision=found.revision,
        commit=found.commit[:12],
        problems=found.problems,
        notes=found.notes,
        counts=found.counts,
        gone_size=size(found.gone_bytes, rough=True),
        reused_in_all=found.plan.count(State.REUSE),
        amounts=", ".join(amounts(found.estimate)) if marks else "",
        over=over(found.estimate, study.budget),
        groups=found.groups[:MOST_CAUSES],
        more_groups=max(0, len(found.groups) - MOST_CAUSES),
        gone=found.gone_by_stage(),
        labels=[(mark, found.plan.graph.nodes[address].label) for address, mark in marks[:MOST_LABELS]],
        more_labels=max(0, len(marks) - MOST_LABELS),
    )
    return shortened(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n")


def stages(counts: Mapping[str, int]) -> str:
    """Stage -> number as `policy 2, evaluate 4`; names of stages are identifiers of ours."""
    return ", ".join(f"{stage} {count:,}" for stage, count in counts.items())
