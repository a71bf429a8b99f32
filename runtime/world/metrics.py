"""How well a world model foretells attempts that it was not trained on, at several horizons and against cheap guesses.

What it is held against: the last picture again (`copy`), the same model told that nothing is asked for (`still`: targets are the
measured joints), and told what was asked for in another attempt (`shuffled`).
"""

from collections.abc import Mapping

import numpy as np
import torch

from runtime.splat.metrics import ssim
from runtime.world.model import Imagined, Kept, WorldModel
from runtime.world.network import World
from runtime.world.windows import Attempts, composed

HORIZONS = (1, 4, 8, 16)
NINETY = 1.5
"""Of errors along two or three axes about 90% lie within this many times their root of mean squares, where they are Gaussian."""
_STREAM = 91


def foretold(
    world: WorldModel, held: Attempts, looks: int, windows: int, seed: int = 0, pictures_of: int = 100
) -> dict[str, float]:
    """Metrics over `windows` windows of attempts, spread evenly; pictures of the first `pictures_of` in an order of chance.

    Errors of places are means and 90th percentiles over windows in millimetres, those of turns means in degrees, those of forces
    means in newtons over windows that end in touch (`force_n`) or as a share of what is pressed there (`force_share`); PSNR is in
    dB over all pixels of all pictures (`psnr`) or those that robot, objects or their shadows cover before or after (`front`).
    """
    rng = np.random.default_rng([_STREAM, seed])
    longest = HORIZONS[-1]
    starts = held.starts(looks - 1 + longest)
    starts = rng.permutation(starts)[:windows]
    seen = starts[:, None] + np.arange(looks)
    ahead = seen[:, -1:] + np.arange(longest)
    noise = float(world.facts["noise_sd"])
    shadow = float(world.facts["shadow"])
    behind = held.backdrops[held.behind[seen[:, -1]]]

    def pictures(frames: np.ndarray) -> np.ndarray:
        clean = composed(held.layers[frames], held.backdrops[held.behind[frames]].astype(np.float32), shadow)
        return np.clip(clean + rng.normal(0, noise, clean.shape) + 0.5, 0, 255).astype(np.uint8)

    looked = np.stack([pictures(seen[:, i]) for i in range(looks)], 1)
    worlds = world.look(looked, held.state[seen], held.action[seen[:, :-1]])
    actions = held.action[ahead]
    other = rng.permutation(len(starts))
    found: dict[str, Imagined] = {
        "model": world.imagine(worlds, actions),
        "still": world.imagine(worlds, np.repeat(held.state[seen[:, -1:]], longest, 1)),
        "shuffled": world.imagine(worlds, actions[other]),
    }
    out: dict[str, float] = {}
    few = slice(0, pictures_of)
    kept = kept_of(world, looked[few, -1], worlds)
    for h in HORIZONS:
        truth = ahead[:, h - 1] + 1
        true = pictures(truth[few]).astype(np.float32)
        now = looked[few, -1].astype(np.float32)
        covered = (held.layers[truth[few], 4] < 250) | (held.layers[seen[few, -1], 4] < 250)
        guesses: dict[str, np.ndarray] = {
            "copy": now,
            **{name: world.pictures(_first(im, few), h - 1, kept).astype(np.float32) for name, im in found.items()},
        }
        for name, guess in guesses.items():
            square = (guess - true) ** 2
            out[f"psnr_{name}_{h}"] = decibels(square.mean())
            out[f"front_{name}_{h}"] = decibels(square[covered].mean())
            if name in ("copy", "model"):
                out[f"ssim_{name}_{h}"] = round(
                    float(np.mean([ssim(g / 255, t / 255) for g, t in zip(guess[:40], true[:40], strict=True)])), 4
                )
        out[f"front_empty_{h}"] = decibels(((behind[few].astype(np.float32) - true) ** 2)[covered].mean())
        out |= state_errors(found, held, seen[:, -1], truth, h)
    ends = np.array([held.success[row].any() for row in ahead + 1])
    out["auc"] = round(auc(found["model"].done[:, -1], ends), 4)
    out["brier"] = round(float(np.mean((found["model"].done[:, -1] - ends) ** 2)), 4)
    out["ece"] = round(calibration(found["model"].done[:, -1], ends), 4)
    out["done_share"], out["done_said"] = round(float(ends.mean()), 4), round(float(found["model"].done[:, -1].mean()), 4)
    return out | {"windows": len(starts), "held_out_episodes": len(np.unique(held.episode))}


def state_errors(found: Mapping[str, Imagined], held: Attempts, now: np.ndarray, truth: np.ndarray, h: int) -> dict[str, float]:
    """Errors of states h steps ahead of frames `now`: of the model (no name in between), and of what it is held against."""
    from scipy.stats import spearmanr

    copied = held.tip[now], held.objects[now], 4 * held.turns[now], held.contact[now], held.force_n[now]
    out: dict[str, float] = {}
    for name, guess in {"copy": copied, **{name: _of_step(im, h - 1) for name, im in found.items()}}.items():
        tip_m, objects_m, quarters, touch, force_n = guess
        end = f"{h}" if name == "model" else f"{name}_{h}"
        tip = np.linalg.norm(tip_m - held.tip[truth], axis=1)
        places = np.sqrt(((objects_m - held.objects[truth]) ** 2).sum(2).mean(1))
        off = np.angle(np.exp(1j * (quarters - 4 * held.turns[truth]))) / 4
        touched, pressed = held.contact[truth], np.abs(force_n - held.force_n[truth])
        out[f"tip_mm_{end}"] = round(1000 * float(tip.mean()), 3)
        out[f"object_mm_{end}"] = round(1000 * float(places.mean()), 3)
        out[f"turn_deg_{end}"] = round(float(np.degrees(np.abs(off)).mean()), 3)
        out[f"contact_f1_{end}"] = round(float(2 * (touched & touch).sum() / max(1, touched.sum() + touch.sum())), 4)
        if touched.any():
            out[f"force_n_{end}"] = round(float(pressed[touched].mean()), 3)
            out[f"force_share_{end}"] = round(float(pressed[touched].sum() / max(1e-6, held.force_n[truth][touched].sum())), 4)
        if name != "model":
            continue
        sd, apart = found[name].sd_m[:, h - 1], found[name].apart_m[:, h - 1]
        for i, (what, error) in enumerate((("tip", tip), ("object", places))):
            out[f"{what}_mm_p90_{h}"] = round(1000 * float(np.quantile(error, 0.9)), 3)
            out[f"{what}_sd_ratio_{h}"] = round(float(np.sqrt((error**2).mean()) / np.sqrt((sd[:, i] ** 2).mean())), 3)
            out[f"{what}_inside_{h}"] = round(float(np.mean(error <= NINETY * sd[:, i])), 4)
            out[f"{what}_rank_{h}"] = round(float(spearmanr(error, apart[:, i]).statistic), 3)
    return out


def _of_step(found: Imagined, t: int) -> tuple[np.ndarray, ...]:
    """Tip, objects, four times the turns, whether it touches, and how hard, of one step."""
    c, s = np.moveaxis(found.turns[:, t], -1, 0)
    return found.tip[:, t], found.objects[:, t], np.arctan2(s, c), found.contact[:, t] > 0.5, found.force_n[:, t]


def kept_of(world: WorldModel, pictures: np.ndarray, worlds: World) -> Kept:
    """What to keep of the last true pictures [N, H, W, 3] of the first N worlds, as the members' mean has them."""
    return world.keep(pictures, *(getattr(worlds, x).mean(0)[: len(pictures)] for x in ("joints", "objects", "turns")))


def _first(found: Imagined, few: slice) -> Imagined:
    return Imagined(**{name: value[few] for name, value in vars(found).items()})


def decibels(square: float) -> float:
    """PSNR of a mean squared error of pixels 0..255."""
    return round(-10 * float(np.log10(max(float(square), 1e-9) / 255**2)), 3)


def auc(score: np.ndarray, truth: np.ndarray) -> float:
    """Chance that of a pair, one true and one not, the true one has the greater score; NaN where all are alike."""
    from scipy.stats import rankdata

    ones, zeros = int(truth.sum()), int((~truth).sum())
    if not ones or not zeros:
        return float("nan")
    return (rankdata(score)[truth].sum() - ones * (ones + 1) / 2) / (ones * zeros)


def calibration(said: np.ndarray, truth: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: how far a probability is from the share of truth, mean over bins of equal width weighted by
    how much lies in them (Naeini et al. 2015)."""
    if not np.isfinite(said).all():
        return float("nan")
    which = np.minimum((said * bins).astype(int), bins - 1)
    each = [which == b for b in range(bins)]
    return float(sum(abs(said[b].mean() - truth[b].mean()) * b.mean() for b in each if b.any()))


def strip(world: WorldModel, held: Attempts, rows: int, looks: int, seed: int = 0) -> list[np.ndarray]:
    """For a look: of some windows what happened, above what was imagined, each [T, H, W, 3] u8."""
    rng = np.random.default_rng([_STREAM, seed, 1])
    longest = HORIZONS[-1]
    starts = held.starts(looks - 1 + longest)
    near = starts[[held.success[s : s + looks + longest].any() or held.contact[s : s + looks + longest].any() for s in starts]]
    films = []
    for start in rng.permutation(near if len(near) >= rows else starts)[:rows]:
        frames = start + np.arange(looks + longest)
        true = np.clip(
            composed(held.layers[frames], held.backdrops[held.behind[frames]].astype(np.float32), world.facts["shadow"]) + 0.5,
            0,
            255,
        ).astype(np.uint8)
        worlds = world.look(true[None, :looks], held.state[None, frames[:looks]], held.action[None, frames[: looks - 1]])
        found = world.imagine(worlds, held.action[None, frames[looks - 1 : -1]])
        kept = kept_of(world, true[None, looks - 1], worlds)
        films += [true[looks:], np.concatenate([world.pictures(found, t, kept) for t in range(longest)])]
    return films


def frames_per_cpu_s(world: WorldModel, held: Attempts, count: int = 1024) -> float:
    """Pictures that are decoded in a CPU second, states to pixels: the best of three passes, which others on the machine slow."""
    import time

    frames = np.arange(count) % len(held)
    state = [torch.from_numpy(x[frames]) for x in (held.state, held.objects)]
    turns = torch.ones(count, held.objects.shape[1], 2)
    with torch.no_grad():
        world.paint(state[0][:64], state[1][:64], turns[:64])
        spent = []
        for _ in range(3):
            began = time.process_time()
            world.paint(state[0], state[1], turns)
            spent.append(time.process_time() - began)
    return round(count / min(spent), 1)


def summary(each: Mapping[str, float]) -> str:
    """One line to log."""
    return ", ".join(
        f"{h}: {each[f'psnr_model_{h}']:.1f} dB (copy {each[f'psnr_copy_{h}']:.1f}), tip {each[f'tip_mm_{h}']:.1f} mm"
        for h in HORIZONS
    )
