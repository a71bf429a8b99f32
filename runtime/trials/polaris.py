"""PolaRiS: `initial_conditions.json`, from which the episodes of an `eval_results.csv` began (docs/systems/polaris.md).

It holds `instruction` and `poses`, a list of {object: [x, y, z, qw, qx, qy, qz]} in metres. PolaRiS resets before it counts on,
so that episode 0 and episode 1 begin from pose 0 and episode K from pose K - 1; where a run was resumed, its files no longer say.
"""

import hashlib
import json
import math
from dataclasses import replace
from typing import Any

from runtime.trials.again import numbered
from runtime.trials.fault import TrialsRefused, Where, refusal
from runtime.trials.raw import Raw
from runtime.trials.records import load_json
from runtime.trials.values import LARGEST_FACTOR, as_count

SHIFTED = "PolaRiS began episode K from pose K - 1 and episode 0 from pose 0; a run that was resumed did not"


def with_poses(raw: Raw, conditions: bytes, name: str) -> Raw:
    """The trials of `eval_results.csv` with `instruction`, `condition` (which pose, by its content), and where objects stood.

    Raises:
        TrialsRefused: T502 no conditions of PolaRiS, or an episode beyond them; T507 no column `episode`.
    """
    found = load_json(conditions, name)
    poses = found.get("poses") if isinstance(found, dict) else None
    instruction = found.get("instruction") if isinstance(found, dict) else None
    if not isinstance(poses, list) or not poses or not isinstance(instruction, str) or not instruction.strip():
        raise _odd("it needs an `instruction` and a list of `poses`", name)
    drawn = [_factors(pose, i, name) for i, pose in enumerate(poses)]
    if "episode" not in raw.columns:
        message = f"`{raw.file}` has no column `episode`"
        raise refusal("T507", message, "give `--conditions` with PolaRiS's results", Where(raw.file))
    begun = []
    for row, value in enumerate(raw.columns["episode"]):
        try:
            at = max(as_count(value) - 1, 0)
        except ValueError as error:
            raise refusal("T509", str(error), "PolaRiS counts episodes from 0", raw.where(row, "episode")) from error
        if at >= len(poses):
            message = f"episode {value} began from pose {at}, and there are {len(poses)}"
            raise refusal("T502", message, "give the conditions that this run was started with", raw.where(row, "episode"))
        begun.append(at)
    named = [f"pose {hashlib.sha256(json.dumps(pose, sort_keys=True).encode()).hexdigest()[:8]}" for pose in poses]
    columns = dict(raw.columns)
    columns["instruction"] = [instruction] * len(raw)
    columns["condition"] = numbered(named[at] for at in begun)
    factors = {}
    for key in dict.fromkeys(key for one in drawn for key in one):
        factors[key] = f"poses.{key}"
        columns[f"poses.{key}"] = [drawn[at].get(key) for at in begun]
    of = f"{len(poses)} initial conditions of `{name}` (sha256 {hashlib.sha256(conditions).hexdigest()[:12]}…)"
    return replace(raw, columns=columns, factors={**raw.factors, **factors}, notes=(*raw.notes, of, SHIFTED))


def placed(name: str, position: list[float], turn_rad: float) -> dict[str, float]:
    """Factors of where a thing stands: `NAME_x_m`, `NAME_y_m`, `NAME_turn_deg` about the vertical."""
    label = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.lower()).strip("_")[:40] or "object"
    label = label if label[0].isalpha() else f"object_{label}"
    return {f"{label}_x_m": position[0], f"{label}_y_m": position[1], f"{label}_turn_deg": math.degrees(turn_rad)}


def yaw(w: float, x: float, y: float, z: float) -> float:
    """Turn (rad) about the vertical of a unit quaternion."""
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def _factors(pose: Any, at: int, name: str) -> dict[str, float]:
    if not isinstance(pose, dict):
        raise _odd(f"`poses[{at}]` is no object", name)
    factors: dict[str, float] = {}
    for thing, numbers in pose.items():
        fit = isinstance(numbers, list) and len(numbers) == 7
        if not fit or not all(isinstance(v, int | float) and abs(v) <= LARGEST_FACTOR for v in numbers):
            raise _odd(f"`{str(thing)[:60]}` of `poses[{at}]` is not seven numbers", name)
        factors |= placed(thing, numbers[:2], yaw(*numbers[3:]))
    return factors


def _odd(why: str, name: str) -> TrialsRefused:
    message = f"these are no initial conditions of PolaRiS: {why}"
    return refusal("T502", message, "give its `initial_conditions.json`", Where(name))
