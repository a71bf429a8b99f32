"""A small arm of seven joints and a sliding finger as URDF: its base is seen as a mesh, all else is primitives; no actuators."""

from pathlib import Path

import trimesh

LENGTHS_M = {"link1": 0.08, "link2": 0.10, "link3": 0.08, "link4": 0.09, "link5": 0.07, "link6": 0.03, "hand": 0.02}
AXES = "0 0 1", "0 1 0", "0 0 1", "0 1 0", "0 0 1", "0 1 0", "0 0 1"
SAID = {
    "root": "robots",
    "path": "seven.urdf",
    "joints": [*(f"j{i}" for i in range(7)), "finger"],
    "home": [0, 0.3, 0, 1.5, 0, 1.3416, 0, 0.0],
    "gripper": "finger",
    "tip": {"body": "hand", "at_m": [0.0, 0.0, 0.06]},
}


def _link(name: str, size: tuple[float, float, float], at: float) -> str:
    box = f'<origin xyz="0 0 {at}"/><geometry><box size="{size[0]} {size[1]} {size[2]}"/></geometry>'
    inertia = '<inertia ixx="1e-4" iyy="1e-4" izz="1e-4" ixy="0" ixz="0" iyz="0"/>'
    inertial = f'<inertial><origin xyz="0 0 {at}"/><mass value="0.1"/>{inertia}</inertial>'
    return f'<link name="{name}">{inertial}<visual>{box}</visual><collision>{box}</collision></link>'


def write(folder: Path) -> None:
    """Write `seven.urdf` and its mesh."""
    size = (0.06, 0.06, 0.08)
    trimesh.creation.box(size).export(folder / "base.stl")
    parts = [_link("base", size, 0.04).replace('<box size="0.06 0.06 0.08"/>', '<mesh filename="base.stl"/>', 1)]
    before, place = "base", 0.08
    for i, ((name, length), axis) in enumerate(zip(LENGTHS_M.items(), AXES, strict=True)):
        parts.append(_link(name, (0.02, 0.02, length), length / 2))
        limit = '<limit lower="-2.8" upper="2.8" effort="20" velocity="3"/>'
        joined = f'<origin xyz="0 0 {place}"/><parent link="{before}"/><child link="{name}"/><axis xyz="{axis}"/>'
        parts.append(f'<joint name="j{i}" type="revolute">{joined}{limit}</joint>')
        before, place = name, length
    for name, side in (("still", -0.012), ("moving", 0.012)):
        parts.append(_link(name, (0.008, 0.008, 0.045), 0.0225))
        joined = f'<origin xyz="{side} 0 0.02"/><parent link="hand"/><child link="{name}"/><axis xyz="1 0 0"/>'
        slides = '<limit lower="0" upper="0.04" effort="20" velocity="1"/>'
        kind = f'name="finger" type="prismatic">{joined}{slides}' if name == "moving" else f'name="fixed" type="fixed">{joined}'
        parts.append(f"<joint {kind}</joint>")
    (folder / "seven.urdf").write_text(f'<robot name="seven">{"".join(parts)}</robot>')
