"""Fixtures that every test folder uses."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import REPOSITORY

settings.register_profile("shared-machine", deadline=None)  # wall time says nothing where cores are shared
settings.load_profile("shared-machine")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(autouse=True)
def _stays_in_its_folder() -> Iterator[None]:
    """A test that leaves the process in another folder would fail some later one, and only in a run of both."""
    before = Path.cwd()
    yield
    now = Path.cwd()
    if now != before:
        os.chdir(before)
        pytest.fail(f"the test left the process in {now}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real input that lies beside the checkout and is never committed; the test is skipped where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real input (../shared/data) is not beside this checkout")
    return folder
