"""Metres and up of photos whose geometry is known exactly: a turned table in units of a quarter of a metre."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from runtime.bound.source import Photos
from runtime.capture.lens import Lens
from runtime.capture.posed import PosedPhotos
from runtime.capture.scale import upright
from runtime.problem import InputError
from tests.runtime.capture.marker_scene import TURN, UNIT_M, Printed, photograph, poses, table

SIZE, MATRIX = (480, 360), np.array([[380.0, 0, 243], [0, 380, 176], [0, 0, 1]])
DISTORTION = np.array([-0.15, 0.04, 0.001, -0.001])
TAGS = cv2.aruco.DICT_APRILTAG_36h11
DESK = [Printed(0, -0.2, 0.15, 0.08), Printed(1, 0.2, 0.1, 0.08), Printed(2, 0.05, -0.2, 0.12)]
Desk = Callable[..., PosedPhotos]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Photos of a table with printed markers; the same ones are taken once."""
    taken: dict[str, PosedPhotos] = {}

    def take(printed: list[Printed], family: int = TAGS, border: int = 1) -> PosedPhotos:
        key = repr((printed, family, border))
        if key not in taken:
            folder, texture, c2w = tmp_path_factory.mktemp("desk"), table(printed, family, border), poses(9)
            paths = [folder / f"{i}.png" for i in range(len(c2w))]
            for path, pose in zip(paths, c2w, strict=True):
                assert cv2.imwrite(str(path), photograph(texture, pose, MATRIX, SIZE, DISTORTION))
            lens = Lens(*SIZE, (380.0, 380.0, 243.0, 176.0), tuple(DISTORTION.tolist()))
            flat = np.random.default_rng(3).uniform(-0.5, 0.5, (400, 3)) * [1, 1, 0] @ TURN.T / UNIT_M
            names = [path.name for path in paths]
            taken[key] = PosedPhotos(paths, names, [lens] * len(paths), [False] * len(paths), c2w, flat)
        return taken[key]

    return take


def source(scale: dict[str, Any] | None = None, **more: Any) -> Photos:
    found = {"kind": "photos", "root": "captures", "path": "desk", "poses": "transforms", "scale": scale} | more
    return Photos.model_validate(found)


def markers(**more: Any) -> dict[str, Any]:
    return {"kind": "markers", "size_m": 0.08, "markers": [{"id": 2, "size_m": 0.12}]} | more


def tilt_deg(up: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(up @ TURN[:, 2], -1, 1))))


def refused(posed: PosedPhotos, scale: dict[str, Any]) -> tuple[str, str, str]:
    with pytest.raises(InputError) as caught:
        upright(source(scale), posed)
    (problem,) = caught.value.problems
    return problem.code, problem.message, problem.help


def test_markers_give_scale_and_up(desk: Desk) -> None:
    """Within 0.15 %; what was said of up wins over markers that lie flat."""
    up, scale = upright(source(markers(flat=True)), desk(DESK))
    assert scale.m_per_unit == pytest.approx(UNIT_M, rel=0.0015)
    assert scale.origin == "markers"
    assert scale.relative_error is not None
    assert scale.relative_error < 0.002
    assert scale.metrics["markers"] == 3
    assert tilt_deg(up) < 0.1
    assert upright(source(markers(flat=True), up=[0, 0, 2]), desk(DESK))[0].tolist() == [0, 0, 1]
    # distances between markers alone
    apart = {"kind": "markers", "apart": [{"ids": [0, 2], "length_m": float(np.hypot(0.25, 0.35))}]}
    assert upright(source(apart), desk(DESK))[1].m_per_unit == pytest.approx(UNIT_M, rel=0.0015)


def test_the_standard_error_is_that_of_noisy_poses(desk: Desk) -> None:
    """Poses off by 0.2 degrees and 2 mm: over four draws the scale errs about as much as it says."""
    errors = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        noisy = desk(DESK).c2w.copy()
        for pose in noisy:
            pose[:3, :3] = cv2.Rodrigues(rng.normal(0, np.radians(0.2), 3))[0] @ pose[:3, :3]
            pose[:3, 3] += rng.normal(0, 0.002 / UNIT_M, 3)
        scale = upright(source(markers()), replace(desk(DESK), c2w=noisy))[1]
        assert scale.m_per_unit is not None
        assert scale.relative_error is not None
        errors.append((scale.m_per_unit / UNIT_M - 1) / scale.relative_error)
    assert 0.2 < float(np.sqrt(np.mean(np.square(errors)))) < 2.2


def test_own_markers_with_a_wide_border(desk: Desk) -> None:
    family = cv2.aruco.DICT_4X4_50
    dictionary = cv2.aruco.getPredefinedDictionary(family)
    cells = [cv2.aruco.generateImageMarker(dictionary, i, 6)[1:5, 1:5] for i in (7, 9)]
    own = [{"id": 100 + i, "cells": ["".join(".#"[int(c > 0)] for c in row) for row in grid]} for i, grid in enumerate(cells)]
    printed = [Printed(7, -0.15, 0.1, 0.12), Printed(9, 0.15, -0.1, 0.12)]
    scale = {"kind": "markers", "dictionary": "own", "border_cells": 2, "size_m": 0.12, "markers": own}
    found = upright(source(scale), desk(printed, family, border=2))[1]
    assert found.m_per_unit == pytest.approx(UNIT_M, rel=0.003)
    assert found.metrics["markers"] == 2


def test_a_wrong_size_is_told_by_another_marker(desk: Desk) -> None:
    code, message, help_ = refused(desk(DESK), markers(markers=[]))
    assert code == "R241"
    said = {m: float(v) for m, v in re.findall(r"marker (\d) says ([\d.]+)", message)}
    assert said["2"] == pytest.approx(UNIT_M * 0.08 / 0.12, rel=0.005)
    assert "marker 2" in help_


def test_no_marker_is_told_with_what_to_do(desk: Desk) -> None:
    code, message, help_ = refused(desk(DESK), {"kind": "markers", "dictionary": "aruco_5x5_50", "size_m": 0.08})
    assert (code, message) == ("R240", "no marker of `aruco_5x5_50` is in the 9 photos of `desk`")
    assert help_ == "the photos show markers of `apriltag_36h11`: name that as `dictionary`"
    _, _, help_ = refused(desk([]), markers())
    assert help_.startswith("name the `dictionary`")
    # the same marker at two places, and markers of unknown size
    twice = [Printed(5, -0.2, 0.15, 0.08), Printed(5, 0.2, -0.1, 0.08)]
    assert "in one place" in refused(desk(twice), markers())[1]
    assert "gives no size" in refused(desk(DESK), {"kind": "markers", "markers": [{"id": 9, "size_m": 1}]})[1]


def test_flat_markers_that_lean(desk: Desk) -> None:
    """A pose file whose second half is turned leaves markers leaning; here a marker is told off by its photos alone."""
    posed = desk(DESK)
    assert upright(source(markers(flat=False)), posed)[1].up is None
    one = {
        "kind": "markers",
        "size_m": 0.12,
        "markers": [{"id": 2, "flat": True}, {"id": 0, "size_m": 0.08}, {"id": 1, "size_m": 0.08}],
    }
    assert tilt_deg(upright(source(one), posed)[0]) < 0.5


def pixels(posed: PosedPhotos, photo: int, xyz: np.ndarray) -> list[list[float]]:
    w2c = np.linalg.inv(posed.c2w[photo])
    local = w2c[:3, :3] @ (TURN @ xyz.T / UNIT_M) + w2c[:3, 3:]
    found, _ = cv2.projectPoints(local.T, np.zeros(3), np.zeros(3), MATRIX, DISTORTION)
    return np.round(found[:, 0]).tolist()


def test_a_known_distance(desk: Desk) -> None:
    posed, ends = desk(DESK), np.array([[-0.2, 0.15, 0], [0.05, -0.2, 0]])
    length_m = float(np.linalg.norm(ends[0] - ends[1]))
    known = {"kind": "distance", "length_m": length_m}
    scale = upright(source(known | {"points": (ends @ TURN.T / UNIT_M).tolist()}), posed)[1]
    assert scale.m_per_unit == pytest.approx(UNIT_M, rel=1e-6)
    seen = [dict(zip("ab", pixels(posed, i, ends), strict=True)) | {"photo": f"{i}.png"} for i in (0, 3, 6)]
    scale = upright(source(known | {"seen": seen}), posed)[1]
    assert scale.relative_error is not None
    assert scale.m_per_unit == pytest.approx(UNIT_M, rel=3 * scale.relative_error)
    assert 0.0005 < scale.relative_error < 0.01
    crossed = [seen[0], seen[1] | {"a": seen[1]["b"], "b": seen[1]["a"]}]
    assert refused(posed, known | {"seen": crossed})[0] == "R240"
    nowhere = replace(posed, c2w=np.repeat(posed.c2w[:1], 9, axis=0))
    assert refused(nowhere, known | {"seen": [seen[0], seen[0] | {"photo": "3.png"}]})[0] == "R240"
    assert refused(posed, known | {"points": [[0, 0, 0], [0, 0, 1e9]], "length_m": 1e-9})[1].startswith("the scale comes out as")
    for wrong in (
        known | {"seen": [seen[0], seen[0]]},
        known | {"seen": [seen[0], seen[1] | {"b": seen[1]["a"]}]},
        {"kind": "markers", "apart": [{"ids": [1, 1], "length_m": 1.0}]},
    ):
        with pytest.raises(ValidationError):
            source(wrong)
    assert "`9.png`" in refused(posed, known | {"seen": [*seen[:2], seen[2] | {"photo": "9.png"}]})[1]


def test_a_carried_camera_poses_in_metres_and_nothing(desk: Desk) -> None:
    posed = replace(desk(DESK), up=TURN[:, 2])
    height_m = float(np.median(posed.c2w[:, :3, 3] @ TURN[:, 2])) * UNIT_M
    _, scale = upright(source({"kind": "camera_height", "height_m": height_m}), posed)
    assert scale.m_per_unit == pytest.approx(UNIT_M, rel=0.01)
    assert upright(source({"kind": "poses"}), posed)[1].m_per_unit == 1.0
    assert upright(source(scale_m_per_unit=0.3), posed)[1].m_per_unit == 0.3
    unknown = upright(source(), posed)[1]
    assert (unknown.origin, unknown.m_per_unit) == ("unknown", None)
    assert unknown.to_json()["metric"] is False
