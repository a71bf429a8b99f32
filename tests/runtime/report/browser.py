"""Pages in a real browser, without a driver: what they print, how they lie, and what a script of the test finds."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium here (Debian: apt-get install chromium)")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
ATTEMPTS = 3
POLICY = '<meta http-equiv="Content-Security-Policy"'


def browse(page: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Open a page and return what Chromium printed. It now and then hangs on a loaded machine, and is started again."""
    assert BROWSER is not None
    for attempt in range(ATTEMPTS):
        profile = page.parent / f"profile-{attempt}"
        command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()]
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        except subprocess.TimeoutExpired:
            if attempt + 1 == ATTEMPTS:
                raise
        finally:
            shutil.rmtree(profile, ignore_errors=True)
    raise AssertionError("never reached")


def found_in(text: str, folder: Path, width_px: int, script: str) -> Any:
    """What `script` (the body of a function, or its promise) returns in the loaded page, in a frame of that width.

    The page's own policy allows no script, so it is left out; pictures load at once, and details are open.
    """
    assert POLICY in text
    whole = (
        "<script>addEventListener('load', () => { document.querySelectorAll('details').forEach(d => d.open = true);"
        f"Promise.resolve((() => {{ {script} }})()).then(found => parent.postMessage(found, '*')); }});</script></body>"
    )
    inner, outer = folder / "inner.html", folder / "outer.html"
    eager = text.replace(' loading="lazy"', "").replace(POLICY, "<meta").replace("</body>", whole)
    inner.write_text(eager)
    outer.write_text(
        f'<iframe src="inner.html" width="{width_px}" height="900" style="border:0"></iframe><p id="found"></p>'
        "<script>onmessage = e => { document.getElementById('found').textContent = JSON.stringify(e.data) }</script>"
    )
    for _ in range(3):  # Chromium's virtual time can end before the frame has answered; an empty answer says nothing
        done = browse(outer, "--dump-dom", "--virtual-time-budget=8000", "--allow-file-access-from-files")
        if found := done.stdout.partition('<p id="found">')[2].partition("</p>")[0]:
            return json.loads(found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    raise AssertionError(done.stderr[-2000:])
