"""Run one verb of the compiler and write down what it opens, starts, connects to and compiles.

python -m tests.compiler.audited REPORT VERB ...
"""

import json
import os
import sys
from typing import Any

WATCHED = tuple(
    (
        "subprocess.Popen os.system os.exec os.posix_spawn os.spawn os.fork os.forkpty pty.spawn socket.connect "
        "socket.bind socket.getaddrinfo socket.gethostbyname socket.sendto urllib.Request ctypes.dlopen os.listdir "
        "os.scandir os.mkdir os.rename os.remove os.rmdir os.symlink os.link os.truncate os.chmod shutil.rmtree "
        "webbrowser.open ftplib.connect sqlite3.connect"
    ).split()
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Recorder:
    """An audit hook. Paths are resolved when they are used, so that a link counts as what it leads to."""

    def __init__(self) -> None:
        self.on, self.events = True, list[dict[str, Any]]()

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Called by Python before each event."""
        if not self.on:
            return
        if event == "open" and isinstance(args[0], str | bytes | os.PathLike):
            mode, flags = args[1] or "", args[2] if isinstance(args[2], int) else 0
            writes = any(c in mode for c in "wax+") or bool(flags & WRITING)
            self.events.append({"event": "write" if writes else "read", "what": real(args[0])})
        elif event in ("compile", "exec"):
            code = args[0]
            name = args[1] if event == "compile" else getattr(code, "co_filename", "")
            text = code if isinstance(code, str | bytes) else ""
            shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
            self.events.append({"event": event, "what": str(name), "text": shown[:20_000]})
        elif event in WATCHED:
            paths = event.startswith(("os.", "shutil.", "sqlite3.")) and args and isinstance(args[0], str | bytes)
            self.events.append({"event": event, "what": real(args[0]) if paths else repr(args)})


def real(path: Any) -> str:
    """Where a path leads."""
    return os.path.realpath(os.fsdecode(path))


if __name__ == "__main__":
    report, words = sys.argv[1], sys.argv[2:]
    recorder = Recorder()
    sys.addaudithook(recorder)
    from compiler.cli import main

    try:
        code = main(words)
    finally:
        recorder.on = False
        with open(report, "w", encoding="utf-8") as file:
            json.dump({"events": recorder.events, "modules": sorted(sys.modules)}, file)
    sys.exit(code)
