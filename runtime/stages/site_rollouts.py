"""Stage `site_rollouts`: what an approach's policy does at the place itself while it explores; new real data, steered by
nobody."""

from pathlib import Path

from pydantic import Field

from runtime.bound.conditions import GapLevel
from runtime.bound.source import HiddenSite
from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, previous, stage


class SiteRolloutsParams(Params):
    """How much is tried at the place in a round, and how far the policy leans off meanwhile."""

    control_steps: int = Field(400, ge=1, json_schema_extra={"budget": "steps", "recorded": "control_steps"})
    """Control steps at the place in a round, at most: rollouts that would not fit whole are not begun."""
    sway_rad: float = Field(0.05, ge=0, le=0.5)
    """Standard deviation of what is added to each joint's target by the end of a plan, drawn for each plan."""
    hold_steps: int = Field(8, ge=0, le=50)
    """Steps kept after success, which count; with fewer a world model hardly sees what done is."""
    gap: GapLevel = "medium"
    """Level of the hidden site's gap at which it is tried."""
    site: HiddenSite = bound("site")
    """The hidden site."""
    seed: int = bound("seed")
    """Training seed: starts, and how the policy leans."""


@stage(
    version=1,
    metrics=by_unit(count="round episodes frames real_episodes", steps="real_steps real_steps_so_far", share="success_rate"),
    libraries=minor("lerobot", "mujoco", "numba", "numpy", "pillow", "safetensors", "torch", "torchvision") | exact("pyarrow"),
    takes="recordings",
    per=("location", "task", "approach", "seed", "round"),
    needs={
        "policy": one("policy"),
        "policy_before": previous("policy", "round"),
        "twin": one("twin"),
        "before": previous("site_rollouts", "round", only_own=True),
    },
    agree=(("policy", "twin"),),
    makes={"steps": "steps.npz", "preview": "preview.png"},
    offers=lambda p, inputs: inputs.get("policy", Contract()),
    expects=lambda p: {"policy": Contract(instruction_key="task"), "twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(minutes=0.02 + p.control_steps / 20_000),
)
def site_rollouts(
    p: SiteRolloutsParams, policy: Path, policy_before: Path | None, twin: Path, before: Path | None, out: Out
) -> dict[str, float | int]:
    """Let the policy (in later rounds what came of the round before) act at the hidden site, and keep what a real robot would:
    pictures, joints, targets, and whether it was done. `steps.npz` holds that of all rounds so far, each step with its round.

    Raises:
        InputError: R262 when the task is held out; R420 when the budget is shorter than one rollout.
    """
    from dataclasses import replace

    import numpy as np

    from runtime.problem import InputError, Problem
    from runtime.sim.episodes.explored import Sway, explored, read_steps
    from runtime.sim.pixels.contact_sheet import save_sheet
    from runtime.sim.site.install import install
    from runtime.sim.trials.crossed import load_crossed
    from runtime.sim.twin.twin import read_learnable
    from runtime.store.manifest import read_manifest

    facts = read_learnable(twin)
    horizon = round(facts.task.horizon_s * facts.control_hz)
    if p.control_steps < horizon:
        message = f"{p.control_steps} control steps at the place are fewer than the {horizon} of one rollout"
        raise InputError(Problem("R420", message, "raise the budget of a round", "stages.site_rollouts.control_steps"))
    past = read_manifest(before)["metrics"] if before else {"round": 0, "real_steps_so_far": 0}
    this, real = int(past["round"]) + 1, install(p.site.at(p.gap), facts)
    actor, there = load_crossed(policy_before or policy, facts.robot), replace(facts, physics=real.physics)
    sway = Sway(p.sway_rad, (p.seed, this))
    steps, spent = explored(real.model, there, real.eyes, actor, sway, p.control_steps, p.hold_steps, this)
    whole = steps.after(read_steps(before / "steps.npz") if before else None)
    whole.save(out.path("steps"))
    first = next(iter(steps.images.values()))
    episodes = np.unique(steps.episode)
    save_sheet(out.path("preview"), [first[steps.episode == e][::4] for e in episodes[:6]])
    won = [bool(steps.success[steps.episode == e].any()) for e in episodes]
    out.contract(**read_manifest(policy)["contract"])
    out.log(f"round {this}: {sum(won)} of {len(won)} rollouts at the place succeeded, {spent} control steps")
    return {
        "round": this,
        "episodes": len(won),
        "frames": len(whole),
        "real_episodes": len(won),
        "real_steps": spent,
        "real_steps_so_far": int(past["real_steps_so_far"]) + spent,
        "success_rate": round(sum(won) / len(won), 4),
    }
