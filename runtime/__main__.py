"""`python -m runtime STAGE FINGERPRINT...`: build planned artifacts. Snakemake calls this once a job.

`python -m runtime --serve FOLDER STAGE:SOCKET:JOBS...` is the root of warm processes: `runtime/warm.py`.
"""

import sys

# In the environment of a back end this may be an older Python, which could not even read the rest.
if sys.version_info < (3, 12):  # noqa: UP036
    sys.stderr.write("error[B316]: %s is Python %d.%d, and stages need 3.12 or 3.13\n" % (sys.executable, *sys.version_info[:2]))  # noqa: UP031
    sys.stderr.write("   = help: make that environment with Python 3.12 or 3.13, or say `process = true`: docs/backends.md\n")
    sys.exit(1)

import argparse
import ctypes
import errno
import os
import signal
import traceback
from contextlib import suppress
from pathlib import Path

from runtime.private import private_folder

_said: list[str] = []
"""What only a person can mend, as it was put into words."""


def settle() -> None:
    """What libraries read of the environment when they are imported, unless somebody said otherwise."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # before numpy or torch: two threads are slower than one here
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(private_folder("torch")))  # else one that anybody can make first


settle()


def main(words: list[str] | None = None) -> int:
    """Exit code 0: all published. 1: a problem that only a person can mend. 3: one that may have passed at the next
    attempt, such as a file system that does not answer. Anything else: a defect of ours."""
    parser = argparse.ArgumentParser(prog="python -m runtime")
    parser.add_argument("stage")
    parser.add_argument("fingerprints", nargs="+", metavar="FINGERPRINT")
    parser.add_argument("--store", type=Path, default=Path("store"))
    parser.add_argument("--jobs", type=Path, default=Path("build/jobs"))
    parser.add_argument("--logs", type=Path, help="with several fingerprints: each one's messages go to a file here")
    parser.add_argument("--study", default="", help="id of the study that this is built for; only the log says it")
    parser.add_argument("--track", type=Path, default=Path("build/track"), help="folder of the logs of builds")
    parser.add_argument("--parent", type=int, help="id of the process whose end is this one's, too")
    parser.add_argument(
        "--refused", type=Path, help="a file that is made when only a person can mend it; with it there, fail at once"
    )
    args = parser.parse_args(words)
    if words is None:
        _end_with_parent(args.parent)
    else:  # a fork of a warm process, which ends with that one
        settle()
    if args.refused and args.refused.exists():
        sys.stderr.write(args.refused.read_text(encoding="utf-8") + "not tried again: only a person can mend that\n")
        return 1
    codes = []
    for fingerprint in args.fingerprints:
        if args.logs and len(args.fingerprints) > 1:
            _log_to(args.logs / f"{fingerprint}.log")
        try:
            codes.append(_in_place(args, fingerprint))
        except Exception:
            if len(args.fingerprints) == 1:
                raise
            traceback.print_exc()  # the rest of the chunk is not to blame
            codes.append(2)
    if max(codes) == 1 and args.refused:
        with suppress(OSError):
            args.refused.parent.mkdir(parents=True, exist_ok=True)
            args.refused.write_text("".join(_said), encoding="utf-8")
    return max(codes)


def _in_place(args: argparse.Namespace, fingerprint: str) -> int:
    """`_build`; what the environment of a back end lacks is the user's to mend."""
    from runtime.job import Job

    try:
        return _build(args, fingerprint)
    except ModuleNotFoundError as error:
        job = Job.read(args.jobs, args.stage, fingerprint)
        if all(place["process"] for place in job.places.values()):
            raise
        _say(f"error[B316]: {job.label}: {sys.executable} has no module `{error.name}`, which the stage needs\n")
        _say(f"   = help: install it there: `uv pip install --python {sys.executable} {error.name}`\n")
        return 1


def _build(args: argparse.Namespace, fingerprint: str) -> int:
    from runtime.build.execute import execute
    from runtime.build.guard import Stopped, ask
    from runtime.build.show import show_problem
    from runtime.job import Job
    from runtime.problem import InputError
    from runtime.store.marker import is_store
    from runtime.store.store import Store
    from runtime.store.trouble import in_words
    from runtime.tracking.build import Made
    from runtime.tracking.log import tracked

    try:
        job = Job.read(args.jobs, args.stage, fingerprint)
    except FileNotFoundError:
        _say(f"error[B313]: {args.stage}/{fingerprint} is not planned\n   = help: run `simkiln plan`\n")
        return 1
    try:
        ask(job.guards, Store(args.store))
    except Stopped as stopped:  # no failure of the job, and no artifact
        sys.stderr.write(f"{job.label}: not run, {stopped}\n")
        return 0
    try:
        if not is_store(args.store) and not (args.store.is_dir() and any(args.store.iterdir())):
            raise OSError(errno.ENODEV, "it was there when this was planned, and is gone", str(args.store))
        with tracked(job, args.study, args.track) as log:
            try:
                execute(job, Store(args.store), log=log)
            except InputError as error:
                log.end(Made("refused", "; ".join(problem.message for problem in error.problems)))
                raise
    except InputError as error:
        for problem in error.problems:
            _say(show_problem(problem, job.origins, job.label))
        return 3 if any(problem.code == "B311" for problem in error.problems) else 1  # a parent may only come into sight late
    except OSError as error:
        if (words := in_words(error, args.store)) is None:
            raise
        sys.stderr.write(f"error[B314]: {job.label}: {words[0]}; nothing was published\n   = help: {words[1]}\n")
        return 3
    return 0


def _say(text: str) -> None:
    _said.append(text)
    sys.stderr.write(text)


def _log_to(path: Path) -> None:
    """Send messages of this process and its children to a file of their own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(handle, 2)
    os.close(handle)


def _end_with_parent(parent: int | None) -> None:
    """On Linux, end when Snakemake does, even by SIGKILL, so that no orphan keeps writing."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if parent is not None and os.getppid() != parent:
            sys.exit(f"process {parent}, for which this was started, is gone")


def _serve(folder: str, *listening: str) -> int:
    from runtime.warm import serve

    said = (word.split(":") for word in listening)
    return serve(Path(folder), {stage: (int(handle), int(jobs)) for stage, handle, jobs in said}, main)


if __name__ == "__main__":
    sys.exit(_serve(*sys.argv[2:]) if sys.argv[1:2] == ["--serve"] else main())
