"""Stage `self_rollouts`: what a policy does by itself in the nominal twin, failures included, for a world model to learn from."""

from pathlib import Path

from pydantic import Field

from runtime.contract import CHECKS, Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, previous, stage


class SelfRolloutsParams(Params):
    """How many."""

    rollouts: int = Field(64, ge=2, le=100_000, json_schema_extra={"rollouts": {"twin": 1}})
    """Rollouts in a round (WMPO's P), in the twin as it is: no real data."""
    hold_steps: int = Field(8, ge=0, le=50)
    """Steps after success that the world model is told."""
    hold_shown: int = Field(3, ge=0, le=50)
    """Steps after success that are shown to a policy."""
    seed: int = bound("seed")
    """Training seed: starts."""


@stage(
    version=1,
    metrics=by_unit(count="round twin_rollouts shown shown_frames left_out", share="success_rate"),
    libraries=minor("lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    kind="remedies",
    per=("location", "task", "approach", "seed", "round"),
    needs={
        "policy": one("policy"),
        "policy_before": previous("policy", "round"),
        "demos": one("demos"),
        "twin": one("twin"),
        "before": previous("remedies", "round", only_own=True),
    },
    agree=(("policy", "twin"),),
    makes={"attempts": "attempts.npz", "shown": "shown.npz"},
    offers=lambda p, inputs: Contract(checked=CHECKS),
    expects=lambda p: {"demos": Contract(checked=CHECKS)},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.05 + p.rollouts / 1500),
)
def self_rollouts(
    p: SelfRolloutsParams, policy: Path, policy_before: Path | None, demos: Path, twin: Path, before: Path | None, out: Out
) -> dict[str, float | int]:
    """Let the policy (in later rounds the one that was kept before) drive in the twin: `attempts.npz` has all of its rollouts so
    far, `shown.npz` the pictures and actions of those that succeeded, which filtered cloning learns from.

    Raises:
        InputError: R262 when the task is held out.
    """
    import numpy as np

    from runtime.coverage.checks import all_fit
    from runtime.learn.dataset import joined, read_arrays, with_places
    from runtime.learn.load import load_policy
    from runtime.sim.episodes.attempts import load_attempts, own_attempts, own_episode, save_attempts
    from runtime.sim.episodes.episodes import redraw
    from runtime.sim.episodes.places import places_of
    from runtime.sim.episodes.practice import hash_of
    from runtime.sim.tasks import kind_of
    from runtime.sim.twin.twin import eyes_of, pictures_behind, read_behind, read_learnable, read_model
    from runtime.store.manifest import read_manifest

    facts, model = read_learnable(twin), read_model(twin)
    past = int(read_manifest(before)["metrics"]["round"]) if before else 0
    own, kind = (97, p.seed, past), kind_of(facts.task)
    starts = [kind.draw_start(facts.task, i, "practice", hash_of(own), facts.robot) for i in range(p.rollouts)]
    eyes, rng = list(eyes_of(model, facts, read_behind(twin, facts)).values()), np.random.default_rng(own)
    tried = own_attempts(model, facts, starts, load_policy((policy_before or policy) / "checkpoint"), eyes, p.hold_steps, rng)
    won, behind, films = [bool(rollout.success[-1]) for rollout in tried], pictures_behind(twin, facts), []
    for i in np.flatnonzero(won):
        episode = own_episode(tried[i], starts[i], p.hold_shown)
        film = {eye.camera.name: redraw(eye, episode, rng) for eye in eyes}
        if all_fit(film, behind, len(episode)):
            films.append((film, episode.state, episode.action, places_of(episode, model, facts, facts.cameras)))
    old = with_places(read_arrays(demos / "dataset"), demos / "places.npz")
    joined(old, films, before / "shown.npz" if before else None, out.path("shown"))
    save_attempts(out.path("attempts"), [*(load_attempts(before / "attempts.npz") if before else ()), *tried])
    out.contract(checked=CHECKS)
    return {
        "round": past + 1,
        "twin_rollouts": len(tried),
        "success_rate": round(float(np.mean(won)), 4),
        "shown": len(films),
        "shown_frames": sum(len(state) for _, state, *_ in films),
        "left_out": sum(won) - len(films),
    }
