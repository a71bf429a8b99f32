"""What a capture reads outside the project, as it was planned: a private copy, whose bytes are the ones that were digested."""

from pathlib import Path

from runtime.capture.digest import Gone, copy_source
from runtime.capture.inspect import inspect_source
from runtime.job import Job
from runtime.problem import InputError, Problem
from runtime.stage import Params, Stage

COPY = ".source"
"""Where the copy lies in the folder of the artifact that is being built; it is gone before that is published."""


def captured(job: Job, stage: Stage, params: Params, folder: Path) -> Path | None:
    """A copy of the job's capture folder (or PLY file) below `folder`; None for a job that reads none.

    Nobody else writes to it, so that the stage reads what was digested, whatever becomes of the files meanwhile.

    Raises:
        InputError: what is wrong with the source, or B317 when it is not what was planned.
        OSError: the copy cannot be written.
    """
    if job.source_dir is None:
        return None
    source = next(getattr(params, name) for name, bound in stage.bound.items() if bound == "location.source")
    given = Path(job.source_dir)
    if problems := [problem for problem in inspect_source(source, given) if not problem.warning]:
        raise InputError(*problems)
    try:
        copy, content = copy_source(source, given, folder / COPY)
    except Gone as gone:
        raise _changed(source.path, f": {gone}") from gone
    if job.content not in (None, content):
        raise _changed(source.path)
    return copy


def _changed(path: str, why: str = "") -> InputError:
    help = "call it again, and it is planned again; where times of files cannot be trusted, with SIMKILN_NO_CACHE=1"
    return InputError(Problem("B317", f"the capture `{path}` changed while it was planned and built{why}", help, "source.path"))
