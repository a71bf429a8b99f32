"""What stages that train a policy on have in common: how a round is trained."""

from pydantic import Field

from runtime.stage import Params, bound


class FurtherTraining(Params):
    """How a round is trained; how long, each stage says."""

    batch_size: int = Field(24, ge=1, json_schema_extra={"budget": "steps"})
    """Windows per gradient step."""
    learning_rate: float = Field(1e-3, gt=0)
    """Peak learning rate; it warms up for 5% of the steps and falls to 0 along a cosine."""
    jitter: float = Field(0.2, ge=0, lt=1)
    """Greatest random change of each training image's brightness, as a fraction."""
    places_weight: float = Field(0.3, ge=0)
    """As in `policy`."""
    held_out: int = Field(4, ge=0)
    """Episodes kept out of training, to report the loss on."""


class ShownByExpert(FurtherTraining):
    """How the twin varies while a policy drives and the expert goes on from where it came to, and how long a round is trained."""

    variation: float = Field(1.0, ge=0, le=2)
    """How far light, colours, surfaces, sensor and camera vary, as a multiple of the ranges that `enrichment` has by default."""
    latency_s: float = Field(0.04, ge=0, le=0.09)
    """Largest dead time between an action and its effect."""
    servo_change: float = Field(0.3, ge=0, lt=1)
    """Largest relative change of the servos' gain."""
    hold_steps: int = Field(3, ge=0, le=50)
    """Steps kept after success."""
    steps: int = Field(600, ge=1, json_schema_extra={"budget": "steps"})
    """Further gradient steps of a round, on old demos and all that was shown so far."""
    seed: int = bound("seed")
    """Training seed: starts and variation of the rollouts, order of windows."""
