"""Stage `own_world`: an approach's policy in the world model that the approach itself makes, beside the baseline's policy."""

from pathlib import Path

from pydantic import Field

from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, baselines, by_unit, one, stage


class OwnWorldParams(Params):
    """On how much it is tried."""

    trials: int = Field(20, ge=2, le=10_000)
    """Initial states, the first of those that trials begin from."""


@stage(
    version=1,
    metrics=by_unit(
        share="success baseline_success distinct",
        points="uplift uplift_low uplift_high uplift_shared flattery flattery_low flattery_high",
        count="n",
    ),
    libraries=minor("av", "lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    role="own",
    per=("location", "task", "approach", "seed"),
    needs={
        "policy": one("policy"),
        "world": one("world_model"),
        "baseline": baselines("policy"),
        "shared": baselines("world_model"),
        "twin": baselines("twin"),
        "conditions": baselines("conditions"),
    },
    agree=(("policy", "twin"), ("world", "twin")),
    makes={"tried": "tried.json"},
    expects=lambda p: {"policy": Contract(instruction_key="task"), "twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.05 + p.trials / 150),
)
def own_world(
    p: OwnWorldParams, policy: Path, world: Path, baseline: Path, shared: Path, twin: Path, conditions: Path, out: Out
) -> dict[str, float]:
    """Mean probability of success of the approach's policy and of the baseline's in the approach's world model, from the same
    initial states; what the former is over the latter there (`uplift`), and in the world model that all approaches are compared
    in (`uplift_shared`). `flattery` is the one less the other. Bands are over initial states, at 95%, Student's t.

    Raises:
        InputError: R273 when so many states are not recorded; R344 when a model lacks files; R348 when a policy looks through
            another camera than a model paints.
    """
    import json

    import numpy as np

    from runtime.scene_index.band import band_of
    from runtime.sim.trials.conditions import replay
    from runtime.sim.trials.crossed import load_crossed
    from runtime.sim.twin.twin import read_twin
    from runtime.world.model import read_world
    from runtime.world.trials import dreamt_from

    facts = read_twin(twin)
    starts, _ = replay(conditions, 0, p.trials)
    worlds = {"own": world} | ({"shared": shared} if shared.resolve() != world.resolve() else {})
    done: dict[str, dict[str, np.ndarray]] = {}
    for where, folder in worlds.items():
        model = read_world(folder / "model")
        done[where] = {
            who: 100 * dreamt_from(model, load_crossed(made, facts.robot), twin, facts, starts).dream.done[:, -1]
            for who, made in (("approach", policy), ("baseline", baseline))
        }
        out.progress(len(done) / len(worlds), where)
    out.path("tried").write_text(
        json.dumps({w: {k: v.tolist() for k, v in by.items()} for w, by in done.items()}, indent=1) + "\n"
    )
    gains = {where: by["approach"] - by["baseline"] for where, by in done.items()}
    theirs = gains.get("shared", gains["own"])
    uplift, flattery = band_of(gains["own"]), band_of(gains["own"] - theirs)
    found = {
        "success": done["own"]["approach"].mean() / 100,
        "baseline_success": done["own"]["baseline"].mean() / 100,
        **dict(zip(("uplift", "uplift_low", "uplift_high"), uplift, strict=True)),
        "uplift_shared": theirs.mean(),
        **dict(zip(("flattery", "flattery_low", "flattery_high"), flattery, strict=True)),
    }
    return {"n": p.trials, "distinct": len(worlds) - 1, **{name: round(float(value), 4) for name, value in found.items()}}
