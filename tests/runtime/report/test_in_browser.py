"""The page in a real browser: nothing on the console, nothing from the network, and it fits a phone."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from runtime.report.labels import apply_labels
from tests.runtime.synthetic_study import CLAIMS, WAIVERS, synthetic_study

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium here (Debian: apt-get install chromium)")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    built = synthetic_study(folder / "store").report(CLAIMS, WAIVERS) / "report.html"
    title = "A rather long title for the approach called {}, as people write them"
    labels = {
        f"approach:{a}": {"title": title.format(a), "file": f"specs/approaches/{a}.yaml", "line": 2}
        for a in ("enriched", "baseline")
    }
    target = folder / "report.html"
    target.write_text(apply_labels(built.read_text(), labels))
    return target


def browse(page: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    assert BROWSER is not None
    profile = page.parent / "profile"
    done = subprocess.run(
        [BROWSER, *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    shutil.rmtree(profile, ignore_errors=True)
    return done


def probed(page: Path, width_px: int) -> dict[str, object]:
    """Facts about the page's layout, written by a script that only the test adds (in a frame of that width)."""
    probe = page.with_name("probe.html")
    script = """<script>addEventListener('load', () => {
        const all = [...document.querySelectorAll('details')]; all.forEach(d => d.open = true);
        const wide = [...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll') && !e.closest('pre') &&
            !e.closest('svg') && e.getBoundingClientRect().right > innerWidth + 1);
        const images = [...document.images];
        parent.postMessage({inner: innerWidth, scroll: document.documentElement.scrollWidth,
            wide: wide.slice(0, 5).map(e => e.outerHTML.slice(0, 120)),
            images: images.filter(i => i.complete && i.naturalWidth > 0).length, total: images.length}, '*');
    });</script>"""
    inner = page.with_name("inner.html")
    policy = '<meta http-equiv="Content-Security-Policy"'
    text = page.read_text()
    assert policy in text
    eager = text.replace(' loading="lazy"', "")  # so that every picture is there when the page has loaded
    inner.write_text(eager.replace(policy, "<meta").replace("</body>", script + "</body>"))
    probe.write_text(
        f'<iframe src="inner.html" width="{width_px}" height="900" style="border:0"></iframe><p id="found"></p>'
        "<script>onmessage = e => { document.getElementById('found').textContent = JSON.stringify(e.data) }</script>"
    )
    for _ in range(3):  # Chromium's virtual time can end before the frame has answered; an empty answer says nothing
        done = browse(probe, "--dump-dom", "--virtual-time-budget=8000", "--allow-file-access-from-files")
        if found := done.stdout.partition('<p id="found">')[2].partition("</p>")[0]:
            break
    assert found, done.stderr[-2000:]
    return json.loads(found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


@pytest.mark.parametrize("width_px", [400, 1280])
def test_the_page_fits_and_every_picture_shows(page: Path, width_px: int) -> None:
    facts = probed(page, width_px)
    assert facts["inner"] == width_px
    assert facts["wide"] == []
    assert facts["scroll"] == width_px
    assert facts["images"] == facts["total"]


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
