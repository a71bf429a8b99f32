"""Stage `state_policy`: a policy on the true state of the twin, trained by reinforcement learning in another simulator."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from runtime.bound.randomise import Randomise
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, stage

if TYPE_CHECKING:
    from runtime.trainers.isaaclab import IsaacLab


class StatePolicyParams(Params):
    """How long it is trained, from what, and on how much both simulators are compared."""

    environments: int = Field(1024, ge=1, le=65_536)
    """Environments side by side."""
    iterations: int = Field(300, ge=1, le=100_000)
    """Updates of PPO, after 24 control steps of each environment."""
    learning_rate: float = Field(1e-3, gt=0, le=0.1)
    """Of PPO at first; it follows the divergence between updates."""
    action_scale_rad: float = Field(0.5, gt=0, le=3.2)
    """How far from home a joint's target is where the policy gives 1."""
    randomise: Randomise = Randomise(width=0)
    """What varies from trial to trial; of it, the trainer draws the friction of robot and object, and the servos' gain."""
    reward: dict[str, float] = Field(default_factory=dict)
    """Weights of parts of the reward (docs/rl.md) that differ from their own."""
    training_seed: int = Field(0, ge=0)
    """Seed of the training."""
    device: Literal["cpu", "cuda:0"] = "cuda:0"
    """Where it is trained; a CPU does for trying it out."""
    trials: int = Field(64, ge=1, le=1000)
    """Development starts on which the trained policy is tried, there and in the twin."""
    tolerance: float = Field(0.1, ge=0, le=1)
    """Share of these trials that may end otherwise in the twin than there for the two to agree."""


@stage(
    version=1,
    metrics=by_unit(
        rad="joint_rmse_rad",
        m="tip_rmse_m",
        count="parameters trials agrees",
        share="success_there success_same_actions success_here same_outcome",
        reward="reward_rmse",
    ),
    libraries=minor("mujoco", "numba", "numpy", "pillow", "torch"),
    per=("location", "task"),
    needs={"twin": one("twin")},
    makes={"actor": "actor.npz", "package": "package/", "agreement": "agreement.json"},
    backends=("trainer",),
    cost=lambda p: Resources(mem_gb=6.0, gpu=int(p.device != "cpu"), minutes=4 + p.iterations * p.environments / 40_000),
)
def state_policy(p: StatePolicyParams, twin: Path, out: Out, trainer: "IsaacLab") -> dict[str, float | int]:
    """Write the twin as the trainer's own task, train there, read the checkpoint, and try it from the same starts there and in
    the twin. `actor.npz` is the policy as arrays (`runtime.trainers.perceptron`), `agreement.json` how far both simulators agree;
    `package` can be trained on by hand.

    Raises:
        InputError: R390 when the checkpoint cannot be read; R391 when twin or range cannot go there; R392 when the trainer fails.
    """
    import json
    import tempfile

    from runtime.sim.tasks import kind_of
    from runtime.sim.twin.twin import read_twin
    from runtime.trainers.agreement import agreement
    from runtime.trainers.package import Asked, Ppo

    ppo = Ppo(learning_rate=p.learning_rate)
    asked = Asked(p.environments, p.iterations, p.training_seed, p.action_scale_rad, p.device, ppo, p.randomise, p.reward)
    actor = trainer.train(twin, asked, package := out.path("package"))
    out.progress(0.8, "comparing")
    actor.save(out.path("actor"))
    facts = read_twin(twin)
    kind = kind_of(facts.task)
    starts = [kind.draw_start(facts.task, i, "development", robot=facts.robot) for i in range(p.trials)]
    with tempfile.TemporaryDirectory() as room:
        played = trainer.play(package, actor, starts, Path(room), p.device)
    found = agreement(twin, starts, played, actor, ppo.gamma, p.reward)
    found |= {"trials": p.trials, "agrees": float(found["same_outcome"] >= 1 - p.tolerance)}
    out.path("agreement").write_text(json.dumps({**found, "tolerance": p.tolerance}, indent=1) + "\n")
    return {**found, "parameters": sum(w.size + b.size for w, b in zip(actor.weights, actor.biases, strict=True))}
