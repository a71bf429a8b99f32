"""Stage `paced`: a policy learns off policy from demos, rollouts at its place, and as much of a world model as its pacing
admits."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from runtime.contract import CHECKS, Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, maybe, one, previous, stage


class PacedParams(Params):
    """How it learns, what is imagined beside it, and what of that is admitted (docs/paced-samples.md)."""

    updates: int = Field(300, ge=1, json_schema_extra={"budget": "steps"})
    """Gradient steps of a round."""
    critic_first: int = Field(100, ge=0)
    """Of the first round's, how many teach the critics alone."""
    batch_size: int = Field(128, ge=4)
    """Transitions of a step, half of them demos."""
    rate: float = Field(1e-3, gt=0)
    """Learning rate of critics."""
    actor_rate: float = Field(3e-4, gt=0)
    """Learning rate of actor and temperature."""
    discount: float = Field(0.95, gt=0, lt=1)
    """Of what a chunk later brings."""
    anchor: float = Field(0.5, ge=0)
    """Weight of the squared distance from the policy that it began from, in units of `reach_rad`."""
    critics: int = Field(4, ge=2, le=20)
    """Members of the ensemble of values; two of them make a target."""
    reach_rad: float = Field(0.15, gt=0, le=1)
    """Furthest that a joint's target may be moved from what the policy means by itself."""
    stride: int = Field(2, ge=1, le=50)
    """Control steps from one chunk to the next that is learned from."""
    copies: int = Field(2, ge=1, le=100)
    """Counterfactuals of each real segment."""
    segments_every: int = Field(4, ge=1, le=50)
    """Control steps from one real segment to the next of which counterfactuals are imagined."""
    perturbation: float = Field(0.3, gt=0, le=2)
    """Standard deviation by which a counterfactual's action is off, in units of `reach_rad`."""
    admit: Literal["paced", "all", "random", "none"] = "paced"
    """`paced`: what members agree about and what is not worth too much, successes and failures balanced; `random`: as many by
    lot."""
    schedule: Literal["paced", "fixed"] = "paced"
    """`paced`: the synthetic share falls as values grow unsure; `fixed`: it is `most`."""
    most: float = Field(0.5, ge=0, le=1)
    """Largest synthetic share of what is no demo in a batch."""
    calm: float = Field(0.1, gt=0)
    """Uncertainty of values at which that is 1/e of the largest."""
    most_apart_mm: float = Field(6.0, ge=0)
    """How far members may be apart about where tip or objects end."""
    most_apart_done: float = Field(0.2, ge=0)
    """And about whether it is done, as a standard deviation of the probability."""
    quantile: float = Field(0.9, ge=0, le=1)
    """Of what real transitions nearby are worth: the most that a synthetic one may be."""
    neighbours: int = Field(16, ge=1)
    """How many are nearby."""
    balance: float = Field(3.0, ge=1)
    """At most so many times as many synthetic successes as failures, and the other way round."""
    select_every: int = Field(50, ge=1)
    """Gradient steps from one selection to the next."""
    seed: int = bound("seed")
    """Training seed: weights, batches, perturbations."""


@stage(
    version=1,
    metrics=by_unit(
        count="round real_transitions synthetic_transitions demo_transitions",
        share="admitted_first admitted_last admitted_mean rho_first rho_last rho_mean synthetic_success sure modest "
        "uncertainty_first uncertainty_last worth_real worth_synthetic",
        rad="away_rad moved_rad",
        steps="real_steps gradient_steps",
        loss="critic_loss",
        text="weights_digest",
    ),
    libraries=minor("lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    kind="policy",
    per=("location", "task", "approach", "seed", "round"),
    needs={
        "policy": one("policy"),
        "demos": one("demos"),
        "site": one("site_rollouts"),
        "world": maybe("world_model"),
        "twin": one("twin"),
        "before": previous("policy", "round", only_own=True),
    },
    agree=(("policy", "demos"), ("policy", "twin")),
    same=(("policy", "demos"),),
    makes={
        "checkpoint": "checkpoint/",
        "facts": "policy.json",
        "learner": "learner.safetensors",
        "looks": "paced.csv",
        "transitions": "transitions.npz",
    },
    offers=lambda p, inputs: inputs.get("policy", Contract()),
    expects=lambda p: {"policy": Contract(architecture="small"), "demos": Contract(checked=CHECKS)},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.03 + p.updates / 6000 + (0 if p.admit == "none" else 0.02 * p.copies)),
)
def paced(
    p: PacedParams, policy: Path, demos: Path, site: Path, world: Path | None, twin: Path, before: Path | None, out: Out
) -> dict[str, float | int | str | None]:
    """Learn what to add to the policy's plan, by soft actor-critic on demos, all rollouts at the place so far, and
    counterfactuals of
    these that the world model imagines anew in each round. `transitions.npz` holds every transition with its origin, round and
    distance; `paced.csv` what was admitted and the synthetic share, along training.

    Raises:
        InputError: R319 when the policy's architecture cannot be trained on; R348 when it looks through another camera than the
            world model paints; R385 when it looks at more than one observation; R422 when it plans more steps than are imagined;
            R423 when there is no world model, and something of it is to be admitted.
    """
    import csv
    from dataclasses import asdict, fields

    import numpy as np
    from safetensors.torch import load_file, save_file

    from runtime.learn.checkpoint import save_facts
    from runtime.learn.dataset import read_arrays
    from runtime.learn.learner import resumed
    from runtime.learn.load import load_policy
    from runtime.learn.train import luck_of, seed_everything, weights_digest
    from runtime.mining.acts import Acts
    from runtime.mining.counterfactual import HORIZON, Nearby, carried_out, imagined
    from runtime.mining.paced import Looked, Pace, learn
    from runtime.problem import InputError, Problem
    from runtime.rl.sac import DEMO, Recipe, Sac
    from runtime.sim.episodes.explored import Steps, read_steps
    from runtime.sim.twin.twin import read_twin
    from runtime.store.manifest import read_manifest
    from runtime.world.model import read_world
    from runtime.world.trials import refuse_cameras

    facts, arrays = load_policy(policy / "checkpoint").facts, read_arrays(demos / "dataset")
    if facts["history"] > 1:
        message = f"the policy looks at {facts['history']} observations; rollouts keep one"
        raise InputError(Problem("R385", message, "train it with `n_obs_steps: 1`", "stages.policy.n_obs_steps"))
    if facts["n_action_steps"] > HORIZON:
        message = f"the policy plans {facts['n_action_steps']} steps, of which at most {HORIZON} are imagined"
        raise InputError(Problem("R422", message, "look again sooner", "stages.policy.n_action_steps"))
    if p.admit != "none" and world is None:
        message = "nothing imagines what is to be admitted"
        raise InputError(Problem("R423", message, "say `inputs: {paced: {world: post_world}}`, or `admit: none`", "inputs.paced"))
    this, luck = int(read_manifest(site)["metrics"]["round"]), luck_of(p.seed, arrays)
    learner = resumed(policy / "checkpoint", facts, demos / "dataset")
    acts, rng = Acts(learner, p.reach_rad), np.random.default_rng([101, luck, this])
    steps = read_steps(site / "steps.npz")
    ends = np.concatenate([np.diff(arrays.episode_index) > 0, [True]])
    shown = Steps(arrays.images, arrays.state, arrays.action, ends, arrays.episode_index, np.zeros(len(ends), np.int64))
    told, real = carried_out(acts, shown, p.stride, DEMO), carried_out(acts, steps, p.stride)
    synthetic = real.of(np.zeros(0, int))
    if world is not None and p.admit != "none":
        model, nearby = read_world(world / "model"), Nearby(p.copies, p.segments_every, p.perturbation)
        refuse_cameras(model, facts["camera_keys"])
        synthetic = imagined(
            acts, model, steps, nearby, this, read_twin(twin).robot.limits_rad, np.random.default_rng([103, luck, this])
        )
    recipe = Recipe(p.batch_size, p.rate, p.actor_rate, p.discount, anchor=p.anchor)
    seed_everything(luck + this)  # after whatever was read, so that all arms begin alike
    sac = Sac(real.seen.shape[1], acts.size, recipe, critics=p.critics)
    if before:
        sac.load(load_file(before / "learner.safetensors"))
    apart = p.most_apart_mm / 1000, p.most_apart_done
    pace = Pace(p.admit, p.schedule, *apart, p.quantile, p.neighbours, p.balance, p.most, p.calm)
    first = 0 if before else min(p.critic_first, p.updates)
    looks = learn(sac, told, real, synthetic, pace, p.updates, first, p.select_every, this, rng, out.progress)
    made = acts.together(sac.actor)
    made.save(out.path("checkpoint"))
    gone = read_manifest(before)["metrics"]["gradient_steps"] if before else 0
    save_facts(out.path("facts"), {**facts, "seed": p.seed, "steps": facts["steps"] + gone + p.updates})
    save_file({name: value.contiguous() for name, value in sac.state().items()}, out.path("learner"))
    every = told.joined(real).joined(synthetic)
    np.savez_compressed(out.path("transitions"), **{name: value for name, value in vars(every).items()})
    with out.path("looks").open("w", newline="") as file:
        rows = csv.DictWriter(file, [field.name for field in fields(Looked)])
        rows.writeheader()
        rows.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in asdict(one).items()} for one in looks)
    out.contract(**read_manifest(policy)["contract"])
    moved = acts.reach * np.abs(sac.best(real.seen)).mean()

    def mean(name: str) -> float:
        return round(float(np.mean([getattr(one, name) for one in looks])), 6)

    last = looks[-1]
    out.log(f"round {this}: {100 * last.admitted:.0f}% of {len(synthetic)} admitted, rho {last.rho:.2f}")
    return {
        "round": this,
        "demo_transitions": len(told),
        "real_transitions": len(real),
        "synthetic_transitions": len(synthetic),
        "synthetic_success": round(float(synthetic.reward.mean()), 6) if len(synthetic) else None,
        "admitted_first": looks[0].admitted,
        "admitted_last": last.admitted,
        "admitted_mean": mean("admitted"),
        "rho_first": round(looks[0].rho, 6),
        "rho_last": round(last.rho, 6),
        "rho_mean": mean("rho"),
        "sure": mean("sure"),
        "modest": mean("modest"),
        "uncertainty_first": round(looks[0].uncertainty, 6),
        "uncertainty_last": round(last.uncertainty, 6),
        "worth_real": round(last.worth_real, 6),
        "worth_synthetic": None if np.isnan(last.worth_synthetic) else round(last.worth_synthetic, 6),
        "away_rad": round(float(synthetic.away_rad.mean()), 6) if len(synthetic) else None,
        "moved_rad": round(float(moved), 6),
        "real_steps": int(read_manifest(site)["metrics"]["real_steps_so_far"]),
        "gradient_steps": gone + p.updates,
        "critic_loss": round(last.critic_loss, 6),
        "weights_digest": weights_digest(made),
    }
