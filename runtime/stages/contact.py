"""Stage `contact`: Physion's question, will red touch yellow, asked of an eye that stands still."""

import json
from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, stage

AT_ONCE = 512
"""Pictures that are looked at together."""


class ContactParams(Params):
    """Whose eye it is."""

    lab: Lab = bound("lab")
    """The bench that the eye was trained at."""
    seed: int = bound("seed", ge=0)
    """Seed of the eye."""
    level: float = Field(0.95, gt=0, lt=1)
    """Level of the band over stimuli."""


@stage(
    version=2,
    libraries=minor("numpy", "safetensors", "scipy", "torch"),
    per=("location", "approach", "seed"),
    needs={"encoder": one("encoder"), "physion": one("physion")},
    makes={"answers": "answers.json"},
    metrics=by_unit(share="correct correct_low correct_high correct_fixed scenario.*", count="items"),
    cost=lambda p: Resources(mem_gb=1.5, minutes=1.0),
)
def contact(p: ContactParams, encoder: Path, physion: Path, out: Out) -> dict[str, Any]:
    """Object contact prediction (Bear et al. 2021): a logistic read-out of each scenario is fitted on what the eye makes of the
    read-out's frames, one after another, and answers for the test's stimuli.

    `correct` is the share of right answers out of two, with Wilson's band over stimuli; `correct_fixed` that of the eye's fixed
    first look alone; `scenario.NAME` that of a scenario. This is the benchmark's protocol for models that foretell nothing
    themselves: features of what is seen, without a roll-out.
    """
    from functools import partial

    import numpy as np
    import torch
    from safetensors.torch import load_file
    from scipy.stats import binomtest

    from runtime.developmental.readout import read_out
    from runtime.developmental.vision import Eye, Priors, looked_at

    torch.set_num_threads(1)
    priors = Priors(**json.loads((encoder / "eye.json").read_text()))
    eye = Eye(priors)
    eye.load_state_dict(load_file(encoder / "eye.safetensors"))
    eye.eval()
    stimuli = json.loads((physion / "stimuli.json").read_text())
    frames = np.load(physion / "frames.npy", mmap_mode="r")
    logits, fixed = torch.zeros(len(stimuli)), torch.zeros(len(stimuli))
    for scenario in sorted({row["scenario"] for row in stimuli}):
        fit, ask = (_of(stimuli, scenario, part) for part in ("readout", "test"))
        y = torch.tensor([float(stimuli[i]["contact"]) for i in fit])
        seen = [torch.from_numpy(frames[rows]).permute(0, 1, 4, 2, 3).float() / 255 for rows in (fit, ask)]
        with torch.no_grad():
            looks = (eye, partial(looked_at, priors=priors))
            made = [[_embedded(look, x) for x in seen] for look in looks]
        for answer, (x, x_new) in zip((logits, fixed), made, strict=True):
            answer[ask] = read_out(x, y, x_new)
    tested = [i for i, row in enumerate(stimuli) if row["part"] == "test"]
    truth = torch.tensor([row["contact"] for row in stimuli])
    right, right_fixed = ((one > 0) == truth for one in (logits, fixed))
    band = binomtest(int(right[tested].sum()), len(tested)).proportion_ci(p.level, "wilson")
    rows = [
        {"name": stimuli[i]["name"], "contact": stimuli[i]["contact"], "answer": round(float(logits[i].sigmoid()), 4)}
        for i in tested
    ]
    out.path("answers").write_text(json.dumps(rows, indent=0) + "\n")
    each = {s: round(float(right[_of(stimuli, s, "test")].float().mean()), 4) for s in sorted({r["scenario"] for r in stimuli})}
    return {
        "correct": round(float(right[tested].float().mean()), 4),
        "correct_low": round(float(band.low), 4),
        "correct_high": round(float(band.high), 4),
        "correct_fixed": round(float(right_fixed[tested].float().mean()), 4),
        "scenario": each,
        "items": len(tested),
    }


def _of(stimuli: list[dict[str, Any]], scenario: str, part: str) -> list[int]:
    return [i for i, row in enumerate(stimuli) if (row["scenario"], row["part"]) == (scenario, part)]


def _embedded(look: Any, shown: Any) -> Any:
    """What a look makes of the frames of each stimulus [n, t, 3, h, w], side by side [n, t * d], a few at a time."""
    import torch

    parts = [look(part) for part in shown.flatten(0, 1).split(AT_ONCE)]
    return torch.cat(parts).unflatten(0, shown.shape[:2]).flatten(1)
