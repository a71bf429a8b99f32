"""Rounds may roll back: a policy that rehearses worse than the one kept before is not the one that goes on."""

from pathlib import Path

import pytest

from runtime.build.testing import run_stage
from runtime.problem import InputError
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import read_twin
from runtime.store.manifest import read_manifest
from runtime.store.store import Store

Inputs = dict[str, Path | list[Path]]


@pytest.fixture(scope="module")
def policies(sim_store: Path, sim_demos: Path, sim_policy: Path) -> list[Path]:
    """Three hardly trained policies that differ."""
    more = [{"steps": steps, "batch_size": 8, "held_out": 1, "seed": 0} for steps in (6, 7)]
    return [sim_policy, *(run_stage("policy", params, {"demos": sim_demos}, sim_store) for params in more)]


def measured(store: Path, value: float, start: float | None = None) -> Path:
    """A rehearsal of that outcome; `start` is that of the policy which rounds began from, where it was tried."""
    metrics = {"success_rate": value} | ({} if start is None else {"start_success_rate": start})
    fingerprint = f"{f'rehearsal{value}{start}'.replace('.', ''):x<32}"[:32]
    with Store(store).building("rehearse", fingerprint) as folder:
        (folder / "rehearsal.json").write_text("[]\n")
        return Store(store).publish("rehearse", fingerprint, folder, {"stage": "rehearse", "metrics": metrics})


def weights(folder: Path) -> bytes:
    return (folder / "checkpoint" / "model.safetensors").read_bytes()


def test_the_better_policy_is_kept_round_by_round(sim_store: Path, policies: list[Path]) -> None:
    kept, found = None, []
    for policy, value in zip(policies, (0.5, 0.4, 0.6), strict=True):
        inputs: Inputs = {"policy": policy, "measured": measured(sim_store, value)}
        inputs |= {"before": kept} if kept else {}
        kept = run_stage("keep", {}, inputs, sim_store)
        found.append((read_manifest(kept)["metrics"]["kept_round"], weights(kept)))
    assert [n for n, _ in found] == [1, 1, 3]
    assert [w for _, w in found] == [weights(policies[0]), weights(policies[0]), weights(policies[2])]
    assert read_manifest(kept)["contract"] == read_manifest(policies[2])["contract"]  # ty: ignore[invalid-argument-type]


def test_a_first_round_that_lost_is_rolled_back_to_what_it_began_from(sim_store: Path, policies: list[Path]) -> None:
    """The case that must be stopped: 51 points down in the twin, whatever the world model said."""
    for value, kept in ((0.09, policies[0]), (0.6, policies[1])):
        inputs: Inputs = {"policy": policies[1], "start": policies[0], "measured": measured(sim_store, value, 0.6)}
        made, back = run_stage("keep", {}, inputs, sim_store), int(kept is policies[0])
        assert weights(made) == weights(kept)
        metrics = read_manifest(made)["metrics"]
        assert (metrics["rolled_back"], metrics["kept_round"], metrics["best"]) == (back, 1 - back, 0.6)


def test_a_small_loss_is_put_up_with_where_asked(sim_store: Path, policies: list[Path]) -> None:
    first = run_stage("keep", {}, {"policy": policies[0], "measured": measured(sim_store, 0.5)}, sim_store)
    inputs: Inputs = {"policy": policies[1], "measured": measured(sim_store, 0.4), "before": first}
    assert read_manifest(run_stage("keep", {"margin": 0.2}, inputs, sim_store))["metrics"]["kept_round"] == 2


def test_a_metric_that_nobody_measured_is_named(sim_store: Path, policies: list[Path]) -> None:
    with pytest.raises(InputError, match="no metric `speed`"):
        run_stage("keep", {"metric": "speed"}, {"policy": policies[0], "measured": measured(sim_store, 0.5)}, sim_store)


def test_rehearsals_start_where_nothing_else_does(sim_store: Path, sim_policy: Path, sim_twin: Path) -> None:
    found = run_stage("rehearse", {"trials": 3}, {"policy": sim_policy, "twin": sim_twin}, sim_store)
    assert read_manifest(found)["metrics"]["n"] == 3
    task = read_twin(sim_twin).task
    starts = {
        purpose: {tuple(kind_of(task).draw_start(task, i, purpose).joints_rad) for i in range(3)}
        for purpose in ("trial", "demo", "scripted", "development")
    }
    assert len(set.union(*starts.values())) == 12
