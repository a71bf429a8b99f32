"""Every code that anything can raise is explained somewhere."""

import re

from compiler.diagnostics.pages import codes
from compiler.reading.source import read_source
from tests import REPOSITORY


def test_codes_of_running_jobs_are_documented() -> None:
    page = (REPOSITORY / "docs" / "errors" / "running.md").read_text()
    documented = set(re.findall(r"^\| ([A-Z]\d{3}) \|", page, re.MULTILINE))
    raised = set()
    for path in (REPOSITORY / "runtime").rglob("*.py"):
        raised |= set(re.findall(r'(?:"|error\[)([YSRBXT]\d{3})(?:"|\])', path.read_text()))
    for path in (REPOSITORY / "compiler").rglob("*.py"):  # what verbs find in artifacts
        raised |= set(re.findall(r'Problem\(\s*"([YSRBXT]\d{3})"', path.read_text()))
    assert raised - documented - codes() == set()
    assert documented & codes() == set()
    assert documented <= raised, "a page for a code that nothing raises"


def test_examples_in_pages_are_readable() -> None:
    """Those about syntax are unreadable on purpose."""
    found = []
    for page in sorted((REPOSITORY / "docs" / "errors").glob("[SRBX]*.md")):
        for example in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            found += [(page.name, d.message) for d in read_source(example, page.name).diagnostics]
    assert found == []


def test_every_law_over_the_design_has_an_example() -> None:
    pages = sorted((REPOSITORY / "docs" / "errors").glob("X*.md"))
    assert [page.name for page in pages if "```yaml" not in page.read_text(encoding="utf-8")] == []
