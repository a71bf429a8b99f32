"""Stage `gap_factors`: which of a hidden site's true factors explain why a policy does worse there than in the twin."""

from pathlib import Path
from typing import Any

from runtime.bound.hidden_gap import GAP_FACTORS
from runtime.bound.source import HiddenSite
from runtime.bound.task import Task
from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, baselines, bound, by_unit, maybe, one, stage


class GapFactorsParams(Params):
    """How many trials, and in how many orders factors are put in."""

    trials: int = bound("gap_trials", ge=1, le=100_000)
    """Trials of each combination of factors; trial I starts from condition I, as everywhere in the study."""
    orders: int = bound("gap_orders", ge=2, le=200)
    """In how many orders the factors are put in."""
    site: HiddenSite = bound("site")
    """The hidden site."""
    seed: int = bound("seed", ge=0)
    """Training seed; each policy has orders of its own, so that bands over seeds hold their luck, too."""


@stage(
    version=3,
    metrics=by_unit(count="n", points="gap_points parts.*"),
    libraries=minor("lerobot", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    takes="truth",
    role="factors",
    domains=("irl_proxy",),
    per=("location", "task", "approach", "seed", "domain"),
    needs={
        "policy": one("policy"),
        "twin": baselines("twin"),
        "conditions": baselines("conditions"),
        "transform": maybe("transform"),
    },
    agree=(("policy", "twin"), ("policy", "transform")),
    makes={"changes": "changes.parquet", "factors": "factors.json"},
    expects=lambda p: {"policy": Contract(instruction_key="task"), "twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(minutes=0.1 + p.trials * (2 + p.orders * (len(GAP_FACTORS) - 1)) / 600),
)
def gap_factors(
    p: GapFactorsParams, policy: Path, twin: Path, conditions: Path, transform: Path | None, out: Out
) -> dict[str, Any]:
    """Try the policy in the twin, at the nominal site, and with the site's factors put in one after another, in several orders.

    `changes.parquet` holds one row for each trial before and after a factor was put in; `factors.json` the orders, and what is
    true of the site in named units.

    Raises:
        InputError: R273 when the condition set does not fit; R275 when something moves before anybody acts; R318 when the
            transform is not for the policy's cameras.
    """
    import dataclasses
    import json
    from collections import defaultdict
    from collections.abc import Callable

    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from runtime.sim.scene.bench import Bench
    from runtime.sim.scene.settle import refuse_unsettled
    from runtime.sim.site.install import install
    from runtime.sim.site.place import camera_optics, hidden_place
    from runtime.sim.trials.conditions import Condition, alike, replay
    from runtime.sim.trials.crossed import load_crossed
    from runtime.sim.trials.factors import RECONSTRUCTION, Change, combinations, draw_orders, walk
    from runtime.sim.trials.run import run_trials
    from runtime.sim.trials.transform import transformed
    from runtime.sim.twin.twin import eyes_of, read_behind, read_model, read_twin

    facts = read_twin(twin)
    actor = transformed(load_crossed(policy, facts.robot), transform)
    found, _ = replay(conditions, 0, p.trials)
    levels = list(dict.fromkeys(one.gap for one in found if one.gap is not None))
    orders = draw_orders(p.orders, (p.site.seed, p.seed))
    deviating, told = p.site.gap.factors(), 0
    rounds = len(levels) * combinations(orders, deviating)

    def tried(same: list[Condition], scene: Callable[[Task], tuple[Any, Any, Any]]) -> dict[int, bool]:
        won = {}
        for _, task, starts in alike(facts.task, same):
            model, physics, eyes = scene(task)
            refuse_unsettled(model, physics, task, starts, facts.robot)
            bench = Bench(model, physics, task, facts.control_hz, starts, robot=facts.robot)
            steps = round(task.horizon_s * facts.control_hz)
            done = run_trials(bench, eyes, actor, steps, actor.facts["camera_keys"])
            won |= {trial.initial_state: trial.success for trial in done}
        return won

    def in_twin(task: Task) -> tuple[Any, Any, Any]:
        model = read_model(twin, facts, task)
        return model, facts.physics, eyes_of(model, facts, read_behind(twin, facts))

    changes: list[Change] = []
    truth: dict[str, dict[str, Any]] = {}
    for level in levels:
        site, same = p.site.at(level), [one for one in found if one.gap == level]

        def at_site(inside: frozenset[str], site: HiddenSite = site, same: Any = same) -> dict[int, bool]:
            nonlocal told

            def installed(task: Task) -> tuple[Any, Any, Any]:
                real = install(site.model_copy(update={"gap": site.gap.only(inside)}), dataclasses.replace(facts, task=task))
                return real.model, real.physics, real.eyes

            told += 1
            out.progress(told / rounds, f"{len(inside)} of {len(deviating)} factors in")
            return tried(same, installed)

        changes += walk(tried(same, in_twin), orders, at_site, deviating)
        place = hidden_place(site)
        truth[level] = {
            "gap": site.gap.model_dump(),
            "physics": dataclasses.asdict(place.physics),
            "lamp_photographed": dataclasses.asdict(place.photo_lamp),
            "lamp": dataclasses.asdict(place.trial_lamp),
            "sensor": dataclasses.asdict(place.sensor),
            "camera_shift_m": place.camera_shift_m.tolist(),
            "camera_turn_rad": place.camera_turn_rad.tolist(),
            "object_color_gain": place.color_gain.tolist(),
            "clutter": place.clutter,
        }
        for camera in facts.cameras if len(facts.cameras) > 1 else ():
            sensor, shift_m, turn_rad = camera_optics(site, camera.name)
            own = {"sensor": dataclasses.asdict(sensor), "shift_m": shift_m.tolist(), "turn_rad": turn_rad.tolist()}
            truth[level].setdefault("cameras", {})[camera.name] = own
    pq.write_table(pa.Table.from_pylist([change._asdict() for change in changes]), out.path("changes"))
    out.path("factors").write_text(json.dumps({"orders": orders, "truth": truth}, indent=1) + "\n")
    parts: dict[str, list[int]] = defaultdict(list)
    for change in changes:
        parts[change.factor].append(int(change.after) - int(change.before))
    points = {name: round(100 * float(np.mean(parts[name])), 2) for name in (RECONSTRUCTION, *GAP_FACTORS)}
    return {"n": p.trials, "gap_points": round(sum(points.values()), 2), "parts": points}
