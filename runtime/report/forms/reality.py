"""The form of `sim_real` in `report.json`: simulated domains against real ones."""

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Form


class Policy(Form):
    """One training run in two domains."""

    policy: str
    """Approach and seed."""
    simulated: float
    """Success in simulation, points."""
    real: float
    """Success in reality, points."""
    simulated_trials: int | None
    """Trials in simulation."""
    real_trials: int | None
    """Trials in reality."""


class Measure(Form):
    """One measure of agreement, from -1 to 1 (rank violation: 0 to 1)."""

    value: float | None
    """Null where one domain does not tell policies apart."""
    band: Band | None
    """Over these policies, luck in trials taken off: it may lie to one side of the value as counted."""
    new_policies: Band | None
    """Over as many others like them; null with too few."""


class GapRow(Form):
    """Simulated minus real success of an approach, points. Without a `location` it is pooled over all."""

    approach: str
    """Id of the approach."""
    location: str | None
    """Id of the location, or null."""
    task: str | None
    """Id of the task, or null."""
    value: float
    """The estimate."""
    band: Band
    """Low and high end."""
    paired: bool
    """Whether every run was compared state by state."""
    trials: int
    """Simulated trials compared."""
    real_trials: int
    """Real trials compared."""
    left_out: int
    """Simulated trials without a real counterpart."""


class Powered(Form):
    """Real success of an approach's policies, with simulation's help and without (prediction-powered inference)."""

    approach: str
    """Id of the approach."""
    value: float
    """With simulation's help, points."""
    band: Band
    """Its band."""
    classical: float
    """By real trials alone, points."""
    classical_band: Band
    """Its band."""
    weight: float
    """How far simulation was trusted, 0 to 1."""
    real_trials: int
    """Real trials whose initial states were simulated too."""
    simulated_trials: int
    """Simulated trials beyond those."""
    saved: float
    """Share by which the squared width of the band is less, about; negative where simulation did not help."""
    trials_saved: float
    """Real trials more that would have given this band without simulation, about."""


class Unpowered(Form):
    """An approach whose real success simulation cannot sharpen."""

    approach: str
    """Id of the approach."""
    reason: str
    """Why not."""


class SimReal(Form):
    """A simulated and a real domain compared."""

    simulated: Domain
    """Where trials were simulated."""
    real: Domain
    """Where they were real, or stood for real ones."""
    level: float
    """Confidence level of every band."""
    unit: str
    """What is compared, in words."""
    policies: list[Policy]
    """Every training run with trials in both."""
    agreement: dict[str, Measure]
    """Measure -> what it says; empty with one policy."""
    gap: list[GapRow]
    """Simulated minus real success, by place and pooled."""
    powered: list[Powered]
    """Real success from both domains, where simulation has further trials."""
    unpowered: list[Unpowered]
    """The other approaches with real trials."""
    notes: list[str]
    """What weakens the comparison."""
