"""What a job reads outside the project, as it was planned: a private copy, whose bytes are the ones that were digested."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runtime.assets.digest import copy_assets
from runtime.assets.files import inspect_asset
from runtime.bound.asset import Asset
from runtime.bound.dataset import FoundDataset
from runtime.capture.digest import Gone, copy_source
from runtime.capture.inspect import inspect_source
from runtime.checkpoints.digest import copy_policy_files
from runtime.checkpoints.files import inspect_policy
from runtime.footage.files import copy_videos, inspect_videos
from runtime.job import Job
from runtime.problem import InputError, Problem
from runtime.recorded.files import copy_dataset
from runtime.robots.digest import copy_robot_files
from runtime.robots.files import inspect_robot
from runtime.stage import Params, Stage

BELOW_ROOT: Mapping[str, tuple[str, Callable[..., list[Problem]], Callable[..., str]]] = {
    "robot": ("robot", inspect_robot, copy_robot_files),
    "policy": ("approach.policy", inspect_policy, copy_policy_files),
    "footage": ("location.footage", inspect_videos, copy_videos),
    "physion": ("location.physion", inspect_videos, copy_videos),
}
"""What people brought below a root -> the bound value that names it, what is wrong with it, and how it is copied."""
COPY = ".source"
"""Where the copy lies in the folder of the artifact that is being built; it is gone before that is published."""


def captured(job: Job, stage: Stage, params: Params, folder: Path) -> Path | None:
    """A copy of the job's capture folder (or PLY file), or a folder with one for each of its assets, below `folder`; None for a
    job that reads neither.

    Nobody else writes to it, so that the stage reads what was digested, whatever becomes of the files meanwhile.

    Raises:
        InputError: what is wrong with the files, or B317 when they are not what was planned.
        OSError: the copy cannot be written.
    """
    if job.asset_roots:
        return _brought(job, _bound(stage, params, "location.assets"), folder / COPY)
    if job.source_dir is None:
        return None
    if "data" in stage.bound.values():
        return _recorded(job, _bound(stage, params, "data"), folder / COPY)
    for what, (bound, inspect, copy_files) in BELOW_ROOT.items():
        if bound in stage.bound.values():
            said, root, into = _bound(stage, params, bound), Path(job.source_dir), folder / COPY
            if problems := inspect(said, root):
                raise InputError(*problems)
            try:
                content = copy_files(said, root, into)
            except Gone as gone:
                raise _changed(f"the {what} `{said.path}`", f"{what}.path", f": {gone}") from gone
            if said.content not in ("", content):
                raise _changed(f"the {what} `{said.path}`", f"{what}.path")
            return into
    source = _bound(stage, params, "location.source")
    given = Path(job.source_dir)
    if problems := [problem for problem in inspect_source(source, given) if not problem.warning]:
        raise InputError(*problems)
    try:
        copy, content = copy_source(source, given, folder / COPY)
    except Gone as gone:
        raise _changed(f"the capture `{source.path}`", "source.path", f": {gone}") from gone
    if job.content not in (None, content):
        raise _changed(f"the capture `{source.path}`", "source.path")
    return copy


def _recorded(job: Job, said: FoundDataset, into: Path) -> Path:
    try:
        content = copy_dataset(said, Path(str(job.source_dir)), into)
    except Gone as gone:
        raise _changed(f"the dataset `{said.path}`", "data.path", f": {gone}") from gone
    if job.content not in (None, content):
        raise _changed(f"the dataset `{said.path}`", "data.path")
    return into


def _brought(job: Job, assets: Mapping[str, Asset], into: Path) -> Path:
    roots = {name: Path(root) for name, root in job.asset_roots.items()}
    _fit(assets, roots)
    try:
        content = copy_assets(assets, roots, into)
    except (Gone, ValueError, OSError) as gone:
        raise _changed("an asset", "assets", f": {gone}") from gone
    if job.content not in (None, content):
        raise _changed("an asset", "assets")
    _fit(assets, {name: into / name for name in assets})
    return into


def _fit(assets: Mapping[str, Asset], roots: Mapping[str, Path]) -> None:
    if problems := [p for name, asset in assets.items() for p in inspect_asset(asset, f"assets.{name}", roots[name])]:
        raise InputError(*problems)


def _bound(stage: Stage, params: Params, source: str) -> Any:
    return next(getattr(params, name) for name, bound in stage.bound.items() if bound == source)


def _changed(what: str, key: str, why: str = "") -> InputError:
    help = "call it again, and it is planned again; where times of files cannot be trusted, with SIMKILN_NO_CACHE=1"
    return InputError(Problem("B317", f"{what} changed while it was planned and built{why}", help, key))
