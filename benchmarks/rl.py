"""What reinforcement learning in a twin gains at hidden sites made for it, over the clone that it starts from.

    OMP_NUM_THREADS=1 python -m benchmarks.rl STORE [--sites 301 302] [--seeds 5] [--trials 40] [--gaps medium large]
        [--arms baseline ppo ...] [--set STAGE.NAME=VALUE ...] [--tell METRIC ...] [--json FILE]

As `benchmarks.recipe`, whose options these are: sites 301 and 302 are for tuning, 411 to 414 for measuring. `ppo`,
`residual` and `dagger` are the methods of the stage `rl`; `taught` is DAgger by a teacher that PPO trained on the true state.
Controls: `clone` (as many gradient steps on the old demos), `filtered` (the clone's own successes), `expert-drives` (the twin
varies, nothing is learned from where the policy gets), `from-nothing` (PPO from fresh weights) and `practice`. After the rows
of each site come the gains: points over the baseline of the same site and seed, their mean, and its 95% band by Student's t
over runs.
"""

from collections import defaultdict

import numpy as np

from benchmarks import recipe
from benchmarks.recipe import Arms, Cell

EXPERT = {"method": "dagger", "episodes": 480}
ARMS: Arms = {
    "baseline": None,
    "practice": ("practice", {}),
    "ppo": ("rl", {"method": "ppo"}),
    "residual": ("rl", {"method": "residual"}),
    "dagger": ("rl", EXPERT),
    "taught": ("rl", EXPERT | {"teacher": "state_ppo"}),
    "clone": ("rl", {"method": "clone"}),
    "filtered": ("rl", {"method": "filtered", "episodes": 600}),
    "expert-drives": ("rl", EXPERT | {"driver": "expert"}),
    "from-nothing": ("rl", {"method": "ppo", "start": "nothing"}),
}


def gains(found: list[Cell]) -> list[tuple[str, ...]]:
    """A row for each arm and gap: gains over the baseline of the same site and seed."""
    from scipy.stats import t

    base = {(c["gap"], c["site"], c["seed"]): c["rate"] for c in found if c["arm"] == "baseline"}
    over: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for cell in found:
        if (key := (cell["gap"], cell["site"], cell["seed"])) in base and cell["arm"] != "baseline":
            over[cell["gap"], cell["arm"]].append((cell["rate"] - base[key], cell["cpu_s"]))
    shown: list[tuple[str, ...]] = [("gap", "arm", "runs", "gain, points", "95% band", "sd over runs", "CPU-s a run")]
    for (gap, arm), runs in over.items():
        gain, cpu = np.array(runs).T
        sd = float(gain.std(ddof=1)) if len(gain) > 1 else float("nan")
        half = float(t.ppf(0.975, len(gain) - 1)) * sd / len(gain) ** 0.5 if len(gain) > 1 else float("nan")
        band = f"[{gain.mean() - half:+.1f}, {gain.mean() + half:+.1f}]"
        shown.append((gap, arm, str(len(gain)), f"{gain.mean():+.1f}", band, f"{sd:.1f}", f"{np.median(cpu):.0f}"))
    return shown


def rows(found: list[Cell]) -> list[tuple[str, ...]]:
    """Rates, then gains."""
    rates, over = recipe.rows(found), gains(found)
    return [*rates, *((*row, *[""] * (len(rates[0]) - len(row))) for row in ((), *over))]


if __name__ == "__main__":
    recipe.main(__doc__ or "", ARMS, rows)
