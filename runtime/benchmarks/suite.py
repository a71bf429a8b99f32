"""A suite as stages use it: its environments behind a pipe, in the Python where they are installed."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from runtime.backend import how_to_install, info
from runtime.bound.benchmark import BENCHMARK, FoundBenchmark, SuiteFacts
from runtime.problem import InputError, Problem

if TYPE_CHECKING:
    import numpy as np

WORKER = Path(__file__).with_name("worker.py")
MOST_LINE, MOST_BYTES = 2**20, 2**28
KINDS = ("uint8", "float64")


@dataclass(frozen=True)
class Seen:
    """What one environment shows after a reset or a step; `info` holds single numbers and truths alone."""

    images: "dict[str, np.ndarray]"  # camera -> u8 [H, W, 3]
    state: "np.ndarray"  # f64 [D]
    info: dict[str, Any]
    reward: float = 0.0
    ended: bool = False


class Suite:
    """Role `benchmark`. A subclass says its `suite`; all else stands in its description."""

    suite: str

    def __init__(self, command: Sequence[str] = ()) -> None:
        """`command` starts a Python that has the suite; by default the one that runs this."""
        self._command = [*command] or [sys.executable]

    def open(self, found: FoundBenchmark, environment: str, max_steps: int, count: int) -> "Environments":
        """`count` environments of one name, each of which runs a trial at a time.

        Raises:
            InputError: R290 when they cannot be made; R291 when they are not as the description says.
        """
        facts = info(BENCHMARK, self.suite).benchmark
        assert facts is not None
        if environment not in set(facts.names()):  # `check` says so first
            raise _unlike(f"suite `{self.suite}` has no environment `{environment}`", "benchmark.environment")
        return Environments(self._command, self.suite, facts, found, environment, max_steps, count)


class Environments:
    """Environments of one name behind a pipe; a context that ends their process."""

    def __init__(
        self,
        command: Sequence[str],
        suite: str,
        facts: SuiteFacts,
        found: FoundBenchmark,
        environment: str,
        max_steps: int,
        count: int,
    ) -> None:
        self._suite, self._found = suite, found
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                [*command, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
            )
        except OSError as error:
            raise self._broken(f"its Python `{command[0]}` does not start: {error.strerror}") from error
        said: dict[str, Any] = {
            "door": facts.door,
            "module": facts.module,
            "environment": environment,
            "resizable": facts.resizable,
        }
        said |= {"size": next(iter(found.cameras.values())), "max_steps": max_steps, "starts": facts.starts}
        try:
            opened, _ = self._ask({"do": "open", "count": count, **said})
            if opened.get("action_dim") != found.action_dim:
                takes = f"`{environment}` takes actions of {opened.get('action_dim')} numbers"
                raise _unlike(f"{takes}, its description says {found.action_dim}")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe and pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def reset(self, row: int, seed: int) -> Seen:
        """Begin a trial from the state of a seed.

        Raises:
            InputError: R290 when it cannot; R291 when what it shows is not what its description says.
        """
        return self._seen(*self._ask({"do": "reset", "row": row, "seed": seed}))

    def step(self, row: int, action: "np.ndarray") -> Seen:
        """One step with an action [A].

        Raises:
            InputError: as `reset`.
        """
        import numpy as np

        given = np.asarray(action, np.float32)
        return self._seen(*self._ask({"do": "step", "row": row, "size": given.size}, given.tobytes()))

    def _seen(self, said: dict[str, Any], arrays: "dict[str, np.ndarray]") -> Seen:
        state = arrays.pop("state", None)
        images = {name.removeprefix("camera "): value for name, value in arrays.items()}
        shapes = {name: (value.shape[1], value.shape[0]) for name, value in images.items() if value.ndim == 3}
        wanted = {name: tuple(size) for name, size in self._found.cameras.items()}
        if shapes != wanted:
            raise _unlike(f"its pictures are {shapes}, its description says {wanted}")
        if state is None or state.shape != (self._found.state_dim,):
            has = 0 if state is None else state.size
            raise _unlike(f"its state has {has} numbers, its description says {self._found.state_dim}")
        return Seen(images, state, said.get("info", {}), float(said.get("reward", 0.0)), bool(said.get("ended")))

    def _ask(self, said: dict[str, Any], content: bytes = b"") -> "tuple[dict[str, Any], dict[str, np.ndarray]]":
        import numpy as np

        pipe, back = self._process.stdin, self._process.stdout
        assert pipe is not None
        assert back is not None
        message = json.dumps(said).encode() + b"\n" + content
        try:
            pipe.write(message)
            pipe.flush()
            answer = json.loads(back.readline(MOST_LINE))
            arrays = {}
            for name, kind, shape in answer.pop("arrays"):
                size = int(np.prod(shape, dtype=np.int64)) * (1 if kind == "uint8" else 8)
                if kind not in KINDS or not 0 <= size <= MOST_BYTES or len(content := back.read(size)) != size:
                    raise ValueError("an answer was cut short")
                arrays[name] = np.frombuffer(content, kind).reshape(shape)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._broken(f"its process ended: {self._last()}") from error
        if "error" in answer:
            raise self._broken(answer["error"])
        return answer, arrays

    def _last(self) -> str:
        """What the process said last."""
        self._process.kill()
        self._process.wait()
        self._errors.seek(max(0, self._errors.tell() - 4000))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else f"exit code {self._process.returncode}"

    def _broken(self, why: str) -> InputError:
        found = info(BENCHMARK, self._suite)
        help = f"{how_to_install(found)}, and try it there by hand; where it draws by OpenGL, set MUJOCO_GL to egl or osmesa"
        return InputError(Problem("R290", f"`{self._suite}` cannot be run: {why}", help, "benchmark.suite"))


def _unlike(why: str, key: str = "benchmark.suite") -> InputError:
    help = "the suite installed is another version than its description is of: `simkiln backends`"
    return InputError(Problem("R291", f"the environment is not as its description says: {why}", help, key))
