"""What preferences between two at a time say of all, as lines for people."""

from compiler.render.columns import columns
from runtime.report.forms.ranking import Preferences


def preference_lines(found: Preferences) -> list[str]:
    """Approaches by strength, then every pair."""
    level = f"{100 * found['level']:g} %"
    clusters = f", {found['judges']} judges as clusters" if found["judges"] else ""
    lines = [f"{found['comparisons']:,} comparisons, {found['ties']} of them ties{clusters}", ""]
    rows = [("approach", "preferred to an average one", "rank", "letters", "comparisons")]
    for row in found["rows"]:
        low, high = row["rank"]
        rank = f"{low}" if low == high else f"{low} to {high}"
        rows.append((row["approach"], f"{row['value']:.0f} %", rank, row["letters"], str(row["compared"])))
    lines += [
        *columns(rows),
        "",
        f"how often one is preferred where it is no tie; the bands of all pairs hold at once at {level}",
    ]
    rows = [("approach", "to", "", "", "")]
    for pair in found["pairs"]:
        low, high = pair["band"]
        told = "preferred" if pair["direction"] == "helps" else "undecided"
        rows.append((pair["first"], pair["second"], f"{pair['value']:.0f} %", f"[{low:.0f}, {high:.0f}]", told))
    best = ", ".join(f"`{row['approach']}`" for row in found["rows"] if row["best"])
    return [*lines, *columns(rows), "", f"cannot be told from the best: {best}"]
