"""Hard negatives: imagined, ranked, carried out in the twin, learned from by policy and world model; drift is rolled back."""

import json
from pathlib import Path

import pytest

from runtime.build.testing import run_stage
from runtime.learn.dataset import read_arrays
from runtime.problem import InputError
from runtime.sim.episodes.attempts import load_attempts
from runtime.store.manifest import read_manifest

Inputs = dict[str, Path | list[Path]]
MINE = {"episodes": 6, "keep": 4, "seed": 0}
REFINE = {"steps": 2, "batch_size": 4, "seed": 0}
AGAIN = {"steps": 2, "batch_size": 4, "pictures": 4, "rehearsed": 4, "held_out": 4, "windows": 8}


@pytest.fixture(scope="module")
def parts(sim_policy: Path, sim_world: Path, sim_twin: Path, sim_captured: tuple[Path, Path], sim_demos: Path) -> Inputs:
    return {"policy": sim_policy, "world": sim_world, "twin": sim_twin, "scene": sim_captured[1], "demos": sim_demos}


def only(parts: Inputs, *names: str, **more: Path) -> Inputs:
    return {name: parts[name] for name in names} | more


@pytest.fixture(scope="module")
def rounds(sim_store: Path, sim_rollouts: Path, parts: Inputs) -> list[dict[str, Path]]:
    """Two rounds."""
    found: list[dict[str, Path]] = []
    for _ in range(2):
        past = found[-1] if found else {}

        def before(past: dict[str, Path] = past, **of: str) -> dict[str, Path]:
            return {port: past[name] for port, name in of.items() if past}

        made = {}
        made["mine"] = run_stage(
            "mine", MINE, only(parts, "policy", "world", "twin", **before(before="keep", world_before="world")), sim_store
        )
        more = before(before="remedy", policy_before="keep")
        made["remedy"] = run_stage(
            "remedy", {"seed": 0}, only(parts, "policy", "twin", "scene", "demos", mined=made["mine"], **more), sim_store
        )
        made["refine"] = run_stage(
            "refine", REFINE, only(parts, "policy", "demos", remedies=made["remedy"], **before(before="keep")), sim_store
        )
        inputs = only(parts, "world", "twin", rollouts=sim_rollouts, remedies=made["remedy"], **before(before="world"))
        made["world"] = run_stage("refine_world", AGAIN, inputs, sim_store)
        own = only(parts, "twin", policy=made["refine"], start=parts["policy"])  # ty: ignore[invalid-argument-type]
        made["rehearse"] = run_stage("rehearse", {"trials": 2}, own, sim_store)
        keeping = {"policy": made["refine"], "measured": made["rehearse"], "start": parts["policy"], **before(before="keep")}
        made["keep"] = run_stage("keep", {}, keeping, sim_store)
        found.append(made)
    return found


def test_two_rounds_of_mining(rounds: list[dict[str, Path]], parts: Inputs) -> None:
    first, second = ({name: read_manifest(path)["metrics"] for name, path in made.items()} for made in rounds)
    assert (first["mine"]["round"], second["mine"]["round"]) == (1, 2)
    mined = [json.loads((made["mine"] / "mined.json").read_text()) for made in rounds]
    assert mined[0]["family"] != mined[1]["family"]  # other starts in each round
    assert all(len(one["kept"]) == 4 and len(one["rollouts"]) == 6 for one in mined)
    # what came of each start that was kept is told to the world model, of all rounds
    assert [len(load_attempts(made["remedy"] / "attempts.npz")) for made in rounds] == [4, 8]
    won = [one["success"] for one in json.loads((rounds[0]["remedy"] / "remedy.json").read_text())]
    assert first["remedy"]["own_successes"] == sum(won)
    assert first["remedy"]["twin_rollouts"] == 4 + 4 - sum(won)
    assert first["remedy"]["remedied"] > 0, "the expert showed nothing"
    assert first["remedy"]["shown"] + first["remedy"]["left_out"] == first["remedy"]["remedied"] + sum(won)
    frames = len(read_arrays(parts["demos"] / "dataset").state)  # ty: ignore[unsupported-operator]
    assert second["refine"]["frames"] == frames + first["remedy"]["shown_frames"] + second["remedy"]["shown_frames"]
    assert {made["refine"]["weights_digest"] for made in (first, second)} != {first["refine"]["weights_digest"]}
    assert second["world"]["frames"] > first["world"]["frames"]


def test_a_policy_is_trained_on_with_its_own_demos_only(rounds: list[dict[str, Path]], parts: Inputs, sim_store: Path) -> None:
    others = run_stage("demos", {"episodes": 2, "demo_seed": 1}, only(parts, "twin"), sim_store)
    inputs = only(parts, "policy", demos=others, remedies=rounds[0]["remedy"])
    with pytest.raises(InputError, match="other demos"):
        run_stage("refine", REFINE, inputs, sim_store)


def test_a_world_model_that_diverges_is_rolled_back(
    rounds: list[dict[str, Path]], parts: Inputs, sim_store: Path, sim_rollouts: Path
) -> None:
    inputs = only(parts, "world", "twin", rollouts=sim_rollouts, remedies=rounds[0]["remedy"])
    made = run_stage("refine_world", AGAIN | {"learning_rate": 1.0, "steps": 6}, inputs, sim_store)
    metrics = read_manifest(made)["metrics"]
    assert (metrics["rolled_back"], metrics["kept_round"]) == (1, 0)
    assert isinstance(parts["world"], Path)
    for file in (one for one in (parts["world"] / "model").rglob("*") if one.is_file()):
        assert (made / "model" / file.relative_to(parts["world"] / "model")).read_bytes() == file.read_bytes()
