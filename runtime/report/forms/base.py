"""What the forms of `uplift.json` and `report.json` are made of.

Forms are typed dicts: the code that fills one in and the code that reads it are checked against it, and the JSON Schema of a
report is made from it.
"""

from typing import Annotated, Literal, TypedDict

from pydantic import ConfigDict, Field, with_config

Band = tuple[float, float]
Standing = Literal["passed", "failed", "undecided", "not run"]
Question = Literal[
    "training runs",
    "these policies",
    "this policy against training runs",
    "training runs against this policy",
    "in this world model",
    "in new world models",
]
"""Of what a comparison speaks: what training again would give, or the very policies that were tried."""
Direction = Literal["helps", "hurts", "undecided"]


@with_config(ConfigDict(extra="allow", use_attribute_docstrings=True))
class Form(TypedDict):
    """An object; further keys are allowed."""


class Estimate(Form):
    """A measured number with its band, in points on the 100-point scale.

    Its fields are inherited, and pydantic reads docstrings of a typed dict's own fields only.
    """

    value: Annotated[float, Field(description="The estimate.")]
    band: Annotated[Band, Field(description="Low and high end.")]
    level: Annotated[float, Field(description="Confidence level of the band.")]
    units: Annotated[int, Field(description="Training runs that it rests on.")]
    degrees: Annotated[float, Field(description="Degrees of freedom of the band; 0 where it is not bounded.")]
    seed_error: Annotated[float | None, Field(description="Standard error from training runs, points; null where unknown.")]


class Outlook(Form):
    """What an undecided comparison could tell; all null elsewhere. Power is a chance of 80 %."""

    detectable: Annotated[
        float | None,
        Field(description="Smallest distance from the threshold, points, that a study like this decides with power."),
    ]
    seeds_needed: Annotated[
        tuple[int, int | None] | None,
        Field(description="Fewest and most seeds per location that would decide with power; most null beyond 200."),
    ]
    if_true: Annotated[Band | None, Field(description="True distances that the seeds are told for, points from the threshold.")]
