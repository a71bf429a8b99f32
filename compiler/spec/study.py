"""A study: which approaches are compared, where, and how surely."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from compiler.spec.base import Id, Part, Spec, StageParameters
from runtime.bound.claim import Claim, Simple, parts
from runtime.bound.conditions import Conditions
from runtime.bound.domain import Domain
from runtime.bound.frame import Reproducible
from runtime.bound.imported import SetName
from runtime.bound.robot import RobotModel
from runtime.bound.sequential import Sequential
from runtime.bound.twin_camera import CameraName, TwinCamera
from runtime.bound.waiver import Waivers, day_of


class Constraints(Part):
    """What every approach of the study must keep to."""

    no_new_real_data: bool = False
    """No new real-world recordings."""
    new_since: date | None = None
    """The day from which on recordings are new: those that `data` names must be `recorded_before` it. Without it they may be of
    any day before today."""
    no_teleoperation: bool = False
    """Nobody steers a robot to make training episodes."""


class Budget(Part):
    """What building the study may take in all, as estimated; each limit is optional."""

    dev_rollouts: int | None = Field(None, ge=1)
    """Rollouts in twins that are made to develop policies and world models by, of policies and of experts: no trials, and no
    demos."""
    real_steps: int | None = Field(None, ge=1)
    """Control steps at real places or their hidden stand-ins, by policies that learn there: no trials, and no demos."""
    cpu_hours: float | None = Field(None, gt=0)
    """CPU-hours."""
    gpu_hours: float | None = Field(None, gt=0)
    """GPU-hours: wall time times the GPUs held."""
    money: float | None = Field(None, gt=0)
    """In the currency of `rates`."""
    disk_gb: float | None = Field(None, gt=0)
    """Gigabytes of 10^9 bytes in the store."""


class Machine(Part):
    """The machine that a study is meant for; plans and `preflight` say where this one has less. Changing it rebuilds nothing."""

    cpu_cores: int | None = Field(None, ge=1)
    """Cores."""
    gpus: int | None = Field(None, ge=0)
    """GPUs."""
    memory_gb: float | None = Field(None, gt=0)
    """Memory, gigabytes of 10^9 bytes."""
    disk_gb: float | None = Field(None, gt=0)
    """Free disk space at the store, gigabytes of 10^9 bytes."""


class Rates(Part):
    """What computing costs."""

    cpu_hour: float = Field(0.0, ge=0)
    """One core for one hour."""
    gpu_hour: float = Field(0.0, ge=0)
    """One GPU for one hour."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    """ISO 4217 code."""


def _rising(values: list[float]) -> list[float]:
    """Fractions that rise.

    Raises:
        ValueError: at the first one that does not.
    """
    for before, after in pairwise(values):
        if after <= before:
            raise ValueError(f"fractions of training must rise, but {after:g} comes after {before:g}")
    return values


Fraction = Annotated[float, Field(gt=0, le=1)]


SetId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""Name of a set of locations."""
HELD_OUT = "held_out"


class Learning(Part):
    """Learning curves: checkpoints kept on the way through training, each tried from the same initial states."""

    at: Annotated[list[Fraction], AfterValidator(_rising)] = Field([0.25, 0.5, 1.0], min_length=1, max_length=50)
    """Where on the way, as fractions of each policy's gradient steps, rising; 1 is the finished policy."""
    trials: int = Field(20, ge=1, le=100_000)
    """Trials of each checkpoint, from the first initial states of the study's other trials."""
    domain: Literal["twin"] = "twin"
    """Where they run. Only the twin: trials at the hidden site or on a robot are scarce, and a site that ranked
    checkpoints would no longer be an independent judge of the policy that is chosen."""


class GapFactors(Part):
    """What explains the gap between twin and hidden site: the true factors of the site are put into trials one after another."""

    trials: int = Field(20, ge=1, le=100_000)
    """Trials of each combination of factors, from the first initial states of the study's trials at the hidden site."""
    orders: int = Field(4, ge=2, le=200)
    """In how many orders the factors are put in; a factor's part is its mean over them (Shapley, by sampled orders)."""
    of: Literal["baseline", "all"] = "baseline"
    """Whose policies are tried so."""


class Milestone(Part):
    """What is to be known by a day, and which gate or claim of the study decides it."""

    title: str = Field("", max_length=200)
    """What people call it; by default its id."""
    due: Annotated[date, BeforeValidator(day_of)]
    """Last day on which it is in time, such as `2026-03-15`."""
    gate: Id | None = None
    """The gate that decides it."""
    claim: Id | None = None
    """The claim that decides it, in the place of a gate."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.gate is None) == (self.claim is None):
            raise ValueError("a milestone is decided by one `gate` or one `claim`")
        return self

    @property
    def decided_by(self) -> tuple[Literal["gate", "claim"], str]:
        """Kind and id of what decides it."""
        return ("gate", str(self.gate)) if self.gate is not None else ("claim", str(self.claim))


class TargetUplift(Part):
    """Uplift that the study is after, in absolute points on the 100-point scale."""

    world_model: float | None = Field(None, gt=0, le=100)
    """In a world model or a twin."""
    irl: float | None = Field(None, gt=0, le=100)
    """On the real robot or at the hidden stand-in site."""


class Study(Spec):
    """Approaches x locations x tasks x seeds, what they are compared with, and further targets."""

    locations: list[Id]
    """Locations, by id."""
    sets: dict[SetId, list[Id]] = Field(default_factory=dict)
    """Sets of locations by name, for stages that stand for many places, such as `pretrain: [cellar, attic]`. Those of `held_out`
    are in no set that trains."""
    tasks: list[Id] = Field(default_factory=list)
    """Tasks, by id."""
    approaches: list[Id] = Field(default_factory=list)
    """Approaches, by id."""
    controls: bool = True
    """Whether the controls that these approaches declare are tried with them."""
    baseline: Id | None = None
    """The approach that the others are compared with."""
    incremental_over: Id | None = None
    """An earlier study: its approaches with a prior are tried here, too, and what this study's bring beyond each of them has a
    claim and a paired band of its own."""
    seeds: list[Annotated[int, Field(ge=0)]] = Field(default_factory=list, max_length=200)
    """Training seeds. The training seed is the unit of inference: two at the least, three for a useful band."""
    more_seeds: dict[Id, Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=200)]] = Field(
        default_factory=dict
    )
    """Approach -> training seeds beyond `seeds`, such as `baseline: [3, 4]`: of what many approaches are compared with, about
    the square root of their number times as many pay."""
    placebos: Literal["check", "reference"] = "check"
    """`reference`: runs of placebos count as further runs of the baseline in every other comparison as well."""
    trials: dict[Domain, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """Domain -> trials per cell: `twin`, `irl_proxy`."""
    robot: RobotModel | None = None
    """A robot of your own (MJCF or URDF) in place of the built-in arm."""
    cameras: dict[CameraName, TwinCamera] = Field(default_factory=dict, max_length=8)
    """The robot's cameras by name, in place of the one that twins have by default; policies see them all unless they say
    `camera_keys`. A location may say its own for a name, or add one."""
    conditions: Conditions = Conditions()
    """What trials meet besides their initial states: how far hidden sites are from their twins."""
    sequential: Sequential | None = None
    """Interim looks at the trials, so that comparisons that are settled stop early; without it, all planned run."""
    learning: Learning | None = None
    """Learning curves of every policy; without it, only finished policies are kept and tried."""
    gap_factors: GapFactors | None = None
    """What explains the gap between twin and hidden site, with trials of its own; without it, only the gap is told."""
    imported: list[SetName] = Field(default_factory=list)
    """Sets of `simkiln trials import` whose trials count as evidence, for example of a real robot (`irl`)."""
    repeated: list[SetName] = Field(default_factory=list)
    """Sets of `simkiln trials import` that hold trials of this study run once more, for example by a robot: they tell
    whether a domain reproduces, and are no evidence."""
    reproducible: Reproducible = Reproducible()
    """Disagreement of trials run twice that is put up with before a domain is compared unpaired."""
    level: float = Field(0.95, gt=0.5, lt=1)
    """Confidence level of every band."""
    constraints: Constraints = Constraints()
    """What every approach must keep to."""
    gates: list[Id] = Field(default_factory=list)
    """Gates, by id."""
    standing_gates: bool = True
    """Whether places that have photos must clear the standing gates (docs/gates.md), too."""
    claims: dict[Id, Claim] = Field(default_factory=dict)
    """Claims that the study tests, by an id of their own: superior, equivalent, non_inferior, ordered or composed."""
    milestones: dict[Id, Milestone] = Field(default_factory=dict)
    """What is to be known by which day; shown late, decided or open by plans and reports. No artifact depends on it."""
    waivers: Waivers = Waivers()
    """Gates and claims whose failure is accepted for a while. It is shown as waived, never as passed."""
    target_uplift: TargetUplift = TargetUplift()
    """Uplift that some approach is hoped to reach; held against the approaches' prior ranges."""
    targets: list[str] = Field(default_factory=list)
    """Further stages to build at every location, for example `coverage`."""
    stages: StageParameters = Field(default_factory=dict)
    """Stage parameters for the whole study."""
    backends: dict[str, str] = Field(default_factory=dict)
    """Role -> back end, for example `renderer: numba`."""
    use: Literal["research", "commercial"] = "research"
    """What the results are for; back ends whose licence forbids it are refused."""
    budget: Budget = Budget()
    """Limits on what building the study may take. Changing it rebuilds nothing."""
    machine: Machine | None = None
    """What it is meant to run on."""
    rates: Rates | None = None
    """Prices, so that plans tell the cost in money. Changing them rebuilds nothing."""

    def seeds_of(self, approach: str | None) -> list[int]:
        """The training seeds of an approach."""
        return [*self.seeds, *(s for s in self.more_seeds.get(str(approach), ()) if s not in self.seeds)]

    def simple_claims(self) -> Iterator[tuple[tuple[str, ...], str, Simple]]:
        """(path in the file, name, claim) of every claim; parts of composed ones each by itself, as `CLAIM.PART`."""
        for claim_id, claim in self.claims.items():
            for name, part in parts(claim):
                at = ("claims", claim_id)
                yield ((*at, "parts", name), f"{claim_id}.{name}", part) if name else (at, claim_id, part)
