"""Stage `fidelity`: whether the twin behaves and looks as its place does, under the same actions."""

from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.sim.episodes.replayed import ReplayParams
from runtime.stage import Resources, by_unit, one, stage


class FidelityParams(ReplayParams):
    """How much is replayed."""

    episodes: int = Field(6, ge=1, le=1000, json_schema_extra={"recorded": "by_program"})
    """Episodes that are played at the place, each a real one; of recordings the first ones."""
    seed: int = Field(1000, ge=0)
    """Seed of starts and disturbance; another than that of `align_twin`, so that it is judged by episodes that it did not see."""


@stage(
    version=1,
    metrics=by_unit(
        deg="joint_rmse_deg joint_rmse.*",
        mm="tip_error_mm",
        share="ssim",
        dB="psnr_background_db",
        count="episodes real_episodes",
    ),
    libraries=minor("av", "mink", "mujoco", "numba", "numpy", "pillow", "scipy") | exact("pyarrow"),
    takes="recordings",
    role="replay",
    per=("location", "task"),
    needs={"twin": one("twin")},
    makes={"played": "played.npz", "preview": "preview.png"},
    expects=lambda p: {"twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(minutes=0.05 + p.episodes / 600),
)
def fidelity(p: FidelityParams, twin: Path, out: Out) -> dict[str, Any]:
    """Play the same joint targets in the twin and at its place (a hidden site, or recordings of a robot), open loop, and say how
    far reported joints, the tip and pictures come apart. `preview.png` has the twin's pictures above the place's.

    Raises:
        InputError: R395 when the location has neither a hidden site nor recordings; R396 when recordings have another rate.
    """
    import numpy as np

    from runtime.sim.episodes.replay import difference, play, recorded_at
    from runtime.sim.pixels.contact_sheet import save_sheet, side_by_side
    from runtime.sim.scene.bench import Bench
    from runtime.sim.twin.twin import eyes_of, pictures_behind, read_behind, read_model, read_twin

    facts, model = read_twin(twin), read_model(twin)
    how = p.seconds, p.noise_rad, p.seed
    found, place = recorded_at(
        p.site and p.site.at(p.gap), p.data, out.source_dir, model, facts, p.episodes, how, p.picture_steps
    )
    bench = Bench(model, facts.physics, facts.task, facts.control_hz, [one.start for one in found], robot=facts.robot)
    eyes = eyes_of(model, facts, read_behind(twin, facts))
    ours = play(bench, [one.actions for one in found], eyes, p.picture_steps, p.seed)
    rows = [
        side_by_side([one.films[name] for name in one.films]) for pair in zip(ours[:3], place[:3], strict=True) for one in pair
    ]
    shortest = min(map(len, rows))
    save_sheet(out.path("preview"), [row[:shortest] for row in rows])
    joints = {f"{name}_{i}": one.joints for name, all_ in (("twin", ours), ("place", place)) for i, one in enumerate(all_)}
    tips = {f"{name}_tip_{i}": one.tips for name, all_ in (("twin", ours), ("place", place)) for i, one in enumerate(all_)}
    np.savez_compressed(out.path("played"), **joints, **tips)  # ty: ignore[invalid-argument-type]
    metrics = difference(ours, place, pictures_behind(twin, facts), facts.robot.names)
    out.log(f"joints {metrics['joint_rmse_deg']} degrees apart, tips {metrics['tip_error_mm']} mm")
    return {"episodes": len(found), "real_episodes": 0 if p.data else len(found), **metrics}
