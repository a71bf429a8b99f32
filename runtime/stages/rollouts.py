"""Rollouts in the twin: failures, near misses and successes, as a world model needs them."""

from pathlib import Path

from pydantic import Field

from runtime.contract import Contract, of_demos
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, stage

SHEET_ROWS = 6


class RolloutsParams(Params):
    """How many attempts, and how the expert is held back in them."""

    episodes: int = Field(120, ge=1, le=10_000, json_schema_extra={"rollouts": {"twin": 1}})
    """Attempts, whatever comes of them."""
    aim_sd_m: float = Field(0.025, ge=0, le=0.2)
    """Where an attempt is mistaken, the standard deviation of how far aside objects are taken to be, along each axis."""
    mistaken: float = Field(0.5, ge=0, le=1)
    """Share of attempts that are mistaken: with 0 there are hardly any near misses."""
    slow: float = Field(0.3, ge=0, le=1)
    """Share of attempts that go only part of each way."""
    stalled: float = Field(0.25, ge=0, le=1)
    """Share of attempts that stop at some step and drift."""
    hold_steps: int = Field(16, ge=0, le=50)
    """Steps kept after success, as many as a world model predicts: with fewer, windows know success only near their end."""
    rollout_seed: int = Field(0, ge=0)
    """Seed of the starts and of what holds the expert back."""


@stage(
    version=2,
    metrics=by_unit(count="episodes frames", share="success_rate touch_rate"),
    libraries=minor("mink", "mujoco", "numba", "numpy", "pillow"),
    per=("location", "task"),
    needs={"twin": one("twin")},
    makes={"attempts": "attempts.npz", "preview": "preview.png"},
    offers=lambda p, inputs: of_demos(inputs.get("twin", Contract()), "twin"),
    expects=lambda p: {"twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(mem_gb=1.0, minutes=0.1 + p.episodes / 600),
)
def rollouts(p: RolloutsParams, twin: Path, out: Out) -> dict[str, float | int]:
    """Let the expert try with disturbed joints, a wrong idea of where objects are, too little haste, or until it stalls; record
    each state, action, reward, touch, and whether it was done by then. Pictures are drawn again from the states.

    Raises:
        InputError: R262 when the task is held out.
    """
    import numpy as np

    from runtime.sim.episodes.attempts import Hindered, attempts, replay, save_attempts
    from runtime.sim.pixels.contact_sheet import save_sheet, side_by_side
    from runtime.sim.twin.twin import contract_of, eyes_of, read_behind, read_learnable, read_model

    facts, model = read_learnable(twin), read_model(twin)
    how = Hindered(p.aim_sd_m, p.mistaken, p.slow, p.stalled, p.hold_steps, (p.rollout_seed,))
    found = []
    for attempt in attempts(model, facts, how, p.episodes):
        found.append(attempt)
        out.progress(len(found) / p.episodes, "trying")
    save_attempts(out.path("attempts"), found)
    rng, eyes = np.random.default_rng([73, p.rollout_seed]), eyes_of(model, facts, read_behind(twin, facts))
    films = [[[eye.see(data, rng) for eye in eyes.values()] for data in replay(model, each)] for each in found[:SHEET_ROWS]]
    save_sheet(out.path("preview"), [side_by_side([np.stack(one) for one in zip(*film, strict=True)]) for film in films])
    out.contract(**vars(of_demos(contract_of(facts), "twin")))
    wins = sum(bool(each.success[-1]) for each in found)
    return {
        "episodes": len(found),
        "frames": sum(len(each) + 1 for each in found),
        "success_rate": round(wins / len(found), 4),
        "touch_rate": round(float(np.mean([each.contact.any() for each in found])), 4),
    }
