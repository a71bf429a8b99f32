"""What people said of rollouts that a judge had judged: verdicts of a blinded sheet."""

from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from runtime.bound.base import Bound
from runtime.problem import InputError, Problem

FOLDER = "audits"
LARGEST_AUDIT = 1_000
LARGEST_BYTES = 200_000


class Audit(Bound):
    """Verdicts of one sheet, item by item; what people could not tell is left out of both."""

    scores: tuple[float, ...] = Field((), max_length=LARGEST_AUDIT)
    """The judge's."""
    verdicts: tuple[bool, ...] = Field((), max_length=LARGEST_AUDIT)
    """Whether people called it a success."""
    unclear: int = Field(0, ge=0)
    """Items that people could not tell."""

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if len(self.scores) != len(self.verdicts):
            raise ValueError("there are as many scores as verdicts")
        return self


def audited(root: Path, study: str) -> Audit | None:
    """The verdicts of a study that a project keeps; None where nobody audited.

    Raises:
        InputError: R372 when they are not as `simkiln audit` left them.
    """
    path = root / FOLDER / f"{study}.json"
    if not path.is_file() or path.is_symlink():
        return None
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise ValueError("too large")
        return Audit.model_validate_json(content)
    except (OSError, ValidationError, ValueError) as error:
        message = f"`{FOLDER}/{study}.json` is not as `simkiln audit` left it"
        raise InputError(
            Problem("R372", message, "call `simkiln audit` with the form and its key again, or delete it")
        ) from error
