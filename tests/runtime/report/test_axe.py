"""axe-core, the usual checker of accessibility, over the whole page in a real browser, light and dark, wide and narrow.

It is MPL-2.0 and kept out of the repository: `INSTALL` puts it into a folder that git ignores.
"""

from pathlib import Path
from typing import Any

import pytest

from tests import REPOSITORY
from tests.runtime.report.browser import found_in, needs_browser
from tests.runtime.report.sections.test_beside import drawn_with_all
from tests.runtime.report.test_accessible import as_seen, page

__all__ = ["page"]  # a fixture: the synthetic study's page
FOLDER = REPOSITORY
AXE = FOLDER / ".axe" / "node_modules" / "axe-core" / "axe.min.js"
INSTALL = "npm install --prefix .axe --ignore-scripts --no-audit --no-fund axe-core@4.14.1"
TAGS = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice")
pytestmark = [needs_browser, pytest.mark.skipif(not AXE.is_file(), reason=f"axe-core is not here: `{INSTALL}`")]
RUN = """
    const done = found => ({passes: found.passes.length, violations: found.violations.map(
        v => [v.id, v.impact, v.nodes.length, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | '),
              v.nodes[0].failureSummary.slice(0, 200)])});
    return axe.run(document, {runOnly: {type: 'tag', values: TAGS}, resultTypes: ['violations']}).then(done);
"""


def checked(text: str, folder: Path, width_px: int) -> dict[str, Any]:
    """How many rules passed, and every violation: rule, impact, places, the first of them and why."""
    source = AXE.read_text(encoding="utf-8").replace("</script", "<\\/script")
    return found_in(text, folder, width_px, f"{source}; {RUN.replace('TAGS', str(list(TAGS)))}")


@pytest.mark.parametrize(("look", "width_px"), [("light", 1280), ("dark", 1280), ("light", 400)])
def test_axe_finds_no_violation(page: Path, look: str, width_px: int) -> None:
    facts = checked(as_seen(page, look), page.parent, width_px)
    assert facts["passes"] > 20
    assert facts["violations"] == []


def test_axe_finds_no_violation_in_what_stands_beside(tmp_path: Path) -> None:
    folder = drawn_with_all(tmp_path / "store")
    for look, width_px in (("dark", 1280), ("light", 400)):
        assert checked(as_seen(folder / "report.html", look), folder, width_px)["violations"] == []


def test_axe_finds_what_is_broken(page: Path) -> None:
    broken = as_seen(page, "light").replace("--soft: #59626d", "--soft: #9aa3ad").replace(' alt="', ' data-alt="')
    found = {violation[0]: violation[1] for violation in checked(broken, page.parent, 1280)["violations"]}
    assert found["color-contrast"] == "serious"
    assert found["image-alt"] == "critical"


def test_the_command_that_people_are_told_is_the_one_of_the_checks() -> None:
    assert INSTALL in (FOLDER / ".ci" / "run").read_text()
