"""The report's sections in reading order: what the page, `report.json`, the navigation and the files to save go through.

A section is one word: its form in `forms/`, what is said and drawn of it in `sections/`, its template in `rules/report/`, and
an entry here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runtime.report.drawing import Drawn, Rows
from runtime.report.forms.report import Report
from runtime.report.sections import (
    beyond,
    claims,
    costs,
    determinism,
    effects,
    factors,
    failures,
    films,
    fleet,
    gates,
    inventory,
    kpi,
    learning,
    looks,
    pictures,
    places,
    provenance,
    quality,
    rates,
    reality,
    training,
    uplift,
    verdict,
    worth,
)
from runtime.report.study import Study


@dataclass(frozen=True)
class Figure:
    """What a section draws, to be saved as one SVG: the `groups` of its `drawn`, one below the other."""

    template: str
    """Its name below `rules/report/svg/`."""
    head: int = 0
    """Height of a group without its rows, pixels."""
    line: int = 0
    """Height of each of its rows."""
    file: str = ""
    """What the file is called, where that is not the section's name."""


@dataclass(frozen=True)
class Section:
    """A section; what it has none of is left out."""

    name: str
    heading: str = ""
    """In the navigation."""
    content: Callable[[Study], Mapping[str, object]] = lambda study: {}
    """Its keys of `report.json`, as `forms/report.py` describes them."""
    drawn: Callable[[Report], Drawn] = lambda said: {}
    """What its template reads beside the report's content."""
    rows: Mapping[str, Callable[[Report], Rows]] = field(default_factory=dict)
    """Name of a file -> its table; a table without rows has no file."""
    figure: Figure | None = None
    within: str = ""
    """The section whose template includes this one's; empty for one that stands by itself."""


SECTIONS = (
    Section("verdict", "", verdict.content, verdict.drawn),
    Section("uplift", "Uplift", drawn=uplift.drawn, rows={"uplift": uplift.rows}, figure=Figure("intervals", 52, 24)),
    Section("places", "Places", drawn=places.drawn, rows={"places": places.rows}, figure=Figure("places", 46, 42)),
    Section(
        "fleet",
        "Fleet",
        drawn=lambda said: {"groups": fleet.fleets(said)},
        rows={"fleet": fleet.rows},
        figure=Figure("fleet", 64 + fleet.HEIGHT),
    ),
    Section("gates", "Gates", lambda study: {"gates": study.gates}, rows={"gates": gates.rows}),
    Section("claims", "Claims", lambda study: {"claims": study.claims}, rows={"claims": claims.rows}),
    Section("worth", "Next and costs", worth.content, rows={"next": worth.next_rows, "worth": worth.confirmed_rows}),
    Section("costs", rows={"costs": costs.rows}, within="worth"),
    Section("kpi", "Key figures", lambda study: {"kpi": kpi.kpi(study)}, kpi.drawn, {"kpi": kpi.rows}, Figure("kpi", 224)),
    Section(
        "rates",
        "Success",
        drawn=rates.drawn,
        rows={"rates": rates.rate_rows, "cells": rates.cell_rows},
        figure=Figure("intervals", 52, 24),
    ),
    Section(
        "failures",
        "Failures",
        lambda study: {"failures": failures.failures(study)},
        failures.drawn,
        {"failures": failures.rows},
        Figure("failures", 44, 30),
    ),
    Section("films", "Trials", lambda study: {"films": films.films(study)}, rows={"films": films.rows}),
    Section(
        "reality",
        "Simulated and tried",
        lambda study: {"sim_real": reality.sim_real(study)},
        reality.drawn,
        {"reality": reality.policy_rows, "powered": reality.powered_rows},
        Figure("reality", 390),
    ),
    Section("factors", "Gap", lambda study: {"factors": factors.factors(study)}, factors.drawn, {"factors": factors.rows}),
    Section(
        "training",
        "Training",
        lambda study: {"training": training.training(study)},
        training.drawn,
        {"training": training.rows},
        Figure("training"),
    ),
    Section(
        "learning",
        "Learning",
        lambda study: {"learning": learning.learning(study)},
        lambda said: {"groups": learning.charts(said)},
        {"learning": learning.curve_rows, "areas": learning.area_rows},
        Figure("learning"),
    ),
    Section(
        "effects",
        "Effects",
        drawn=effects.drawn,
        rows={"effects": effects.effect_rows, "profiles": effects.profile_rows},
        figure=Figure("effects", file="profiles"),
    ),
    Section("beyond", "Expected", drawn=beyond.drawn, rows={"beyond": beyond.rows}, figure=Figure("beyond", 40, 72)),
    Section("quality", "Quality", lambda study: {"quality": quality.quality(study)}, rows={"quality": quality.rows}),
    Section("pictures", "Pictures", lambda study: {"pictures": pictures.pictures(study)}),
    Section(
        "inventory",
        "Twins",
        lambda study: {"inventory": inventory.inventory(study)},
        inventory.drawn,
        {"inventory": inventory.rows},
    ),
    Section(
        "provenance",
        "Provenance",
        lambda study: {"provenance": provenance.provenance(study)},
        rows={"protocols": provenance.protocol_rows, "stages": provenance.stage_rows, "artifacts": provenance.artifact_rows},
    ),
    Section("looks", rows={"looks": looks.rows}, within="provenance"),
    Section("determinism", rows={"determinism": determinism.rows}, within="provenance"),
)
