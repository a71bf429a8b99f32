"""What varied between trials: what of it drives success, where in the work area trials fail, tables by word, coverage."""

import json

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.drivers import AreaMap, Drivers, SelfTest, Split
from runtime.report.forms.report import Report
from runtime.report.study import Study
from runtime.store.manifest import parent_of

SIDE = 150
"""Pixels that a map of the work area is wide and high."""
MOST_LISTED = 24
"""Factors that the page lists; the file holds all."""
MOST_MAPS = 12
"""Maps of a domain and task that the page holds."""


def drivers(study: Study) -> Drivers:
    """All that trials which say their factors tell of them."""
    from runtime.stats.causes.area import areas, covered
    from runtime.stats.causes.drivers import drivers, shifts

    level, shared = study.evidence["level"], study.evidence["shared_training"]
    tested, untested = drivers(study.table, level)
    splits, train = _recorded(study)
    return {
        "false_discovery_rate": round(1 - level, 6),
        "factors": tested,
        "untested": untested,
        "shifts": shifts(study.table, study.frame.baseline, level, shared),
        "areas": areas(study.table),
        "covered": covered(study.table, train),
        "splits": splits,
        "self_test": _self_test(study),
    }


def _self_test(study: Study) -> SelfTest | None:
    """What demos, or trials where there were none, found of the task itself."""
    found = {}
    for made in study.manifests:
        if "expert_rate" in made.get("metrics", {}):
            found[tuple(made["parents"].get("twin", (made["fingerprint"],)))] = made["metrics"]
    if not found:
        return None
    rates = [100 * metrics["expert_rate"] for metrics in found.values()]
    idle = sum(metrics["idle_successes"] for metrics in found.values())
    return {"twins": len(found), "idle_successes": idle, "expert_low": min(rates), "expert_high": max(rates)}


def _recorded(study: Study) -> tuple[list[Split], dict[tuple[str, str], dict[str, tuple[float, float]]]]:
    """Of each condition set that trials were made from: how many states each split has, and where demos begin."""
    splits: dict[tuple[str, str], Split] = {}
    train: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for cell, folder in zip(study.cells, study.artifacts.trials, strict=True):
        key = (cell.domain, cell.task)
        made = None if key in splits else parent_of(folder, "conditions")
        if made is None or not (made / "conditions.json").is_file():  # sets of environments from outside have another form
            continue
        rows = json.loads((made / "conditions.json").read_text())["conditions"]
        held, apart, begin = ([row for row in rows if row["split"] == name] for name in ("held_out", "development", "train"))
        splits[key] = {
            "domain": cell.domain,
            "task": cell.task,
            "held_out": len(held),
            "development": len(apart),
            "train": len(begin),
        }
        places = [row["objects_m"][0] for row in begin if row["objects_m"]]
        for axis, values in zip("xy", list(zip(*places, strict=True))[:2], strict=False):
            train.setdefault(key, {})[f"object_{axis}_m"] = (round(min(values), 5), round(max(values), 5))
    return list(splits.values()), train


def drawn(said: Report) -> Drawn:
    """Maps by domain and task, as squares of one picture; the factors that the page lists."""
    found = said["drivers"]
    groups = []
    for domain, task in dict.fromkeys((one["domain"], one["task"]) for one in found["areas"]):
        mine = [one for one in found["areas"] if (one["domain"], one["task"]) == (domain, task)]
        order = {name: i for i, name in enumerate(said["study"]["approaches"])}
        mine.sort(key=lambda one: order.get(one["approach"], len(order)))
        maps = [{"approach": one["approach"], "cells": _cells(one)} for one in mine[:MOST_MAPS]]
        lines = 44 + (SIDE + 44) * -(-len(maps) // 5)
        groups.append(
            {"domain": domain, "task": task, "maps": maps, "of": mine[0], "more": len(mine) - len(maps), "lines": lines}
        )
    listed = [row for row in found["factors"] if row["drives"]] or found["factors"][:6]
    tables = {}
    for row in found["shifts"]:
        tables.setdefault((row["domain"], row["factor"]), []).append(row)
    return {"groups": groups, "side": SIDE, "listed": listed[:MOST_LISTED], "tables": tables}


def _cells(one: AreaMap) -> list[Drawn]:
    """Squares of a map: ahead of the robot is up, its left is left."""
    side = len(one["x_edges"]) - 1
    wide = SIDE / side
    found = []
    for i, (trials, failures) in enumerate(zip(one["trials"], one["failures"], strict=True)):
        for j, (count, failed) in enumerate(zip(trials, failures, strict=True)):
            x, y = (side - 1 - j) * wide, (side - 1 - i) * wide
            share = round(0.75 * failed / count, 3) if count else 0.0
            found.append(
                {"x": round(x, 2), "y": round(y, 2), "w": round(wide - 2, 2), "tint": share, "n": count, "failed": failed}
            )
    return found


def driver_rows(said: Report) -> Rows:
    """One row per factor, approach and domain."""
    names = "domain approach factor effect band best worst p_value p_adjusted drives levels"
    found = []
    for row in said["drivers"]["factors"]:
        levels = "; ".join(f"{level['label']}: {level['value']:g} of {level['trials']}" for level in row["levels"])
        found.append(columns({**row, "levels": levels}, names))
    return found


def shift_rows(said: Report) -> Rows:
    """One row per word, approach and domain."""
    names = "domain factor word approach trials success=value band uplift uplift_band direction"
    return [columns({**row, "word": row["word"] or "all"}, names) for row in said["drivers"]["shifts"]]


def area_rows(said: Report) -> Rows:
    """One row per cell of a map."""
    return [
        columns(one, "domain task approach")
        | {f"{one['x']}_from": one["x_edges"][i], f"{one['x']}_to": one["x_edges"][i + 1]}
        | {f"{one['y']}_from": one["y_edges"][j], f"{one['y']}_to": one["y_edges"][j + 1], "trials": n, "failures": failed}
        for one in said["drivers"]["areas"]
        for i, row in enumerate(one["trials"])
        for j, (n, failed) in enumerate(zip(row, one["failures"][i], strict=True))
    ]


def covered_rows(said: Report) -> Rows:
    """One row per factor, task and domain."""
    names = "domain task factor kind states values low high emptiest train_low train_high"
    return [columns(row, names) for row in said["drivers"]["covered"]]
