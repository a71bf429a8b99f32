"""PPO of rsl-rl, as `task.json` sets it."""

from isaaclab.utils import configclass
from isaaclab_rl.rsl_rl import RslRlMLPModelCfg, RslRlOnPolicyRunnerCfg, RslRlPpoAlgorithmCfg

from .facts import FACTS

PPO = FACTS["ppo"]


@configclass
class RunnerCfg(RslRlOnPolicyRunnerCfg):
    """Actor and critic are perceptrons over the same observations, which are normalised by what was seen."""

    num_steps_per_env = PPO["steps"]
    max_iterations = PPO["iterations"]
    save_interval = PPO["iterations"]
    device = FACTS["device"]
    logger = "tensorboard"
    experiment_name = "simkiln"
    obs_groups = {"actor": ["policy"], "critic": ["policy"]}  # noqa: RUF012
    actor = RslRlMLPModelCfg(
        hidden_dims=PPO["hidden"],
        activation="elu",
        obs_normalization=True,
        distribution_cfg=RslRlMLPModelCfg.GaussianDistributionCfg(init_std=PPO["init_std"]),
    )
    critic = RslRlMLPModelCfg(hidden_dims=PPO["hidden"], activation="elu", obs_normalization=True)
    algorithm = RslRlPpoAlgorithmCfg(
        value_loss_coef=1.0,
        use_clipped_value_loss=True,
        clip_param=0.2,
        entropy_coef=PPO["entropy"],
        num_learning_epochs=5,
        num_mini_batches=4,
        learning_rate=PPO["learning_rate"],
        schedule="adaptive",
        gamma=PPO["gamma"],
        lam=0.95,
        desired_kl=0.01,
        max_grad_norm=1.0,
    )
