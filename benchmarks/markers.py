"""How right the scale is that markers give, by how their corners are found: `python -m benchmarks.markers`, 20 CPU-seconds.

Photos are rendered with exact poses and lenses (`tests/runtime/capture/marker_scene.py`), sharp and blurred, four times with the
cameras elsewhere. Printed: relative error of a marker's side, mean and spread over markers and draws, and CPU-ms a photo.
"""

import time

import cv2
import numpy as np

from runtime.bound.scale import MarkerScale
from runtime.capture.markers import Detector, Sighting, corners_of, fit_squares
from tests.runtime.capture.marker_scene import UNIT_M, Printed, photograph, poses, table

PRINTED = [Printed(0, -0.2, 0.15, 0.08), Printed(1, 0.2, 0.1, 0.08), Printed(2, 0.05, -0.2, 0.08)]
FOCAL, SIZE = 500.0, (640, 480)
MATRIX = np.array([[FOCAL, 0, 320], [0, FOCAL, 240], [0, 0, 1]])


def main() -> None:
    """Print the table."""
    texture = table(PRINTED, cv2.aruco.DICT_APRILTAG_36h11)
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11)
    ours = Detector(MarkerScale(kind="markers", size_m=0.08))
    draws = [poses(10, radius_m=0.6 + 0.07 * i) for i in range(4)]
    photos = [[photograph(texture, pose, MATRIX, SIZE, np.zeros(4)) for pose in c2w] for c2w in draws]
    for blur_px in (0.0, 1.0):
        for method in ("edges (ours)", "NONE", "SUBPIX", "CONTOUR", "APRILTAG"):
            parameters = cv2.aruco.DetectorParameters()
            parameters.cornerRefinementMethod = getattr(cv2.aruco, f"CORNER_REFINE_{method}", 0)
            theirs = cv2.aruco.ArucoDetector(dictionary, parameters)
            errors, began = [], time.process_time()
            for c2w, shots in zip(draws, photos, strict=True):
                sightings = []
                for i, shot in enumerate(shots):
                    photo = cv2.GaussianBlur(shot, (0, 0), blur_px) if blur_px else shot
                    if "ours" in method:
                        found = [(marker, corners_of(edges)) for marker, edges in ours(photo)]
                    else:
                        corners, ids, _ = theirs.detectMarkers(photo)
                        half = 0.0 if method == "APRILTAG" else 0.5  # its pixel centres are at +0.5 already
                        found = (
                            [(m, c[0] + half) for m, c in zip(np.ravel(ids).tolist(), corners, strict=True)] if corners else []
                        )
                    sightings += [Sighting(m, i, (np.float64(c) - MATRIX[:2, 2]) / FOCAL, 40.0, FOCAL) for m, c in found]
                errors += [square.side * UNIT_M / 0.08 - 1 for square in fit_squares(sightings, c2w)]
            cpu_ms = 1000 * (time.process_time() - began) / sum(map(len, photos))
            mean, spread = 100 * np.mean(errors), 100 * np.std(errors)
            print(
                f"blur {blur_px:g} px  {method:13} {mean:+.2f} % +- {spread:.2f}  {cpu_ms:5.1f} CPU-ms  ({len(errors)} markers)"
            )


if __name__ == "__main__":
    main()
