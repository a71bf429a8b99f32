"""Which factors of hidden sites explain the gap to the twin: parts in points with bands, which sum to the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from runtime.report.forms.factors import FactorPart, FactorsForm, FactorsRow
from runtime.stats.evidence import estimate_json
from runtime.stats.inference.uplift import uplift_of
from runtime.stats.table.outcomes import Runs, Trials
from runtime.stats.table.table import rows

METHOD = {
    "part": "change of success when the site's true value of a factor comes in for what the twin assumes, mean over the orders "
    "of putting in (Shapley's value by sampled orders); below zero it costs success",
    "reconstruction": "the nominal site in place of the twin: what capture, splat and twin got wrong; always first",
    "band": "over training runs of the same policies, paired by initial state; it holds the luck of the orders, too",
    "sum": "the parts of an approach sum to its gap, success at the hidden site minus success in the twin, over these trials",
}
WHOLE = "whole"


@dataclass(frozen=True)
class Explained:
    """The changes of one policy: a table with `order`, `factor`, `initial_state`, `before`, `after`."""

    approach: str
    location: str
    task: str
    seed: int
    table: pa.Table


def factors_evidence(found: Sequence[Explained], level: float, shared_training: bool = False) -> FactorsForm | None:
    """Parts of each approach's gap at each task, pooled over places and at each place where there are several.

    Args:
        found: in the study's order; none gives None.
        level: confidence level of every band.
        shared_training: whether one training run serves all locations.
    """
    if not found:
        return None
    said: list[FactorsRow] = []
    for approach, task in dict.fromkeys((one.approach, one.task) for one in found):
        mine = [one for one in found if (one.approach, one.task) == (approach, task)]
        places = list(dict.fromkeys(one.location for one in mine))
        sides = _sides(mine)
        for within in [places, *([[place] for place in places] if len(places) > 1 else [])]:
            at = [(place, task) for place in within]
            parts: list[FactorPart] = []
            for factor, (before, after) in sides.items():
                trials = Trials({("after", "irl_proxy"): after, ("before", "irl_proxy"): before})
                change = uplift_of(
                    trials, "after", "before", "irl_proxy", at, level, shared_training and len(at) > 1, same_runs=True
                )
                if change is not None:
                    parts.append({"factor": factor, **estimate_json(change.estimate), "direction": change.direction})
            whole = next(part for part in parts if part["factor"] == WHOLE)
            said.append(
                {
                    "approach": approach,
                    "task": task,
                    "location": within[0] if len(within) == 1 else None,
                    "locations": len(within),
                    "seeds": len({one.seed for one in mine}),
                    "whole": whole,
                    "parts": [part for part in parts if part is not whole],
                }
            )
    return {"level": level, "method": METHOD, "rows": said}


def _sides(found: Sequence[Explained]) -> Mapping[str, tuple[Runs, Runs]]:
    """Factor -> outcomes before and after it came in, means over orders; of `whole` before the first and after the last."""
    sides: dict[str, tuple[Runs, Runs]] = {}

    def add(name: str, side: int, one: Explained, state: int, value: float) -> None:
        run = sides.setdefault(name, ({}, {}))[side].setdefault((one.location, one.task), {}).setdefault(one.seed, {})
        run[str(state)] = run.get(str(state), 0.0) + value

    for one in found:
        table = list(rows(one.table, "order", "factor", "initial_state", "before", "after"))
        share, first = 1 / len({order for order, *_ in table}), table[0][1]
        for _, factor, state, before, after in table:
            add(factor, 0, one, state, share * before)
            add(factor, 1, one, state, share * after)
            add(WHOLE, 0, one, state, share * before if factor == first else 0.0)
            add(WHOLE, 1, one, state, share * (after if factor == first else after - before))
    return sides
