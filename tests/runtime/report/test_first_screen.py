"""The page's first screen answers, five sections stand open, the rest is folded with a line each and opens by its links.

Its sentences promise nothing, and name of what a percentage is.
"""

import html
import re
from pathlib import Path

import pytest

from runtime.report.sections.order import SECTIONS
from tests.runtime.report.browser import POLICY, browse, found_in, needs_browser
from tests.runtime.synthetic_history import history
from tests.runtime.synthetic_study import CLAIMS, LOCATIONS, WAIVERS, synthetic_study, the_study

OPEN = ["uplift", "places", "failures", "gates", "provenance"]
MOST_PX = {1280: 9000, 400: 13000}
"""Height of the synthetic study's page with what is folded folded, pixels: it was 19,500 and more at a width of 1280."""
MOST_WORDS = 2000
FOLD = r'<details class="fold"><summary><h2>([^<]+)</h2> <span>([^<]+)</span></summary>\s*<section id="([^"]+)"'
PROMISES = re.compile(
    r"\b(guarante\w+|prove[sdn]?|certain(ly)?|definitely|undoubtedly|obviously|clearly (better|worse|best)"
    r"|always (helps?|works?|succeeds?)|will (help|improve|decide|succeed|work|reach|be|bring))\b",
    re.IGNORECASE,
)
OF = re.compile(
    r"\b(of|level|bands?|trials?|success\w*|chance|probab\w+|may|expect\w+|helps?|measured|share|weight|uplift|power)\b",
    re.IGNORECASE,
)
"""Words by which a sentence says what its percentage is of."""
LAID = """
    document.querySelectorAll('details').forEach(d => d.open = d.hasAttribute('data-was'));
    const bottom = q => { const e = document.querySelector(q); return e ? Math.round(e.getBoundingClientRect().bottom) : null; };
    return {height: document.documentElement.scrollHeight, answers: bottom('.answers'), seen: bottom('.see'),
        words: document.body.innerText.split(/\\s+/).length,
        asked: [...document.querySelectorAll('.answers dt')].map(e => e.innerText)};
"""


@pytest.fixture(scope="module")
def page() -> Path:
    return the_study().report(CLAIMS, WAIVERS) / "report.html"


def test_five_sections_stand_open_and_each_fold_says_what_it_holds(page: Path) -> None:
    text = page.read_text()
    folds = re.findall(
        r'<details class="fold"><summary><h2>([^<]+)</h2> <span>([^<]+)</span></summary>\s*<section id="([^"]+)"', text
    )
    sections = re.findall(r'<section id="([^"]+)"', text)
    assert [name for name in sections if name not in {fold[2] for fold in folds}] == OPEN
    assert len(folds) >= 8
    assert all(2 < len(holds.split()) < 20 for _, holds, _ in folds)
    assert {(s.heading, s.holds, s.name) for s in SECTIONS if s.holds} >= set(folds)


@needs_browser
def test_one_screen_answers_beside_a_success_and_a_failure(page: Path, tmp_path: Path) -> None:
    text = re.sub(r"<details([^>]*) open", r"<details\1 open data-was", page.read_text())
    for width_px, most_px in MOST_PX.items():
        facts = found_in(text, tmp_path, width_px, LAID)
        assert facts["height"] < most_px
        assert facts["words"] < MOST_WORDS
        assert facts["asked"] == ["Which helps", "Where", "How sure", "At what cost", "What next"]
        if width_px == 1280:
            assert facts["answers"] < 800
            assert facts["seen"] < 800
    outcomes = re.findall(
        r'aria-label="(Success|Failure) of enriched', text.partition('class="see"')[2].partition("</section>")[0]
    )
    assert outcomes == ["Success", "Failure"]


@needs_browser
def test_a_link_into_what_is_folded_opens_it(page: Path, tmp_path: Path) -> None:
    told = "addEventListener('hashchange', () => document.title = document.querySelector('#effects').closest('details').open)"
    text = (
        page.read_text().replace(POLICY, "<meta").replace("</body>", f"<script>{told};location.hash = 'effects'</script></body>")
    )
    linked = tmp_path / "linked.html"
    linked.write_text(text)
    assert "<title>true</title>" in browse(linked, "--dump-dom", "--virtual-time-budget=3000").stdout


def test_a_study_of_one_week_and_of_few_runs_draws_no_trends_and_no_profiles(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    assert 'class="weeks"' not in text
    small = synthetic_study(tmp_path / "small", locations=LOCATIONS[:1], seeds=(0, 1)).report()
    assert 'class="profile"' not in (small / "report.html").read_text()
    assert 'class="weeks"' in (history(tmp_path / "weeks", 3, 2, 8).report() / "report.html").read_text()


def test_sentences_promise_nothing_and_percentages_say_of_what(page: Path) -> None:
    """Tables and axes name their unit in a head of their own."""
    found = re.findall(r"<(p|figcaption|summary|li|dd|dt)\b[^>]*>(.*?)</\1>", page.read_text(), re.DOTALL)
    plain = [html.unescape(" ".join(re.sub(r"<[^>]+>", " ", text).split())) for _, text in found]
    sentences = [sentence for text in plain for sentence in re.split(r"(?<=[.!?])\s+", text)]
    assert len(sentences) > 100
    assert [s for s in sentences if PROMISES.search(s)] == []
    assert [s for s in sentences if re.search(r"\d\s?%", s) and not OF.search(s)] == []
    assert PROMISES.search("More seeds will decide it")  # a rule that nothing breaks would hold anything
    assert not OF.search("It is 95 % now")
