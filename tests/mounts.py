"""File systems that tests put below a folder, always taken away again."""

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.loop.processes import until

SFTP_SERVER = Path("/usr/lib/openssh/sftp-server")


@contextmanager
def two_views(served: Path, first: Path, second: Path) -> Generator[tuple[Path, Path]]:
    """One folder through two SFTP mounts, as two hosts see it: neither shares the other's locks, nor `ENOTEMPTY`."""
    if not (shutil.which("sshfs") and shutil.which("socat") and SFTP_SERVER.exists()):
        pytest.skip("sshfs, socat or sftp-server is not installed")
    servers = []
    try:
        for mount in (first, second):
            for folder in (served, mount):
                folder.mkdir(parents=True, exist_ok=True)
            sshfs = f"sshfs -f -o passive,dir_cache=no :{served} {mount}"
            command = ["socat", f"EXEC:{SFTP_SERVER}", f"EXEC:'{sshfs}'"]
            servers.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            if not until(lambda mount=mount: os.path.ismount(mount), 5):
                pytest.skip("a FUSE file system cannot be mounted here")
        yield first, second
    finally:
        for mount in (first, second):  # also where the server is gone, when the system does not call it a mount
            subprocess.run(["umount", "--lazy", str(mount)], check=False, capture_output=True)
        for server in servers:
            server.terminate()
            server.wait()
