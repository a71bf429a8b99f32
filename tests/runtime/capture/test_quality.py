"""A capture's figures tell the kinds of bad ones apart."""

import cv2
import numpy as np

from runtime.capture.posed import Shot
from runtime.capture.quality import Looked
from tests.runtime.capture.marker_scene import TURN, poses

PHOTO = np.random.default_rng(0).integers(60, 200, (120, 160, 3), np.uint8)


def report(c2w: np.ndarray, blurred: int = 0, dark: int = 0) -> dict[str, float]:
    looked = Looked()
    photos = [PHOTO] * len(c2w)
    for i in range(blurred):
        photos[5 * i] = cv2.GaussianBlur(PHOTO, (0, 0), 2)
    for i in range(dark):
        photos[5 * i + 1] = (PHOTO * 0.5).astype(np.uint8)
    assert len(list(looked.passing(map(Shot, photos)))) == len(c2w)
    return looked.report(c2w, np.zeros((10, 3)), TURN[:, 2])


def test_a_good_one() -> None:
    """Two rings of 15, at 35 and 60 degrees."""
    found = report(poses(30))
    assert found == {"blurred_fraction": 0, "exposure_step_ev": 0} | found
    assert (found["arc_deg"], found["rings"]) == (360, 2)
    assert 8 < found["step_deg"] < 26
    assert abs(found["largest_gap_deg"] - 12) < 0.1


def test_bad_ones() -> None:
    assert report(poses(30), blurred=6)["blurred_fraction"] == 0.2
    assert 1.5 < report(poses(30), dark=6)["exposure_step_ev"] < 3
    arc = report(poses(36)[:10])
    assert abs(arc["arc_deg"] - 90) < 0.1
    assert report(poses(36)[::2])["rings"] == 1


def test_a_walk_has_no_rings() -> None:
    path = np.tile(np.eye(4), (6, 1, 1))
    path[:, 0, 3] = np.arange(6)
    assert report(path).keys() == {"blurred_fraction", "exposure_step_ev"}
