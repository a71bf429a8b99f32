"""What people said: verdicts of a blinded sheet of rollouts that a judge had judged, and preferences between approaches."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from runtime.bound.base import Bound
from runtime.problem import InputError, Problem

FOLDER, PREFERENCES = "audits", "preferences"
LARGEST_AUDIT = 1_000
MOST_CHOICES = 5_000
LARGEST_BYTES = 400_000


class Audit(Bound):
    """Verdicts of one sheet, item by item; what people could not tell is left out of both."""

    scores: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field((), max_length=LARGEST_AUDIT)
    """The judge's."""
    verdicts: tuple[bool, ...] = Field((), max_length=LARGEST_AUDIT)
    """Whether people called it a success."""
    artifacts: tuple[str, ...] = Field((), max_length=LARGEST_AUDIT)
    """Whose rollouts they are, STAGE/FINGERPRINT: what is another artifact's speaks of another judge or policy."""
    unclear: int = Field(0, ge=0)
    """Items that people could not tell."""

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if not len(self.scores) == len(self.verdicts) == len(self.artifacts):
            raise ValueError("there are as many scores as verdicts and artifacts")
        return self


class Choices(Bound):
    """What people preferred between two approaches at a time, as `simkiln trials prefer --study` left it."""

    rows: tuple[tuple[str, str, Literal[-1, 0, 1], str | None], ...] = Field((), max_length=MOST_CHOICES)
    """First and second, which was preferred (1 the first, -1 the second, 0 neither), and who judged."""


def audited(root: Path, study: str) -> Audit | None:
    """The verdicts of a study that a project keeps; None where nobody audited.

    Raises:
        InputError: R372 when they are not as `simkiln audit` left them.
    """
    help = "call `simkiln audit` with the form and its key again, or delete it"
    return _kept(root, FOLDER, study, Audit, "R372", "simkiln audit", help)


def preferred(root: Path, study: str) -> Choices | None:
    """The preferences of a study that a project keeps; None where there are none.

    Raises:
        InputError: R400 when they are not as `simkiln trials prefer` left them.
    """
    help = "call `simkiln trials prefer` with `--study` again, or delete it"
    return _kept(root, PREFERENCES, study, Choices, "R400", "simkiln trials prefer", help)


def _kept[Kept: Bound](root: Path, folder: str, study: str, model: type[Kept], code: str, by: str, help: str) -> Kept | None:
    path = root / folder / f"{study}.json"
    if not path.is_file() or path.is_symlink():
        return None
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise ValueError("too large")
        return model.model_validate_json(content)
    except (OSError, ValidationError, ValueError) as error:
        raise InputError(Problem(code, f"`{folder}/{study}.json` is not as `{by}` left it", help)) from error
