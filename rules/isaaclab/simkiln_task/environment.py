"""The environment: scene, actions, observations, rewards, terminations and events of the twin, as its managers take them."""

import isaaclab.sim as sim_utils
from isaaclab.actuators import ImplicitActuatorCfg
from isaaclab.assets import ArticulationCfg, AssetBaseCfg
from isaaclab.envs import ManagerBasedRLEnvCfg, mdp
from isaaclab.managers import (
    EventTermCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    RewardTermCfg,
    SceneEntityCfg,
    TerminationTermCfg,
)
from isaaclab.scene import InteractiveSceneCfg
from isaaclab.utils import configclass
from isaaclab_newton.physics import MJWarpSolverCfg, NewtonCfg, NewtonShapeCfg
from isaaclab_newton.sim.schemas import NewtonArticulationCfg
from isaaclab_tasks.utils import PresetCfg

from . import terms
from .actions import LaggedJointPositionCfg
from .facts import FACTS, PACKAGE

ROBOT, SERVO, RANDOM = FACTS["robot"], FACTS["servo"], FACTS["randomisation"]
ALL = SceneEntityCfg("robot", joint_names=ROBOT["joints"], preserve_order=True)


def _usd(name: str, **more: object) -> sim_utils.UsdFileCfg:
    return sim_utils.UsdFileCfg(usd_path=str(PACKAGE / "usd" / f"{name}.usdc"), **more)


@configclass
class SceneCfg(InteractiveSceneCfg):
    """The robot, the task's thing, and what stands around them."""

    place = AssetBaseCfg(prim_path="{ENV_REGEX_NS}/Place", spawn=_usd("place"))
    robot = ArticulationCfg(
        prim_path="{ENV_REGEX_NS}/Robot",
        spawn=_usd("robot", articulation_props=[NewtonArticulationCfg(self_collision_enabled=False)]),
        init_state=ArticulationCfg.InitialStateCfg(joint_pos=dict(zip(ROBOT["joints"], ROBOT["home_rad"], strict=True))),
        actuators={
            "servos": ImplicitActuatorCfg(
                joint_names_expr=[".*"],
                stiffness=SERVO["kp_nm_per_rad"],
                damping=SERVO["kv_nms_per_rad"],
                joint_effort_limit=SERVO["force_nm"],
                armature=ROBOT["armature_kg_m2"],
                friction=ROBOT["friction_loss_nm"],
                viscous_friction=ROBOT["damping_nms_per_rad"],
            )
        },
    )
    thing = ArticulationCfg(prim_path="{ENV_REGEX_NS}/Thing", spawn=_usd("thing"), actuators={})


@configclass
class ActionsCfg:
    """Joint targets, which servos follow with their lag."""

    joints = LaggedJointPositionCfg(
        asset_name="robot",
        joint_names=ROBOT["joints"],
        preserve_order=True,
        scale=FACTS["action_scale_rad"],
        use_default_offset=True,
        clip=dict(zip(ROBOT["joints"], ROBOT["limits_rad"], strict=True)),
        time_constant_s=SERVO["time_constant_s"],
    )


@configclass
class ObservationsCfg:
    """What the policy is told, in the order of `task.json`."""

    @configclass
    class PolicyCfg(ObservationGroupCfg):
        """Angles in radians, places in metres in the robot's base frame."""

        joint_rad = ObservationTermCfg(func=terms.joint_rad, params={"asset_cfg": ALL})
        target_rad = ObservationTermCfg(func=terms.target_rad)
        tip_m = ObservationTermCfg(func=terms.tip_m)
        objects_m = ObservationTermCfg(func=terms.objects_m)

        def __post_init__(self) -> None:
            self.enable_corruption = False
            self.concatenate_terms = True

    policy = PolicyCfg()


@configclass
class RewardsCfg:
    """Filled with the terms that `task.json` names."""

    def __post_init__(self) -> None:
        for name, said in FACTS["reward"].items():  # Isaac Lab multiplies by the step's length; ours are a step's
            weight = said["weight"] * FACTS["control_hz"]
            setattr(self, name, RewardTermCfg(func=terms.part, weight=weight, params={"name": name}))


@configclass
class TerminationsCfg:
    """A trial ends with success or at the horizon."""

    time_out = TerminationTermCfg(func=mdp.time_out, time_out=True)
    success = TerminationTermCfg(func=terms.success)


@configclass
class EventsCfg:
    """Where trials begin, and what is drawn anew for each: ranges of `task.json`."""

    start = EventTermCfg(func=terms.start, mode="reset")

    def __post_init__(self) -> None:
        if share := RANDOM["servo"]:
            params = {"asset_cfg": ALL, "stiffness_distribution_params": (1 - share, 1 + share), "operation": "scale"}
            self.servo = EventTermCfg(func=mdp.randomize_actuator_gains, mode="reset", params=params)
        if share := RANDOM["friction"]:
            ends = (FACTS["friction"] * (1 - share), FACTS["friction"] * (1 + share))
            for name in ("robot", "thing"):
                params = {"asset_cfg": SceneEntityCfg(name, body_names=".*"), "static_friction_range": ends}
                params |= {"dynamic_friction_range": ends, "restitution_range": (0.0, 0.0), "num_buckets": 64}
                term = EventTermCfg(func=mdp.randomize_rigid_body_material, mode="startup", params=params)
                setattr(self, f"friction_{name}", term)


@configclass
class PhysicsCfg(PresetCfg):
    """What `physics=newton_mjwarp` chooses: the twin's integrator and friction cone, contacts without a margin."""

    newton_mjwarp = NewtonCfg(
        solver_cfg=MJWarpSolverCfg(
            integrator="implicitfast", cone="pyramidal", njmax=200, nconmax=64, iterations=100, tolerance=1e-8
        ),
        default_shape_cfg=NewtonShapeCfg(gap=0.0, mu=FACTS["friction"]),
    )
    default = newton_mjwarp


@configclass
class TwinEnvCfg(ManagerBasedRLEnvCfg):
    """The twin as an environment of Isaac Lab, with MuJoCo Warp under Newton and the twin's own time step."""

    scene = SceneCfg(num_envs=64, env_spacing=3.0)
    actions = ActionsCfg()
    observations = ObservationsCfg()
    rewards = RewardsCfg()
    terminations = TerminationsCfg()
    events = EventsCfg()

    def __post_init__(self) -> None:
        self.sim.dt = FACTS["timestep_s"]
        self.decimation = FACTS["substeps"]
        self.sim.render_interval = self.decimation
        self.episode_length_s = FACTS["horizon_s"]
        self.sim.physics = PhysicsCfg()
