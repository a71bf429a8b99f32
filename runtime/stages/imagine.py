"""Imagined rollouts: what a policy would do in the world model of its place, written down for training and for a look."""

from pathlib import Path

from pydantic import Field

from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, maybe, one, stage

SHEET_ROWS = 6


class ImagineParams(Params):
    """How many rollouts, and from where."""

    episodes: int = Field(20, ge=1, le=10_000)
    """Rollouts."""
    start_seed: int = Field(0, ge=0)
    """Seed of their initial states, which no trials of a study begin from."""


@stage(
    version=2,
    metrics=by_unit(count="episodes frames", share="mean_probability disagreement"),
    libraries=minor("lerobot", "mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch", "torchvision")
    | exact("pyarrow"),
    kind="imagined",
    per=("location", "task", "approach", "seed"),
    needs={"policy": one("policy"), "world": one("world_model"), "twin": one("twin"), "transform": maybe("transform")},
    agree=(("policy", "twin"), ("policy", "transform"), ("world", "twin")),
    makes={"imagined": "imagined.npz", "preview": "preview.png"},
    expects=lambda p: {"policy": Contract(instruction_key="task"), "twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(minutes=0.1 + p.episodes / 300),
)
def imagine(p: ImagineParams, policy: Path, world: Path, twin: Path, transform: Path | None, out: Out) -> dict[str, float | int]:
    """Run the policy in the world model from development states. `imagined.npz` holds, for each rollout and step, joints, action,
    tip, objects, picture, reward, the probability that it is done, and how far members of the ensemble are apart.

    Raises:
        InputError: R262 when the task is held out; R344 when the model lacks files; R348 when the policy looks through another
            camera than the model paints.
    """
    import numpy as np

    from runtime.sim.pixels.contact_sheet import save_sheet
    from runtime.sim.tasks import kind_of
    from runtime.sim.trials.conditions import Condition
    from runtime.sim.trials.crossed import load_crossed
    from runtime.sim.trials.transform import transformed
    from runtime.sim.twin.twin import read_learnable
    from runtime.world.model import read_world
    from runtime.world.trials import dreamt_from, film_of

    facts = read_learnable(twin)
    model, actor = read_world(world / "model"), transformed(load_crossed(policy, facts.robot), transform)
    kind = kind_of(facts.task)
    starts = [kind.draw_start(facts.task, i, "development", 1_000_003 + p.start_seed, facts.robot) for i in range(p.episodes)]
    dreams = dreamt_from(model, actor, twin, facts, [Condition("development", start) for start in starts])
    films = np.stack([film_of(model, dreams.dream, i) for i in range(len(dreams.indices))])
    columns = {name: value.astype(np.float32) for name, value in vars(dreams.dream).items() if name != "first"}
    np.savez_compressed(out.path("imagined"), pictures=films, initial_state=dreams.indices, **columns)
    save_sheet(out.path("preview"), list(films[:SHEET_ROWS]))
    chance = dreams.dream.done[:, -1]
    return {
        "episodes": len(films),
        "frames": int(films.shape[0] * films.shape[1]),
        "mean_probability": round(float(chance.mean()), 6),
        "disagreement": round(float(dreams.dream.apart.mean()), 6),
    }
