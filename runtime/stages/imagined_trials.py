"""Trials of a policy inside the world model of its place."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from runtime.bound.sequential import Schedule
from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, baselines, bound, by_unit, maybe, one, previous, stage


class ImaginedTrialsParams(Params):
    """How often."""

    domain: Literal["world_model"] = bound("domain")
    """Where the trials run."""
    trials: int = bound("trials", ge=1, le=100_000)
    """Number of trials; trial I starts from condition I, whatever the approach."""
    schedule: Schedule | None = bound("schedule", default=None)
    """Where trials come in batches: how many of them, and when they are looked at."""
    look: int = bound("look", default=1, ge=1)
    """Which batch this is."""
    arm: str = bound("arm", default="")
    """Id of the approach, for batches after the first: an interim look says how many trials it runs."""
    twice: int = Field(4, ge=0)
    """Trials, the first ones, that are imagined a second time to measure whether they end the same."""
    sheet_columns: int = Field(8, ge=2, le=40)
    """Frames per row of a contact sheet."""
    sheet_scale: int = Field(3, ge=1, le=12)
    """Size of a contact sheet's pixels."""
    film_scale: int = Field(3, ge=1, le=12)
    """Size of a film's pixels."""


@stage(
    version=3,
    metrics=by_unit(
        share="success_rate mean_probability disagreement mean_score",
        count="n failure_modes.* repeated differing",
        steps="mean_steps steps_apart",
        text="protocol",
    ),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    kind="trials",
    role="trials",
    domains=("world_model",),
    per=("location", "task", "approach", "seed", "domain", "look"),
    needs={
        "policy": one("policy"),
        "world": baselines("world_model"),
        "twin": baselines("twin"),
        "conditions": baselines("conditions"),
        "before": previous("interim", "look"),
        "transform": maybe("transform"),
    },
    agree=(("policy", "twin"), ("policy", "transform"), ("world", "twin")),
    makes={
        "trials": "trials.parquet",
        "rollouts": "rollouts/",
        "twice": "twice.parquet",
        "protocol": "protocol.json",
        "imagined?": "imagined.npz",
    },
    expects=lambda p: {"policy": Contract(instruction_key="task"), "twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(minutes=0.02 + p.trials / 600),
)
def imagined_trials(
    p: ImaginedTrialsParams,
    policy: Path,
    world: Path,
    twin: Path,
    conditions: Path,
    before: Path | None,
    transform: Path | None,
    out: Out,
) -> dict[str, Any]:
    """Let the policy act on pictures that the world model paints. Of the twin only the first picture of each trial is seen,
    and the joints there. `imagined.npz` holds the probability of success, and how far members of the ensemble are apart about it.

    Raises:
        InputError: R272 when policy and twin differ in control rate; R273 when the condition set does not fit; R318 when the
            transform is not for the policy's cameras; R344 when the model lacks files; R348 when the policy looks through
            another camera than the model paints.
    """
    import json

    import numpy as np
    import pyarrow.parquet as pq

    from runtime.problem import InputError, Problem
    from runtime.sim.trials.conditions import replay
    from runtime.sim.trials.crossed import load_crossed
    from runtime.sim.trials.protocol import Protocol
    from runtime.sim.trials.recorded import recorded
    from runtime.sim.trials.rollouts import save_rollouts
    from runtime.sim.trials.tables import said_of, save_twice, trial_table
    from runtime.sim.trials.transform import transformed
    from runtime.sim.twin.twin import read_twin
    from runtime.stats.looks.look import batch
    from runtime.world.model import read_world
    from runtime.world.trials import dreamt_from, judged

    first, end = batch(p.trials, p.schedule, p.look, p.arm, before)
    facts = read_twin(twin)
    found, digest = replay(conditions, first, end)
    protocol = Protocol(facts.task, facts.control_hz, digest)
    out.path("protocol").write_text(json.dumps({"digest": protocol.digest, **protocol.to_json()}, indent=1) + "\n")
    if first >= end:
        pq.write_table(trial_table([], p.domain, protocol.digest), out.path("trials"))
        save_rollouts(out.path("rollouts"), [], 1.0)
        save_twice(out.path("twice"), [], [])
        out.log("the comparison has stopped: no trials")
        return {"n": 0, "protocol": protocol.digest}
    model, actor = read_world(world / "model"), transformed(load_crossed(policy, facts.robot), transform)
    if abs(float(actor.facts["fps"]) - facts.control_hz) > 1e-6:
        message = f"the policy acts {actor.facts['fps']} times a second, the twin wants {facts.control_hz:g}"
        raise InputError(Problem("R272", message, "train it on demos of this twin", "stages.twin.control_hz"))
    dreams = dreamt_from(model, actor, twin, facts, found)
    done = judged(dreams.dream, dreams.indices, model)
    again = [c for c in found if p.look == 1 and c.start.index < first + p.twice]
    repeated = []
    if again:
        second = dreamt_from(model, actor, twin, facts, again)
        repeated = judged(second.dream, second.indices, model)
    measured = save_twice(out.path("twice"), done, repeated)
    factors = {one.start.index: recorded(one, facts.robot, {}) for one in found}
    pq.write_table(trial_table(done, p.domain, protocol.digest, factors), out.path("trials"))
    save_rollouts(out.path("rollouts"), done, facts.control_hz, p.sheet_columns, p.sheet_scale, p.film_scale)
    chance = dreams.dream.done[:, -1]
    np.savez_compressed(out.path("imagined"), initial_state=dreams.indices, success=chance, apart=dreams.dream.apart)
    out.log(f"{100 * chance.mean():.0f}% of {len(done)} trials are expected to have succeeded")
    own = {"mean_probability": chance.mean(), "disagreement": dreams.dream.apart.mean()}
    chances = {name: round(float(value), 6) for name, value in own.items()}
    return {**said_of(done), **chances, **measured, "protocol": protocol.digest}
