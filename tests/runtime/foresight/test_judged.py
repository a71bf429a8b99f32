"""Judges by folder in a process of their own: with tiny random weights where LeRobot's are, and what is refused where not."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from runtime.backend import OF_WEIGHTS, info, load
from runtime.foresight.process import digest_of
from runtime.problem import InputError
from runtime.world.judge import Seen
from tests import REPOSITORY
from tests.runtime.foresight.test_foresight import environment

JUDGES = Path(os.environ.get("SIMKILN_JUDGES", REPOSITORY / ".envs" / "judges"))
"""The environment that the back ends' descriptions name."""
NAMES = {"vlm": True, "topreward": False, "robometer": True, "reward_classifier": False}
"""Back ends, and whether they say in words what they score."""


def seen(weights: str, count: int = 2) -> Seen:
    films = np.random.default_rng(0).integers(0, 255, (count, 9, 48, 64, 3), np.uint8)
    return Seen(
        [lambda film=film: film for film in films], np.zeros((count, 8)), np.zeros((count, 8)), 1, 1, "Press it.", weights
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (JUDGES / "bin" / "python").is_file():
        pytest.skip("no environment `judges` (SIMKILN_JUDGES or .envs/judges): " + info("judge", "vlm").install)
    made = environment(JUDGES, tmp_path_factory.mktemp("judges") / "env")
    command = [str(made / "bin" / "python"), str(Path(__file__).with_name("tiny_judges.py")), str(made / "weights")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_tiny_weights_score_what_they_are_shown(tiny: Path, name: str) -> None:
    judge = load("judge", name)([str(tiny / "bin" / "python")])
    said = judge.judge(seen(digest_of(tiny / "weights" / name)))
    assert said.score.shape == (2,)
    assert 0 <= said.score.min() <= said.score.max() <= 1
    assert said.score[0] != said.score[1]
    assert (said.text is not None) == NAMES[name]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_there_or_other_weights_or_code_is_refused(tmp_path: Path, name: str) -> None:
    """With the Python of the tests, which needs neither LeRobot nor transformers for that."""
    here = environment(Path(sys.prefix), tmp_path / "env")
    judge = load("judge", name)([str(here / "bin" / "python")])

    def refused(weights: str) -> str:
        with pytest.raises(InputError) as caught:
            judge.judge(seen(weights))
        return f"{caught.value}"

    assert f"R370: the model `{name}` cannot be run: no folder `weights/{name}`" in refused("0" * 64)
    (folder := here / info("judge", name).weights).mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    assert f"R371: the weights of `{name}` are sha256 {digest_of(folder)}, the study asks for none" in refused("")
    (folder / "modeling.py").write_text("raise SystemExit")
    assert "R370" in (said := refused(digest_of(folder)))
    assert "`modeling.py`), which is not run" in said
    assert info("judge", name).licence == OF_WEIGHTS
