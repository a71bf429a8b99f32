"""One thing that a new spec needs to know: a flag, a question on a terminal, and how its text becomes a value."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.project.project import Project
from compiler.reading.source import read_source

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Asking:
    """What a default may depend on: the project, the new id, and what is answered already."""

    project: Project
    id: str
    answers: Answers


@dataclass(frozen=True)
class Field:
    """One question.

    `at` is where the answer stands in the spec, with dots, so that what is wrong there is told at once. `default` is the
    value that an empty answer takes, and `known` the answers that there are: both as they are, or as a function of what
    they depend on. `when` says whether it is asked at all.
    """

    at: str
    question: str
    read: Callable[[str], Any]
    default: object | Callable[[Asking], object]
    when: Callable[[Answers], bool] = lambda answers: True
    known: Sequence[str] | Callable[[Project], Sequence[str]] = ()
    flag: str = ""
    """The flag, where it is not the last word of `at`."""
    many: bool = False
    """Whether the flag may be given several times; `read` then takes one of them and yields a dict to be merged."""

    @property
    def name(self) -> str:
        """The flag, without its dashes."""
        return self.flag or self.at.rpartition(".")[2].replace("_", "-")

    @property
    def path(self) -> tuple[str, ...]:
        """Where the answer stands in the spec."""
        return tuple(self.at.split("."))

    def choices(self, project: Project) -> Sequence[str]:
        """The answers that there are; empty where anything may be said."""
        return self.known if isinstance(self.known, Sequence) else self.known(project)


def text(given: str) -> str:
    """Text as it is typed, without the blanks around it."""
    return given.strip()


def word(given: str) -> str | None:
    """One word, or None where nothing was typed."""
    return given.strip() or None


def words(given: str) -> list[str]:
    """Words between commas or blanks."""
    return given.replace(",", " ").split()


def value(given: str) -> object:
    """A YAML value such as `900`, `0.5`, `[front]` or `small`.

    Raises:
        ValueError: when it is not YAML.
    """
    if not given.strip():
        return None
    source = read_source(given.strip(), "the answer")
    if source.diagnostics:
        raise ValueError(f"`{given}`: {source.diagnostics[0].message}")
    return source.value


def values(given: str) -> list[object]:
    """YAML scalars between commas, such as `0,1,2`; brackets around them do no harm."""
    bare = given.strip().removeprefix("[").removesuffix("]")
    return [value(part) for part in bare.split(",") if part.strip()]


def yes(given: str) -> bool:
    """`yes` or `no`, in the words that people type.

    Raises:
        ValueError: for anything else.
    """
    word = given.strip().casefold()
    if word in ("y", "yes", "true", "1"):
        return True
    if word in ("n", "no", "false", "0"):
        return False
    raise ValueError(f"`{given}` is neither `yes` nor `no`")


def counts(given: str) -> dict[str, object]:
    """`twin=20,irl_proxy=20` -> domain -> trials.

    Raises:
        ValueError: when a part has no `=`.
    """
    return dict(_pair(part) for part in given.split(",") if part.strip())


def setting(given: str) -> dict[str, dict[str, object]]:
    """`policy.steps=900` -> stage -> parameter -> value.

    Raises:
        ValueError: when it has not that form.
    """
    name, found = _pair(given)
    stage, dot, parameter = name.partition(".")
    if not (dot and stage and parameter):
        raise ValueError(f"`{given}` is not of the form STAGE.NAME=VALUE")
    return {stage: {parameter: found}}


def _pair(given: str) -> tuple[str, object]:
    name, equals, rest = given.partition("=")
    if not (equals and name.strip() and rest.strip()):
        raise ValueError(f"`{given.strip()}` is not of the form NAME=VALUE")
    return name.strip(), value(rest)
