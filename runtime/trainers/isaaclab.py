"""The role `trainer`: a policy on the true state, trained and tried where another simulator is installed."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.problem import InputError, Problem

if TYPE_CHECKING:
    import numpy as np

    from runtime.sim.parts.start import Start
    from runtime.trainers.package import Asked
    from runtime.trainers.perceptron import Perceptron

LOG = "log.txt"
MOST_BYTES = 2**28


@dataclass(frozen=True)
class Played:
    """Trials as the other simulator ran them: a row for each control step, all trials side by side."""

    action_rad: "np.ndarray"  # [T, N, J]
    joint_rad: "np.ndarray"  # [T, N, J]
    tip_m: "np.ndarray"  # [T, N, 3]
    reward: "np.ndarray"  # [T, N]
    success: "np.ndarray"  # bool [T, N], of all steps so far


class IsaacLab:
    """Isaac Lab 3.0 without Kit: Newton's MuJoCo Warp, rsl-rl's PPO."""

    def __init__(self, command: Sequence[str] = ()) -> None:
        """`command` starts a Python that has Isaac Lab."""
        self._python = list(command)

    def train(self, twin: Path, asked: "Asked", package: Path) -> "Perceptron":
        """Write the twin's package, which must not be there, train on it, and read what was trained.

        Raises:
            InputError: R390 when there is no checkpoint that can be read; R391 when the twin cannot go there; R392 when a command
                fails.
        """
        from runtime.trainers.package import command, write_package
        from runtime.trainers.perceptron import of_rsl_rl

        write_package(twin, package, asked)
        self.convert(package)
        self._run(command(self._python, asked), package)
        found = sorted((package / "logs").rglob("model_*.pt"), key=lambda path: int(path.stem.partition("_")[2]))
        if not found:
            raise self._cannot("the training wrote no checkpoint", package)
        return of_rsl_rl(found[-1], asked.scale_rad)

    def convert(self, package: Path) -> None:
        """Write the package's MJCF as USD, which Isaac Lab spawns.

        Raises:
            InputError: R392.
        """
        self._run([*self._python, str(package / "convert.py"), str(package)], package)
        if missing := [name for name in ("robot", "thing", "place") if not (package / "usd" / f"{name}.usdc").is_file()]:
            raise self._cannot(f"no `{missing[0]}.usdc` was written", package)

    def play(self, package: Path, actor: "Perceptron", starts: "Sequence[Start]", room: Path, device: str) -> Played:
        """Run a policy from each start to the horizon in the package's environment.

        Raises:
            InputError: R392 when it cannot be run, or gives something else than trials.
        """
        import numpy as np

        joints, places = np.stack([start.joints_rad for start in starts]), np.stack([start.objects_m[0] for start in starts])
        np.savez(room / "starts.npz", joints_rad=joints, objects_m=places)
        actor.save(room / "actor.npz")
        self._run([*self._python, str(package / "score.py"), str(room), device], package)
        try:
            if (room / "played.npz").stat().st_size > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES} bytes")
            with np.load(room / "played.npz", allow_pickle=False) as found:
                played = Played(**{key: found[key] for key in Played.__dataclass_fields__})
            steps, n, j = played.action_rad.shape
            shapes: dict[str, tuple[int, ...]] = {
                "joint_rad": (steps, n, j),
                "tip_m": (steps, n, 3),
                "reward": (steps, n),
                "success": (steps, n),
            }
            if n != len(starts) or odd(played, shapes):
                raise ValueError("it gave other shapes than trials have")
        except (OSError, KeyError, ValueError) as error:
            raise self._cannot(f"its trials cannot be read: {error}", package) from error
        return played

    def _run(self, words: Sequence[str], package: Path) -> None:
        """Run a command in the package's folder. Its task is found there; what it says is in `log.txt`."""
        environment = {**os.environ, "PYTHONPATH": str(package.resolve()), "PYTHONUNBUFFERED": "1"}
        with (package / LOG).open("ab") as log:
            log.write(json.dumps(list(words)).encode() + b"\n")
            log.flush()
            try:
                done = subprocess.run(words, cwd=package, env=environment, stdout=log, stderr=log, check=False)
            except OSError as error:
                raise self._cannot(f"its Python `{words[0]}` does not start: {error.strerror}", package) from error
        if done.returncode:
            raise self._cannot(f"it ended with status {done.returncode}", package)

    def _cannot(self, why: str, package: Path) -> InputError:
        log = package / LOG
        said = log.read_bytes()[-20_000:].decode(errors="replace").strip().splitlines() if log.is_file() else []
        last = f": {said[-1].strip()[:300]}" if len(said) > 1 else ""
        help = "`simkiln backends install isaaclab` makes its environment; docs/systems/isaac-lab.md says what it needs"
        return InputError(Problem("R392", f"Isaac Lab cannot be used: {why}{last}", help, "backends.trainer"))


def odd(played: Played, shapes: dict[str, tuple[int, ...]]) -> bool:
    """Whether an array has another shape than it should."""
    return any(getattr(played, name).shape != shape for name, shape in shapes.items())
