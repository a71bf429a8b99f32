"""What a user did wrong, said once, in a form that both the compiler and a running stage can show."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake. `key` is the dotted path in the spec that is to blame, such as `source.path`."""

    code: str
    message: str
    help: str = ""
    key: str = ""
    warning: bool = False
    """Told, though nothing is stopped by it."""

    def __post_init__(self) -> None:
        """Names of files stand in messages, and they may be any bytes."""
        object.__setattr__(self, "message", legible(self.message))
        object.__setattr__(self, "help", legible(self.help))


def legible(text: str) -> str:
    """Text that can be printed anywhere: bytes that are no text (`\\xff`), and what a terminal would obey, as escapes."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    byte = ord(character) - 0xDC00  # how Python reads a byte of a file's name that is no text
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else character.encode("unicode_escape", "backslashreplace").decode()


class InputError(Exception):
    """Raised by a stage for input that a user can mend; never for a defect of ours."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.code}: {p.message}" for p in problems))
        self.problems = problems
