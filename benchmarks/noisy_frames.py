"""Whether noisy frames keep a world model's own rollouts from drifting: trained on from the same weights, with noise and without.

    OMP_NUM_THREADS=1 python -m benchmarks.noisy_frames STORE/world_model/ADDRESS... [--noise 0.05]

Each model, of a site of its own, learns on for 120 steps from the first 60 of its rollouts (`frame_noise` of `refine_world`, and
0). Then rollouts from the 140th on are foretold from one look at a true picture, 1, 8, 16 and 32 steps ahead: errors of objects
and tip, mm, and how well success is told. Mean and standard deviation over models.
"""

import argparse
import statistics
from pathlib import Path

import numpy as np

from benchmarks.scenes import table
from runtime.learn.train import seed_everything
from runtime.store.manifest import read_manifest
from runtime.world.metrics import auc
from runtime.world.model import WorldModel, read_world
from runtime.world.stage import attempts_of, taught
from runtime.world.train import Recipe
from runtime.world.windows import Attempts, composed

AHEAD = (1, 8, 16, 32)


def drift(world: WorldModel, held: Attempts, windows: int = 300) -> dict[str, float]:
    """What is measured of a model."""
    now = np.random.default_rng(0).permutation(held.starts(AHEAD[-1]))[:windows]
    behind = held.backdrops[held.behind[now]].astype(np.float32)
    seen = np.clip(composed(held.layers[now], behind, float(world.facts["shadow"])) + 0.5, 0, 255).astype(np.uint8)
    worlds = world.look(seen[:, None], held.state[now][:, None], np.zeros((len(now), 0, held.state.shape[1]), np.float32))
    told, found = world.imagine(worlds, held.action[now[:, None] + np.arange(AHEAD[-1])]), dict[str, float]()
    for name, said, true in (("objects, mm", told.objects, held.objects), ("tip, mm", told.tip, held.tip)):
        found |= {f"{name}, {h}": 1000 * float(np.linalg.norm(said[:, h - 1] - true[now + h], axis=-1).mean()) for h in AHEAD}
    truth, chance = held.success[now + AHEAD[-1]], told.done[:, -1]
    return found | {"area under the curve": auc(chance, truth), "Brier score": float(((chance - truth) ** 2).mean())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", type=Path, nargs="+")
    parser.add_argument("--noise", type=float, default=0.05)
    options = parser.parse_args()
    arms: dict[str, list[dict[str, float]]] = {"as it was": [], "0": [], f"{options.noise:g}": []}
    for folder in options.worlds:
        told, store = read_manifest(folder), folder.resolve().parent.parent
        twin, rollouts = (store / told["parents"][name][0] for name in ("twin", "rollouts"))
        data, held, seed = (
            attempts_of(twin, rollouts, end=60),
            attempts_of(twin, rollouts, first=140),
            told["params"]["world_seed"],
        )
        for name, found in arms.items():
            world = read_world(folder / "model")
            if name != "as it was":
                seed_everything(seed)
                recipe = Recipe(120, 32, 32, 16, 4, 5e-4, seed + 1, frame_noise=float(name))
                world, _ = taught(world.network.train(), twin, data, recipe, lambda share, now: None)
            found.append(drift(world, held))
    rows = [("", *arms)]
    for what in arms["0"][0]:
        of = [[one[what] for one in found] for found in arms.values()]
        rows.append((what, *(f"{statistics.mean(x):.3f} ({statistics.stdev(x) if len(x) > 1 else 0:.3f})" for x in of)))
    table(rows)


if __name__ == "__main__":
    main()
