"""Quality of a splat of real photos (buddha): PSNR and SSIM on held-out photos after a limited time of training.

    OMP_NUM_THREADS=1 python -m benchmarks.splat_quality [--data FOLDER] [--iterations N] [--preview FOLDER]

FOLDER is the data folder that holds `captures/buddha`, by default the one beside the checkout.
"""

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.scenes import table
from runtime.build.testing import run_stage

BUDGET_CPU_S = 240


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--iterations", type=int, default=2000, help="more overfit the few views of the room")
    parser.add_argument("--max-gaussians", type=int, default=20_000)
    parser.add_argument("--width-px", type=int, default=200)
    parser.add_argument("--preview", type=Path, help="keep pictures of the held-out photos here")
    options = parser.parse_args()
    source = {"kind": "photos", "root": "data", "path": "captures/buddha", "poses": "transforms"}
    params = {
        "iterations": options.iterations,
        "max_gaussians": options.max_gaussians,
        "photo_width_px": options.width_px,
        "preview_count": 100,
    }
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        photos = options.data / "captures" / "buddha"
        capture = run_stage("capture", {"source": source}, {}, store, source_dir=photos)
        splat = run_stage("splat", params, {"capture": capture}, store)
        metrics = json.loads((splat / "manifest.json").read_text())["metrics"]
        if options.preview:
            options.preview.mkdir(parents=True, exist_ok=True)
            for picture in (splat / "preview").iterdir():
                (options.preview / picture.name).write_bytes(picture.read_bytes())
    table(
        [
            ("what", "measured", "at most"),
            ("training", f"{metrics['seconds']:.0f} CPU-s, {options.iterations} iterations", f"{BUDGET_CPU_S} CPU-s"),
            ("Gaussians", f"{metrics['gaussians']}", ""),
            ("PSNR, held-out photos", f"{metrics['psnr']:.2f} dB", ""),
            ("the same, gain and offset matched", f"{metrics['psnr_matched']:.2f} dB", ""),
            ("SSIM, held-out photos", f"{metrics['ssim']:.3f}", ""),
            ("depth error, held-out points", f"{100 * metrics['depth_rel_err']:.1f} %", ""),
        ]
    )


if __name__ == "__main__":
    main()
