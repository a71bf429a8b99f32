"""What an approach is for, read off its artifacts rather than its name."""

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.bound.cell import Cell
from runtime.report.forms.verdict import Role
from runtime.stats.verdict.alike import recipe
from runtime.store.manifest import parent_of, read_manifest

BASELINE: Role = "baseline"
PLACEBO: Role = "placebo"
UNTRAINED: Role = "untrained"
TREATMENT: Role = "treatment"
Manifest = Mapping[str, Any]
"""What an artifact says of itself."""


def in_order(approaches: Sequence[str], roles: Mapping[str, Role]) -> list[str]:
    """Approaches as the report lists them: baseline, treatments, then the controls; `APPROACH~CONTROL` beside its approach."""
    order = (BASELINE, TREATMENT, PLACEBO, UNTRAINED)

    def place(approach: str) -> tuple[int, int, int]:
        base = approach.partition("~")[0] if beside(approach, approaches) else approach
        return order.index(roles.get(base, TREATMENT)), approaches.index(base), base != approach

    return sorted(approaches, key=place)


def beside(approach: str, approaches: Container[str]) -> bool:
    """Whether an approach is an arm that was made beside another of the study: a control of it, or an earlier round."""
    base, _, arm = approach.partition("~")
    return bool(arm) and base in approaches


def roles(cells: Sequence[Cell], trials: Sequence[Path], baseline: str | None) -> dict[str, Role]:
    """Approach -> `baseline`, `placebo`, `untrained` or `treatment`.

    A placebo's policies came from the baseline's very parents and parameters but for the training seed, and are tried as the
    baseline's are, so the true uplift is zero by construction. An untrained approach's policies took no training step.
    """
    made = {cell: _policy(folder) for cell, folder in zip(cells, trials, strict=True)}
    approaches = dict.fromkeys(cell.approach for cell in cells)
    return {approach: _role(approach, baseline, made) for approach in approaches}


def _role(approach: str, baseline: str | None, made: Mapping[Cell, Manifest | None]) -> Role:
    if approach == baseline:
        return BASELINE
    mine = [(cell, policy) for cell, policy in made.items() if cell.approach == approach]
    if mine and all(policy and policy["params"].get("steps") == 0 for _, policy in mine):
        return UNTRAINED
    if baseline is not None and mine:
        twins = (made.get(cell.model_copy(update={"approach": baseline})) for cell, _ in mine)
        if _all_alike(zip((policy for _, policy in mine), twins, strict=True)):
            return PLACEBO
    return TREATMENT


def _all_alike(pairs: Iterable[tuple[Manifest | None, Manifest | None]]) -> bool:
    return all(a is not None and b is not None and _recipe(a) == _recipe(b) for a, b in pairs)


def _recipe(manifest: Manifest) -> tuple[object, ...]:
    """All that a policy was made from, but for its seed."""
    return *recipe(manifest), manifest["seen_through"]


def _policy(evaluation: Path) -> Manifest | None:
    folder = parent_of(evaluation, "policy")
    through = read_manifest(evaluation).get("parents", {}).get("transform")
    return {**read_manifest(folder), "seen_through": through} if folder else None
