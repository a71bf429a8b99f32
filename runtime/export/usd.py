"""A twin's scene as USD, for Isaac Lab and others: a script for a Python that has mujoco-usd-converter, and nothing of ours.

Bodies, joints, collision and masses are converted by mujoco-usd-converter (Newton, Apache-2.0), which knows neither cameras nor
lights (0.8): these are written here, after UsdGeom.Camera and UsdLux. Needs Python 3.10 to 3.12:

    python -m venv .envs/usd && .envs/usd/bin/pip install mujoco-usd-converter==0.8.0
"""

import importlib
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

FOCAL_MM = 24.0
"""Of all cameras; apertures follow from it, for USD knows no pixels."""
BULB_M = 0.05
"""Radius of the lamp."""


def convert(twin: Path, target: Path) -> None:
    """Write the scene of a published twin as one USD file (`.usdc`), metres, z up, in the robot's base frame.

    Raises:
        ModuleNotFoundError: mujoco-usd-converter is not installed here.
    """
    converter = importlib.import_module("mujoco_usd_converter")
    pxr = {name: importlib.import_module(f"pxr.{name}") for name in ("Gf", "Usd", "UsdGeom", "UsdLux")}
    facts = json.loads((twin / "twin.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        made = converter.Converter(layer_structure=False).convert(str(twin / "scene.xml"), folder)
        stage = pxr["Usd"].Stage.Open(made.path)
        root = stage.GetDefaultPrim().GetPath()
        for camera in facts["cameras"]:
            _camera(stage, f"{_mount(stage, camera) or f'{root}/Cameras'}/{camera['name']}", camera, **pxr)
        _lights(stage, f"{root}/Lights", facts, **pxr)
        stage.GetRootLayer().Export(str(target))


def _mount(stage: Any, camera: dict[str, Any]) -> Any:
    """The body that a camera is mounted on; None of one that stands still."""
    if not (on := camera.get("on")):
        return None
    return next(prim.GetPath() for prim in stage.Traverse() if on in (prim.GetName(), prim.GetDisplayName()))


def _camera(stage: Any, path: str, camera: dict[str, Any], Gf: Any, UsdGeom: Any, **_: Any) -> None:
    """A camera by its lens in pixels: apertures and their offsets in units of the focal length (GfCamera's frustum)."""
    width, height = camera["width"], camera["height"]
    focal = 0.5 * height / math.tan(math.radians(camera["fov_y_deg"]) / 2)
    fx, fy, cx, cy = camera.get("lens") or (focal, focal, width / 2, height / 2)
    made = UsdGeom.Camera.Define(stage, path)
    made.CreateFocalLengthAttr(FOCAL_MM)
    made.CreateHorizontalApertureAttr(FOCAL_MM * width / fx)
    made.CreateVerticalApertureAttr(FOCAL_MM * height / fy)
    made.CreateHorizontalApertureOffsetAttr(FOCAL_MM * (width / 2 - cx) / fx)
    made.CreateVerticalApertureOffsetAttr(FOCAL_MM * (cy - height / 2) / fy)
    made.CreateClippingRangeAttr(Gf.Vec2f(0.01, 1000.0))
    made.GetPrim().SetCustomDataByKey("width_px", width)
    made.GetPrim().SetCustomDataByKey("height_px", height)
    turned = [[value * sign for value, sign in zip(row, (1, -1, -1, 1), strict=True)] for row in camera["c2w"]]  # looks along -z
    made.AddTransformOp().Set(Gf.Matrix4d(*[turned[j][i] for i in range(4) for j in range(4)]))  # USD multiplies rows


def _lights(stage: Any, path: str, facts: dict[str, Any], Gf: Any, UsdLux: Any, **_: Any) -> None:
    """The lamp as a small sphere and the light from everywhere as a dome, so that a white surface in the middle of the work area
    that faces the lamp returns what the twin says: the lamp's light falls with distance here, and does not there."""
    lamp, middle = facts["lamp"], (facts["task"]["area"]["center_x_m"], 0.0, 0.0)
    bulb = UsdLux.SphereLight.Define(stage, f"{path}/lamp")
    away = math.dist(lamp["position_m"], middle)
    bulb.CreateRadiusAttr(BULB_M)
    _shine(bulb, lamp["rgb"], away**2 / BULB_M**2, Gf)
    bulb.AddTranslateOp().Set(Gf.Vec3d(*lamp["position_m"]))
    _shine(UsdLux.DomeLight.Define(stage, f"{path}/ambient"), lamp["ambient"], 1.0, Gf)


def _shine(light: Any, rgb: list[float], times: float, Gf: Any) -> None:
    most = max(*rgb, 1e-9)
    light.CreateIntensityAttr(most * times)
    light.CreateColorAttr(Gf.Vec3f(*[value / most for value in rgb]))


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
