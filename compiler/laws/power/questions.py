"""What a study asks of its trials: for every gate and claim over them, how sure the planned trials make an answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil

from compiler.laws.power.power import MOST_SEEDS, POWER, Design, Needed, Quantity, best_band, least_of_each, needed, power
from compiler.laws.power.spreads import expected
from compiler.project.differences import counted_placebos
from compiler.project.project import Project
from compiler.reading.source import SpanPath
from compiler.spec.study import Study
from runtime.bound.claim import Alike, Equivalent, Falling, NonInferior, Ordered, Simple, Superior, comparisons
from runtime.bound.domain import DOMAINS
from runtime.bound.gate import TRIAL_METRICS, GateRule
from runtime.bound.sequential import Schedule
from runtime.stats.band import Band
from runtime.stats.status import Status
from runtime.stats.verdict.claim import Verdict, band_level, judge_claim
from runtime.stats.verdict.gate import Measure, judge, wanted

MOST_UPLIFT = 100.0
SHARED = 3
"""Approaches that share a baseline from which on more seeds of it are advised."""
LIKELY = 0.5


@dataclass(frozen=True)
class Question:
    """One gate or claim before its trials ran.

    `favourable` is the observed value that would suit it best, `passes` whether it holds given a band. `distance` is
    how far the truth lies from the nearest threshold if it is what the prior of `prior` hopes for (for a claim of
    equality: if there is no difference); None where nothing was expected. `sides` counts the thresholds to be cleared.
    """

    kind: str
    name: str
    path: SpanPath
    design: Design
    wanted: str
    favourable: float
    passes: Callable[[Band], bool]
    distance: float | None = None
    prior: str | None = None
    domain: str = ""
    pooled: bool = True
    sides: int = 1

    @property
    def narrowest(self) -> Band:
        """The band round the most favourable outcome."""
        return _best(self.design, self.favourable)

    @property
    def hopeless(self) -> bool:
        """Whether not even the most favourable outcome would do."""
        return not self.passes(self.narrowest)

    @property
    def power(self) -> float | None:
        """Chance of a decision in its favour if the truth is what is hoped for; None where nothing was expected."""
        if self.distance is None:
            return None
        return max(0.0, 1 - self.sides * (1 - power(self.design, self.distance)))

    @property
    def unlikely(self) -> bool:
        """Whether it will more likely stay undecided than not."""
        return self.power is not None and self.power < LIKELY

    @property
    def needed(self) -> Needed:
        """What would decide: with a chance of `POWER`, or at all where it is hopeless."""
        if not self.hopeless:
            missed = (1 - POWER) / self.sides
            return needed(self.design, self.distance or 0.0, 1 - missed)
        return least_of_each(self.design, lambda planned: self.passes(_best(planned, self.favourable)), self.design.seeds)


def _best(design: Design, favourable: float) -> Band:
    return Band(*best_band(design, favourable))


def questions(project: Project, study: str) -> Iterator[Question]:
    """The gates and claims over trials that a study plans; those that ask for what is not planned are left out."""
    spec = project.studies[study]
    groups = len(set(spec.locations)) * len(set(spec.tasks))
    if groups == 0 or len(set(spec.seeds)) < 2:
        return
    for i, name in enumerate(spec.gates):
        rule = project.gates.get(name)
        if rule is not None and rule.metric in TRIAL_METRICS and rule.comparator != "contains" and _planned(spec, rule):
            yield _of_gate(project, spec, groups, name, ("gates", i), rule)
    for path, name, claim in spec.simple_claims():
        pairs = comparisons(claim, spec.baseline)
        if claim.domain in spec.trials and pairs and all(a in spec.approaches for pair in pairs for a in pair):
            yield _of_claim(project, spec, groups, name, path, claim)


def ways(project: Project, study: str, question: Question) -> str:
    """What would decide, one thing changed at a time, such as `98 seeds or 35 locations`, or seeds and trials together
    where neither alone would; empty when nothing would."""
    found = question.needed
    said = [f"{found.seeds} seeds"] if found.seeds else []
    if found.groups and question.pooled:
        said.append(f"{ceil(found.groups / len(set(project.studies[study].tasks)))} locations")
    if found.trials:
        said.append(f"{found.trials} trials per cell")
    if found.together:
        said.append(f"{found.together[0]} seeds with {found.together[1]} trials per cell")
    return " or ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def states_limit(question: Question) -> str | None:
    """That trials, not seeds, are what is scarce; None where it is not so."""
    if question.needed.together is None:
        return None
    trials = question.design.trials
    return f"{trials} trials per cell (initial states) limit it: more seeds alone, up to {MOST_SEEDS}, decide nothing"


def outlook(project: Project, study: str) -> list[str]:
    """A line for each gate and claim that will most likely stay undecided, with what would decide it."""
    lines = []
    for question in questions(project, study):
        if question.unlikely:
            more = ways(project, study, question)
            half = f"bands of ±{min(question.design.half_width, 100):.0f} points"
            lines.append(
                f"likely undecided: {question.kind} `{question.name}` ({half}, {question.distance:g} to the threshold)"
                + (f"; {more} would decide it" if more else "")
                + (f"; {limit}" if (limit := states_limit(question)) else "")
            )
    advice = shared_baseline(project, project.studies[study]) if lines else None
    return [*lines, advice] if advice else lines


def prior_of(project: Project, approach: str, domain: str) -> tuple[tuple[float, float], str] | None:
    """The prior range of an approach for trials in `domain`, and its key in the row; None when there is no good one."""
    spec = project.approaches.get(approach)
    where = DOMAINS[domain].prior
    ends = getattr(spec.row.prior, where) if spec is not None else None
    return (ends, where) if ends is not None and ends[0] <= ends[1] else None


def _planned(study: Study, rule: GateRule) -> bool:
    compared = rule.metric == "success_rate" or (
        rule.metric == "uplift" and study.baseline is not None and study.baseline != rule.approach
    )
    return compared and rule.approach in study.approaches and rule.domain in study.trials


def _design(
    project: Project, study: Study, quantity: Quantity, domain: str, groups: int, level: float, approach: str, over: str | None
) -> Design:
    trials = study.trials[domain]
    schedule = Schedule.of(study.sequential, domain, trials, level)
    seeds = len(set(study.seeds_of(approach)))
    placebos = counted_placebos(project, next(name for name, one in project.studies.items() if one is study))
    also = placebos if over == study.baseline and approach not in placebos else []
    reference = sum(len(set(study.seeds_of(one))) for one in (over, *also))
    told = reference if quantity == "uplift" and reference != seeds else 0
    luck = expected(project, study, (domain,))
    most = schedule.most if schedule else 0
    return Design(quantity, seeds, trials, groups, level, most, told, luck.spread, luck.correlation)


def shared_baseline(project: Project, study: Study) -> str | None:
    """What more seeds of a baseline would bring that three or more approaches are compared with; None where there are some."""
    others = [a for a in dict.fromkeys(study.approaches) if a != study.baseline]
    seeds = len(set(study.seeds))
    if study.baseline is None or len(others) < SHARED or study.more_seeds or study.placebos == "reference" or seeds < 2:
        return None
    many = ceil(seeds * len(others) ** 0.5)
    domain, trials = next(iter(study.trials.items()))
    luck = expected(project, study, (domain,))
    design = Design("uplift", seeds, trials, 1, study.level, spread=luck.spread, correlation=luck.correlation)
    share = replace(design, reference=many).half_width / design.half_width
    return (
        f"{len(others)} approaches are compared with `{study.baseline}`: {many - seeds} more seeds of it (`more_seeds`) make "
        f"each of these bands {1 - share:.0%} narrower, for the price of {many - seeds} runs at each place"
    )


def _of_gate(project: Project, study: Study, groups: int, name: str, path: SpanPath, rule: GateRule) -> Question:
    assert rule.approach is not None
    assert rule.domain is not None
    quantity: Quantity = "uplift" if rule.metric == "uplift" else "success_rate"
    pooled = rule.scope != "location"
    at = (rule.domain, groups if pooled else 1, rule.level or study.level, rule.approach)
    design = _design(project, study, quantity, *at, study.baseline)
    lowest = -MOST_UPLIFT if quantity == "uplift" else 0.0
    prior = prior_of(project, rule.approach, rule.domain) if quantity == "uplift" else None
    low, high = prior[0] if prior else (0.0, 0.0)
    if isinstance(rule.threshold, tuple):
        favourable = sum(rule.threshold) / 2
        hoped = min(max(favourable, low), high)
        distance = min(hoped - rule.threshold[0], rule.threshold[1] - hoped)
    elif rule.comparator in ("at_least", "above"):
        favourable, distance = MOST_UPLIFT, high - rule.threshold
    else:
        favourable, distance = lowest, rule.threshold - low

    def passes(band: Band) -> bool:
        return judge(rule, Measure("", favourable, band, 0)) is Status.PASSED

    hoped = favourable if isinstance(rule.threshold, tuple) else high if rule.comparator in ("at_least", "above") else low
    design = replace(design, uplift=hoped) if prior is not None else design
    hoped_for = distance if prior is not None and distance >= 0 else None
    by = rule.approach if prior else None
    return Question("gate", name, path, design, wanted(rule), favourable, passes, hoped_for, by, rule.domain, pooled)


def _of_claim(project: Project, study: Study, groups: int, name: str, path: SpanPath, claim: Simple) -> Question:
    pairs = comparisons(claim, study.baseline)
    design = _design(project, study, "uplift", claim.domain, groups, band_level(claim, study.level), *pairs[0])
    count = len(pairs)

    def passes(band: Band) -> bool:
        return judge_claim(claim, [band] * count).verdict is Verdict.SUPPORTED

    def question(words: str, favourable: float, distance: float | None, prior: str | None = None, sides: int = 1) -> Question:
        return Question("claim", name, path, design, words, favourable, passes, distance, prior, claim.domain, True, sides)

    match claim:
        case Equivalent(margin=margin) | Alike(margin=margin) | NonInferior(margin=margin):
            design = replace(design, uplift=0.0)
        case Superior(margin=margin, approach=approach):
            design = replace(design, uplift=prior[0][1]) if (prior := prior_of(project, approach, claim.domain)) else design
    match claim:
        case Equivalent(margin=margin) | Alike(margin=margin):
            return question(f"within {margin:g} points", 0.0, margin, sides=2)
        case NonInferior(margin=margin):
            return question(f"less than {margin:g} points worse", MOST_UPLIFT, margin)
        case Superior(margin=margin, approach=approach, over=over):
            prior = prior_of(project, approach, claim.domain) if over in (None, study.baseline) else None
            distance = prior[0][1] - margin if prior and prior[0][1] >= margin else None
            words = f"above {margin:g}" if margin else "above 0"
            return question(words, MOST_UPLIFT, distance, approach if prior else None)
        case Ordered():
            return question("each better than the next", MOST_UPLIFT, None)
        case Falling():
            return question("above 0", MOST_UPLIFT, None)
