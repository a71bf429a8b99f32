"""Isaac Lab Arena's recordings: `episode_results_rebuild<N>.jsonl`, an episode a line, with what was drawn for it.

Arena 0.4 writes `env_id`, `episode_in_env`, `seed`, `success` (null where the task has no such term), `episode_length` (control
steps), `language_instruction`, `timestamp`, `progress.overall_score`, `replay_source_record_index` of what was replayed,
`variations`: a number, word or list of numbers for each, and `placement` (once a variation, `scene.relation_placement`): where
each thing was put. All of these become factors: a list makes one for each of its components, a thing its place and turn
(docs/systems/isaac-lab-arena.md).
"""

import hashlib
import itertools
import json
import re
from dataclasses import replace
from typing import Any

from runtime.trials.again import numbered
from runtime.trials.fault import Fault, TrialsRefused, refusal
from runtime.trials.polaris import placed, yaw
from runtime.trials.raw import Raw
from runtime.trials.records import read_json_lines
from runtime.trials.values import LARGEST_FACTOR

NAMED = re.compile(r"episode_results(_rebuild\d+)?(_rank\d+)?\.jsonl")
LONGEST = 16
"""Components of a list that become factors."""
ONCE = "scene.relation_placement"
"""The variation that held a layout before it had a key of its own."""
SAME_DRAWS = "Arena's episodes pair where one record was replayed, or environment, number and variations are the same"


def read_arena(data: bytes, name: str, encoding: str = "utf-8") -> Raw:
    """Episodes with the columns of the file, `condition` (what an episode began from) and `progress`, and factors.

    Raises:
        TrialsRefused: T501 or T502 as for JSON Lines; T502 where a line is no episode, or a variation is neither a number, a
            word nor a list of numbers.
    """
    raw = read_json_lines(data, name, encoding)
    lacking = next((key for key in ("env_id", "episode_in_env", "success") if key not in raw.columns), None)
    if lacking is not None:
        message = f"this is no recording of Isaac Lab Arena: no line has `{lacking}`"
        raise refusal("T502", message, "say `form: jsonl` in the mapping for JSON Lines of another make", raw.where(0, ""))
    drawn, faults = [], []
    placements = raw.columns.get("placement", [None] * len(raw))
    for row, variations in enumerate(raw.columns.get("variations", [None] * len(raw))):
        try:
            varied = dict(variations) if isinstance(variations, dict) else variations
            once = varied.pop(ONCE, None) if isinstance(varied, dict) else None
            drawn.append(_flat(varied) | _placed(once if placements[row] is None else placements[row]))
        except ValueError as error:
            faults.append(Fault("T502", str(error), "a number, a word, or a list of numbers", raw.where(row, "variations")))
    if faults:
        raise TrialsRefused(*faults)
    factors: dict[str, str] = {}
    for key in dict.fromkeys(key for one in drawn for key in one):
        alike = itertools.chain([""], (f"_{number}" for number in itertools.count(2)))  # `a.b` and `a_b` are two
        factors[next(name for end in alike if (name := _name(key, end)) not in factors)] = f"variations.{key}"
    columns = raw.columns | {column: [one.get(column.partition(".")[2]) for one in drawn] for column in factors.values()}
    replayed = raw.columns.get("replay_source_record_index", [None] * len(raw))
    told = [hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest()[:8] for one in drawn]
    begun = zip(replayed, columns["env_id"], columns["episode_in_env"], told, strict=True)
    states = [f"{env}-{no}-{digest}" if index is None else f"record {index}" for index, env, no, digest in begun]
    # A replay may go through its records several times; in which order rows were written is by chance, this is not.
    occurrence = raw.columns.get("replay_condition_occurrence", [None] * len(raw))
    order = sorted(range(len(raw)), key=lambda row: (isinstance(occurrence[row], int) and occurrence[row]) or 0)
    named = dict(zip(order, numbered(states[row] for row in order), strict=True))
    columns["condition"] = [named[row] for row in range(len(raw))]
    if "progress" in columns:
        columns["progress"] = [one.get("overall_score") if isinstance(one, dict) else None for one in columns["progress"]]
    return replace(raw, columns=columns, factors=factors, notes=(SAME_DRAWS,))


def _placed(placement: Any) -> dict[str, float | str]:
    """Place and turn of each thing of a layout, `poses` of {position_xyz (m), rotation_xyzw}.

    Raises:
        ValueError: when it is no layout.
    """
    if placement is None:
        return {}
    poses = placement.get("poses") if isinstance(placement, dict) else None
    found: dict[str, float | str] = {}
    for thing, pose in poses.items() if isinstance(poses, dict) else [("", None)]:
        at, turn = (pose.get("position_xyz"), pose.get("rotation_xyzw")) if isinstance(pose, dict) else (None, None)
        numbers = [*at, *turn] if isinstance(at, list) and isinstance(turn, list) else []
        if len(numbers) != 7 or not all(isinstance(v, int | float) and abs(v) <= LARGEST_FACTOR for v in numbers):
            raise ValueError("`placement` is no layout of `position_xyz` and `rotation_xyzw` of each thing")
        found |= placed(str(thing), numbers[:2], yaw(numbers[6], *numbers[3:6]))
    return found


def _flat(variations: Any) -> dict[str, float | str]:
    """Name -> value of each variation, lists by component.

    Raises:
        ValueError: for what is neither.
    """
    found: dict[str, float | str] = {}
    if variations is not None and not isinstance(variations, dict):
        raise ValueError("`variations` is not an object")
    for key, value in (variations or {}).items():
        values = {f"{key}[{i}]": part for i, part in enumerate(value)} if isinstance(value, list) else {key: value}
        for name, part in values.items():
            if isinstance(part, bool):
                found[name] = str(part).lower()
            elif isinstance(part, str) and not isinstance(value, list):
                found[name] = part
            elif isinstance(part, (int, float)) and len(values) <= LONGEST and abs(part) <= LARGEST_FACTOR:
                found[name] = float(part)
            elif part is None or part != part:
                continue  # it was not drawn
            else:
                raise ValueError(f"the variation `{key[:60]}` holds what is no factor")
    return found


def _name(key: str, end: str = "") -> str:
    """`wrist.offset[0]` -> `wrist_offset_0`."""
    return (re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_")[: 64 - len(end)] or "factor") + end
