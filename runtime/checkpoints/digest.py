"""A digest of the files that a checkpoint is, so that addresses follow their content. Standard library only."""

from pathlib import Path

from runtime.bound.checkpoint import FoundPolicy, LeRobotPolicy
from runtime.bound.dataset import camera_key
from runtime.capture.digest import copy_named, digest_named
from runtime.checkpoints.files import Unfit, folder_of, read
from runtime.problem import InputError


def found_policy(said: LeRobotPolicy, root: Path | None, cache: Path | None = None) -> FoundPolicy:
    """The checkpoint as it is below a root's folder; `cache` remembers digests of files that did not change.

    Raises:
        InputError: it is not one that can be let in. OSError: a file cannot be read.
    """
    if root is None:
        return FoundPolicy(**said.model_dump())
    try:
        found = read(said, root)
    except Unfit as unfit:
        raise InputError(unfit.problem) from unfit
    content = digest_named(found.files, folder_of(said, root), cache)
    pictures = found.features("VISUAL")
    sizes = {
        ours: (shape[2], shape[1])
        for ours, theirs in said.cameras.items()
        if len(shape := pictures.get(camera_key(theirs), ())) == 3 and not said.resize
    }
    return FoundPolicy(**said.model_dump(), content=content, action_dim=found.action_dim, found_sizes=sizes)


def copy_policy_files(said: LeRobotPolicy, root: Path, into: Path) -> str:
    """Copy a checkpoint's files, by their place below its folder, to a folder that is not there yet; their digest.

    Raises:
        InputError: as `found_policy`. Gone: a file cannot be read. OSError: the copy cannot be written.
    """
    try:
        files = read(said, root).files
    except Unfit as unfit:
        raise InputError(unfit.problem) from unfit
    return copy_named(sorted(files.items()), None, into)
