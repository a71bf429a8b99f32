"""What a twin holds and how it is known: an element of environment, lighting or physics a row."""

from typing import Literal, TypedDict

from runtime.sim.twin.twin import Twin

Source = Literal["measured", "estimated", "assumed"]
Part = Literal["environment", "lighting", "physics"]


class Element(TypedDict):
    """One thing that the twin says of the place. `confidence` is 0..1, None where nobody can tell."""

    part: Part
    kind: str
    source: Source
    confidence: float | None
    value: object


def inventory(twin: Twin, on_support: float, things: int, matched: str | None) -> list[Element]:
    """The rows of `inventory.json`.

    Args:
        on_support: share of the captured points that lie on the support.
        things: how many separate things stand within reach.
        matched: the photo whose lens and pose the camera has, if any.
    """
    lamp, physics = twin.look.lamp, twin.physics
    rows: list[Element] = []

    def add(part: Part, kind: str, source: Source, value: object, sure: float | None = None) -> None:
        rows.append({"part": part, "kind": kind, "source": source, "confidence": sure, "value": value})

    add("environment", "support", "estimated", {"z_m": 0.0}, round(on_support, 3))
    add("environment", "things", "estimated", {"count": things})
    add("environment", "camera", "measured" if matched else "assumed", {"photo": matched} if matched else None)
    add("lighting", "lamp", "assumed", {"position_m": lamp.position_m, "rgb": lamp.rgb})
    add("lighting", "ambient", "assumed", {"rgb": lamp.ambient})
    add("lighting", "shadow", "assumed", {"share": twin.shadow})
    add("physics", "friction", "assumed", {"sliding": physics.friction})
    add("physics", "servo", "assumed", {"kp_nm_per_rad": physics.servo.kp_nm_per_rad, "lag_s": physics.servo.time_constant_s})
    add("physics", "gravity", "assumed", {"m_per_s2": [0.0, 0.0, -9.81]})
    return rows
