"""What a user did wrong, said once, in a form that both the compiler and a running stage can show."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake. `key` is the dotted path in the spec that is to blame, such as `source.path`."""

    code: str
    message: str
    help: str = ""
    key: str = ""


class InputError(Exception):
    """Raised by a stage for input that a user can mend; never for a defect of ours."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.code}: {p.message}" for p in problems))
        self.problems = problems
