"""Interim looks: whether they can be taken at the trials that a study plans."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, did_you_mean, meant
from compiler.laws.subject import Subject


def looks(subject: Subject) -> Iterator[Diagnostic]:
    """X451: nothing to compare, fewer trials than looks, a most below the planned trials, or a domain not planned."""
    for name, study in subject.studies():
        asked = study.sequential
        if asked is None:
            continue
        if len(set(study.approaches)) < 2:  # without a baseline, X401 says so
            message = "interim looks compare approaches with a baseline, and there is nothing to compare"
            help = "name a `baseline` and another approach, or remove `sequential`"
            yield subject.at("study", name, ("sequential",), "X451", message, help, key=True)
        for i, domain in enumerate(asked.domains):
            if domain not in study.trials:
                message = f"interim looks are asked for in `{domain}`, in which no trials are planned"
                help = did_you_mean(domain, study.trials, "domains with trials")
                at = ("sequential", "domains", i)
                yield subject.at("study", name, at, "X451", message, help, fix=meant(domain, study.trials))
        for domain, trials in study.trials.items():
            if asked.domains and domain not in asked.domains:
                continue
            planned = subject.note("the trials are planned here", "study", name, ("trials", domain))
            if trials < asked.looks:
                message = f"{trials} trials in `{domain}` cannot be looked at {asked.looks} times"
                help = f"plan {asked.looks} trials at the least, or ask for fewer looks"
                at = ("sequential", "looks")
                default = at not in subject.project.spans("study", name)
                yield subject.at("study", name, at, "X451", message, help, notes=(planned,), key=default)
            if asked.max_trials is not None and asked.max_trials < trials:
                message = f"`max_trials` is {asked.max_trials}, below the {trials} trials planned in `{domain}`"
                help = "raise it, or leave it out so that trials left over are saved"
                at = ("sequential", "max_trials")
                yield subject.at("study", name, at, "X451", message, help, notes=(planned,))
