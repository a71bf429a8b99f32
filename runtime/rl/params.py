"""Parameters of the stage `rl`, which its methods read."""

from typing import Literal, Self

from pydantic import Field, model_validator

from runtime.bound.randomise import Randomise
from runtime.learn.further import FurtherTraining
from runtime.stage import bound


class RlParams(FurtherTraining):
    """How a policy is improved, and the rule by which that ends. `batch_size`, `learning_rate`, `jitter`, `places_weight` and
    `held_out` are of the methods that clone."""

    method: Literal["ppo", "residual", "dagger", "filtered", "clone"] = "ppo"
    """`ppo` trains the whole policy on reward, `residual` a perceptron beside the frozen one. `dagger` clones a teacher from
    where the policy gets; `filtered` clones the policy's own successes, `clone` the old demos: what RL has to be better than."""
    start: Literal["policy", "nothing"] = "policy"
    """What PPO starts from: the cloned policy, or fresh weights."""
    teacher: Literal["expert", "state_ppo"] = "expert"
    """Who shows in `dagger`: the task's scripted expert, or a policy that PPO trained on the true state, for as many of the
    `control_steps` as the episodes leave."""
    driver: Literal["policy", "expert"] = "policy"
    """Who drives in `dagger` until the teacher shows; by `expert` it is the teacher all along, so that the twin varies and no
    state is one that the policy came to."""
    randomise: Randomise = Randomise()
    """How far the twin varies from episode to episode."""
    reward: dict[str, float] = Field(default_factory=dict, json_schema_extra={"parts_of_task": "reward_parts"})
    """Weights of parts of the task's reward that are not its own; 0 leaves a part out."""
    episodes: int = Field(8000, ge=1, le=1_000_000, json_schema_extra={"budget": "demos", "rollouts": {"twin": 1}})
    """Episodes at most; of `dagger` and `filtered` in all their rounds."""
    control_steps: int = Field(60_000, ge=1, json_schema_extra={"budget": "steps"})
    """Control steps at most, counted over all rows."""
    patience: int = Field(60, ge=2)
    """Updates without a better success (averaged over eight) after which PPO ends; an update is half a horizon of every row."""
    rows: int = Field(96, ge=2, le=4096)
    """Rows of the twin that are stepped together."""
    ppo_learning_rate: float = Field(1e-3, gt=0)
    """Learning rate of PPO, which falls to 0 along a line over the `control_steps`."""
    epochs: int = Field(4, ge=1)
    """Passes of an update over what a round of episodes brought."""
    batches: int = Field(8, ge=1)
    """Batches of each."""
    clip: float = Field(0.2, gt=0, lt=1)
    """How far the likelihood of a step may move before it is paid for no more, as a share."""
    discount: float = Field(0.99, gt=0, lt=1)
    """Of what a control step later brings."""
    gae_lambda: float = Field(0.95, ge=0, le=1)
    """Lambda of the generalised advantages."""
    demo_weight: float = Field(30.0, ge=0)
    """Weight of the loss of cloning beside PPO's, where that starts from a policy: of the old demos, and of `demo_episodes` that
    the scripted expert shows in the varied twin."""
    demo_episodes: int = Field(240, ge=0, le=10_000, json_schema_extra={"budget": "demos"})
    """How many these are; they count among `episodes` and `control_steps`."""
    anchor: float = Field(0.0, ge=0)
    """Weight of the KL divergence from the clone, of nats a decision."""
    target_kl: float = Field(10.0, gt=0)
    """KL divergence from the policy before an update, at which it ends; nats a decision."""
    noise_rad: float = Field(0.03, gt=0, le=0.5)
    """How far each target of an exploring policy is off by itself, standard deviation."""
    chunk_noise_rad: float = Field(0.02, ge=0, le=0.5)
    """How far all targets of a chunk are off together, standard deviation."""
    hidden: int = Field(64, ge=1, le=1024)
    """Units of each hidden layer of a `residual`."""
    rounds: int = Field(1, ge=1, le=20)
    """Rounds of `dagger`: of episodes, and training on all that was shown so far."""
    steps: int = Field(1500, ge=1, json_schema_extra={"budget": "steps"})
    """Gradient steps of methods that clone, in all rounds."""
    most_shown: int = Field(300, ge=1)
    """Of the successes of `filtered`, as many are learned from at most."""
    check: int = Field(60, ge=2, le=10_000, json_schema_extra={"rollouts": {"twin": 2}})
    """Trials in the unvaried twin before and after, from the same development states: has the reward risen while success fell?"""
    seed: int = bound("seed")
    """Training seed: fresh weights, exploration, what varies, order of windows."""

    @property
    def by_reward(self) -> bool:
        """Whether PPO trains what is published."""
        return self.method in ("ppo", "residual")

    @property
    def beside_demos(self) -> bool:
        """Whether PPO has a loss of cloning beside it."""
        return self.by_reward and self.start == "policy" and self.demo_weight > 0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.start == "nothing" and self.method != "ppo":
            raise ValueError(f"start is nothing, but `{self.method}` goes on from a policy: only `ppo` can do without")
        if self.rows > self.episodes:
            raise ValueError(f"{self.rows} rows are more than {self.episodes} episodes")
        if self.beside_demos and self.demo_episodes + self.rows > self.episodes:
            raise ValueError(
                f"demo_episodes is {self.demo_episodes}, which leaves {self.rows} rows none of {self.episodes} episodes"
            )
        return self
