"""The report says what each twin holds, in words, and how many of its facts nobody measured."""

import json
from typing import Any

import pytest

from runtime.report.sections.inventory import drawn, rows, words
from tests.runtime.synthetic_study import LOCATIONS, Synthetic, synthetic_study


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ""),
        ({"photo": "a.jpg"}, "photo a.jpg"),
        ({"center_m": [0.3, -0.123456, 1], "volume_l": 2.0}, "center_m 0.3, -0.1235, 1; volume_l 2"),
    ],
)
def test_values_are_told_in_words(value: Any, told: str) -> None:
    assert words(value) == told


def test_each_twin_is_a_group_that_counts_how_its_facts_are_known(tmp_path) -> None:
    made: Synthetic = synthetic_study(tmp_path / "store", trials=4)
    page = (folder := made.report()) / "report.html"
    said: Any = {"inventory": json.loads((folder / "report.json").read_text())["inventory"]}
    (group,) = drawn(said)["groups"]  # a twin of before has no inventory
    assert (group["location"], group["told"]) == (LOCATIONS[0], "1 estimated, 2 assumed")
    assert {**rows(said)[1], "task": ""} == {
        "location": LOCATIONS[0],
        "task": "",
        "part": "lighting",
        "kind": "lamp",
        "source": "assumed",
        "confidence": None,
        "value": "position_m 0.4, 0.5, 1.8",
    }
    part = page.read_text().partition('<section id="inventory">')[2].partition("</section>")[0]
    assert part.count("<details>") == 1
    assert "position_m 0.4, 0.5, 1.8" in part
    assert "0.91" in part
