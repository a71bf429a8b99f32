"""Fixtures that every test folder uses."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests import REPOSITORY

settings.register_profile("shared-machine", deadline=None)  # wall time says nothing where cores are shared
settings.load_profile("shared-machine")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real input that lies beside the checkout and is never committed; the test is skipped where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real input (../shared/data) is not beside this checkout")
    return folder
