"""A made-up study for tests of the evidence: artifacts with the shape of real ones, outcomes drawn from known rates."""

import atexit
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from runtime.bound.cell import Cell
from runtime.bound.frame import StudyFrame
from runtime.bound.gate import TRIAL_METRICS
from runtime.build.testing import run_stage
from runtime.sim.trials.tables import TWICE
from tests.runtime.synthetic_files import BUILT, MODES, capture_of, clip, json_bytes, picture, published, rollouts

LOCATIONS = ("cellar-workbench", "atrium-counter")
RATES = {  # approach -> domain -> expected success
    "untrained": {"twin": 0.01, "irl_proxy": 0.0},
    "baseline": {"twin": 0.82, "irl_proxy": 0.5},
    "placebo": {"twin": 0.82, "irl_proxy": 0.5},
    "enriched": {"twin": 0.84, "irl_proxy": 0.74},
}
POINTS = b"control_steps,success,clone_kl\n1000,0.5,0\n2000,0.6,\n3000,0.7,2.5\n"
"""Of a policy that was improved by reinforcement learning, in short."""
PRIORS = {"enriched": {"world_model": [2, 6], "irl": [1, 3]}}
GATES: dict[str, dict[str, Any]] = {
    name: {"metric": metric, "approach": approach, "domain": domain, "comparator": comparator, "threshold": threshold}
    for name, metric, approach, domain, comparator, threshold in (
        ("untrained-fails", "success_rate", "untrained", "irl_proxy", "at_most", 10),
        ("baseline-has-room", "success_rate", "baseline", "irl_proxy", "between", [20, 80]),
        ("placebo-null", "uplift", "placebo", "irl_proxy", "contains", 0),
        ("enriched-helps", "uplift", "enriched", "twin", "above", 0),
    )
} | {
    "splat-sharp": {"metric": "psnr_db", "stage": "splat", "scope": "artifact", "comparator": "at_least", "threshold": 24},
    "world-model-drift": {"metric": "drift", "stage": "splat", "scope": "artifact", "comparator": "at_most", "threshold": 0.1},
}
CLAIMS: dict[str, dict[str, Any]] = {
    "enriched-helps-at-the-sites": {"kind": "superior", "approach": "enriched", "domain": "irl_proxy"},
    "no-harm-in-the-twin": {"kind": "non_inferior", "approach": "enriched", "domain": "twin", "margin": 30},
    "cause": {
        "kind": "composed",
        "parts": {
            "by-a-lot": {"kind": "superior", "approach": "enriched", "domain": "irl_proxy", "margin": 50},
            "beats-baseline": {"kind": "superior", "approach": "enriched", "domain": "irl_proxy"},
        },
    },
    "on-a-robot": {"kind": "superior", "approach": "enriched", "domain": "irl"},
}
WAIVERS: dict[str, Any] = {
    "gates": {"enriched-helps": {"reason": "two more seeds are training", "owner": "Ada", "until": "2999-12-31"}},
    "claims": {"cause": {"reason": "a wish, not a finding", "owner": "Grace", "until": "2999-12-31"}},
}
INVENTORY = [
    {"part": "environment", "kind": "support", "source": "estimated", "confidence": 0.913, "value": {"z_m": 0.0}},
    {"part": "lighting", "kind": "lamp", "source": "assumed", "confidence": None, "value": {"position_m": [0.4, 0.5, 1.8]}},
    {"part": "physics", "kind": "gravity", "source": "assumed", "confidence": None, "value": None},
]


@dataclass
class Synthetic:
    """Published artifacts of a made-up study."""

    store: Path
    frame: StudyFrame
    cells: list[Cell]
    captures: list[Path] = field(default_factory=list)
    splats: list[Path] = field(default_factory=list)
    twins: list[Path] = field(default_factory=list)
    demos: list[Path] = field(default_factory=list)
    clips: list[Path] = field(default_factory=list)
    policies: list[Path] = field(default_factory=list)
    trials: list[Path] = field(default_factory=list)
    curves: list[Path] = field(default_factory=list)
    factors: list[Path] = field(default_factory=list)
    fixed: tuple[str, ...] = ()
    clean_of: dict[str, str] = field(default_factory=dict)

    def uplift(self, **more: Any) -> Path:
        """Run the uplift stage."""
        params = {"cells": self.dumped_cells(), "study": self.frame.model_dump(mode="json"), "priors": PRIORS}
        return run_stage(
            "uplift",
            params | {"fixed_policies": list(self.fixed), "clean_of": self.clean_of} | more,
            {"trials": self.trials},
            self.store,
        )

    def gate(self, rule: Mapping[str, Any], uplift: Path) -> Path:
        """Run the gate stage."""
        rates = rule["metric"] in TRIAL_METRICS
        named = [] if rates else self.judged(rule)
        params = {"rule": rule, "study": self.frame.model_dump(mode="json"), "labels": [label for label, _ in named]}
        inputs: dict[str, Any] = {"uplift": uplift} if rates else {"judged": [folder for _, folder in named]}
        return run_stage("gate", params, inputs, self.store)

    def judged(self, rule: Mapping[str, Any]) -> list[tuple[str, Path]]:
        """(location, artifact) that a rule over a stage's metric speaks of."""
        by_location = {"splat": self.splats, "twin": self.twins, "demos": self.demos, "coverage": self.clips}
        if rule["stage"] in by_location:
            return list(zip(self.frame.locations, by_location[rule["stage"]], strict=True))
        wanted = {k: rule[k] for k in ("approach", "domain") if k in rule}
        made = {"policy": self.policies, "evaluate": self.trials}[rule["stage"]]
        return [
            (cell.location, folder)
            for cell, folder in zip(self.cells, made, strict=True)
            if all(getattr(cell, axis) == value for axis, value in wanted.items())
        ]

    def claim(self, claim: Mapping[str, Any], uplift: Path) -> Path:
        """Run the claim stage."""
        params = {"claim": claim, "study": self.frame.model_dump(mode="json")}
        return run_stage("claim", params, {"uplift": uplift}, self.store)

    def report(
        self,
        claims: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
        waivers: Mapping[str, Any] = MappingProxyType({}),
        **more: Any,
    ) -> Path:
        """Run all stages of the evidence."""
        uplift = self.uplift()
        gates = [self.gate(GATES[name], uplift) for name in self.frame.gates]
        params = {
            "study": self.frame.model_dump(mode="json"),
            "cells": self.dumped_cells(),
            "claims": list(claims),
            "waivers": dict(waivers),
            **more,
        }
        inputs: dict[str, Any] = {
            "uplift": uplift,
            "gates": gates,
            "claims": [self.claim(claim, uplift) for claim in claims.values()],
            "captures": self.captures,
            "splats": self.splats,
            "twins": self.twins,
            "clips": self.clips,
            "trials": self.trials,
            "curves": self.curves,
            "factors": self.factors,
        }
        return run_stage("report", params, inputs, self.store)

    def dumped_cells(self) -> list[dict[str, Any]]:
        """Cells as parameters."""
        return [cell.model_dump() for cell in self.cells]


@cache
def the_study() -> Synthetic:
    """The study with all its defaults, made once for all tests of a process: they may add to its store, and change nothing."""
    folder = TemporaryDirectory(prefix="simkiln-study-")
    atexit.register(folder.cleanup)
    return synthetic_study(Path(folder.name) / "store")


def synthetic_study(
    store: Path,
    locations: tuple[str, ...] = LOCATIONS,
    rates: Mapping[str, Mapping[str, float]] = RATES,
    trials: int | Mapping[str, int] = 40,
    seeds: tuple[int, ...] = (0, 1, 2),
    gates: tuple[str, ...] = tuple(GATES),
    curves: bool = True,
    unsteady: Mapping[str, float] = MappingProxyType({}),
    twice: int = 4,
    built: Mapping[str, float] = MappingProxyType({}),
    drift: Mapping[str, float] = MappingProxyType({}),
    fixed: tuple[str, ...] = (),
    reinforced: tuple[str, ...] = (),
    protocols: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    invalid: Mapping[str, int] = MappingProxyType({}),
) -> Synthetic:
    """Publish a whole study's artifacts; the same arguments give the same outcomes. Curves need the domain `twin`.

    Args:
        built: location -> Unix time at which its artifacts were made; by default `BUILT` for all.
        fixed: approaches that are one policy, whose trials stand for every seed.
        reinforced: approaches whose policies have a curve of reinforcement learning.
        protocols: domain -> what trials there say of how they were run.
        invalid: approach -> how many first trials of each of its cells are none.
        drift: domain -> by how much success there changes (of 1) from the first of `built` to the last.
        twice: how many first trials of each cell are run again.
        unsteady: domain -> how probably they end differently there.
    """
    rng, counted = np.random.default_rng(7), np.random.default_rng(8)
    domains = list(next(iter(rates.values())))
    planned = dict.fromkeys(domains, trials) if isinstance(trials, int) else dict(trials)
    frame = StudyFrame(
        id="study",
        baseline="baseline" if "baseline" in rates else None,
        locations=locations,
        tasks=("press-button",),
        approaches=tuple(rates),
        seeds=seeds,
        trials=planned,
        gates=gates,
    )
    cells = [
        Cell.model_validate({"approach": a, "location": x, "task": "press-button", "seed": s, "domain": d})
        for x in locations
        for a in rates
        for s in seeds
        for d in domains
    ]
    study = Synthetic(store, frame, cells, fixed=fixed)
    at = {}
    times = {location: built.get(location, BUILT) for location in locations}
    first, span = min(times.values()), (max(times.values()) - min(times.values())) or 1.0
    for i, location in enumerate(locations):
        capture = capture_of(store, location, i)
        splat = published(
            store,
            "splat",
            f"{location}",
            {"preview/held_out_0.png": picture(600, 150, i + 3)},
            {"psnr_db": 26.4 - i, "ssim": 0.91, "depth_error": 0.014},
            parents={"capture": [capture]},
        )
        held = {"inventory.json": json_bytes(INVENTORY)} if i == 0 else {}  # twins of before had none
        seen = {"preview.png": picture(320, 240, i + 5)} | held
        twin = published(store, "twin", location, seen, parents={"splat": [splat]})
        demos = published(
            store,
            "demos",
            location,
            {"episodes.npz": b"made up"},
            {"episodes": 60, "scripted_tries": 40, "scripted_successes": int(counted.binomial(40, 0.97))},
            parents={"twin": [twin]},
            built=times[location],
        )
        enriched = published(
            store,
            "enrichment",
            location,
            {"episodes.npz": b"made up"},
            {"variants": 120, "variants_passed": int(counted.binomial(120, 0.95))},
            parents={"demos": [demos]},
            built=times[location],
        )
        filmed = {"clips/orbit.mp4": clip(store)}
        figures: dict[str, Any] = {"seen_fraction": None, "seen_as_asked": None}  # a splat without photos
        if i == 0:
            filmed["seen.png"] = picture(480, 120, 9)
            figures = {"seen_fraction": 0.832, "seen_as_asked": 0.05}
        clips = published(store, "coverage", location, filmed, figures, parents={"scene": [splat]})
        at[location] = {"twin": twin, "demos": demos, "enriched": enriched}
        study.captures.append(capture)
        study.splats.append(splat)
        study.twins.append(twin)
        study.demos.append(demos)
        study.clips.append(clips)
    ease = {(x, d): rng.normal(0, 0.15, planned[d]) for x in locations for d in domains}
    luck = {(x, a, s): rng.normal(0, 0.05) for x in locations for a in rates for s in seeds}
    for cell in cells:
        seed = cell.seed + (1000 if cell.approach == "placebo" else 0)
        trained = "baseline" if cell.approach == "aligned" else cell.approach
        parent = at[cell.location]["enriched" if cell.approach == "enriched" else "demos"]
        policy = published(
            store,
            "policy",
            f"{cell.location}{trained}{seed}",
            {"policy.json": b"{}", "curve.csv": _loss_curve(trained, seed)}
            | ({"rl.csv": POINTS} if trained in reinforced else {}),
            {"loss": 0.02}
            | ({"stopped": "patience"} if trained in reinforced else {})
            | ({} if trained == "untrained" else {"held_out_loss": _losses(trained, seed)[-1]}),
            {"steps": 0 if cell.approach == "untrained" else 400, "seed": seed},
            {"demos": [parent]},
            cpu_s=24.0,
        )
        age = (times[cell.location] - first) / span
        rate = rates[cell.approach][cell.domain] + age * drift.get(cell.domain, 0.0)
        spread = 0 if rate < 0.05 else 1
        chance = rate + spread * (ease[cell.location, cell.domain] + luck[cell.location, trained, cell.seed])
        draw = rng
        if cell.approach in fixed:
            draw = np.random.default_rng([5, *f"{cell.location} {cell.approach} {cell.domain}".encode()])
            chance = rate + ease[cell.location, cell.domain]
        won = draw.random(planned[cell.domain]) < chance
        table = trial_table(cell, won, draw)
        if bad := invalid.get(cell.approach, 0):
            kept = {"success": [False] * bad, "score": [0.0] * bad, "failure_mode": ["invalid: arm stuck"] * bad}
            for name, values in kept.items():
                whole = values + table[name].to_pylist()[bad:]
                table = table.set_column(table.column_names.index(name), name, pa.array(whole))
        second = _again(table, twice, unsteady.get(cell.domain, 0.0))
        study.policies.append(policy)
        study.trials.append(
            published(
                store,
                "evaluate",
                f"{cell!r}",
                {"trials.parquet": table, "twice.parquet": second, **rollouts(cell, won)}
                | ({"protocol.json": json_bytes(protocols[cell.domain])} if cell.domain in protocols else {}),
                {"success": float(won.mean())},
                {"domain": cell.domain},
                {"policy": [policy], "twin": [at[cell.location]["twin"]]},
                cpu_s=9.0,
                built=times[cell.location],
            )
        )
    if curves and "twin" in domains:
        study.curves = _curves(study, rates, at)
    return study


def _losses(approach: str, seed: int) -> list[float]:
    """Held-out losses after 100, 200, 400 steps; the baseline's run of seed 1 is unfinished."""
    end = 0.3 if (approach, seed) == ("baseline", 1) else 0.15 + 0.002 * (seed % 7)
    return [0.4, (0.4 + end) / 2, end]


def _loss_curve(approach: str, seed: int) -> bytes:
    rows = (
        ""
        if approach == "untrained"
        else "".join(
            f"{step},0.2,1e-3,{loss:.6f}\n{step + 10},0.2,1e-3,\n"
            for step, loss in zip((100, 200, 400), _losses(approach, seed), strict=True)
        )
    )
    return f"step,loss,learning_rate,held_out_loss\n{rows}".encode()


def _curves(study: Synthetic, rates: Mapping[str, Mapping[str, float]], at: Mapping[str, Any]) -> list[Path]:
    """Trials of checkpoints: the enriched approach learns faster, the untrained one not at all."""
    found = []
    policies = dict(zip(study.cells, study.policies, strict=True))
    for i, cell in enumerate(cell for cell in study.cells if cell.domain == "twin"):
        rng, rise = np.random.default_rng((11, i)), 6.0 if cell.approach == "enriched" else 1.5
        luck, steps = rng.normal(0, 0.04), [0] if cell.approach == "untrained" else [100, 200, 400]
        rows = []
        for step in steps:
            share = 1.0 if step == 0 else (1 - np.exp(-rise * step / 400)) / (1 - np.exp(-rise))
            won = rng.random(20) < rates[cell.approach]["twin"] * share + luck * (step > 0)
            rows += [
                {
                    "step": step,
                    "windows": 32 * step,
                    "initial_state": str(k),
                    "success": bool(w),
                    "score": float(w),
                    "failure_mode": "" if w else MODES[0],
                }
                for k, w in enumerate(won)
            ]
        parents = {"policy": [policies[cell]], "twin": [at[cell.location]["twin"]]}
        found.append(
            published(
                study.store,
                "learning",
                f"{cell!r}",
                {"learning.parquet": pa.Table.from_pylist(rows)},
                {"points": len(steps)},
                {"trials": 20},
                parents,
                cpu_s=6.0,
            )
        )
    return found


def trial_table(cell: Cell, won: np.ndarray, rng: np.random.Generator | None = None) -> pa.Table:
    """Trials of one cell as `evaluate` writes them: the approach left open."""
    rng = rng or np.random.default_rng(0)
    n = len(won)
    failed = rng.choice(MODES, n, p=[0.15, 0.5, 0.25, 0.1])
    return pa.table(
        {
            "location": [cell.location] * n,
            "task": [cell.task] * n,
            "approach": [""] * n,
            "seed": [cell.seed] * n,
            "domain": [cell.domain] * n,
            "initial_state": list(range(n)),
            "success": [bool(w) for w in won],
            "score": [1.0 if w else float(rng.uniform(0, 0.6)) for w in won],
            "failure_mode": ["" if w else str(f) for w, f in zip(won, failed, strict=True)],
            "steps": [int(rng.integers(12, 40)) for _ in range(n)],
            "protocol": [f"{cell.task} in {cell.domain}"] * n,
            "factors": [json_bytes(_factors(i)).decode() for i in range(n)],
        }
    )


def _factors(i: int) -> dict[str, Any]:
    """What varied in the trial from state `i`."""
    return {"light": ("dim", "bright")[i % 2], "object_x_m": 0.2 + 0.1 * (0.618 * i % 1), "object_y_m": 0.3 * (0.414 * i % 1)}


def _again(table: pa.Table, count: int, unsteady: float) -> pa.Table:
    """The first trials once more, as `evaluate` writes them."""
    rng = np.random.default_rng([3, table.num_rows, table["seed"][0].as_py()])
    rows = [{**row, "initial_state": str(row["initial_state"])} for row in table.slice(0, count).to_pylist()]
    changed = [{**row, "success": row["success"] != bool(rng.random() < unsteady)} for row in rows]
    columns = {name: [row[name] for row in changed] for name in TWICE.names}
    return pa.table(columns, schema=TWICE)
