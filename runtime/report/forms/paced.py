"""The form of paced synthetic samples in `report.json`."""

from typing import Literal

from runtime.report.forms.base import Form


class PacedRow(Form):
    """One round of one approach at a task and a place: means over its training runs; null where nothing was recorded."""

    approach: str
    """Id of the approach, with its round where that is not its last."""
    task: str
    """Id of the task."""
    location: str
    """Id of the location."""
    round: int
    """Number of the round, from 1."""
    runs: int
    """Training runs."""
    real_steps: float
    """Control steps at the place so far."""
    success: float | None
    """Success in the study's trials, percent."""
    explored: float | None
    """Success of this round's rollouts at the place, while exploring, percent."""
    admitted: float | None
    """Share of synthetic transitions that was admitted, along training."""
    rho_first: float | None
    """Synthetic share of what is no demo in a batch, at first."""
    rho_last: float | None
    """The same in the end."""
    away_rad: float | None
    """How far counterfactual targets are from real ones, root mean square."""
    psnr: list[float | None]
    """PSNR at the place 1, 4, 8 and 16 steps ahead, dB."""
    psnr_gain: list[float | None]
    """That over the world model that knows the place from its twin alone."""
    ssim: list[float | None]
    """SSIM at the place."""
    tip_mm: list[float | None]
    """Error of the tip at the place, by measured joints."""
    object_mm: list[float | None]
    """Error of objects in the twin."""
    contact_f1: list[float | None]
    """F1 of touch in the twin."""


class Relation(Form):
    """Over runs of all arms with a world model: how what it foretells goes with what the policy gains over the baseline."""

    metric: str
    """Metric of the post-trained world model."""
    pearson: float | None
    """Correlation with the gain in success of the same seed and place; null where one of both is the same everywhere."""
    runs: int
    """Runs. Arms of one seed and place share real rollouts, so no band is given."""


class Saved(Form):
    """Real control steps to where the baseline ends."""

    approach: str
    """Id of the approach."""
    task: str
    """Id of the task."""
    at: float
    """Real control steps of the baseline in the end, as planned."""
    value: float | None
    """Times fewer that the approach takes; null where `reason` says why."""
    kind: Literal["exact", "at least", "at most"] | None
    """Whether that is a bound."""
    band: tuple[float | None, float | None]
    """Ends of its band; null where the curve does not show them."""
    reason: str
    """Why there is no value or no band."""


class Asked(Form):
    """An item that referees asked of the published work, and what this study says of it."""

    item: str
    """What is asked for."""
    said: str
    """What this study has."""
    met: bool
    """Whether that is what is asked for."""


class PacedForm(Form):
    """Paced synthetic samples."""

    horizons: tuple[int, ...]
    """Steps ahead of the lists of rows."""
    rows: list[PacedRow]
    """By task, place, approach and round."""
    relations: list[Relation]
    """What foretelling has to do with gaining."""
    saved: list[Saved]
    """Of approaches all of whose rounds are judged."""
    asked: list[Asked]
    """The referees' list."""
