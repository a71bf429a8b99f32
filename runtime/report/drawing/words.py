"""Numbers and names as people read them. Text never claims more than a band does."""

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from runtime.bound.domain import DOMAINS
from runtime.report.forms.learning import Saving


def domain(name: str) -> str:
    """A domain in words."""
    return DOMAINS[name].words if name in DOMAINS else name


FIGURES = {
    "artifact_pass_rate": "variants that pass their checks",
    "world_model": "scripted expert",
    "policy_in_world_model": "policy",
    "irl_proxy": "policy",
    "irl": "policy",
    "gap": "gap",
}
"""Key figures in words; where they were measured is said beside."""


def figure(kpi: str, where: str | None = None, real: str | None = None) -> str:
    """A key figure and where it was measured, such as `policy, twin` or `gap, twin minus hidden site`."""
    place = [] if where is None else [f"{domain(where)} minus {domain(real)}" if real else domain(where)]
    return ", ".join([FIGURES.get(kpi, kpi), *place])


def by_reality[Name: str](domains: Iterable[Name]) -> list[Name]:
    """Domains sorted from the most real to the least."""
    order: list[str] = list(DOMAINS)[::-1]
    return sorted(domains, key=lambda d: (order.index(d) if d in order else len(order), d))


def number(value: float | None, digits: int = 1, sign: bool = False) -> str:
    """A number with a true minus sign; a dash when there is none. Never shows a negative zero."""
    if value is None:
        return "–"
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def points(value: float | None) -> str:
    """A difference in points, signed."""
    return number(value, 1, sign=True)


def of_ten(value: float | None) -> str:
    """A difference in points, as what is gained in ten trials: +13 are +1.30."""
    return number(None if value is None else value / 10, 2, sign=True)


def band(ends: Sequence[float] | None) -> str:
    """A band as `[−1.2, 13.8]`."""
    return "" if ends is None else f"[{number(ends[0])}, {number(ends[1])}]"


def expected(ends: Sequence[float]) -> str:
    """A prior range as `+1 to +3`."""
    return " to ".join(number(end, 0 if end == round(end) else 1, sign=True) for end in ends)


def metric(value: object) -> str:
    """A recorded metric, shortly."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return str(value) if isinstance(value, int) else f"{value:.4g}".replace("-", "−")


UNITS = {"db": "dB", "px": "pixels", "s": "s", "m": "m", "mb": "MB", "percent": "percent"}
"""Ends of names of metrics, which are units."""


WORDS = {"psnr": "PSNR", "ssim": "SSIM", "lpips": "LPIPS", "rel": "relative", "err": "error", "cpu": "CPU"}
"""Parts of names of metrics that are not words."""


def measured(name: str) -> str:
    """A metric's name in words, its unit last: `psnr_db` is `PSNR in dB`."""
    stem, _, end = name.rpartition("_")
    unit = f" in {UNITS[end]}" if stem and end in UNITS else ""
    words = (stem if unit else name).split("_")
    return " ".join(WORDS.get(word, word) for word in words) + unit


def code(words: str) -> Markup:
    """Escaped text with `names` in backticks set as code."""
    parts = str(escape(words)).split("`")
    return Markup("".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts)))


def count(n: int, singular: str, plural: str | None = None) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def chance(value: float | None) -> str:
    """A p-value; small ones by their bound."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def percent(probability: float) -> str:
    """A probability as a whole percent; never 0 or 100, which would be certainty."""
    if 0.01 <= probability <= 0.99:
        return f"{100 * probability:.0f} %"
    return "under 1 %" if probability < 0.5 else "over 99 %"


def level(value: float) -> str:
    """A confidence level, such as `95 %`."""
    return f"{100 * value:g} %"


def duration(seconds: float) -> str:
    """CPU time in the unit that reads best."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def hours(value: float | None) -> str:
    """Hours, or points per hour: three significant digits, since they span from seconds to months."""
    return "–" if value is None else number(value, max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0)


def saving(found: Saving | None) -> str:
    """Sample efficiency: `2.1×`, `at least 4×`."""
    if found is None:
        return "–"
    value = _times(found["value"])
    return value if found["kind"] == "exact" else f"{found['kind']} {value}"


def saving_band(found: Saving | None) -> str:
    """The band of a sample efficiency; an open end in words."""
    if found is None or found["reason"]:
        return "" if found is None else found["reason"]
    low, high = (None if end is None else _times(end) for end in found["band"])
    if low and high:
        return f"[{low}, {high}]"
    return f"{low} or more" if low else f"{high} or less" if high else "not bounded"


def _times(value: float) -> str:
    return f"{value:.2f}×" if value < 10 else f"{value:.0f}×"
