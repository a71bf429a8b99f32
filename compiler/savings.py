"""What interim looks may spare of the trials that a plan counts."""

from compiler.plan import Plan
from compiler.summary import number


def savings(plan: Plan) -> list[str]:
    """A line on batches to build that interim looks may leave out, which the estimate counts; none without such."""
    batches = [n for n in plan.build() if n.stage.name == "evaluate" and n.params["schedule"] is not None]
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
