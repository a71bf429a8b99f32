"""Which pictures stand for a location: its photos, its splat, its twin, its clips."""

from collections.abc import Iterator

from runtime.report.drawing.pictures import clip_sheets, left_out, photos, seen_share, sheets
from runtime.report.forms.pictures import PicturedRoom, PictureGroup
from runtime.report.study import Study


def pictures(study: Study) -> list[PicturedRoom]:
    """Per location: `groups` of figures, each with a heading. At most `most_pictured`, in the study's order."""
    return [
        {"location": location, "groups": [group for group in _groups(study, i) if group["figures"]]}
        for i, location in enumerate(study.locations[: study.most_pictured])
    ]


def _groups(study: Study, i: int) -> Iterator[PictureGroup]:
    made, tasks = study.artifacts, max(1, len(study.frame.tasks))
    for folder in made.captures[i : i + 1]:
        yield {"heading": f"Capture{left_out(folder)}", "layout": "small", "figures": photos(folder)}
    for folder in made.splats[i : i + 1]:
        yield {"heading": "Splat", "layout": "wide", "figures": sheets(folder, "preview", 2, 900)}
    for folder in made.twins[i * tasks : (i + 1) * tasks]:
        yield {"heading": "Twin", "layout": "medium", "figures": sheets(folder, "", 2, 640)}
    for folder in made.clips[i : i + 1]:
        yield {"heading": f"Coverage{seen_share(folder)}", "layout": "wide", "figures": clip_sheets(folder)}
