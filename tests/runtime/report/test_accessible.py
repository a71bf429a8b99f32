"""Contrast, keyboard and names, measured in a real browser on the page as people see it, light and dark."""

from pathlib import Path

import pytest

from runtime.report.labels import apply_labels
from tests.runtime.report.browser import found_in, needs_browser
from tests.runtime.synthetic_study import CLAIMS, WAIVERS, the_study

pytestmark = needs_browser
DARK = "@media screen and (prefers-color-scheme: dark)"
PRINT = "@media print"

# WCAG 2.2: contrast of text 4.5 (1.4.3), or 3 where it is large; colours are composed over what lies behind them.
CONTRAST = """
    const probe = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const parse = c => { probe.clearRect(0, 0, 1, 1); probe.fillStyle = c; probe.fillRect(0, 0, 1, 1);
        const d = probe.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
    const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
    const behind = e => { const c = parse(getComputedStyle(e).backgroundColor);
        return c[3] === 1 ? c : over(c, e.parentElement ? behind(e.parentElement) : [255, 255, 255, 1]); };
    const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
        return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
    const seen = [...document.querySelectorAll('body, body *')].filter(e => e.tagName !== 'SCRIPT' &&
        e.tagName !== 'TITLE' && e.tagName !== 'title' &&
        [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.getClientRects().length);
    const poor = [];
    for (const e of seen) {
        const s = getComputedStyle(e), back = behind(e);
        const ink = parse(e instanceof SVGElement ? s.fill : s.color);
        let opacity = 1; for (let p = e; p; p = p.parentElement) opacity *= getComputedStyle(p).opacity;
        const a = light(over([...ink.slice(0, 3), ink[3] * opacity], back)), b = light(back);
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        const size = parseFloat(s.fontSize), large = size >= 24 || (size >= 18.66 && s.fontWeight >= 700);
        if (ratio < (large ? 3 : 4.5)) poor.push([Math.round(ratio * 100) / 100, e.outerHTML.slice(0, 90)]);
    }
    return {texts: seen.length, poor: poor.slice(0, 8)};
"""

NAMES = """
    const all = q => [...document.querySelectorAll(q)], short = e => e.outerHTML.slice(0, 100);
    const ids = all('[id]').map(e => e.id), levels = all('h1,h2,h3,h4').map(e => +e.tagName[1]);
    const name = e => (e.getAttribute('aria-label') || e.textContent || '').trim();
    const links = all('a, summary, video');
    return {
        language: document.documentElement.lang, title: document.title, mains: all('main').length,
        first: levels[0], skipped: levels.filter((l, i) => i && l > levels[i - 1] + 1).length,
        twice: ids.filter((id, i) => ids.indexOf(id) !== i),
        nameless: [...links.filter(e => !name(e)), ...all('img:not([alt])'), ...all('svg[role=img]:not([aria-label])'),
            ...all('svg:not([role]):not([aria-hidden])').filter(e => !e.parentElement.closest('svg'))].map(short),
        loose: all('main th:not([scope])').filter(e => e.closest('.heat, .modes')).map(short),
        unreachable: [...links.filter(e => e.tabIndex < 0), ...all('.scroll').filter(e =>
            e.scrollWidth > e.clientWidth && e.tabIndex < 0)].map(short),
        dead: all('a[href^="#"]').filter(e => !document.getElementById(e.getAttribute('href').slice(1))).map(short),
        ringless: links.filter(e => { e.focus(); return !e.matches(':focus'); }).map(short),
    };
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("accessible")
    built = (the_study().report(CLAIMS, WAIVERS) / "report.html").read_text()
    labels = {"approach:enriched": {"title": "Variants", "file": "specs/approaches/enriched.yaml", "line": 2}}
    target = folder / "report.html"
    target.write_text(apply_labels(built, labels))
    return target


def as_seen(page: Path, look: str) -> str:
    """The page with the rules of one look always on."""
    text = page.read_text()
    marks = {"light": (DARK, "@media not all"), "dark": (DARK, "@media all"), "print": (PRINT, "@media all")}
    assert marks[look][0] in text
    return text.replace(*marks[look])


@pytest.mark.parametrize("look", ["light", "dark", "print"])
def test_all_text_stands_out(page: Path, look: str) -> None:
    facts = found_in(as_seen(page, look), page.parent, 1280, CONTRAST)
    assert facts["texts"] > 300
    assert facts["poor"] == []


def test_poor_contrast_is_found(page: Path) -> None:
    faint = as_seen(page, "light").replace("--soft: #59626d", "--soft: #9aa3ad")
    assert found_in(faint, page.parent, 1280, CONTRAST)["poor"]


@pytest.mark.parametrize("width_px", [400, 1280])
def test_everything_has_a_name_and_is_reached_by_keyboard(page: Path, width_px: int) -> None:
    facts = found_in(page.read_text(), page.parent, width_px, NAMES)
    assert (facts.pop("language"), facts.pop("mains"), facts.pop("first")) == ("en", 1, 1)
    assert facts.pop("title")
    assert facts == {"skipped": 0, "twice": [], "nameless": [], "loose": [], "unreachable": [], "dead": [], "ringless": []}


def test_print_opens_what_is_folded_and_hides_what_cannot_be_clicked(page: Path) -> None:
    script = """
        document.querySelectorAll('details').forEach(d => d.open = false);
        const shown = e => e.checkVisibility({contentVisibilityAuto: true}) && e.getClientRects().length > 0;
        return {tables: [...document.querySelectorAll('details table')].map(shown),
            links: [...document.querySelectorAll('nav, .save')].map(shown)};
    """
    facts = found_in(as_seen(page, "print"), page.parent, 794, script)
    assert facts["tables"]
    assert all(facts["tables"])
    assert not any(facts["links"])
    folded = found_in(as_seen(page, "light"), page.parent, 794, script)
    assert not any(folded["tables"])
