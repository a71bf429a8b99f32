"""Where a world model's error of objects comes from, against the truth that a twin knows: its eyes, its painter, or its members.

    OMP_NUM_THREADS=1 python -m benchmarks.world_errors STORE/world_model/ADDRESS [--windows 400] [--rollouts FOLDER]

The rollouts that the world model was not trained on are foretold, or the last of others, so that two models of a place are held
against the same. In millimetres, mean and median over windows, of each object: what eyes find in true pictures by one look and
by several, where all lies free, is touched on the ground, or is in the air; what they find in painted pictures of true states;
what is foretold after several looks, and from true places. Also how wide a pixel is there.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.scenes import table
from runtime.store.manifest import read_manifest
from runtime.world.metrics import HORIZONS
from runtime.world.model import WorldModel, read_world
from runtime.world.network import quarters
from runtime.world.stage import attempts_of
from runtime.world.windows import Attempts, composed

LIFTED_M = 0.006
"""How much higher than it mostly stands an object is in the air."""


def errors(world: WorldModel, held: Attempts, windows: int) -> list[tuple[str, ...]]:
    """Rows of the table."""
    rng, looks = np.random.default_rng([91, 0]), int(world.facts["looks"])
    starts = rng.permutation(held.starts(looks - 1 + HORIZONS[-1]))[:windows]
    seen = starts[:, None] + np.arange(looks)
    now, ahead = seen[:, -1], seen[:, -1:] + np.arange(HORIZONS[-1])
    true, view = torch.from_numpy(held.objects[now]), world.network.view
    high = held.objects[now, :, 2] > np.median(held.objects[..., 2], 0) + LIFTED_M
    air = np.asarray(high.any(1))
    touch = held.contact[now]
    groups = {"all": np.ones(len(now), bool), "free": ~touch & ~air, "touched on the ground": touch & ~air, "in the air": air}
    found: list[tuple[str, ...]] = [("what", "windows", "mm of each object, mean (median)")]

    def add(name: str, places: np.ndarray, frames: np.ndarray, chosen: np.ndarray) -> None:
        off = 1000 * np.linalg.norm(places - held.objects[frames], axis=-1)[chosen]
        said = [f"{mean:.1f} ({middle:.1f})" for mean, middle in zip(off.mean(0), np.median(off, 0), strict=True) if len(off)]
        found.append((name, str(chosen.sum()), "; ".join(said)))

    pixels = torch.tensor([world.network.sizes.width / 2, world.network.sizes.height / 2])
    for axis, step in zip("xyz", torch.eye(3) / 1000, strict=True):
        wide = 1 / ((view(true + step)[0] - view(true)[0]) * pixels).norm(dim=-1).mean(0)
        found.append((f"a pixel, along {axis}", str(len(now)), "; ".join(f"{w:.1f}" for w in wide)))
    clean = [composed(held.layers[f], held.backdrops[held.behind[f]].astype(np.float32), world.facts["shadow"]) for f in seen.T]
    noisy = np.stack(clean, 1) + rng.normal(0, world.facts["noise_sd"], (len(now), looks, *clean[0].shape[1:]))
    pictures, none = np.clip(noisy + 0.5, 0, 255).astype(np.uint8), held.action[seen[:, :0]]
    once = world.look(pictures[:, -1:], held.state[seen[:, -1:]], none)
    state = torch.from_numpy(held.state[now]), true, quarters(torch.from_numpy(held.turns[now]))
    with torch.no_grad():
        painted = (world.paint(*state) * 255 + 0.5).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    again = world.look(painted[:, None], held.state[seen[:, -1:]], none)
    often = world.look(pictures, held.state[seen], held.action[seen[:, :-1]])
    for what, worlds in (("one look", once), (f"{looks} looks", often), ("one look at what is painted", again)):
        for name, chosen in groups.items():
            add(f"{what}, {name}", worlds.objects.mean(0).numpy(), now, chosen)
    from_looks = world.imagine(often, held.action[ahead])
    placed = replace(often, objects=true.expand_as(often.objects), turns=state[2].expand_as(often.turns))
    told = world.imagine(placed, held.action[ahead])
    for h in HORIZONS:
        add(f"members after {looks} looks, {h} ahead", from_looks.objects[:, h - 1], ahead[:, h - 1] + 1, groups["all"])
        add(f"members from true places, {h} ahead", told.objects[:, h - 1], ahead[:, h - 1] + 1, groups["all"])
    end = ahead[:, -1] + 1
    still = np.linalg.norm(held.objects[end] - held.objects[now], axis=-1).max(1) < 0.002
    for name, chosen in (("where nothing moves", still), ("where something does", ~still)):
        add(f"members from true places, {HORIZONS[-1]} ahead, {name}", told.objects[:, -1], end, chosen)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument("--windows", type=int, default=400)
    parser.add_argument("--rollouts", type=Path, help="of the same twin, of which as many are foretold")
    options = parser.parse_args()
    told, store = read_manifest(options.world), options.world.resolve().parent.parent
    twin, rollouts = (store / told["parents"][name][0] for name in ("twin", "rollouts"))
    rollouts = options.rollouts or rollouts
    first = read_manifest(rollouts)["params"]["episodes"] - told["params"]["held_out"]
    table(errors(read_world(options.world / "model"), attempts_of(twin, rollouts, first=first), options.windows))


if __name__ == "__main__":
    main()
