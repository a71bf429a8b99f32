"""What stages that replay at a place have in common: parameters, and nothing heavy."""

from pydantic import Field

from runtime.bound.conditions import GapLevel
from runtime.bound.dataset import FoundDataset
from runtime.bound.source import HiddenSite
from runtime.stage import Params, bound


class ReplayParams(Params):
    """What is played at a place, and where."""

    seconds: float = Field(6.0, gt=0, le=120)
    """Longest part of an episode that is played."""
    noise_rad: float = Field(0.06, ge=0, le=0.5)
    """Standard deviation of the disturbance of each joint target, so that the joints are excited."""
    picture_steps: int = Field(10, ge=1, le=1000)
    """Control steps between pictures that are compared."""
    gap: GapLevel = "medium"
    """Level of the hidden site's gap at which it is played."""
    site: HiddenSite | None = bound("recordable", default=None)
    """The hidden site, where the location names no `data`."""
    data: FoundDataset | None = bound("data", default=None)
    """Recordings of a real robot there, in the place of the hidden site."""
