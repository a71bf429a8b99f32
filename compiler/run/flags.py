"""Flags of Snakemake that can do nothing here, and the sentence that says why. Standard library only."""

import sys
from collections.abc import Iterable

SAID = {
    "--touch -t": "nothing is touched: what is built is known by its content in the store, not by a file's time",
    "--forcerun -R --forceall -F --force -f": "what is in the store is not built again, because one address has one content; "
    "to have it built again, delete its folder (`simkiln where NODE`)",
    "--delete-all-output --delete-temp-output": "no artifact is an output of Snakemake, so none is deleted: `simkiln gc` "
    "deletes what no study plans any more",
    "--summary -S --detailed-summary -D": "these are marks of what is missing, for this call alone: `simkiln plan` tells what "
    "is in the store",
    "--lint": "the lint that wants a conda environment or a container for each rule is left out: jobs run in the environment "
    "that `pyproject.toml` pins, or where the description of a back end says",
}
"""Flags -> why they do something else than in another workflow."""


def heed() -> None:
    """Say on stderr what the flags of this call cannot do, and leave the lint out that cannot be satisfied."""
    words = {word.partition("=")[0] for word in sys.argv[1:]}
    for flags, why in SAID.items():
        if asked := words.intersection(flags.split()):
            sys.stderr.write(f"simkiln: {asked.pop()}: {why}\n")
    if "--lint" in words:
        from snakemake.linting.rules import RuleLinter

        del RuleLinter.lint_missing_software_definition


def dry() -> bool:
    """Whether this call runs no job for certain; where that is said in another way, a plan is written out in full."""
    return not {"-n", "-np", "-pn", "-nq", "-qn", "--dry-run", "--dryrun"}.isdisjoint(sys.argv[1:])


def named(stages: Iterable[str]) -> bool:
    """Whether this call names one of the stages (`--until capture`) or lists the rules, so that each needs a rule."""
    return not {part for word in sys.argv[1:] for part in word.split("=")}.isdisjoint({"--list", "--list-rules", "-l", *stages})
