"""WorldSample's loop in small: rollouts at the place, a world model post-trained on them, counterfactuals, and off-policy
learning."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from runtime.build.testing import run_stage
from runtime.learn.dataset import read_arrays
from runtime.learn.learner import resumed
from runtime.learn.load import load_policy
from runtime.mining.acts import Acts
from runtime.problem import InputError
from runtime.rl.sac import DEMO, REAL, SYNTHETIC, Actor
from runtime.sim.episodes.explored import read_steps
from runtime.store.manifest import read_manifest
from tests.runtime.stages.sim_chain import SITE

BUDGET, HORIZON = 170, 40
ROLL = {"control_steps": BUDGET, "site": SITE.model_dump(), "seed": 0}
POST = {"steps": 2, "batch_size": 4, "pictures": 4, "rehearsed": 4, "held_out": 4, "windows": 8}
LEARN = {"updates": 8, "critic_first": 2, "select_every": 4, "batch_size": 16, "seed": 0}


@pytest.fixture(scope="module")
def rounds(sim_store: Path, sim_policy: Path, sim_twin: Path, sim_demos: Path, sim_world: Path, sim_rollouts: Path):
    found: list[dict[str, Path]] = []
    for _ in range(2):
        past = found[-1] if found else {}
        made = {}
        more = {"policy_before": past["paced"], "before": past["site"]} if past else {}
        made["site"] = run_stage("site_rollouts", ROLL, {"policy": sim_policy, "twin": sim_twin, **more}, sim_store)
        parts = {"world": sim_world, "twin": sim_twin, "rollouts": sim_rollouts, "site": made["site"]}
        made["post"] = run_stage("post_world", POST, parts | ({"before": past["post"]} if past else {}), sim_store)
        parts = {"policy": sim_policy, "demos": sim_demos, "site": made["site"], "world": made["post"], "twin": sim_twin}
        how = LEARN | {"admit": "all", "schedule": "fixed"}
        made["paced"] = run_stage("paced", how, parts | ({"before": past["paced"]} if past else {}), sim_store)
        found.append(made)
    return found


def said(artifact: Path) -> dict:
    return read_manifest(artifact)["metrics"]


def test_rollouts_at_the_place_keep_within_their_budget(rounds: list[dict[str, Path]], sim_policy: Path, sim_twin: Path) -> None:
    steps = read_steps(rounds[1]["site"] / "steps.npz")
    spent = [said(made["site"])["real_steps"] for made in rounds]
    assert all(BUDGET - HORIZON < n <= BUDGET for n in spent)
    assert said(rounds[1]["site"])["real_steps_so_far"] == sum(spent) == said(rounds[1]["paced"])["real_steps"]
    for this in (1, 2):
        mine = steps.round == this
        assert mine.sum() == spent[this - 1] + len(np.unique(steps.episode[mine]))
    first = read_steps(rounds[0]["site"] / "steps.npz")
    assert np.array_equal(steps.state[: len(first)], first.state)
    assert not np.array_equal(steps.state[len(first) : len(first) + 5], first.state[:5]), "another round begins elsewhere"
    with pytest.raises(InputError, match="fewer than the 40"):
        inputs: dict[str, Path | list[Path]] = {"policy": sim_policy, "twin": sim_twin}
        run_stage("site_rollouts", ROLL | {"control_steps": 39}, inputs, rounds[0]["site"].parents[1])


def test_every_transition_says_where_it_is_from(rounds: list[dict[str, Path]]) -> None:
    for number, made in enumerate(rounds, 1):
        with np.load(made["paced"] / "transitions.npz") as found:
            origin, of_round, away = found["origin"], found["round"], found["away_rad"]
            done, reward = found["done"], found["reward"]
        assert set(origin.tolist()) == {DEMO, REAL, SYNTHETIC}
        assert set(of_round[origin == DEMO].tolist()) == {0}
        assert set(of_round[origin == REAL].tolist()) == set(range(1, number + 1))
        assert set(of_round[origin == SYNTHETIC].tolist()) == {number}
        assert (away[origin == SYNTHETIC] > 0).all()
        assert not away[origin != SYNTHETIC].any()
        assert reward[origin == DEMO].sum() >= 6, "each demo ends in success"
        assert (done >= reward).all()
        looks = list(csv.DictReader((made["paced"] / "paced.csv").open()))
        assert [(row["round"], row["rho"], row["admitted"]) for row in looks] == [(str(number), "0.5", "1")] * 2


def test_the_published_policy_does_what_was_learned(rounds: list[dict[str, Path]], sim_policy: Path, sim_demos: Path) -> None:
    facts, arrays = load_policy(sim_policy / "checkpoint").facts, read_arrays(sim_demos / "dataset")
    acts = Acts(resumed(sim_policy / "checkpoint", facts, sim_demos / "dataset"), 0.15)
    torch.manual_seed(0)
    seen = acts.features({name: film[:20] for name, film in arrays.images.items()}, arrays.state[:20])
    actor = Actor(seen.shape[1], acts.size, 96)
    torch.nn.init.normal_(actor.mean.weight, std=0.5)
    wanted = acts.chunk(seen, actor.best(torch.from_numpy(seen)).detach().numpy())
    wide = Acts(acts.together(actor), 0.15)
    assert np.abs(wide.plan(seen) - wanted).max() < 0.15 * 0.016 + 1e-4
    assert np.abs(wanted - acts.plan(seen)).max() > 0.05
    drawn = np.random.default_rng(0).uniform(-0.9, 0.9, (20, acts.size)).astype(np.float32)
    assert np.allclose(acts.action(seen, acts.chunk(seen, drawn)), drawn, atol=1e-4)
    actor = load_policy(rounds[1]["paced"] / "checkpoint")  # what rollouts and trials load
    actor.reset(20)
    act = actor.act({name: film[:20] for name, film in arrays.images.items()}, arrays.state[:20], facts["instruction"])
    away = np.abs(act - acts.plan(seen)[:, 0])
    assert 0 < away.max() < 0.15 / 4 + 1e-3


def test_a_world_model_that_makes_things_up_is_left_out(
    rounds: list[dict[str, Path]],
    sim_store: Path,
    sim_policy: Path,
    sim_twin: Path,
    sim_demos: Path,
    sim_world: Path,
    sim_rollouts: Path,
) -> None:
    """Its members are apart, so nothing is admitted: what is learned is what real rollouts alone teach, bit for bit."""
    site = rounds[0]["site"]
    parts = {"world": sim_world, "twin": sim_twin, "rollouts": sim_rollouts, "site": site}
    noised = run_stage("post_world", POST | {"hallucination": 4.0}, parts, sim_store)
    clear, foggy = said(rounds[0]["post"]), said(noised)
    assert foggy["psnr_8"] < clear["psnr_8"]
    assert foggy["twin_object_mm_8"] > clear["twin_object_mm_8"]
    parts = {"policy": sim_policy, "demos": sim_demos, "site": site, "twin": sim_twin}
    paced = run_stage("paced", LEARN, parts | {"world": noised}, sim_store)
    none = run_stage("paced", LEARN | {"admit": "none"}, parts, sim_store)
    everything = run_stage("paced", LEARN | {"admit": "all"}, parts | {"world": noised}, sim_store)
    assert (said(paced)["admitted_mean"], said(paced)["rho_mean"]) == (0, 0)
    assert said(paced)["synthetic_transitions"] > 0
    assert said(paced)["weights_digest"] == said(none)["weights_digest"]
    assert said(everything)["admitted_mean"] == 1
    with pytest.raises(InputError, match="nothing imagines"):
        run_stage("paced", LEARN, parts, sim_store)


def test_a_world_model_that_is_not_post_trained_stays_as_it_is(
    rounds: list[dict[str, Path]], sim_store: Path, sim_twin: Path, sim_world: Path, sim_rollouts: Path
) -> None:
    parts = {"world": sim_world, "twin": sim_twin, "rollouts": sim_rollouts, "site": rounds[0]["site"]}
    made = run_stage("post_world", POST | {"steps": 0}, parts, sim_store)
    for name in ("world.safetensors", "world.json"):
        assert (made / "model" / name).read_bytes() == (sim_world / "model" / name).read_bytes()
    assert {said(made)[f"gain_psnr_{h}"] for h in (1, 4, 8, 16)} == {0}


def test_a_report_tells_what_rounds_admitted(
    rounds: list[dict[str, Path]], sim_store: Path, sim_twin: Path, sim_conditions: Path
) -> None:
    shown = {"trials": 4, "twice": 0, "domain": "twin"}
    of = {"twin": sim_twin, "conditions": sim_conditions}
    tried = [run_stage("evaluate", shown, of | {"policy": made["paced"]}, sim_store) for made in rounds]
    names = ["paced~round-1", "paced"]
    cells = [{"location": "cellar", "task": "press", "approach": a, "seed": 0, "domain": "twin"} for a in names]
    frame = {"id": "own", "baseline": names[0], "locations": ["cellar"], "tasks": ["press"], "approaches": names, "seeds": [0]}
    shared = {"cells": cells, "study": frame | {"trials": {"twin": 4}}}
    ports: dict[str, Path | list[Path]] = {"trials": [*tried]}
    ports |= {"uplift": run_stage("uplift", shared, ports, sim_store)}
    report = run_stage("report", shared, ports, sim_store)
    found = json.loads((report / "report.json").read_text())["paced"]
    assert [(row["round"], row["admitted"], row["rho_last"]) for row in found["rows"]] == [(1, 1.0, 0.5), (2, 1.0, 0.5)]
    assert found["rows"][1]["real_steps"] == said(rounds[1]["site"])["real_steps_so_far"]
    page = (report / "report.html").read_text()
    section = page[page.index('<section id="paced">') :].partition("</section>")[0]
    assert "What referees asked for" in section
    assert 'download="own-paced.csv"' in section
