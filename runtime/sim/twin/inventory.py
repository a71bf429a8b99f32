"""What a twin holds and how it is known: an element of environment, assets, lighting or physics a row."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

import numpy as np

from runtime.bound.twin_camera import TwinCamera
from runtime.sim.twin.collision import Thing
from runtime.sim.twin.props import Prop
from runtime.sim.twin.twin import Twin

Source = Literal["given", "stated", "measured", "estimated", "assumed"]
Part = Literal["environment", "assets", "lighting", "physics"]


class Element(TypedDict):
    """One thing that the twin says of the place. `confidence` is 0..1, None where nobody can tell."""

    part: Part
    kind: str
    source: Source
    confidence: float | None
    value: object


def how_posed(capture: Path) -> Source:
    """How the poses of a capture's photos are known: those of a video and with `poses: none` are estimated from the photos."""
    source = json.loads((capture / "manifest.json").read_text()).get("params", {}).get("source", {})
    return (
        "estimated" if source.get("kind") == "photos" and (source.get("video") or source.get("poses") == "none") else "measured"
    )


@dataclass(frozen=True)
class Told:
    """What people said of a twin: its cameras, whether they named them, and how poses of photos are known; which fields of
    `KnownScene` they state; what they brought, in the base frame."""

    cameras: Mapping[str, TwinCamera]
    named: bool
    posed: Source
    stated: Collection[str]
    props: Sequence[Prop]


def inventory(twin: Twin, on_support: float, things: list[Thing], base: np.ndarray, told: Told) -> list[Element]:
    """The rows of `inventory.json`.

    Args:
        on_support: share of the captured points that lie on the support.
        things: what stands apart within reach, the largest first.
        base: the robot's frame [4, 4] in that of the support, in which things are told as boxes, metres.
    """
    lamp, physics = twin.look.lamp, twin.physics
    rows: list[Element] = []

    def add(part: Part, kind: str, source: Source, value: object, sure: float | None = None) -> None:
        rows.append({"part": part, "kind": kind, "source": source, "confidence": sure, "value": value})

    def said(field: str) -> Source:
        return "stated" if field in told.stated else "assumed"

    add("environment", "support", "estimated", {"z_m": 0.0}, round(on_support, 3))
    for thing in things:
        add("environment", "thing", "estimated", _box(thing, base) | {"volume_l": round(thing.mesh.volume * 1e3, 3)})
    for name, one in told.cameras.items():
        known: Source = told.posed if one.photo else "stated" if one.calibrated or told.named else "assumed"
        facts = ({"name": name} if told.named else {}) | {key: value for key in ("photo", "on") if (value := getattr(one, key))}
        add("environment", "camera", known, facts or None)
    for prop in told.props:
        place = {"at_m": np.round(prop.pose[:3, 3], 4).tolist(), "mass_kg": prop.mass_kg, "softness_s": prop.softness_s}
        add("assets", prop.name, "given", place | {"friction": prop.friction or physics.friction, "licence": prop.licence})
    add("lighting", "lamp", said("lamp_position_m"), {"position_m": lamp.position_m})
    add("lighting", "lamp light", said("lamp_rgb"), {"rgb": lamp.rgb})
    add("lighting", "ambient", said("ambient_rgb"), {"rgb": lamp.ambient})
    add("lighting", "shadow", "assumed", {"share": twin.shadow})
    add("physics", "friction", said("friction"), {"sliding": physics.friction})
    add("physics", "servo", "assumed", {"kp_nm_per_rad": physics.servo.kp_nm_per_rad, "lag_s": physics.servo.time_constant_s})
    add("physics", "gravity", "assumed", {"m_per_s2": [0.0, 0.0, -9.81]})
    return rows


def _box(thing: Thing, base: np.ndarray) -> dict[str, list[float]]:
    """The box around a thing along the axes of the support's frame: fit for `remove`."""
    corners = thing.mesh.vertices @ base[:3, :3].T + base[:3, 3]
    low, high = corners.min(0), corners.max(0)
    return {"center_m": np.round((low + high) / 2, 3).tolist(), "size_m": np.round(high - low, 3).tolist()}
