"""The last lines of a plan, from counts and an estimate alone."""

from collections.abc import Mapping

from compiler.graph.rollouts import development, recorded
from compiler.plan.cost import Band, Estimate
from compiler.plan.form import MarkName
from compiler.plan.plan import Plan
from compiler.spec.study import Budget
from runtime.bound.domain import DOMAINS


def footer(
    counts: Mapping[MarkName, int], estimate: Estimate | None = None, budget: Budget | None = None, orphan_bytes: int = 0
) -> list[str]:
    """What is to be done, and what that takes.

    Args:
        counts: by the texts of `Mark`; absent ones are 0.
        estimate: None, or of nothing, when nothing is built.
        budget: limits of the study, to be told where the estimate passes them.
        orphan_bytes: disk space of the orphans.
    """
    build, rebuild, reuse = (counts.get("build", 0), counts.get("rebuild", 0), counts.get("reuse", 0))
    said = [f"{number(build)} to build", *([f"{number(rebuild)} to rebuild"] if rebuild else [])]
    said.append(f"{number(reuse)} reused")
    if orphans := counts.get("orphan", 0):
        said.append(f"{number(orphans)} orphan{'s' if orphans > 1 else ''} ({size(orphan_bytes, rough=True)})")
    lines = [", ".join(said)] if build + rebuild else [f"nothing to build; {', '.join(said[1:])}"]
    if estimate is None or not build + rebuild:
        return lines
    return [*lines, "estimate: " + ", ".join(amounts(estimate)), *over(estimate, budget)]


def over(estimate: Estimate, budget: Budget | None) -> list[str]:
    """A line for each limit of the budget that the estimate passes."""
    if budget is None:
        return []
    pairs = [
        ("CPU-hours", budget.cpu_hours, estimate.cpu_h),
        ("GPU-hours", budget.gpu_hours, estimate.gpu_h),
        (estimate.currency or "money", budget.money, estimate.money),
        ("GB of disk", budget.disk_gb, estimate.disk_gb),
    ]
    return [
        f"over budget: {_plain(band.value)} {unit}, and the study's `budget:` allows {_plain(limit)}"
        for unit, limit, band in pairs
        if limit is not None and band is not None and band.value > limit
    ]


def amounts(found: Estimate) -> list[str]:
    """CPU and GPU time, disk, money and wall time, with how sure they are."""
    certainty = f"{_band(found.cpu_h, 'CPU')}; {found.measured:.0%} of it measured"
    said = [f"{hours(found.cpu_h.value, 'CPU')} ({certainty})"]
    if found.gpu_h.value:
        said.append(f"{hours(found.gpu_h.value, 'GPU')} ({_band(found.gpu_h, 'GPU')})")
    if found.disk_known:
        least = "at least " if found.disk_known < 1 else ""
        said.append(f"{least}{size(1e9 * found.disk_gb.value, rough=True)} of disk")
    if found.money is not None:
        low, high = (f"{x:,.2f}" for x in (found.money.low, found.money.high))
        said.append(f"{found.money.value:,.2f} {found.currency} ({low} to {high})")
    said.append(f"at least {hours(found.wall_h)} on {found.cores} core{'s' if found.cores > 1 else ''}")
    return said


def hours(value: float, of: str = "") -> str:
    """Hours for people: `12.3 CPU-h`, `8.5 CPU-min`; without `of`, `8.5 min`."""
    factor, unit = _unit(value)
    return f"{_plain(value * factor)} {of}{'-' if of else ''}{unit}"


def _band(band: Band, of: str) -> str:
    factor, _ = _unit(band.value)
    return f"{_plain(band.low * factor)} to {_plain(band.high * factor)}"


def _unit(value: float) -> tuple[float, str]:
    return (1, "h") if value >= 1.5 else (60, "min") if value >= 1.5 / 60 else (3600, "s")


def size(number: float, rough: bool = False) -> str:
    """Bytes for people, in powers of 1000: `5.1 MB`; rough ones have no unit below kB, and no decimal from 100 on."""
    power = next((p for p in range(1 if rough else 0, 4) if number < 1000 ** (p + 1)), 4)
    value = number / 1000**power
    shown = _plain(value) if rough else f"{value:.1f}" if power else f"{value:.0f}"
    return f"{shown} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"


def number(n: int) -> str:
    """A count with its thousands apart."""
    return f"{n:,}"


def _plain(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def development_line(plan: Plan) -> list[str]:
    """A line on rollouts of the whole study that are no trials; none without such."""
    found = development((node, 1) for node in plan.graph.nodes.values())
    said = [f"{number(n)} {DOMAINS[domain].at}" for domain, n in sorted(found.items(), key=lambda x: list(DOMAINS).index(x[0]))]
    lines = [f"rollouts for development, at most: {', '.join(said)}"] if said else []
    real = recorded((node, 1) for node in plan.graph.nodes.values())
    said = [f"{number(real['episodes'])} episodes, {number(real['teleoperated'])} of them steered by people"] * bool(
        real["episodes"]
    )
    said += [f"{number(real['control_steps'])} control steps at most, steered by nobody"] * bool(real["control_steps"])
    if said:
        lines.append(f"new real data: {', '.join(said)}")
    return lines


def savings(plan: Plan) -> list[str]:
    """A line on batches to build that interim looks may leave out, which the estimate counts; none without such."""
    batches = [n for n in plan.build() if n.stage.role == "trials" and n.params["schedule"] is not None]
    later = [n for n in batches if (n.scope.look or 1) > 1]
    if not later:
        return []
    line = (
        f"interim looks may leave out up to {number(len(later))} of {number(len(batches))} batches of trials; "
        "the estimate counts them all"
    )
    if any(n.params["schedule"]["most"] > n.params["schedule"]["trials"] for n in later):
        line += ", since comparisons that stay open may get what others leave over (`max_trials`)"
    return [line]
