"""Why a folder of videos is not let in."""

from runtime.problem import Problem


class Unfit(ValueError):
    """`problem` says why, what to do, and which part of the spec is to blame."""

    def __init__(self, code: str, why: str, help: str, key: str) -> None:
        super().__init__(why)
        self.problem = Problem(code, why, help, key)
