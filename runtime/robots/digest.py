"""A digest of the files that a robot is, so that addresses follow their content. Standard library only."""

import hashlib
import os
from pathlib import Path

from runtime.bound.robot import RobotModel
from runtime.capture.digest import Gone
from runtime.files import open_file
from runtime.problem import InputError
from runtime.robots.files import Unfit, read

BLOCK = 2**20


def digest_robot(said: RobotModel, root: Path) -> str:
    """SHA-256 (hex) over names, below the root, and bytes of a robot's files.

    Raises:
        InputError: it is not one that can be let in, or a file cannot be read.
    """
    return _each(said, root, None)


def copy_robot_files(said: RobotModel, root: Path, into: Path) -> str:
    """Copy a robot's files, each by its place below the root, to a folder that is not there yet; their digest.

    Raises:
        InputError: as `digest_robot`. Gone: a file cannot be read. OSError: the copy cannot be written.
    """
    try:
        return _each(said, root, into)
    except FileNotFoundError as error:
        raise Gone(str(error)) from error


def _each(said: RobotModel, root: Path, into: Path | None) -> str:
    try:
        files = read(said, root).files
    except Unfit as unfit:
        raise InputError(unfit.problem) from unfit
    total = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest, copy = hashlib.sha256(), into / name if into else Path(os.devnull)
        if into:
            copy.parent.mkdir(parents=True, exist_ok=True)
        with open_file(path) as file, copy.open("wb") as target:
            while block := file.read(BLOCK):
                digest.update(block)
                target.write(block)
        total.update(f"{name}\0{digest.hexdigest()}\n".encode())
    return total.hexdigest()
