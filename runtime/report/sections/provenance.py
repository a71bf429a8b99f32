"""Where the report's numbers come from: every artifact above it, what it cost, and how to make it again."""

from collections.abc import Mapping, Sequence
from typing import Any

ORDER = (
    "capture",
    "splat",
    "twin",
    "coverage",
    "demos",
    "enrichment",
    "policy",
    "evaluate",
    "learning",
    "uplift",
    "gate",
    "claim",
    "report",
)


def by_stage(manifests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row per stage: versions, back ends, artifacts, CPU seconds (each artifact once) and highest memory."""
    rows: dict[str, dict[str, Any]] = {}
    for manifest in manifests:
        row = rows.setdefault(
            manifest["stage"],
            {"stage": manifest["stage"], "versions": set(), "backends": set(), "artifacts": 0, "cpu_s": 0.0, "peak_mb": 0.0},
        )
        row["versions"].add(manifest["version"])
        row["backends"] |= {f"{b['name']} {b['version']}" for b in manifest.get("backends", {}).values()}
        row["artifacts"] += 1
        row["cpu_s"] = round(row["cpu_s"] + manifest["cost"]["cpu_s"], 3)
        row["peak_mb"] = max(row["peak_mb"], manifest["cost"]["peak_mb"])
    for row in rows.values():
        row["versions"], row["backends"] = sorted(row["versions"]), sorted(row["backends"])
    return sorted(rows.values(), key=lambda row: _position(row["stage"]))


def artifacts(manifests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row per artifact: address, version, cost and flat metrics."""
    rows = [
        {
            "stage": m["stage"],
            "fingerprint": m["fingerprint"],
            "version": m["version"],
            "cpu_s": m["cost"]["cpu_s"],
            "metrics": flat(m.get("metrics", {})),
        }
        for m in manifests
    ]
    return sorted(rows, key=lambda row: (_position(row["stage"]), row["fingerprint"]))


def flat(metrics: Mapping[str, Any], most: int = 8) -> dict[str, Any]:
    """The first scalar metrics; nested ones get dotted names."""
    found: dict[str, Any] = {}
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{inner}": v for inner, v in value.items() if isinstance(v, int | float | str)}
        elif isinstance(value, int | float | str):
            found[name] = value
    return dict(list(found.items())[:most])


def commands(study: str) -> list[str]:
    """What to type in a checkout to make this report again."""
    name = "" if study == "study" else f" {study}"
    build = "snakemake --cores all" if study == "study" else f"simkiln run{name}"
    return [f"simkiln check{' --study' + name if name else ''}", build, f"simkiln report{name}"]


def _position(stage: str) -> tuple[int, str]:
    return (ORDER.index(stage) if stage in ORDER else len(ORDER), stage)
