"""Trials of a policy, in the twin or at the hidden site, from the same initial states for every approach."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from runtime.bound.sequential import Schedule
from runtime.bound.source import HiddenSite
from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, baselines, bound, by_unit, maybe, one, previous, stage


class EvaluateParams(Params):
    """Where and how often."""

    domain: Literal["twin", "irl_proxy"] = bound("domain")
    """Where the trials run."""
    trials: int = bound("trials", ge=1, le=100_000)
    """Number of trials; trial I starts from condition I, whatever the approach."""
    schedule: Schedule | None = bound("schedule", default=None)
    """Where trials come in batches: how many of them, and when they are looked at."""
    look: int = bound("look", default=1, ge=1)
    """Which batch this is."""
    arm: str = bound("arm", default="")
    """Id of the approach, for batches after the first: an interim look says how many trials it runs."""
    site: HiddenSite | None = bound("hidden_site", default=None)
    """The hidden site, in the domain `irl_proxy` only."""
    twice: int = Field(4, ge=0)
    """Trials, the first ones, that are run a second time to measure whether they end the same; at most all of them."""
    sheet_columns: int = Field(8, ge=2, le=40)
    """Frames per row of a contact sheet."""
    sheet_scale: int = Field(3, ge=1, le=12)
    """Size of a contact sheet's pixels."""
    film_scale: int = Field(3, ge=1, le=12)
    """Size of a film's pixels."""


def _planned(p: EvaluateParams) -> float:
    """Trials that are planned for the batch, those that run twice among them."""
    each = p.trials / (p.schedule.looks if p.schedule else 1)
    return each + (min(p.twice, each) if p.look == 1 else 0)


@stage(
    version=10,
    metrics=by_unit(
        share="success_rate mean_score expert_rate",
        count="n failure_modes.* repeated differing idle_successes expert_failures.*",
        steps="mean_steps steps_apart",
        m="support_height_error_m",
        deg="support_tilt_deg",
        text="protocol",
    ),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    takes="trials",
    kind="trials",
    role="trials",
    domains=("twin", "irl_proxy"),
    per=("location", "task", "approach", "seed", "domain", "look"),
    needs={
        "policy": one("policy"),
        "twin": baselines("twin"),
        "scene": baselines("splat"),
        "conditions": baselines("conditions"),
        "before": previous("interim", "look"),
        "transform": maybe("transform"),
    },
    agree=(("policy", "twin"), ("policy", "transform")),
    makes={"trials": "trials.parquet", "rollouts": "rollouts/", "twice": "twice.parquet", "protocol": "protocol.json"},
    expects=lambda p: {"policy": Contract(instruction_key="task"), "twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(minutes=0.005 + _planned(p) / 3000),
)
def evaluate(
    p: EvaluateParams,
    policy: Path,
    twin: Path,
    scene: Path,
    conditions: Path,
    before: Path | None,
    transform: Path | None,
    out: Out,
) -> dict[str, Any]:
    """Run and judge the trials; write one row each, and films and contact sheets of a typical success and failure.

    Initial states and factors are replayed as the condition set has them, each level of the gap at a site of its own. The
    first trials run a second time as a batch of their own, with new simulator state and the policy reset. Where
    trials come in batches, an interim look says which ones this batch holds: none where the comparison stopped. With a
    transform the policy sees live pictures through it; films show them as the camera took them. For people typical trials are
    drawn once more, larger: in the twin over the splat of `scene`.

    Raises:
        InputError: R264 when the task is none, where no demos tested it; R271 when the location has no hidden site; R272 when
            policy and twin differ in control rate; R273 when the condition set does not fit; R275 when something moves before
            anybody acts; R318 when the transform is not for the policy's cameras.
    """
    import json
    from dataclasses import replace
    from functools import cache, partial

    import pyarrow.parquet as pq

    from runtime.problem import InputError, Problem
    from runtime.sim.episodes.self_test import self_test
    from runtime.sim.scene.bench import Bench
    from runtime.sim.scene.settle import refuse_unsettled
    from runtime.sim.site.install import install
    from runtime.sim.trials.conditions import alike, replay
    from runtime.sim.trials.crossed import load_crossed
    from runtime.sim.trials.large import large_at_site, large_in_twin, seen_large
    from runtime.sim.trials.protocol import Protocol
    from runtime.sim.trials.recorded import of_site, recorded
    from runtime.sim.trials.rollouts import save_rollouts
    from runtime.sim.trials.run import run_trials
    from runtime.sim.trials.tables import said_of, save_twice, trial_table
    from runtime.sim.trials.transform import transformed
    from runtime.sim.twin.twin import eyes_of, read_behind, read_model, read_twin
    from runtime.stats.looks.look import batch
    from runtime.store.manifest import lineage

    repeated = p.twice if p.look == 1 else 0
    first, end = batch(p.trials, p.schedule, p.look, p.arm, before)
    facts = read_twin(twin)
    task = facts.task
    found, digest = replay(conditions, first, end)
    protocol = Protocol(task, facts.control_hz, digest)
    out.path("protocol").write_text(json.dumps({"digest": protocol.digest, **protocol.to_json()}, indent=1) + "\n")
    if first >= end:
        pq.write_table(trial_table([], p.domain, protocol.digest), out.path("trials"))
        save_rollouts(out.path("rollouts"), [], 1.0)
        save_twice(out.path("twice"), [], [])
        out.log("the comparison has stopped: no trials")
        return {"n": 0, "protocol": protocol.digest}
    actor = transformed(load_crossed(policy, facts.robot), transform)
    if abs(float(actor.facts["fps"]) - facts.control_hz) > 1e-6:
        message = f"the policy acts {actor.facts['fps']} times a second, the twin wants {facts.control_hz:g}"
        raise InputError(Problem("R272", message, "train it on demos of this twin", "stages.twin.control_hz"))
    if p.domain == "irl_proxy" and p.site is None:
        message = "the location has no hidden site to run trials at"
        raise InputError(Problem("R271", message, "evaluate it in `twin`", "trials"))
    if p.site is not None and any(one.gap is None for one in found):
        message = "the conditions name no level of the gap, which trials at a hidden site have"
        raise InputError(Problem("R273", message, "plan again"))
    measured: dict[str, Any] = {}
    made_from = [made for made in lineage([policy]) if made["stage"] == "demos"]
    if not any(f"twin/{twin.name}" in made.get("parents", {}).get("twin", ()) for made in made_from):
        measured |= self_test(read_model(twin), facts)  # no demos were made in this twin, which would have tested the task
    done, again = [], []
    factors: dict[int, str | None] = {}
    larger: dict[int, Any] = {}  # by initial state: the first camera with as many pixels as people need
    for level, task, starts in alike(facts.task, found):
        if p.site is not None and level is not None:
            here = p.site.at(level), replace(facts, task=task)
            real = install(*here)
            wide = cache(partial(large_at_site, *here))
            model, physics, eyes = real.model, real.physics, real.eyes
            measured["support_height_error_m"] = round(real.support_height_error_m, 4)
            measured["support_tilt_deg"] = round(real.support_tilt_deg, 3)
        else:
            model, physics = read_model(twin, facts, task), facts.physics
            eyes = eyes_of(model, facts, read_behind(twin, facts))
            wide = cache(partial(large_in_twin, model, facts, twin, scene))
        at_site = {} if p.site is None or level is None else of_site(p.site.at(level))
        mine = {start.index for start in starts}
        factors |= {c.start.index: recorded(c, facts.robot, at_site) for c in found if c.start.index in mine}
        refuse_unsettled(model, physics, task, starts, facts.robot)
        horizon_steps = round(task.horizon_s * facts.control_hz)
        bench_of = partial(Bench, model, physics, task, facts.control_hz, robot=facts.robot)
        done += run_trials(bench_of(starts), eyes, actor, horizon_steps, actor.facts["camera_keys"])
        larger |= {start.index: wide for start in starts}
        twice = [start for start in starts if start.index < first + repeated]
        if twice:
            again += run_trials(bench_of(twice), eyes, actor, horizon_steps, actor.facts["camera_keys"])
    done.sort(key=lambda trial: trial.initial_state)
    measured |= save_twice(out.path("twice"), done, sorted(again, key=lambda trial: trial.initial_state))
    pq.write_table(trial_table(done, p.domain, protocol.digest, factors), out.path("trials"))
    save_rollouts(
        out.path("rollouts"),
        done,
        facts.control_hz,
        p.sheet_columns,
        p.sheet_scale,
        p.film_scale,
        lambda trial, every: seen_large(trial, eye, every) if (eye := larger[trial.initial_state]()) else None,
    )
    out.log(f"{sum(t.success for t in done)} of {len(done)} trials succeeded")
    return {**said_of(done), **measured, "protocol": protocol.digest}
