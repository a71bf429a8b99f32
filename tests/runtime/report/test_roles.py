"""What approaches are for, and the order in which a report lists them."""

import json
from pathlib import Path

from runtime.bound.cell import Cell
from runtime.report.roles import BASELINE, PLACEBO, TREATMENT, UNTRAINED, in_order, roles


def test_controls_of_an_approach_stand_beside_it() -> None:
    listed = ["untrained", "bold", "baseline", "placebo", "mild", "bold~same-budget", "bold~placebo"]
    of = {"untrained": UNTRAINED, "baseline": BASELINE, "placebo": PLACEBO, "bold": TREATMENT, "bold~placebo": PLACEBO}
    order = ["baseline", "bold", "bold~same-budget", "bold~placebo", "mild", "placebo", "untrained"]
    assert in_order(listed, of) == order


def test_the_baselines_policies_behind_a_transform_are_no_placebo(tmp_path: Path) -> None:
    """What a placebo is follows from what its trials were made of; policies of other seeds make one, another view does not."""

    def written(name: str, **facts: object) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"metrics": {}, "parents": {}, "version": 1, **facts}))
        return folder

    for seed in (0, 1000):
        written(f"policy/{seed}", stage="policy", params={"steps": 800, "seed": seed}, parents={"demos": ["demos/a"]})
    made = {
        "baseline": {"policy": ["policy/0"]},
        "placebo": {"policy": ["policy/1000"]},
        "aligned": {"policy": ["policy/0"], "transform": ["align/a"]},
    }
    trials = [written(f"evaluate/{name}", stage="evaluate", parents=parents) for name, parents in made.items()]
    cells = [Cell(approach=name, location="l", task="t", seed=0, domain="twin") for name in made]
    assert roles(cells, trials, "baseline") == {"baseline": BASELINE, "placebo": PLACEBO, "aligned": TREATMENT}
