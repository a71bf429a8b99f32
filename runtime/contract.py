"""Port contracts: what an artifact promises to those that read it.

Edges are compared when specs are checked, contents when an artifact is published (design, section 6: a policy with
seven actions met a world model of 384 at stage four, after the compute was spent).
"""

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class Contract:
    """Facts about an artifact's content; `None` says nothing about a fact."""

    action_dim: int | None = None
    fps: float | None = None
    frames: int | None = None
    camera_keys: tuple[str, ...] | None = None
    instruction_key: str | None = None
    normaliser_digest: str | None = None
    history: int | None = None

    def to_json(self) -> dict[str, object]:
        """The facts that are stated, as JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items() if v is not None}

    @classmethod
    def from_json(cls, value: dict[str, object]) -> "Contract":
        """The inverse of `to_json`; facts that this version does not know are ignored."""
        facts = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items() if k in FACTS}
        return cls(**facts)  # ty: ignore[invalid-argument-type]


FACTS = tuple(f.name for f in fields(Contract))


@dataclass(frozen=True)
class Mismatch:
    """One fact on which two ends of an edge disagree."""

    fact: str
    wanted: object
    offered: object


def mismatches(wanted: Contract, offered: Contract) -> list[Mismatch]:
    """Facts stated at both ends that differ. Camera keys need only be a subset of those on offer."""
    found = []
    for fact in FACTS:
        want, offer = getattr(wanted, fact), getattr(offered, fact)
        if want is None or offer is None or want == offer:
            continue
        if fact == "camera_keys" and set(want) <= set(offer):
            continue
        found.append(Mismatch(fact, want, offer))
    return found
