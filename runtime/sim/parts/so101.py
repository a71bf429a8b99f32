"""An SO-101-like arm: five joints and a gripper, built from primitives.

Kinematics, joint ranges, masses and servo damping are those published with the SO-ARM100 project (TheRobotStudio,
Apache-2.0, `Simulation/SO101/so101_new_calib.xml`): joint origins, orientations and the `gripperframe` site are kept,
the meshes are replaced by boxes and capsules of about the same extent.
"""

from runtime.sim.parts.hand import Hand
from runtime.sim.parts.robot import MOTOR_RGBA, TIP_SITE, Block, Joint, Link, Robot, Rod, Tip, Vector

FINGER_RADIUS_M = 0.007
GAPS = ((-0.15, 0.0039), (0.05, 0.0175), (0.25, 0.0309), (0.45, 0.0437), (0.65, 0.0553), (0.95, 0.0694))  # rad, m
H = 0.70710678
LINKS = (
    Link("base", None, (0, 0, 0), (1, 0, 0, 0)),
    Link("shoulder", "base", (0.0388353, 0, 0.0624), (0, 0, 1, 0)),
    Link("upper_arm", "shoulder", (-0.0303992, -0.0182778, -0.0542), (0.5, -0.5, -0.5, -0.5)),
    Link("lower_arm", "upper_arm", (-0.11257, -0.028, 0), (H, 0, 0, H)),
    Link("wrist", "lower_arm", (-0.1349, 0.0052, 0), (H, 0, 0, -H)),
    Link("gripper", "wrist", (0, -0.0611, 0.0181), (0.0172091, -0.0172091, 0.706897, 0.706897)),
    Link("moving_jaw", "gripper", (0.0202, 0.0188, -0.0234), (H, H, 0, 0)),
)
MASSES: dict[str, tuple[float, Vector, Vector]] = {  # kg, centre of mass in metres, moments of inertia in kg m²
    "base": (0.147, (0.0137, 0, 0.0335), (1.1e-4, 1.4e-4, 1.3e-4)),
    "shoulder": (0.100, (-0.0308, 0, -0.0253), (8.4e-5, 8.1e-5, 2.4e-5)),
    "upper_arm": (0.103, (-0.0898, -0.0084, 0.0184), (4.1e-5, 1.5e-4, 1.4e-4)),
    "lower_arm": (0.104, (-0.0981, 0.0032, 0.0183), (2.9e-5, 1.6e-4, 1.5e-4)),
    "wrist": (0.079, (0, -0.0386, 0.0281), (3.7e-5, 2.5e-5, 2.1e-5)),
    "gripper": (0.087, (0.0002, 0.0002, -0.0252), (2.8e-5, 4.3e-5, 3.5e-5)),
    "moving_jaw": (0.012, (-0.0016, -0.0300, 0.0193), (6.6e-6, 1.9e-6, 5.3e-6)),
}
SHAPES = (
    Block("base", (-0.022, -0.055, 0.0), (0.064, 0.055, 0.030)),
    Block("base", (-0.027, -0.024, 0.030), (0.053, 0.024, 0.068)),
    Block("base", (-0.034, -0.026, 0.026), (-0.027, 0.026, 0.068), MOTOR_RGBA),
    Block("shoulder", (-0.0476, -0.023, -0.040), (0.0122, 0.023, 0.0)),
    Block("shoulder", (-0.0428, -0.020, -0.0644), (-0.018, 0.020, -0.040), MOTOR_RGBA),
    Block("upper_arm", (-0.100, -0.012, -0.008), (0.012, 0.012, 0.044)),
    Block("upper_arm", (-0.130, -0.036, -0.0015), (-0.100, 0.010, 0.0381), MOTOR_RGBA),
    Block("lower_arm", (-0.100, -0.010, -0.004), (0.012, 0.014, 0.040)),
    Block("lower_arm", (-0.145, -0.0072, -0.0015), (-0.100, 0.0176, 0.0381), MOTOR_RGBA),
    Block("wrist", (-0.016, -0.023, -0.006), (0.016, 0.012, 0.042)),
    Block("wrist", (-0.0124, -0.0626, 0.006), (0.0124, -0.023, 0.042), MOTOR_RGBA),
    Block("gripper", (-0.024, -0.021, -0.036), (0.030, 0.021, -0.008), MOTOR_RGBA),
    Block("gripper", (-0.026, -0.013, -0.056), (0.000, 0.013, -0.036)),
    Rod("gripper", (-0.0130, -0.0002, -0.050), (-0.0079, -0.0002, -0.0945), FINGER_RADIUS_M),
    Block("moving_jaw", (-0.010, -0.036, 0.006), (0.010, 0.008, 0.032)),
    Rod("moving_jaw", (0.0, -0.036, 0.019), (0.0, -0.068, 0.019), FINGER_RADIUS_M),
)

SO101 = Robot(
    joints=(
        Joint("shoulder_pan", -1.91986, 1.91986),
        Joint("shoulder_lift", -1.74533, 1.74533, home_rad=-0.9),
        Joint("elbow_flex", -1.69, 1.69, home_rad=0.75),
        Joint("wrist_flex", -1.65806, 1.65806, home_rad=1.15),
        Joint("wrist_roll", -2.74385, 2.84121),
        Joint("gripper", -0.17453, 1.74533),
    ),
    gripper="gripper",
    tip=Tip(TIP_SITE, "gripper", (-0.0079, -0.000218121, -0.0981274), (H, 0, H, 0)),
    links=LINKS,
    masses=MASSES,
    shapes=SHAPES,
    damping_nms_per_rad=0.60,
    friction_loss_nm=0.052,
    armature_kg_m2=0.028,
    closed=-0.17453,
    open=1.74533,
    hand=Hand(  # the tip lies at the end of the finger that stands still
        at=tuple(at for at, _ in GAPS),
        gap_m=tuple(gap for _, gap in GAPS),
        middle_m=tuple(FINGER_RADIUS_M + gap / 2 for _, gap in GAPS),
        beyond_m=(0.0,) * len(GAPS),
        thick_m=FINGER_RADIUS_M,
        squeeze_m=0.004,
        idle=0.0,
    ),
)
"""The arm; at home its hand is above the near edge of the work area, out of its way."""
