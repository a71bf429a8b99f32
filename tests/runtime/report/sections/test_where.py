"""The first lines say at how many places an approach helps, and nothing of a single place."""

from typing import Any

import pytest

from runtime.bound.frame import StudyFrame
from runtime.report.drawing.words import measured
from runtime.report.sections.verdict import headline, where


def row(direction: str, location: str | None = None, approach: str = "a", band: tuple[float, float] = (1.0, 2.0)) -> Any:
    found = {"approach": approach, "domain": "twin", "location": location, "direction": direction, "band": list(band)}
    return found | {"question": "training runs"}


def said(directions: list[str], fleet: list[str] | None = None, apart: bool = True) -> Any:
    rows = [row(d, f"site-{i}") for i, d in enumerate(directions)]
    fleets = [{"approach": "a", "domain": "twin", "locations": [{"direction": d} for d in fleet or []]}]
    places = {"count": len(rows), "told_apart": apart} | {word: directions.count(word) for word in ("helps", "hurts")}
    together = [{"approach": "a", "domain": "twin", "places": places if len(rows) > 1 else None}]
    return {"evidence": {"uplift": [row("helps"), *rows], "together": together, "fleet": fleets if fleet else []}}


@pytest.mark.parametrize(
    ("directions", "words"),
    [
        (["helps", "helps"], "helps at 2 of 2 places"),
        (["helps", "hurts", "undecided"], "helps at 1 and hurts at 1 of 3 places"),
        (["undecided", "undecided"], "undecided at each of 2 places"),
    ],
)
def test_places_are_counted(directions: list[str], words: str) -> None:
    assert where(said(directions)) == {"a": {"twin": words}}


def test_a_fleet_speaks_for_its_places_and_one_place_for_itself() -> None:
    found = where(said(["helps", "helps", "helps"], ["helps", "undecided", "undecided"]))
    assert found == {"a": {"twin": "helps at 1 of 3 locations"}}
    assert where(said(["helps"])) == {}
    alike = where(said(["helps", "undecided"], apart=False))
    assert alike == {"a": {"twin": "2 places cannot be told apart: read them together"}}


def first_line(*rows: Any) -> str:
    names = tuple(dict.fromkeys(r["approach"] for r in rows))
    frame = StudyFrame(
        id="s", baseline="base", locations=("x",), tasks=("t",), approaches=("base", *names), seeds=(0,), trials={"twin": 5}
    )
    tokens = headline(frame, rows, dict.fromkeys(names, "treatment"))
    return "".join(token.get("text", token.get("id", "")) for token in tokens)


def test_one_or_two_approaches_are_given_with_their_bands_those_that_help_first() -> None:
    assert first_line(row("helps")) == "In the twin, a helps by 1.0 to 2.0 points."
    assert first_line(row("undecided", band=(-3.0, 6.4))) == "In the twin, a is undecided (−3.0 to +6.4 points)."
    both = first_line(row("hurts", approach="b", band=(-4.2, -0.8)), row("helps"))
    assert both == "In the twin, a helps by 1.0 to 2.0 points; b hurts by 0.8 to 4.2 points."


def test_many_approaches_are_named_by_what_they_do_and_not_all_of_them() -> None:
    rows = [row("undecided", approach=f"u{i}") for i in range(9)]
    text = first_line(row("hurts", approach="b"), row("helps", approach="h"), row("helps", approach="k"), *rows)
    assert text == "In the twin, h and k help; b hurts; u0, u1, u2 and 6 more are undecided."


def test_arms_beside_an_approach_are_no_candidates() -> None:
    rows = [row("undecided", approach="a", band=(-3.0, 6.4)), row("helps", approach="a~less"), row("hurts", approach="a~round-1")]
    assert first_line(*rows) == "In the twin, a is undecided (−3.0 to +6.4 points); of the arms beside them, a~less helps."
    assert first_line(*rows[1:]).startswith("In the twin, a~less helps by")  # where their approach was not tried


def test_metrics_are_told_with_their_unit() -> None:
    assert [measured(m) for m in ("psnr_db", "success_rate", "depth_error", "s")] == [
        "PSNR in dB",
        "success rate",
        "depth error",
        "s",
    ]
