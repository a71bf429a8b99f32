"""Tracking: every build is logged, as JSON Lines always, and to Weights & Biases where somebody asks for it.

What is logged lies below `build/track/`, beside the store: times and machines differ from one build to the next, and
an artifact may not. For the same reason a tracker is chosen by the environment, not by a study, and no fingerprint
knows of it. `SIMKILN_TRACK=wandb` logs to W&B offline, `SIMKILN_TRACK=wandb-online` to the account that this machine is
logged in to.
"""

import os
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runtime.job import Job
from runtime.tracking.build import Build, Made, Tracker
from runtime.tracking.jsonl import JsonLines

VARIABLE = "SIMKILN_TRACK"
CHOICES = ("jsonl", "wandb", "wandb-online")


class Log:
    """All trackers of one build. One that breaks is left out with a line on stderr: no build fails by its tracking.

    Files named like `beside`, with a suffix, belong to the build too.
    """

    def __init__(self, trackers: Sequence[Tracker] = (), beside: Path | None = None) -> None:
        self._trackers, self.beside = list(trackers), beside
        self.made: Made | None = None

    def measure(self, step: int, values: Mapping[str, float]) -> None:
        """Pass values on to every tracker."""
        self._each("measure", step, values)

    def end(self, made: Made) -> None:
        """Pass the end on to every tracker, once."""
        if self.made is None:
            self.made = made
            self._each("end", made)

    def _each(self, method: str, *args: Any) -> None:
        for tracker in list(self._trackers):
            try:
                getattr(tracker, method)(*args)
            except Exception as error:
                self._trackers.remove(tracker)
                _say(f"{type(tracker).__name__} is left out: {error}")


@contextmanager
def tracked(job: Job, study: str, folder: Path) -> Generator[Log]:
    """A log of one build below `folder`; a build that ends without `Log.end` failed, for the reason that is raised."""
    log = Log(_trackers(Build(job, study), folder), folder / job.stage / job.fingerprint)
    try:
        yield log
    except BaseException as error:
        log.end(Made("failed", f"{type(error).__name__}: {error}"))
        raise
    finally:
        log.end(Made("failed", "ended without a word"))


def _trackers(build: Build, folder: Path) -> list[Tracker]:
    asked = os.environ.get(VARIABLE, "") or CHOICES[0]
    if asked not in CHOICES:
        _say(f"{VARIABLE} is `{asked[:40]}`, not one of {', '.join(CHOICES)}: JSON Lines only")
    found: list[Tracker] = []
    try:
        found.append(JsonLines(build, folder))
        if asked in CHOICES[1:]:
            from runtime.tracking.wandb_run import Wandb  # a second of imports

            found.append(Wandb(build, folder, online=asked == "wandb-online"))
    except ImportError:
        _say(f"{VARIABLE} is `{asked}`, but W&B is not installed: `uv sync --extra wandb`")
    except Exception as error:
        _say(str(error))
    return found


def _say(text: str) -> None:
    sys.stderr.write(f"tracking: {text}\n")
