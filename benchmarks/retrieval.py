"""Structure from motion where names say nothing: pairs chosen by looks against all pairs, registered photos and CPU time.

    python -m benchmarks.retrieval CAPTURES/buddha [--width 640] [--features 3000] [--seeds 4]

Photos are renamed at random for each seed. Errors are those of camera centres against the capture's `transforms.json`
after the best similarity, as a share of the spread of the centres.
"""

import argparse
import json
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from runtime.capture import sfm
from runtime.capture.artifact import PICTURE, write_photo
from runtime.capture.undistort import read_photo


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture", type=Path)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--features", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--methods", nargs="+", default=["retrieval", "exhaustive"])
    args = parser.parse_args()
    frames = json.loads((args.capture / "transforms.json").read_text())["frames"]
    truth = {Path(f["file_path"]).name: np.array(f["transform_matrix"])[:3, 3] for f in frames}
    for seed in range(args.seeds):
        for method in args.methods:
            sfm.EXHAUSTIVE_UP_TO = {"retrieval": 40, "exhaustive": 10**6}[method]
            print(json.dumps({"seed": seed, "method": method} | run(args.capture / "images", truth, args, seed)), flush=True)


def run(folder: Path, truth: dict[str, np.ndarray], args: argparse.Namespace, seed: int) -> dict[str, float]:
    with TemporaryDirectory() as temporary:
        photos, work = Path(temporary) / "photos", Path(temporary) / "work"
        (photos / "images").mkdir(parents=True)
        work.mkdir()
        order = np.random.default_rng(seed).permutation(sorted(truth))
        for i, name in enumerate(order):
            photo = read_photo(folder / name, upright=True).rgb
            size = args.width, round(photo.shape[0] * args.width / photo.shape[1])
            write_photo(photos / PICTURE.format(i), cv2.resize(photo, size, interpolation=cv2.INTER_AREA))
        begun = time.process_time()
        found = sfm.estimate_poses(photos, [sfm.Guess(*size, None)] * len(order), work, args.features, seed)
        seconds = time.process_time() - begun
        listed = work / "pairs.txt"
        pairs = len(listed.read_text().splitlines()) if listed.exists() else len(order) * (len(order) - 1) // 2
        shutil.rmtree(work)
    if found is None:
        return {"photos": len(order), "registered": 0, "pairs": pairs, "cpu_s": round(seconds, 1)}
    given = np.array([truth[order[i]] for i in found.registered])
    return {
        "photos": len(order),
        "registered": len(found.registered),
        "pairs": pairs,
        "cpu_s": round(seconds, 1),
        "centre_error": round(centre_error(found.c2w[:, :3, 3], given), 4),
    }


def centre_error(a: np.ndarray, b: np.ndarray) -> float:
    """Median distance of a to b after the best similarity, over the spread of b (Umeyama 1991)."""
    a, b = a - a.mean(0), b - b.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    flip = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
    moved = (s * np.diag(flip)).sum() / (a**2).sum() * a @ (u @ flip @ vt).T
    return float(np.median(np.linalg.norm(moved - b, axis=1)) / np.sqrt((b**2).sum(1).mean()))


if __name__ == "__main__":
    main()
