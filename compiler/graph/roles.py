"""What a study does with stages, by what they are for: the one place of the compiler that speaks of roles.

A stage without a role is made where something reads it. A new kind of trials, of curves, or of judges is a stage that says
its role; nothing else in the compiler names a stage.
"""

from runtime.stage import Role, Stage, load_stages

EVIDENCE: tuple[Role, ...] = ("trials", "look", "curve", "factors", "replay", "own", "evidence", "report")
"""Roles of what is always shown: gates over such artifacts hold nothing up."""
JUDGES: tuple[Role, ...] = ("conditions", *(role for role in EVIDENCE if role != "replay"), "gate", "claim")
"""Roles of what approaches are judged by: none of them may change it for itself. A replay judges a twin, and no approach."""


def having(*roles: Role) -> list[Stage]:
    """The stages of some roles, in the order of the roles, by name within each."""
    stages = sorted(load_stages().values(), key=lambda stage: stage.name)
    return [stage for role in roles for stage in stages if stage.role == role]


def trials_of(domain: str) -> Stage:
    """The stage that makes trials in a domain.

    Raises:
        LookupError: when none does; trials there come from elsewhere.
    """
    found = next((stage for stage in having("trials") if domain in stage.domains), None)
    if found is None:
        raise LookupError(f"no stage makes trials in {domain!r}")
    return found


def domains() -> list[str]:
    """Domains that a stage makes trials in, in the order of stages."""
    return list(dict.fromkeys(domain for stage in having("trials") for domain in stage.domains))
