"""How well the twin's own physics foretells objects from where they nearly are: what a world model that sees so well could reach.

    OMP_NUM_THREADS=1 python -m benchmarks.world_floor STORE/world_model/ADDRESS... [--windows 400]

Of each twin the rollouts that the world model was not trained on are carried out again, and from moments of them once more, with
the loose objects displaced along the ground or turned by chance: how far they are from where they truly came to, 1, 4, 8
and 16 steps later. Millimetres, mean over windows of the root of mean squares over the task's objects, as `object_mm`; mean and
standard deviation over the world models that are named.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.scenes import table
from runtime.sim.episodes.attempts import Attempt, begun, load_attempts
from runtime.sim.episodes.recovery import Rewound
from runtime.sim.parts.mj import mujoco
from runtime.sim.twin.twin import read_model, read_twin
from runtime.store.manifest import read_manifest
from runtime.world.metrics import HORIZONS

OFF = ((0.0005, 0.0), (0.001, 0.0), (0.0015, 0.0), (0.002, 0.0), (0.0, 3.0), (0.001, 3.0))
"""Standard deviations: along each axis of the ground, metres, and about the vertical, degrees."""


def floors(world: Path, windows: int) -> np.ndarray:
    """[OFF, HORIZONS] millimetres, of one twin."""
    told, store = read_manifest(world), world.resolve().parent.parent
    twin, rollouts = (store / told["parents"][name][0] for name in ("twin", "rollouts"))
    params = read_manifest(rollouts)["params"]
    facts, model = read_twin(twin), read_model(twin)
    held = list(enumerate(load_attempts(rollouts / "attempts.npz")))[-int(told["params"]["held_out"]) :]
    starts = begun(facts, [i for i, _ in held], (params["rollout_seed"],))
    rng, each = np.random.default_rng([97, 0]), -(-windows // len(held))
    found = []
    for (_, attempt), start in zip(held, starts, strict=True):
        bench = Rewound(model, facts.physics, facts.task, facts.control_hz, [start], {}, facts.robot)
        found += list(_of_attempt(bench, attempt, each, rng))
    return 1000 * np.mean(found, 0)


def _of_attempt(bench: Rewound, attempt: Attempt, each: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Errors [OFF, HORIZONS] from `each` moments of one attempt, metres."""
    model, data, longest = bench.model, bench.datas[0], HORIZONS[-1]
    loose = [model.jnt_qposadr[j] for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE]

    def carried_on(action: np.ndarray) -> np.ndarray:
        bench.step(action[None].astype(np.float64))
        return bench.objects()[0]

    states, places = [bench.kept(0)], [bench.objects()[0]]
    for action in attempt.action:
        places.append(carried_on(action))
        states.append(bench.kept(0))
    end = min(len(attempt), int(np.argmax(attempt.success)) if attempt.success.any() else len(attempt)) - longest
    for t in rng.integers(0, end, each) if end > 0 else ():
        errors = []
        for off_m, off_deg in OFF:
            bench.go_back(0, states[t])
            for at in loose:
                turned, quat = np.zeros(4), data.qpos[at + 3 : at + 7].copy()
                data.qpos[at : at + 2] += rng.normal(0, 1, 2) * off_m
                mujoco.mju_axisAngle2Quat(turned, np.array([0.0, 0.0, 1.0]), rng.normal() * np.radians(off_deg))
                mujoco.mju_mulQuat(data.qpos[at + 3 : at + 7], turned, quat)
            path = np.stack([carried_on(action) for action in attempt.action[t : t + longest]])
            away = path - np.stack(places[t + 1 : t + 1 + longest])
            errors.append(np.sqrt((away**2).sum(-1).mean(-1))[[h - 1 for h in HORIZONS]])
        yield np.array(errors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", type=Path, nargs="+")
    parser.add_argument("--windows", type=int, default=400)
    options = parser.parse_args()
    found = np.stack([floors(world, options.windows) for world in options.worlds])
    spread = found.std(0, ddof=1) if len(found) > 1 else np.zeros(found.shape[1:])
    rows = [("off by", *(f"{h} steps" for h in HORIZONS))]
    for (off_m, off_deg), mean, sd in zip(OFF, found.mean(0), spread, strict=True):
        rows.append((f"{1000 * off_m:g} mm, {off_deg:g} deg", *(f"{m:.2f} ± {s:.2f}" for m, s in zip(mean, sd, strict=True))))
    table(rows)


if __name__ == "__main__":
    main()
