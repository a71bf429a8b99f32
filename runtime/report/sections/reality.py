"""Simulated against real success: every pair of domains."""

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import pooled
from runtime.report.forms.reality import SimReal
from runtime.report.forms.report import Report
from runtime.report.roles import in_order
from runtime.report.study import Study


def sim_real(study: Study) -> list[SimReal]:
    """Every pair of a simulated and a real domain."""
    from runtime.trials.agree import all_pairs

    return all_pairs(study.table, study.evidence["level"])


def drawn(said: Report) -> Drawn:
    """Each pair of `sim_real` with `approaches`, a `group` number for each policy, and its gaps over all places."""
    pairs = []
    for pair in said["sim_real"]:
        names = [policy["policy"].rpartition(", seed ")[0] for policy in pair["policies"]]
        approaches = [a for a in in_order(said["study"]["approaches"], said["roles"]) if a in names]
        policies = [{**p, "group": approaches.index(a)} for p, a in zip(pair["policies"], names, strict=True)]
        widest = pooled(pair["gap"], "approach")
        gaps = [widest[a,] for a in approaches if (a,) in widest]
        pairs.append({**pair, "approaches": approaches, "policies": policies, "gaps": gaps})
    return {"groups": pairs}


def policy_rows(said: Report) -> Rows:
    """One row per policy and pair of domains."""
    names = "policy simulated_success=simulated real_success=real simulated_trials real_trials"
    return [columns(pair, "simulated real") | columns(row, names) for pair in said["sim_real"] for row in pair["policies"]]


def powered_rows(said: Report) -> Rows:
    """One row per approach and pair of domains: real success alone and with simulation's help."""
    names = """approach real_alone=classical real_alone=classical_band powered=value powered=band trust=weight real_trials
    simulated_trials real_trials_saved=trials_saved"""
    return [columns(pair, "simulated real") | columns(row, names) for pair in said["sim_real"] for row in pair["powered"]]
