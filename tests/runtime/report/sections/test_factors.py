"""What explains the gap, in the report: there when asked for, with a row for each factor that sums to the whole."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from runtime.sim.trials.factors import draw_orders, walk
from tests.runtime.synthetic_files import published
from tests.runtime.synthetic_study import synthetic_study


def test_parts_are_drawn_and_told(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "store", curves=False)
    mine = dict.fromkeys((c.location, c.task, c.seed) for c in study.cells if (c.approach, c.domain) == ("baseline", "irl_proxy"))
    for number, run in enumerate(mine):
        good = np.random.default_rng(number).random(10) < 0.8
        twin = {s: bool(good[s]) for s in range(10)}
        changes = walk(
            twin, draw_orders(4, (number,)), lambda inside, twin=twin: {s: ok and "light" not in inside for s, ok in twin.items()}
        )
        table = pa.Table.from_pylist([change._asdict() for change in changes])
        study.factors.append(published(study.store, "gap_factors", f"{run}", {"changes.parquet": table}))
    folder = study.report()
    rows = json.loads((folder / "report.json").read_text())["factors"]["rows"]
    assert rows[0]["location"] is None
    light = next(part for part in rows[0]["parts"] if part["factor"] == "light")
    assert light["value"] == rows[0]["whole"]["value"] < -50
    assert light["direction"] == "hurts"
    page = (folder / "report.html").read_text()
    section = page[page.index('<section id="factors">') :].partition("</section>")[0]
    assert section.count(">camera pose<") == len(rows)
    assert 'download="study-factors.csv"' in section
