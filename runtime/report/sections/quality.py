"""How good each place is in itself: photos, splat, twin and clips in figures, before any trial."""

from runtime.report.drawing import Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.quality import PlaceQuality, QualityFigure
from runtime.report.forms.report import Report
from runtime.report.study import Study
from runtime.stage import load_stages
from runtime.stats.verdict.gate import lookup
from runtime.store.manifest import read_manifest

TOLD = {
    "capture": "photos registered quality.blurred_fraction quality.largest_gap_deg scale_rel_error",
    "splat": "psnr psnr_matched ssim depth_rel_err gaussians",
    "twin": "area_seen on_support overlay.shift_px",
    "fidelity": "joint_rmse_deg tip_error_mm ssim psnr_background_db real_episodes",
    "coverage": "clips dropped seen_fraction workspace_seen duration_s",
}
"""Stage -> its metrics that say how good it is, in reading order."""


def quality(study: Study) -> list[PlaceQuality]:
    """A row for each artifact of each place that recorded any of them."""
    made, tasks = study.artifacts, max(1, len(study.frame.tasks))
    found: list[PlaceQuality] = []
    for i, location in enumerate(study.locations):
        folders = [
            *made.captures[i : i + 1],
            *made.splats[i : i + 1],
            *made.twins[i * tasks : (i + 1) * tasks],
            *made.clips[i : i + 1],
            *made.replays[i * tasks : (i + 1) * tasks],
        ]
        for manifest in map(read_manifest, folders):
            stage = load_stages()[manifest["stage"]]
            values = [(name, lookup(manifest["metrics"], name)) for name in TOLD.get(stage.name, "").split()]
            figures: list[QualityFigure] = [
                {"name": name, "value": value, "unit": stage.unit(name) or ""} for name, value in values if value is not None
            ]
            if figures:
                found.append({"location": location, "stage": stage.name, "figures": figures})
    return found


def rows(said: Report) -> Rows:
    """One row per figure."""
    return [
        columns(row, "location stage") | columns(figure, "metric=name value unit")
        for row in said["quality"]
        for figure in row["figures"]
    ]
