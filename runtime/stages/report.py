"""The report of a study: one offline page, and the same content as JSON."""

from pathlib import Path

from pydantic import Field

from runtime.bound.audit import Audit, Choices
from runtime.bound.cell import Cell, CellGrid, listed
from runtime.bound.frame import StudyFrame
from runtime.bound.gate import StoppedBy
from runtime.bound.waiver import Waivers
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, every, one, stage


class ReportParams(Params):
    """The study and how much of it is pictured."""

    study: StudyFrame = bound("study")
    """The study."""
    cells: CellGrid | list[Cell] = bound("cells")
    """The study's cells, in the order of the trials."""
    parts: list[int] = bound("parts", default_factory=list)
    """How many `trials` parents each cell has, where they came in batches."""
    claims: list[str] = bound("claims", default_factory=list)
    """Ids of the study's claims, in the order of the `claims` parents."""
    waivers: Waivers = bound("waivers", default=Waivers())
    """Failures that somebody answers for."""
    stopped: list[StoppedBy] = bound("stopped", default_factory=list)
    """What failed gates have stopped."""
    unrecorded: list[str] = bound("unrecorded", default_factory=list)
    """Stages and back ends whose code no version records, while that is ignored."""
    audit: Audit | None = bound("audit", since=36, default=None)
    """What people said of rollouts that a judge had judged."""
    preferences: Choices | None = bound("preferences", since=42, default=None)
    """What people preferred between two approaches at a time."""
    most_pictured: int = Field(12, ge=0, le=100)
    """Locations that get pictures in the page; further ones are in the tables only."""
    films_kib: int = Field(8192, ge=0)
    """What films of typical trials may take in the page, KiB, with posters and sheets of frames. Cells beyond that are
    named instead."""


@stage(
    version=49,
    metrics=by_unit(text="status", KiB="page_kb"),
    libraries=minor("av", "jinja2", "numpy", "pillow", "scipy") | exact("pyarrow"),
    role="report",
    per=("study",),
    needs={
        "uplift": one("uplift"),
        "gates": every("gate"),
        "claims": every("claim"),
        "captures": every("capture"),
        "splats": every("splat"),
        "twins": every("twin"),
        "clips": every("coverage"),
        "trials": every("trials"),
        "curves": every("learning"),
        "factors": every("gap_factors"),
        "replays": every("fidelity"),
        "own_worlds": every("own_world"),
    },
    makes={"page": "report.html", "content": "report.json"},
    cost=lambda p: Resources(minutes=0.05),
)
def report(
    p: ReportParams,
    uplift: Path | None,
    gates: list[Path],
    claims: list[Path],
    captures: list[Path],
    splats: list[Path],
    twins: list[Path],
    clips: list[Path],
    trials: list[Path],
    curves: list[Path],
    factors: list[Path],
    replays: list[Path],
    own_worlds: list[Path],
    out: Out,
) -> dict[str, str | float]:
    """Gather what was measured, draw it, and write a page that needs no network."""
    import json

    from runtime.report.content import content, without_pixels
    from runtime.report.page import render
    from runtime.report.study import Artifacts, Study
    from runtime.stats.table.table import apart

    cells = listed(p.cells)
    first, later = apart(cells, p.parts, trials)
    found = Artifacts(uplift, gates, claims, captures, splats, twins, clips, curves, factors, first, later, replays, own_worlds)
    said = content(
        Study(
            p.study,
            cells,
            found,
            p.claims,
            p.waivers,
            p.stopped,
            p.most_pictured,
            p.films_kib,
            p.unrecorded,
            p.audit,
            p.preferences,
        )
    )
    page = render(said)
    out.path("page").write_text(page, encoding="utf-8")
    out.path("content").write_text(json.dumps(without_pixels(said), indent=1) + "\n")
    return {"status": str(said["status"]), "page_kb": round(len(page.encode()) / 1024, 1)}
