"""A page in headless Chromium through its DevTools pipe: scripts are evaluated in real time, and pictures are taken."""

import base64
import json
import os
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.runtime.report.browser import BROWSER, FLAGS

SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
PATIENCE_S = 90.0


class Page:
    """A page of a window of that size, in pixels. A context manager: the browser ends with it."""

    def __init__(self, file: Path, fragment: str, width: int, height: int, profile: Path) -> None:
        assert BROWSER is not None
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        flags = [flag for flag in FLAGS if flag != "--disable-gpu"]
        command = [BROWSER, *flags, *SOFTWARE_GL, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
        ends = f'exec 3<&{theirs_in} 4>&{theirs_out}; exec "$@"'  # Chromium reads commands from 3 and answers on 4
        self._process = subprocess.Popen(
            ["bash", "-c", ends, "-", *command],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._count, self._rest, self._session, self.printed = 0, b"", None, []
        (tab, *_) = [t for t in self._call("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        self._session = self._call("Target.attachToTarget", targetId=tab["targetId"], flatten=True)["sessionId"]
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._call("Runtime.enable")
        self._call("Page.navigate", url=f"{file.as_uri()}#{fragment}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def value(self, script: str) -> Any:
        """What an expression comes to in the page."""
        return self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Until an expression holds."""
        end = time.monotonic() + PATIENCE_S
        while not self.value(script):
            assert time.monotonic() < end, (script, self.printed)
            time.sleep(0.1)

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._count += 1
        call = {"id": self._count, "method": method, "params": params} | ({"sessionId": self._session} if self._session else {})
        os.write(self._out, json.dumps(call).encode() + b"\0")
        while True:
            while b"\0" not in self._rest:
                block = os.read(self._in, 1 << 16)
                assert block, "the browser ended"
                self._rest += block
            content, _, self._rest = self._rest.partition(b"\0")
            said = json.loads(content)
            if said.get("id") == self._count:
                assert "error" not in said, said
                return said["result"]
            if said.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
                self.printed.append(json.dumps(said["params"])[:500])
