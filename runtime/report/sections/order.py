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
    context,
    costs,
    determinism,
    drivers,
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
    made_of,
    own_worlds,
    paced,
    pictures,
    places,
    provenance,
    quality,
    ranking,
    rates,
    reality,
    reinforcement,
    rounds,
    times,
    training,
    twins,
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
    """Its name in the navigation; of one that is folded also its heading."""
    holds: str = ""
    """Of a section that is folded: one line that says what it holds."""
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
    Section("verdict", content=verdict.content, drawn=verdict.drawn),
    Section(
        "uplift",
        "Uplift",
        drawn=uplift.drawn,
        rows={"uplift": uplift.rows, "open": uplift.open_rows},
        figure=Figure("intervals", 52, 24),
    ),
    Section("places", "Places", drawn=places.drawn, rows={"places": places.rows}, figure=Figure("places", 46, 42)),
    Section(
        "fleet",
        drawn=lambda said: {"groups": fleet.fleets(said)},
        rows={"fleet": fleet.rows},
        figure=Figure("fleet", 64 + fleet.HEIGHT),
        within="places",
    ),
    Section(
        "failures",
        "Failures and films",
        content=lambda study: {"failures": failures.failures(study)},
        drawn=failures.drawn,
        rows={"failures": failures.rows},
        figure=Figure("failures", 44, 30),
    ),
    Section("films", content=lambda study: {"films": films.films(study)}, rows={"films": films.rows}, within="failures"),
    Section("gates", "Gates and claims", content=lambda study: {"gates": study.gates}, rows={"gates": gates.rows}),
    Section("claims", content=lambda study: {"claims": study.claims}, rows={"claims": claims.rows}, within="gates"),
    Section(
        "rates",
        "Success rates",
        "Success of every approach in each domain and place, and of every trained policy",
        drawn=rates.drawn,
        rows={"rates": rates.rate_rows, "cells": rates.cell_rows, "invalid": rates.invalid_rows},
        figure=Figure("intervals", 52, 24),
    ),
    Section(
        "ranking",
        "Ranking",
        "All pairs of approaches with bands that hold at once, ranks, and which cannot be told from the best",
        lambda study: {"preferences": ranking.preferred(study), "ranking": ranking.ranking(study)},
        ranking.drawn,
        {"ranking": ranking.rank_rows, "pairs": ranking.pair_rows, "preferred": ranking.preferred_rows},
    ),
    Section(
        "twins",
        "Perturbed and clean",
        "Each approach that perturbs another beside it: the same policies, pair by pair, place by place and cell by cell",
        drawn=lambda said: {"rows": said["evidence"].get("twins", ())},
        rows={"twins": twins.rows},
    ),
    Section(
        "worth",
        "Costs, and what to try next",
        "Compute that each approach took, compute per point of uplift, and approaches by expected gain per hour",
        worth.content,
        rows={"next": worth.next_rows, "worth": worth.confirmed_rows},
    ),
    Section("costs", rows={"costs": costs.rows}, within="worth"),
    Section(
        "made_of",
        "What bands are made of",
        "Luck in training, in trials and in initial states, and what an hour of computing would take off",
        lambda study: {"made_of": made_of.made_of(study)},
        rows={"made_of": made_of.rows},
    ),
    Section(
        "kpi",
        "Key figures",
        "Scripted expert, policies and the gap between domains, by location and week",
        lambda study: {"kpi": kpi.kpi(study)},
        kpi.drawn,
        {"kpi": kpi.rows},
        Figure("kpi", 224),
    ),
    Section(
        "reality",
        "Simulated and tried",
        "Whether trials in simulation rank policies as trials outside of it do",
        lambda study: {"sim_real": reality.sim_real(study)},
        reality.drawn,
        {"reality": reality.policy_rows, "powered": reality.powered_rows},
        Figure("reality", 390),
    ),
    Section(
        "drivers",
        "What drives success",
        "Factors that varied between trials, where in the work area trials fail, results under each shift, what was covered",
        lambda study: {"drivers": drivers.drivers(study)},
        drivers.drawn,
        {
            "drivers": drivers.driver_rows,
            "shifts": drivers.shift_rows,
            "work-area": drivers.area_rows,
            "covered": drivers.covered_rows,
        },
        Figure("drivers", file="work-area"),
    ),
    Section(
        "times",
        "Time to success",
        "How soon trials succeeded, beside success and progress score, with time saved over the baseline",
        lambda study: {"times": times.times(study)},
        times.drawn,
        {"times": times.time_rows, "reached": times.curve_rows},
        Figure("times"),
    ),
    Section(
        "factors",
        "What explains the gap",
        "How much of the difference between twin and hidden site each true fact of the site accounts for",
        lambda study: {"factors": factors.factors(study)},
        factors.drawn,
        {"factors": factors.rows},
    ),
    Section(
        "rounds",
        "Rounds",
        "What each round imagined, kept, learned and rolled back; how far its judge is right",
        lambda study: {"rounds": rounds.rounds(study)},
        rows={"rounds": rounds.rows},
    ),
    Section(
        "paced",
        "Paced samples",
        "What each round at the place admitted of a world model, what that cost in real steps, and the referees' list",
        lambda study: {"paced": paced.paced(study)},
        rows={"paced": paced.rows},
    ),
    Section(
        "reinforcement",
        "Reinforcement learning",
        "Success against control steps in varied twins",
        lambda study: {"reinforcement": reinforcement.reinforcement(study)},
        reinforcement.drawn,
        {"reinforcement": reinforcement.rows},
    ),
    Section(
        "training",
        "Training",
        "Held-out loss of every training run",
        lambda study: {"training": training.training(study)},
        training.drawn,
        {"training": training.rows},
        Figure("training"),
    ),
    Section(
        "context",
        "Context",
        "What policies and world models were shown besides, and whether it matters",
        lambda study: {"context": context.contexts(study)},
        rows={"context": context.rows},
    ),
    Section(
        "own_worlds",
        "Own world models",
        "Policies in the world model that their approach makes, with its gap to twin and site, and whether it flatters",
        lambda study: {"own_worlds": own_worlds.own_worlds(study)},
        own_worlds.drawn,
        {"own_worlds": own_worlds.rows},
    ),
    Section(
        "learning",
        "Learning curves",
        "Success against gradient steps, and how many steps each approach needs",
        lambda study: {"learning": learning.learning(study)},
        lambda said: {"groups": learning.charts(said)},
        {"learning": learning.curve_rows, "areas": learning.area_rows},
        Figure("learning"),
    ),
    Section(
        "effects",
        "Effect sizes",
        "Standardised differences, interquartile means and probability of improvement over training runs",
        drawn=effects.drawn,
        rows={"effects": effects.effect_rows, "profiles": effects.profile_rows},
        figure=Figure("effects", file="profiles"),
    ),
    Section(
        "beyond",
        "Expected, measured, believed",
        "The decision matrix against what was measured, and uplift to be expected at a new location",
        drawn=beyond.drawn,
        rows={"beyond": beyond.rows},
        figure=Figure("beyond", 40, 72),
    ),
    Section(
        "quality",
        "Quality of places",
        "Figures of each capture, splat and twin that say how good it is",
        lambda study: {"quality": quality.quality(study)},
        rows={"quality": quality.rows},
    ),
    Section(
        "pictures",
        "Pictures of the places",
        "Photos, splats, twins and camera paths",
        lambda study: {"pictures": pictures.pictures(study)},
    ),
    Section(
        "inventory",
        "What the twins hold",
        "Everything in each twin, how it is known and how sure that is",
        lambda study: {"inventory": inventory.inventory(study)},
        inventory.drawn,
        {"inventory": inventory.rows},
    ),
    Section(
        "provenance",
        "Provenance",
        content=lambda study: {"provenance": provenance.provenance(study)},
        rows={"protocols": provenance.protocol_rows, "stages": provenance.stage_rows, "artifacts": provenance.artifact_rows},
    ),
    Section("looks", rows={"looks": looks.rows}, within="provenance"),
    Section("determinism", rows={"determinism": determinism.rows}, within="provenance"),
)
