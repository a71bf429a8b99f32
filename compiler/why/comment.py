"""Comparisons as a comment for a pull request: Markdown in which nothing that a spec says is more than text.

The comment is made of JSON in the form of `schema/against.schema.json`, because who may write comments must not run, or
believe the Markdown of, whoever wrote the branch: one job of continuous integration compares and hands over JSON, another one
renders it with the code of the base branch.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from compiler.plan.cost import Estimate
from compiler.plan.form import AgainstForm
from compiler.plan.summary import amounts, size
from compiler.render.markdown import code, shortened
from compiler.spec.base import is_id
from compiler.templates import template
from runtime.files import read_file

MOST_CAUSES = 30
MOST_LABELS = 100
MOST_STUDIES = 100
MOST_BYTES = 32 * 2**20
"""Of one study's JSON: some 200,000 artifacts."""


def render_comment(found: AgainstForm) -> str:
    """The comment. Its first line is a hidden marker, by which a later run finds and replaces it."""
    # `code` makes text inert; it is used on all that comes from a spec or from git.
    labels = [(one["state"], one["label"]) for one in found["builds"]]
    text = template("comment.md.j2", {"code": code, "stages": stages}, trim=True).render(
        **{name: found[name] for name in ("study", "revision", "problems", "notes", "counts")},
        commit=found["commit"][:12],
        gone_size=size(found["gone_bytes"], rough=True),
        reused_in_all=found.get("reused", 0),
        amounts=", ".join(amounts(Estimate.from_json(found["estimate"]))) if labels else "",
        over=found.get("over", []),
        groups=found["causes"][:MOST_CAUSES],
        more_groups=max(0, len(found["causes"]) - MOST_CAUSES),
        gone=dict(Counter(one["stage"] for one in found["gone"])),
        labels=labels[:MOST_LABELS],
        more_labels=max(0, len(labels) - MOST_LABELS),
    )
    return shortened(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n")


def comment_of(folder: Path) -> str:
    """One comment of all `STUDY.json` in a folder, each as `simkiln plan STUDY --against REV --json` printed it. An empty one
    is a study that could not be planned.

    Raises:
        ValueError: when a file is not of that form.
    """
    return shortened("\n".join(_parts(folder)))


def _parts(folder: Path) -> Iterator[str]:
    names = sorted(name for name in os.listdir(folder) if name.endswith(".json")) if folder.is_dir() else []
    if len(names) > MOST_STUDIES:
        raise ValueError(f"there are more than {MOST_STUDIES} studies in {folder}")
    for name in names:
        study = name.removesuffix(".json")
        try:
            content = read_file(folder / name, MOST_BYTES) if is_id(study) and not (folder / name).is_symlink() else None
        except OSError:
            content = None
        if content is None:
            raise ValueError(f"in {folder} is something that is no `STUDY.json`")
        yield render_comment(_read(study, content)) if content.strip() else _not_planned(study)


def _read(study: str, content: bytes) -> AgainstForm:
    """The form, held against every bound. What is wrong is said without a word of the file's own: it may be a command."""
    try:
        found = TypeAdapter(AgainstForm).validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        at = ".".join(str(step) for step in first["loc"] if isinstance(step, int) or step in AgainstForm.__annotations__)
        help = "it is what `simkiln plan STUDY --against REV --json` prints"
        raise ValueError(
            f"{study}.json is not in the form of schema/against.schema.json{f' at {at}' * bool(at)}: {help}"
        ) from None
    if found["study"] != study:
        raise ValueError(f"{study}.json is about another study")
    return found


def _not_planned(study: str) -> str:
    return (
        f"<!-- simkiln plan {study} -->\nStudy {code(study)} cannot be planned here: its captures or back ends are elsewhere.\n"
    )


def stages(counts: Mapping[str, int]) -> str:
    """Stage -> number as `policy 2, evaluate 4`; names of stages are identifiers."""
    return ", ".join(f"{stage} {count:,}" for stage, count in counts.items())
