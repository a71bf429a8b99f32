"""The page in a real browser: nothing on the console, nothing from the network, and it fits a phone."""

import json
from pathlib import Path

import pytest

from runtime.report.labels import apply_labels
from tests.runtime.report.browser import browse, found_in, needs_browser
from tests.runtime.synthetic_study import CLAIMS, WAIVERS, the_study

pytestmark = needs_browser
LAYOUT = """
    const wide = [...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll') && !e.closest('pre') &&
        !e.closest('svg') && e.getBoundingClientRect().right > innerWidth + 1);
    const images = [...document.images];
    return {inner: innerWidth, scroll: document.documentElement.scrollWidth,
        wide: wide.slice(0, 5).map(e => e.outerHTML.slice(0, 120)),
        images: images.filter(i => i.complete && i.naturalWidth > 0).length, total: images.length};
"""
FILMS = """
    const films = [...document.querySelectorAll('video')];
    const told = v => new Promise(done => {
        const end = () => done([v.readyState, v.videoWidth, v.videoHeight, v.error]);
        if (v.readyState >= 1 || v.error) end(); else { v.onloadedmetadata = end; v.onerror = end; } });
    return Promise.all(films.map(told)).then(all => ({
        all: all.map(f => [f[0] >= 1, f[1], f[2], f[3] && f[3].message]),
        reached: films.map(v => { v.focus(); return document.activeElement === v && v.tabIndex >= 0; }),
        named: films.map(v => v.getAttribute('aria-label')), silent: films.map(v => v.muted && v.controls),
        wide: films.map(v => Math.round(v.getBoundingClientRect().width))}));
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    built = the_study().report(CLAIMS, WAIVERS) / "report.html"
    title = "A rather long title for the approach called {}, as people write them"
    labels = {
        f"approach:{a}": {"title": title.format(a), "file": f"specs/approaches/{a}.yaml", "line": 2}
        for a in ("enriched", "baseline")
    }
    target = folder / "report.html"
    target.write_text(apply_labels(built.read_text(), labels))
    return target


@pytest.mark.parametrize("width_px", [400, 1280])
def test_the_page_fits_and_every_picture_shows(page: Path, width_px: int) -> None:
    facts = found_in(page.read_text(), page.parent, width_px, LAYOUT)
    assert facts["inner"] == width_px
    assert facts["wide"] == []
    assert facts["scroll"] == width_px
    assert facts["images"] == facts["total"]


@pytest.mark.parametrize("width_px", [400, 1280])
def test_films_of_trials_load_and_are_reached_by_keyboard(page: Path, width_px: int) -> None:
    facts = found_in(page.read_text(), page.parent, width_px, FILMS)
    assert len(facts["all"]) >= 28
    assert {tuple(film) for film in facts["all"]} == {(True, 192, 144, None), (True, 128, 96, None)}  # the policy's, and people's
    assert all(facts["reached"])
    assert all(facts["silent"])
    assert len(set(facts["named"])) > 10
    assert min(facts["wide"]) > 110
    assert sorted(facts["wide"])[len(facts["wide"]) // 2] > 150


def test_a_film_that_is_none_is_noticed(page: Path) -> None:
    broken = page.read_text().replace('src="data:video/mp4;base64,', 'src="data:video/mp4;base64,AAAA', 1)
    assert [film for film in found_in(broken, page.parent, 1280, FILMS)["all"] if not film[0]]


def test_paper_shows_frames_in_place_of_films(page: Path) -> None:
    script = """
        const shown = q => [...document.querySelectorAll(q)].map(e => e.checkVisibility() && e.clientHeight > 0);
        return {films: shown('.films video'), large: shown('.films video:not(.eye)'),
            sheets: shown('.sheets img'), top: shown('.see video'), last: shown('.see img')};
    """
    facts = found_in(page.read_text().replace("@media print", "@media all"), page.parent, 794, script)
    assert not any(facts["films"] + facts["top"])
    assert facts["last"] == [True, True]
    assert len(facts["sheets"]) == len(facts["large"]) < len(facts["films"])
    assert all(facts["sheets"])


def asked_for(log: Path) -> set[str]:
    """Web addresses that the page (not the browser itself) asked for, by Chromium's own log of its network stack."""
    events = json.loads(log.read_text())["events"]
    asked = [e["params"] for e in events if isinstance(e.get("params"), dict) and "initiator" in e["params"]]
    return {p["url"] for p in asked if p["initiator"] != "not an origin" and p["url"].startswith(("http", "ws"))}


def test_nothing_on_the_console_and_nothing_from_the_network(page: Path) -> None:
    log = page.with_name("net.json")
    done = browse(page, "--dump-dom", "--virtual-time-budget=5000", f"--log-net-log={log}")
    assert "CONSOLE" not in done.stderr, done.stderr
    assert asked_for(log) == set()


def test_both_checks_can_fail(page: Path) -> None:
    broken, log = page.with_name("broken.html"), page.with_name("broken.json")
    text = page.read_text().replace("</main>", '<img src="https://example.invalid/x.png"></main>')
    broken.write_text(text)
    assert "CONSOLE" in browse(broken, "--dump-dom", "--virtual-time-budget=3000").stderr
    broken.write_text(text.replace('<meta http-equiv="Content-Security-Policy"', "<meta"))
    browse(broken, "--dump-dom", "--virtual-time-budget=3000", f"--log-net-log={log}")
    assert asked_for(log) == {"https://example.invalid/x.png"}
