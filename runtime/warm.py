"""Warm processes: one for each stage, which has imported what the stage imports and builds each artifact in a fork of itself.

Importing PyTorch costs 1.9 CPU-seconds, a fork of who has 0.03. A fork shares nothing with its brothers that any of them could
change: seeds, caches, working folder, environment and threads are those of a Python that has just imported and done nothing.

    Snakemake -> root (our own light modules) -> one process a stage, from its first job to its last -> a fork for each job

What a fork had to import as well, the stage's process imports before the next one.

The root is started with a listening socket for each stage, `FOLDER/STAGE`, and a pipe whose other end Snakemake holds: when
that closes, because Snakemake ends or is killed, all of them end. Who asks is `runtime/ask.py`. Linux only: elsewhere forks of
who has imported such libraries are not safe. What a fork builds is held to the code as it was when the root began; once a file
of that is written to, jobs are on their own again.
"""

import ast
import atexit
import ctypes
import gc
import importlib
import inspect
import os
import select
import shutil
import signal
import socket
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from runtime.ask import ALONE
from runtime.build.code_digest import at_start, untouched
from runtime.build.environment import environment
from runtime.stage import load_stages

IDLE_S = 30.0
"""After so long without a job a stage's process gives its memory back; the next job starts another."""
HARMLESS = {"jemalloc_bg_thd"}
"""Threads beside the own one that may be there at a fork: pyarrow's allocator takes care of its own."""
LARGEST = 1 << 24
"""Bytes of a request: command line and environment."""

type Main = Callable[[list[str]], int]


def serve(folder: Path, listening: dict[str, tuple[int, int]], main: Main) -> int:
    """The root: start a stage's process where somebody asks for it, until the pipe on standard input is closed.

    Args:
        folder: where the sockets are; it is removed at the end.
        listening: stage -> file descriptor of its socket, and how many jobs it has.
        main: what a fork calls, with the words behind `python -m runtime`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # forks take it
    life, wake = _aside(0), _wakened()
    for stage in listening:
        at_start(stage)
    environment()  # what it finds is remembered
    sockets = {stage: socket.socket(fileno=handle) for stage, (handle, _) in listening.items()}
    warm: dict[int, str] = {}
    while True:
        waiting = {sockets[stage]: stage for stage in sockets.keys() - warm.values()}
        ready, _, _ = select.select([life, wake, *waiting], [], [])
        if life in ready:
            break
        if wake in ready:
            os.read(wake, 4096)
            for process in list(warm):
                found, status = os.waitpid(process, os.WNOHANG)
                stage = warm.pop(process) if found else ""
                if found and status:  # what cannot live is not begun again: its jobs are on their own
                    sockets.pop(stage).close()
        for stage in (waiting[found] for found in ready if found in waiting):
            if (process := _fork()) == 0:
                for other in sockets.keys() - {stage}:
                    sockets[other].close()
                os.close(life)
                _Stage(stage, sockets[stage], listening[stage][1], main).serve()
            warm[process] = stage
    for process in warm:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    for stage in sockets:
        (folder / stage).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
    return 0


def stated(stage: str) -> Iterator[str]:
    """Names of what the functions in a stage's file import in any case, among some that are no modules."""
    tree = ast.parse(Path(inspect.getfile(load_stages()[stage].function)).read_bytes())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for statement in (one for function in functions for one in function.body):
        if isinstance(statement, ast.ImportFrom):
            yield str(statement.module)
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)
        elif isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)


def take_in(names: Iterable[str]) -> None:
    """Import those that are modules, and leave nothing of that to forks."""
    for name in names:
        with suppress(Exception):  # the job will say so
            importlib.import_module(name)
    if "numba" in sys.modules:  # or each fork would, before its first call
        from numba.core.registry import cpu_target

        cpu_target.typing_context.refresh()
        cpu_target.target_context.refresh()
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page


class _Stage:
    """The process of one stage."""

    def __init__(self, stage: str, listening: socket.socket, left: int, main: Main) -> None:
        self._stage, self._listening, self._left, self._main = stage, listening, left, main
        self._wake, self._taught = _wakened(), os.memfd_create("taught")
        self._jobs: dict[int, socket.socket] = {}
        take_in(stated(stage))

    def _learn(self) -> None:
        """Import what a fork has imported, while there are more to come."""
        size = os.fstat(self._taught).st_size
        names = os.pread(self._taught, size, 0).decode().split()
        os.ftruncate(self._taught, 0)
        if self._left > 0 and names:
            take_in(names)

    def serve(self) -> None:
        """Fork for each job; never returns."""
        while True:
            talking = {connection: process for process, connection in self._jobs.items()}
            idle_s = None if talking else IDLE_S if self._left > 0 else 0.1
            ready, _, _ = select.select([self._wake, self._listening, *talking], [], [], idle_s)
            if not ready and not talking:
                os._exit(0)
            if self._wake in ready:
                os.read(self._wake, 4096)
                self._reap()
            for connection in talking.keys() & ready:  # who asked was killed
                if talking[connection] in self._jobs:
                    os.kill(talking[connection], signal.SIGKILL)
            if self._listening in ready:
                self._take(self._listening.accept()[0])

    def _reap(self) -> None:
        for process in list(self._jobs):
            found, status = os.waitpid(process, os.WNOHANG)
            if found:
                with self._jobs.pop(process) as connection, suppress(OSError):
                    connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        self._learn()

    def _take(self, connection: socket.socket) -> None:
        try:
            words, folder, environment, handles = _request(connection)
        except (OSError, ValueError):
            connection.close()
            return
        if _threads() - HARMLESS or not untouched(self._stage):
            connection.sendall(ALONE.encode())
            connection.close()
        elif (process := _fork()) == 0:
            for other in (connection, self._listening, *self._jobs.values()):
                other.close()
            self._build(words, folder, environment, handles)
        else:
            self._jobs[process] = connection
        self._left -= 1
        for handle in handles:
            os.close(handle)

    def _build(self, words: list[str], folder: str, environment: dict[str, str], handles: list[int]) -> None:
        """In the fork: become the process that was asked for, and end."""
        code, before = 1, set(sys.modules)
        try:
            atexit.unregister(shutil.rmtree)  # of folders that its brothers use, too (`runtime.private`)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for handle, own in zip(handles, (1, 2), strict=True):
                os.dup2(handle, own)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)
            sys.argv[1:] = words
            code = self._main(words)
            os.pwrite(self._taught, "".join(f"{name} " for name in sys.modules if name not in before).encode(), 0)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
            sys.stderr.write(f"{ended.code}\n" if isinstance(ended.code, str) else "")
        except BaseException:
            traceback.print_exc()
        try:
            threading._shutdown()  # ty: ignore[missing-attribute]
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)  # without taking all of PyTorch apart


def _request(connection: socket.socket) -> tuple[list[str], str, dict[str, str], list[int]]:
    """Words behind `python -m runtime`, working folder, environment, and where its output and messages go."""
    connection.settimeout(10)
    head, handles, _, _ = socket.recv_fds(connection, 8, 2)
    length = int.from_bytes(head, "big")
    if len(handles) != 2 or len(head) != 8 or length > LARGEST:
        raise ValueError("no request of ours")
    data = bytearray()
    while len(data) < length:
        if not (part := connection.recv(length - len(data))):
            raise ValueError("it ended early")
        data += part
    folder, *rest = (os.fsdecode(part) for part in bytes(data).split(b"\0"))
    words, values = rest[: rest.index("")], rest[rest.index("") + 1 :]
    environment = dict(value.split("=", 1) for value in values)
    return words, folder, environment, handles


def _threads() -> set[str]:
    """Names of the threads of this process other than the own one."""
    own = str(os.getpid())
    return {Path(f"/proc/self/task/{task}/comm").read_text().strip() for task in os.listdir("/proc/self/task") if task != own}


def _fork() -> int:
    """A fork that ends when this process does, even by SIGKILL."""
    parent, pr_set_pdeathsig = os.getpid(), 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of other threads: see `HARMLESS`
        process = os.fork()
    if process == 0:
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    return process


def _wakened() -> int:
    """A descriptor that can be read when a child has ended."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    return read


def _aside(handle: int) -> int:
    """The descriptor under another number, which no other program gets; under its own there is nothing."""
    moved = os.dup(handle)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, handle)
    os.close(nothing)
    return moved
