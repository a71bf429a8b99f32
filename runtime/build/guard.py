"""Guards: gates that a job asks before it builds what depends on the artifacts they judge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.bound.gate import GateRule
from runtime.job import Parent
from runtime.stats.status import Status
from runtime.stats.verdict.alike import of_median
from runtime.stats.verdict.gate import Measure, judge, lookup, wanted
from runtime.store.store import DamagedArtifact, Store


@dataclass(frozen=True)
class Guard:
    """A gate's rule and the artifacts that it judges together: one artifact, a location's, or all of the study's."""

    gate: str
    rule: GateRule
    judged: tuple[Parent, ...]

    def to_json(self) -> dict[str, Any]:
        """As a job's file holds it."""
        return {"gate": self.gate, "rule": self.rule.model_dump(mode="json"), "judged": list(map(list, self.judged))}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Guard":
        """Read back."""
        judged = tuple(Parent(*address) for address in value["judged"])
        return cls(value["gate"], GateRule.model_validate(value["rule"]), judged)


class Stopped(Exception):
    """A failed gate forbids this job. The artifact is not run, which is no error of the job."""


def failed(guard: Guard, store: Store) -> str | None:
    """Why the gate forbids what depends on its artifacts; None while it does not.

    The mean over artifacts that are judged together (or the worst of them over the median) is held against the rule. As long as
    one of them is not built, or did not record the metric, nothing has failed.
    """
    values, manifests = [], []
    for parent in guard.judged:
        if not store.has(*parent):
            return None
        try:
            manifests.append(store.manifest(*parent))
            value = lookup(metrics := manifests[-1]["metrics"], guard.rule.metric)
        except (DamagedArtifact, KeyError):
            return None
        if guard.rule.unmeasured == "left_out" and metrics.get(guard.rule.metric, 0) is None:
            manifests.pop()
            continue
        if value is None:
            return None
        values.append(value)
    if not values:
        return None
    label, value = "", sum(values) / len(values)
    if guard.rule.of == "median":
        ((label, value),) = of_median(guard.rule, [("", manifest) for manifest in manifests])
    measure = Measure("", value, None, len(values))
    if guard.rule.over == "seeds":
        from runtime.stats.verdict.over_seeds import of_seeds  # scipy, which no other guard needs

        (measure,) = of_seeds(guard.rule, [("", manifest) for manifest in manifests], guard.rule.level or 0.95)
    if judge(guard.rule, measure) is not Status.FAILED:
        return None
    return f"`{guard.rule.metric}`{label and f' of {label}'} is {value:.4g}, wanted {wanted(guard.rule)}"


def ask(guards: list[dict[str, Any]], store: Store) -> None:
    """Ask every guard of a job.

    Raises:
        Stopped: when one forbids it.
    """
    for value in guards:  # most jobs have none
        guard = Guard.from_json(value)
        reason = failed(guard, store)
        if reason is not None:
            raise Stopped(f"stopped by gate `{guard.gate}`: {reason}")
