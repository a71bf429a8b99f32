"""Guards: gates that a job asks before it builds what depends on the artifacts they judge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.bound.gate import GateRule
from runtime.job import Parent
from runtime.stats.status import Status
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

    The mean over artifacts that are judged together is held against the rule. As long as one of them is not built, or
    did not record the metric, nothing has failed.
    """
    values = []
    for parent in guard.judged:
        if not store.has(*parent):
            return None
        try:
            value = lookup(store.manifest(*parent)["metrics"], guard.rule.metric)
        except (DamagedArtifact, KeyError):
            return None
        if value is None:
            return None
        values.append(value)
    mean = sum(values) / len(values)
    if judge(guard.rule, Measure("", mean, None, len(values))) is not Status.FAILED:
        return None
    return f"`{guard.rule.metric}` is {mean:.4g}, wanted {wanted(guard.rule)}"


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
