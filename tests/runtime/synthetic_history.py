"""A synthetic study that went on for weeks, for figures that are told over time."""

from pathlib import Path

from tests.runtime.synthetic_files import BUILT
from tests.runtime.synthetic_study import RATES, Synthetic, synthetic_study


def history(store: Path, weeks: int = 8, a_week: int = 12, trials: int = 20) -> Synthetic:
    """A study that went on for some weeks: `a_week` new locations each."""
    built = {f"site-{w:02}-{k:02}": BUILT + w * 7 * 86400 for w in range(weeks) for k in range(a_week)}
    rates = {a: RATES[a] for a in ("baseline", "enriched")}
    drift = {"twin": 0.12, "irl_proxy": -0.02}
    return synthetic_study(store, tuple(built), rates, trials, (0, 1), (), curves=False, built=built, drift=drift)
