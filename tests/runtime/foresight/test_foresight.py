"""Video models in a process of their own: with tiny random weights where diffusers is, and what is refused where it is not."""

import ast
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from runtime.backend import info, load
from runtime.foresight.foresight import Asked
from runtime.foresight.process import digest_of
from runtime.foresight.worker import CHUNK
from runtime.problem import InputError
from tests import REPOSITORY

COSMOS = Path(os.environ.get("SIMKILN_COSMOS", REPOSITORY / ".envs" / "cosmos"))
"""The environment that the back ends' descriptions name."""
RNG = np.random.default_rng(0)
SHOWN = RNG.integers(0, 255, (1, 5, 64, 64, 3), np.uint8)
POSES = RNG.normal(size=(1, 4, 10)).astype(np.float32)
REAL = [("dynamics", "cosmos3", 1, POSES), ("continuation", "predict", 5, None), ("transfer", "cosmos", 4, None)]


def environment(of: Path, at: Path) -> Path:
    """Another environment with the same packages and weights of its own."""
    (at / "bin").mkdir(parents=True)
    (at / "pyvenv.cfg").write_text((of / "pyvenv.cfg").read_text())
    (at / "bin" / "python").symlink_to((of / "bin" / "python").resolve())
    (at / "lib").symlink_to(of / "lib")
    return at


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (COSMOS / "bin" / "python").is_file():
        pytest.skip("no environment `cosmos` (SIMKILN_COSMOS or .envs/cosmos): " + info("dynamics", "cosmos3").install)
    made = environment(COSMOS, tmp_path_factory.mktemp("cosmos") / "env")
    command = [str(made / "bin" / "python"), str(Path(__file__).with_name("tiny.py")), str(made / "weights")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    return made


@pytest.mark.parametrize(("role", "name", "looks", "poses"), REAL)
def test_tiny_weights_foresee(tiny: Path, tmp_path: Path, role: str, name: str, looks: int, poses: np.ndarray | None) -> None:
    model = load(role, name)([str(tiny / "bin" / "python")])
    weights = digest_of(tiny / "weights" / model.pipeline)
    asked = Asked("push the button", 10.0, 2, weights=weights, guardrail=False, control="edge")
    films = []
    for i, said in enumerate((poses, poses) if poses is None else (poses, -poses)):
        (room := tmp_path / str(i)).mkdir()
        films.append(model.foresee(SHOWN[:, -looks:], said, 4, asked, room))
    assert films[0].shape == (1, 4, 64, 64, 3)
    assert np.array_equal(*films) == (poses is None)


@pytest.mark.parametrize(("role", "name", "looks", "poses"), REAL)
def test_what_is_not_there_or_other_weights_are_refused(
    tmp_path: Path, role: str, name: str, looks: int, poses: np.ndarray | None
) -> None:
    """With the Python of the tests, which needs no diffusers for that."""
    here = environment(Path(sys.prefix), tmp_path / "env")

    def refused(python: Path, weights: str = "0" * 64) -> str:
        room = tmp_path / str(len(list(tmp_path.iterdir())))
        room.mkdir()
        with pytest.raises(InputError) as caught:
            load(role, name)([str(python)]).foresee(SHOWN[:, :looks], poses, 4, Asked("push", 10.0, weights=weights), room)
        return f"{caught.value}"

    python = here / "bin" / "python"
    assert "R370" in (said := refused(tmp_path / "none"))
    assert "does not start" in said
    assert f"no folder `weights/{load(role, name).pipeline}`" in refused(python)
    (folder := here / "weights" / load(role, name).pipeline).mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    assert "R371" in (said := refused(python))
    assert digest_of(folder) in said


def test_the_last_picture_again(tmp_path: Path) -> None:
    for role in ("dynamics", "continuation"):
        film = load(role, "still")().foresee(SHOWN, None, 3, Asked("push", 10.0), tmp_path)
        np.testing.assert_array_equal(film, np.repeat(SHOWN[:, -1:], 3, 1))


def test_diffusers_takes_what_it_is_given() -> None:
    """Read, not imported: the pipelines want transformers."""
    spec = find_spec("diffusers")
    if spec is None or spec.origin is None:
        pytest.skip("diffusers is not installed")
    folder = Path(spec.origin).parent / "pipelines" / "cosmos"

    def names(file: str, of: str, function: str) -> set[str]:
        (found,) = (x for x in ast.walk(ast.parse((folder / file).read_text())) if isinstance(x, ast.ClassDef) and x.name == of)
        if not function:
            return {x.target.id for x in found.body if isinstance(x, ast.AnnAssign) and isinstance(x.target, ast.Name)}
        (called,) = (x for x in found.body if isinstance(x, ast.FunctionDef) and x.name == function)
        return {a.arg for a in [*called.args.args, *called.args.kwonlyargs]}

    how = {"prompt", "num_inference_steps", "guidance_scale", "generator", "output_type"}
    three, two = "pipeline_cosmos3_omni.py", "pipeline_cosmos2_5_predict.py"
    condition = {"mode", "chunk_size", "domain_name", "resolution_tier", "raw_actions", "image", "view_point"}
    assert condition <= names(three, "CosmosActionCondition", "")
    assert how | {"fps", "action"} <= names(three, "Cosmos3OmniPipeline", "__call__")
    assert "enable_safety_checker" in names(three, "Cosmos3OmniPipeline", "__init__")
    size = {"height", "width", "num_frames", "num_latent_conditional_frames"}
    held = {"controls", "controls_conditioning_scale", "height", "width", "num_frames", "num_frames_per_chunk"}
    transfer = "pipeline_cosmos2_5_transfer.py"
    assert how | held <= names(transfer, "Cosmos2_5_TransferPipeline", "__call__")
    assert f"num_frames_per_chunk: int = {CHUNK}" in (folder / transfer).read_text()
    assert how | size | {"video"} <= names(two, "Cosmos2_5_PredictBasePipeline", "__call__")
    assert '"umi": 10' in (folder / three).read_text()
