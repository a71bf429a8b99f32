"""Stage `rl`: a policy is improved in a varied twin by reinforcement learning, or by what RL has to be better than."""

from pathlib import Path

from runtime.contract import CHECKS, Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.rl.params import RlParams
from runtime.splat.renderer import Renderer
from runtime.stage import Resources, by_unit, one, stage


@stage(
    version=4,
    metrics=by_unit(
        share="success_before success_after reward_hacked clone_kl clone_rms_rad teacher_success",
        loss="reward_before reward_after held_out_loss",
        count="control_steps episodes gradient_steps shown",
        text="weights_digest stopped",
    ),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    kind="policy",
    per=("location", "task", "approach", "seed"),
    needs={"policy": one("policy"), "demos": one("demos"), "twin": one("twin"), "scene": one("splat")},
    agree=(("policy", "demos"), ("policy", "twin")),
    same=(("policy", "demos"),),
    makes={"checkpoint": "checkpoint/", "facts": "policy.json", "points": "rl.csv", "curve?": "curve.csv"},
    backends=("renderer",),
    offers=lambda p, inputs: inputs.get("policy", Contract()),
    expects=lambda p: {"policy": Contract(architecture="small"), "demos": Contract(checked=CHECKS)},
    cost=lambda p: Resources(
        mem_gb=2.0,
        minutes=0.3
        + (p.control_steps / 60_000 if p.by_reward or (p.method, p.teacher) == ("dagger", "state_ppo") else 0)
        + (0 if p.by_reward else p.steps / 6000)
        + (p.episodes / 1800 if p.method in ("dagger", "filtered") else 0),
    ),
)
def rl(
    p: RlParams, policy: Path, demos: Path, twin: Path, scene: Path, out: Out, renderer: Renderer
) -> dict[str, float | int | str | None]:
    """Improve a policy in twins that vary from episode to episode. No new real data, and nothing of a site but its photos.

    Raises:
        InputError: R262 when the task is held out; R319 when the policy's architecture cannot be trained on; R380 when the reward
            has no such part; R385 when the policy looks at more than one observation; R399 when what it means to do is no finite
            number.
    """
    from functools import partial

    from runtime.learn.checkpoint import save_facts
    from runtime.learn.dataset import read_arrays, with_places
    from runtime.learn.learner import fresh_like, resumed
    from runtime.learn.load import load_policy
    from runtime.learn.small.learner import LightLearner
    from runtime.learn.train import luck_of, save_curve, seed_everything, weights_digest
    from runtime.problem import InputError, Problem
    from runtime.rl.actor import Whole
    from runtime.rl.methods import Setting, by_cloning, by_reward
    from runtime.rl.rollout import Course, Told, first_episodes
    from runtime.rl.train import save_points
    from runtime.sim.twin.twin import read_learnable
    from runtime.sim.vector.bench import VectorBench, vector_bench
    from runtime.store.manifest import read_manifest

    read_learnable(twin)
    facts = load_policy(policy / "checkpoint").facts
    if facts["history"] > 1:
        message = f"the policy looks at {facts['history']} observations; rollouts keep one"
        raise InputError(Problem("R385", message, "train it with `n_obs_steps: 1`", "stages.policy.n_obs_steps"))
    old = with_places(read_arrays(demos / "dataset"), demos / "places.npz")
    luck = luck_of(p.seed, old)
    seed_everything(luck)

    made_of = partial(vector_bench, twin, terms=p.reward, discount=p.discount)

    def varied(number: int, rows: int, look: bool) -> VectorBench:
        seed = (luck + number) % 2**31
        return made_of(rows=rows, seed=seed, randomise=p.randomise, look=look, scene=scene, renderer=renderer)

    def checked(learner: LightLearner) -> Told:
        bench = made_of(rows=p.check, seed=p.seed, look=True, purpose="development")
        return first_episodes(Course(bench, learner.spec.n_action_steps), Whole(learner).plan)

    clone = resumed(policy / "checkpoint", facts, demos / "dataset", p.places_weight)
    before = checked(clone)
    learner = clone if p.start == "policy" else fresh_like(policy / "checkpoint", facts, demos / "dataset")
    setting = Setting(p, varied, policy, facts, demos / "dataset", old, luck, out.progress)
    made = (by_reward if p.by_reward else by_cloning)(setting, learner)
    after = checked(made.learner)
    made.learner.save(out.path("checkpoint"))
    last = made.points[-1]
    save_facts(out.path("facts"), {**facts, "seed": p.seed, "steps": facts["steps"] + last.gradient_steps})
    save_points(out.path("points"), made.points)
    if made.trained:
        save_curve(out.path("curve"), made.trained)
    out.contract(**read_manifest(policy)["contract"])
    out.log(
        f"success in the twin {100 * before.success.mean():.0f} -> {100 * after.success.mean():.0f}%, ended by {made.stopped}"
    )
    return {
        "success_before": round(float(before.success.mean()), 4),
        "success_after": round(float(after.success.mean()), 4),
        "reward_before": round(float(before.paid.mean()), 4),
        "reward_after": round(float(after.paid.mean()), 4),
        "reward_hacked": float(after.hacked(before)),
        "clone_kl": last.clone_kl,
        "clone_rms_rad": last.clone_rms_rad,
        "teacher_success": made.teacher_success,
        "control_steps": last.control_steps,
        "episodes": last.episodes,
        "gradient_steps": last.gradient_steps,
        "shown": made.shown,
        "held_out_loss": made.trained.held_out_loss if made.trained else None,
        "stopped": made.stopped,
        "weights_digest": weights_digest(made.learner),
    }
