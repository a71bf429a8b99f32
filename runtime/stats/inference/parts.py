"""What a band is made of: luck in training, luck in trials, and which initial states were drawn."""

from dataclasses import dataclass

from scipy import stats

from runtime.report.forms.evidence import MadeOf
from runtime.stats.inference.estimate import Estimate


@dataclass(frozen=True)
class Parts:
    """Standard errors, in points, that training (without the luck of trials), trials and shared initial states bring."""

    seeds: float
    trials: float
    states: float

    @classmethod
    def of(cls, found: Estimate) -> "Parts | None":
        """Of an estimate over training runs; None from one seed, of fixed policies, which have states alone, and where
        world models are the units."""
        if found.degrees <= 0 or found.of_states or found.of_worlds:
            return None
        runs, luck = found.seed_error**2, min(found.luck_error, found.seed_error)
        return cls((runs - luck**2) ** 0.5, luck, found.state_error)

    def to_json(self, found: Estimate) -> MadeOf:
        """The parts, how far the band goes by them, and how far with twice the seeds or twice the trials."""
        more = found.degrees * (2 * found.runs - 1) / max(found.runs - 1, 1)
        return {
            "seeds": round(self.seeds, 2),
            "trials": round(self.trials, 2),
            "states": round(self.states, 2),
            "reach": round(self._reach(found.level, found.degrees), 2),
            "twice_the_seeds": round(self._reach(found.level, more, runs=0.5, trials=0.5), 2),
            "twice_the_trials": round(self._reach(found.level, found.degrees, trials=0.5, states=0.5), 2),
        }

    def _reach(self, level: float, degrees: float, runs: float = 1.0, trials: float = 1.0, states: float = 1.0) -> float:
        """Half-width with so much of each variance, as `runtime.stats.inference.interval` makes it where no floor holds."""
        t, z = float(stats.t.ppf((1 + level) / 2, degrees)), float(stats.norm.ppf((1 + level) / 2))
        between = t**2 * (runs * self.seeds**2 + trials * self.trials**2)
        return (between + z**2 * states * self.states**2) ** 0.5
