"""A small chain of published artifacts for the tests of the simulation stages: capture and splat of a hidden site."""

import shutil
from pathlib import Path
from typing import Any

from runtime.bound.source import HiddenSite
from runtime.sim.tasks.press_button.setup import PressButton
from runtime.store.store import Store
from tests.runtime.sim.places import write_folders

SITE = HiddenSite(kind="hidden_site", seed=2, style="kitchen")
TASK = PressButton(kind="press_button", instruction="press the red button")


def publish(store: Path, stage: str, files: Path, tag: str = "", **said: Any) -> Path:
    """Publish the files of a folder as an artifact of `stage`, as if a job had made them; `said` is told in its manifest."""
    fingerprint = f"{stage + tag:x<32}"[:32]
    with Store(store).building(stage, fingerprint) as folder:
        shutil.copytree(files, folder, dirs_exist_ok=True)
        cost = {"cpu_s": 0.0, "peak_mb": 0.0}
        return Store(store).publish(
            stage, fingerprint, folder, {"stage": stage, "version": 1, "cost": cost, "metrics": {}, **said}
        )


def captured(store: Path) -> tuple[Path, Path]:
    """Published `capture` and `splat` of the site."""
    capture, scene = write_folders(SITE, store.parent / "made")
    return publish(store, "capture", capture), publish(store, "splat", scene)
