"""A study as its report sees it: what was planned, the artifacts, and what is read off them once for all sections."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.bound.audit import Audit, Choices
from runtime.bound.cell import Cell
from runtime.bound.domain import Domain
from runtime.bound.frame import StudyFrame
from runtime.bound.gate import StoppedBy
from runtime.bound.waiver import Waiver, Waivers
from runtime.report.drawing.listing import pooled
from runtime.report.drawing.words import by_reality
from runtime.report.forms.claims import ClaimVerdict
from runtime.report.forms.evidence import Evidence, UpliftRow
from runtime.report.forms.gates import GateVerdict
from runtime.report.forms.verdict import Role
from runtime.report.roles import Manifest, in_order, roles
from runtime.stats.status import Status
from runtime.store.manifest import lineage

if TYPE_CHECKING:
    import pyarrow as pa

WAIVABLE = (Status.FAILED, Status.UNDECIDED)
"""Outcomes that a waiver can speak of. What did not run was not measured, and nobody can answer for that."""


@dataclass(frozen=True)
class Artifacts:
    """Folders that a report is built from. They follow the study's gates, claims and locations, its cells for trials,
    its training runs for curves and gap factors."""

    uplift: Path | None
    """None where nothing is tried."""
    gates: Sequence[Path] = ()
    claims: Sequence[Path] = ()
    captures: Sequence[Path] = ()
    splats: Sequence[Path] = ()
    twins: Sequence[Path] = ()
    clips: Sequence[Path] = ()
    curves: Sequence[Path] = ()
    factors: Sequence[Path] = ()
    trials: Sequence[Path] = ()
    """Of each cell its first batch, of which there is always one."""
    later: Sequence[tuple[Cell, Path]] = ()
    """Further batches of trials, each with its cell."""
    replays: Sequence[Path] = ()
    own_worlds: Sequence[Path] = ()


@dataclass(frozen=True)
class Study:
    """All that sections are made from."""

    frame: StudyFrame
    cells: Sequence[Cell]
    """In the order of `artifacts.trials`."""
    artifacts: Artifacts
    claim_ids: Sequence[str] = ()
    """In the order of `artifacts.claims`."""
    waivers: Waivers = field(default_factory=Waivers)
    """Failures that somebody answers for."""
    stopped: Sequence[StoppedBy] = ()
    """What failed gates have stopped."""
    most_pictured: int = 0
    """Locations that get pictures and films."""
    films_kib: int = 0
    """What films of trials may take in the page, KiB."""
    unrecorded: Sequence[str] = ()
    """Stages and back ends whose code no version records, which was ignored."""
    audit: Audit | None = None
    """What people said of rollouts that a judge had judged."""
    choices: Choices | None = None
    """What people preferred between two approaches at a time."""

    @cached_property
    def evidence(self) -> Evidence:
        """What the trials say."""
        if self.artifacts.uplift is None:
            from runtime.stats.evidence import evidence

            return evidence(self.table, (), self.frame.baseline, self.frame.level, {})
        return json.loads((self.artifacts.uplift / "uplift.json").read_text())

    @cached_property
    def table(self) -> "pa.Table":
        """The trials, as the uplift stage joined them; without invalid ones, which `evidence` counts."""
        import pyarrow.parquet as pq

        from runtime.stats.table.invalid import without_invalid

        if self.artifacts.uplift is None:
            from runtime.stats.table.table import DATED

            return DATED.empty_table()
        return without_invalid(pq.read_table(self.artifacts.uplift / "trials.parquet"))

    @cached_property
    def gates(self) -> list[GateVerdict]:
        """How each gate stands."""
        return list(_judged(self.frame.gates, self.artifacts.gates, "gate.json", self.waivers.gates))

    @cached_property
    def refused(self) -> dict[tuple[str, Domain], str]:
        """(approach, domain) -> the gate that found its uplift there to be exploited, and that nobody answers for."""
        broken = [v for v in self.gates if v["metric"] == "exploitation" and v["status"] == Status.FAILED and not v["waived"]]
        return {(v["approach"], v["domain"]): v["id"] for v in broken if v["approach"] and v["domain"]}

    @cached_property
    def claims(self) -> list[ClaimVerdict]:
        """How each claim stands."""
        return list(_judged(self.claim_ids, self.artifacts.claims, "claim.json", self.waivers.claims))

    @cached_property
    def roles(self) -> dict[str, Role]:
        """Approach -> what it is for."""
        return roles(self.cells, self.artifacts.trials, self.frame.baseline)

    @cached_property
    def domains(self) -> list[Domain]:
        """Domains with trials, from the most real to the least."""
        return by_reality(self.evidence["counts"]["domains"])

    @cached_property
    def pooled(self) -> list[UpliftRow]:
        """One row of uplift per approach and domain."""
        return list(pooled(self.evidence["uplift"]).values())

    @cached_property
    def approaches(self) -> list[str]:
        """As the report lists them."""
        return in_order(self.frame.approaches, self.roles)

    @cached_property
    def locations(self) -> list[str]:
        """Those with a cell left: gates may have stopped all of one."""
        there = {cell.location for cell in self.cells} or self.frame.locations
        return [location for location in self.frame.locations if location in there]

    @cached_property
    def batches(self) -> list[tuple[Cell, Path]]:
        """Every batch of trials with its cell: the first ones of all cells, then further ones."""
        return [*zip(self.cells, self.artifacts.trials, strict=True), *self.artifacts.later]

    @cached_property
    def manifests(self) -> list[Manifest]:
        """Those of everything above the report, by stage and fingerprint."""
        a = self.artifacts
        trials = (folder for _, folder in self.batches)
        return [
            *lineage(
                [
                    *([a.uplift] if a.uplift else []),
                    *a.gates,
                    *a.claims,
                    *trials,
                    *a.captures,
                    *a.splats,
                    *a.twins,
                    *a.clips,
                    *a.curves,
                    *a.factors,
                    *a.replays,
                    *a.own_worlds,
                ]
            )
        ]


def _judged(ids: Sequence[str], folders: Sequence[Path], file: str, waivers: Mapping[str, Waiver]) -> Iterator[Any]:
    """Verdicts in the study's order, each with its `id` and the waiver that covers it, if any."""
    for name, folder in zip(ids, folders, strict=True):
        verdict, waiver = json.loads((folder / file).read_text()), waivers.get(name)
        covered = waiver is not None and Status(verdict["status"]) in WAIVABLE
        yield {"id": name, **verdict, "waived": waiver.model_dump(mode="json") if waiver and covered else None}
