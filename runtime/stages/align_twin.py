"""Stage `align_twin`: a few episodes at the place adjust the twin; new real data, refused where a study rules them out."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from runtime.contract import Contract
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.sim.episodes.replayed import ReplayParams
from runtime.sim.twin.makes import MAKES
from runtime.splat.renderer import Renderer
from runtime.stage import Resources, by_unit, one, stage

Seconds = Annotated[float, Field(ge=0, le=1)]
Gain = Annotated[float, Field(gt=0, le=1000)]


class AlignTwinParams(ReplayParams):
    """How much is recorded, and what may be adjusted by it: each within its range, or not at all (`null`, 0)."""

    episodes: int = Field(4, ge=1, le=100, json_schema_extra={"recorded": "by_program"})
    """Episodes that are played at the place, each a real one; of recordings the first ones."""
    seed: int = Field(0, ge=0)
    """Seed of starts and disturbance."""
    latency_s: tuple[Seconds, Seconds] | None = (0.0, 0.09)
    """Dead time between an action and its effect."""
    servo_time_constant_s: tuple[Seconds, Seconds] | None = (0.01, 0.15)
    """Lag of the servos, their damping."""
    servo_kp_nm_per_rad: tuple[Gain, Gain] | None = (30.0, 150.0)
    """Gain of the servos."""
    camera_shift_m: float = Field(0.02, ge=0, le=0.2)
    """Farthest move of each camera that stands still, along each axis."""
    camera_turn_deg: float = Field(3.0, ge=0, le=30)
    """Largest turn of each such camera, about each axis."""
    exposure: float = Field(0.5, ge=0, lt=1)
    """Largest relative change of the gain of each colour; what the light changed since the photos counts there, too."""

    @model_validator(mode="after")
    def _ranges(self) -> "AlignTwinParams":
        for name in ("latency_s", "servo_time_constant_s", "servo_kp_nm_per_rad"):
            if (said := getattr(self, name)) is not None and said[0] >= said[1]:
                raise ValueError(f"the low end of `{name}` must be below its high end")
        limits = "latency_s", "servo_time_constant_s", "servo_kp_nm_per_rad", "camera_shift_m", "camera_turn_deg", "exposure"
        if not any(getattr(self, name) for name in limits):
            raise ValueError(f"{', '.join(limits)} are all null or 0, so that nothing may be adjusted")
        return self


@stage(
    version=1,
    metrics=by_unit(
        s="latency_s servo_time_constant_s",
        Nm="servo_kp_nm_per_rad",
        deg="joint_rmse_before_deg joint_rmse_after_deg camera_turn_deg.*",
        mm="camera_shift_mm.*",
        share="gain.* brightness_before brightness_after",
        count="episodes real_episodes pictures",
    ),
    libraries=minor("av", "mink", "mujoco", "numba", "numpy", "pillow", "scipy") | exact("pyarrow"),
    takes="recordings",
    kind="twin",
    per=("location", "task"),
    needs={"twin": one("twin"), "scene": one("splat")},
    makes=MAKES,
    backends=("renderer",),
    offers=lambda p, inputs: inputs.get("twin", Contract()),
    expects=lambda p: {"twin": Contract(instruction_key="task")},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.1 + p.episodes / 60),
)
def align_twin(p: AlignTwinParams, twin: Path, scene: Path, out: Out, renderer: Renderer) -> dict[str, Any]:
    """Play a few episodes at the place (a hidden site, or recordings of a robot) and publish the twin whose servos, latency,
    camera poses and exposure explain best what joints and cameras reported. Nothing else of the place is read.
    `preview.png`: what the place's cameras saw, the twin before, the twin after.

    Raises:
        InputError: R395 when the location has neither a hidden site nor recordings; R396 when recordings have another rate.
    """
    import json
    import shutil
    from dataclasses import replace

    import numpy as np

    from runtime.sim.episodes.identify import fit_camera, fit_physics, with_servos
    from runtime.sim.episodes.replay import play, recorded_at, shown_as
    from runtime.sim.parts.mj import mujoco
    from runtime.sim.pixels.contact_sheet import save_sheet, side_by_side
    from runtime.sim.scene.bench import Bench
    from runtime.sim.twin.twin import (
        contract_of,
        eyes_of,
        read_behind,
        read_model,
        read_surroundings,
        read_twin,
        save_backdrops,
        splat_behind,
    )

    facts, model = read_twin(twin), read_model(twin)
    how = p.seconds, p.noise_rad, p.seed
    found, place = recorded_at(
        p.site and p.site.at(p.gap), p.data, out.source_dir, model, facts, p.episodes, how, p.picture_steps
    )
    out.progress(0.2, "recorded")
    shutil.copytree(twin, out.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("manifest.json"))
    metrics: dict[str, Any] = {"episodes": len(found), "real_episodes": 0 if p.data else len(found)}
    names = ("latency_s", "servo_kp_nm_per_rad", "servo_time_constant_s")
    ranges = {name: said for name in names if (said := getattr(p, name)) is not None}
    if ranges:
        before = facts.physics.servo
        physics, first, last = fit_physics(model, facts, found, place, ranges)
        facts = replace(facts, physics=physics)
        spec, servo = mujoco.MjSpec.from_file(str(twin / "scene.xml")), physics.servo
        with_servos(spec, facts.robot, servo.kp_nm_per_rad / before.kp_nm_per_rad, servo.time_constant_s)
        out.path("scene").write_text(spec.to_xml())
        metrics |= {"joint_rmse_before_deg": round(first, 3), "joint_rmse_after_deg": round(last, 3)}
        metrics |= {"latency_s": round(physics.latency_s, 4), "servo_time_constant_s": round(servo.time_constant_s, 4)}
        metrics |= {"servo_kp_nm_per_rad": round(servo.kp_nm_per_rad, 2)}
        out.progress(0.6, "servos and latency")
    gaussians = read_surroundings(scene, twin)
    behind, cameras, gains = splat_behind(renderer, gaussians, facts), [], []
    bench = Bench(model, facts.physics, facts.task, facts.control_hz, [one.start for one in found], robot=facts.robot)
    states = [one.states for one in play(bench, [one.actions for one in found], {}, p.picture_steps)]
    for camera in facts.cameras:
        films = [one.films[camera.name] for one in place if camera.name in one.films]
        if camera.on is not None or not films or not (p.camera_shift_m or p.camera_turn_deg or p.exposure):
            cameras.append(camera)
            continue
        pairs = [pair for known, film in zip(states, films, strict=True) for pair in zip(known, film, strict=False)]
        shown, pictures = zip(*pairs[:: max(1, len(pairs) // 12)], strict=True)
        limits = p.camera_shift_m, p.camera_turn_deg, p.exposure
        seen = fit_camera(model, camera, behind, facts.look, facts.samples, shown, np.stack(pictures), *limits)
        cameras.append(seen.camera)
        gains.append(seen.gain)
        by = camera.c2w[:3, :3].T @ seen.camera.c2w[:3, :3]
        turn = float(np.degrees(np.arccos(np.clip((np.trace(by) - 1) / 2, -1, 1))))
        metrics.setdefault("camera_turn_deg", {})[camera.name] = round(turn, 3)
        moved = 1000 * float(np.linalg.norm(seen.camera.position - camera.position))
        metrics.setdefault("camera_shift_mm", {})[camera.name] = round(moved, 2)
        metrics |= {
            "brightness_before": round(seen.before, 4),
            "brightness_after": round(seen.after, 4),
            "pictures": len(pictures),
        }
    gain = tuple(float(x) for x in np.mean(gains, axis=0)) if gains else facts.look.sensor.gain
    metrics |= {"gain": {color: round(x, 4) for color, x in zip(("red", "green", "blue"), gain, strict=True)}}
    first = eyes_of(model, facts, read_behind(twin, facts))
    facts = replace(facts, cameras=cameras, look=replace(facts.look, sensor=replace(facts.look.sensor, gain=gain)))
    save_backdrops(out.path("background"), facts, renderer, gaussians)
    last = eyes_of(model, facts, read_behind(out.root, facts))
    drawn = [side_by_side([shown_as(eye, states[0]) for eye in eyes.values()]) for eyes in (first, last)]
    seen_there = [side_by_side([place[0].films[name] for name in first])] if place[0].films.keys() >= first.keys() else []
    save_sheet(out.path("preview"), [film[: len(states[0])] for film in (*seen_there, *drawn)])
    out.path("twin").write_text(json.dumps(facts.to_json(), indent=1) + "\n")
    out.contract(**vars(contract_of(facts)))
    return metrics
