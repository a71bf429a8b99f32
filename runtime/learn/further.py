"""What stages that train a policy on have in common: how a round is trained."""

from pydantic import Field

from runtime.stage import Params


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
