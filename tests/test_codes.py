"""Every code that anything can raise is explained somewhere."""

import re
from pathlib import Path

from compiler.codes import TITLES

REPOSITORY = Path(__file__).resolve().parents[1]


def test_codes_of_running_jobs_are_documented() -> None:
    page = (REPOSITORY / "docs" / "errors" / "running.md").read_text()
    documented = set(re.findall(r"^\| ([A-Z]\d{3}) \|", page, re.MULTILINE))
    raised = set()
    for path in (REPOSITORY / "runtime").rglob("*.py"):
        raised |= set(re.findall(r'(?:"|error\[)([YSRBXT]\d{3})(?:"|\])', path.read_text()))
    assert raised - documented - set(TITLES) == set()
    assert documented & set(TITLES) == set()
    assert documented <= raised, "a page for a code that nothing raises"
