"""What Snakemake starts for a job where a warm process of its stage may be had.

`python -I -S runtime/ask.py FOLDER -m runtime STAGE ...` asks at the socket `FOLDER/STAGE` (`runtime/warm.py`) for a fork of a
process that has imported the stage's libraries, and ends as that fork does. Where nobody answers, or the answer is no, the job
is a Python of its own, as everywhere else. Only built-in modules are imported: `socket` and `signal` would take twice the CPU
time of all the rest.
"""

import _signal  # ty: ignore[import-not-found]
import _socket
import os
import sys

ALONE = "alone"
"""The answer of who may not fork; else it is what `os.waitstatus_to_exitcode` says."""


def main() -> int:
    """Exit code of the job; a job that a signal ended ends this one, too."""
    folder, words = sys.argv[1], sys.argv[2:]
    try:
        answer = _asked(f"{folder}/{words[2]}", words[2:])
    except OSError:
        answer = ALONE
    if answer == ALONE:
        os.execv(sys.executable, [sys.executable, *words])
    code = int(answer or -_signal.SIGKILL)  # without a word the warm process is gone, and the fork with it
    if code < 0:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


def _asked(address: str, words: list[str]) -> str:
    warm = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    warm.connect(address)
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)  # the fork has it as well, and ends in its own way
    values = (name + b"=" + value for name, value in os.environb.items())
    request = b"\0".join([os.fsencode(os.getcwd()), *map(os.fsencode, words), b"", *values])
    handles = b"".join(handle.to_bytes(4, sys.byteorder) for handle in (1, 2))
    warm.sendmsg([len(request).to_bytes(8, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, handles)])
    warm.sendall(request)
    answer = warm.recv(32).decode()
    if answer == ALONE:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    return answer


if __name__ == "__main__":
    sys.exit(main())
