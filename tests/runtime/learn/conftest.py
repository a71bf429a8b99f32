"""One small dataset, written once through LeRobot's API."""

from pathlib import Path

import pytest

from tests.runtime.learn import reach


@pytest.fixture(scope="session")
def demos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict]]:
    """A `demos` artifact folder (its dataset in `dataset/`) and the episodes in it."""
    folder = tmp_path_factory.mktemp("demos")
    return folder, reach.write(folder / "dataset")


@pytest.fixture(autouse=True)
def _caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # LeRobot's reader keeps Arrow copies in the Hugging Face cache: not in the user's.
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"), raising=False)
