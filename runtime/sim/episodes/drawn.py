"""What stages that make demos write of them: pictures in a LeRobotDataset, states, places of the objects, a sheet to look at."""

from collections.abc import Mapping, Sequence

import numpy as np

from runtime.coverage.checks import shares
from runtime.learn.checked import check_demos, failing_demos
from runtime.learn.dataset import read_arrays, write_dataset
from runtime.out import Out
from runtime.problem import InputError, Problem
from runtime.sim.episodes.episodes import Episode, Film, as_dataset, redraw, save_episodes
from runtime.sim.episodes.places import places_of, save_places
from runtime.sim.parts.mj import Model
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.contact_sheet import save_sheet, side_by_side
from runtime.sim.pixels.eye import Eye
from runtime.sim.twin.twin import Twin

SHEET_ROWS = 6
_STREAM = 31


def draw_demos(
    out: Out, facts: Twin, model: Model, eyes: Mapping[str, Eye], episodes: Sequence[Episode], seed: int, places: bool = True
) -> dict[str, float]:
    """Draw episodes as the cameras see them, and write `dataset`, `episodes`, `preview` and (of a twin) `places` of the artifact.

    Returns:
        Metrics: frames, and shares that passed each visual check.

    Raises:
        InputError: R265 when a demo that was written fails its visual checks against the empty picture of its camera.
    """
    rng, films = np.random.default_rng([_STREAM, seed]), []
    for i, episode in enumerate(episodes):
        films.append({name: redraw(eye, episode, rng) for name, eye in eyes.items()})
        out.progress((i + 1) / len(episodes), "drawing demos")
    still = {
        name: eye.look.sensor.expose(eye.behind.rgb, rng) if isinstance(eye.behind, Backdrop) else None
        for name, eye in eyes.items()
    }
    return write_demos(out, facts, model, episodes, films, still, [facts.cameras] * len(films) if places else None)


def write_demos(
    out: Out,
    facts: Twin,
    model: Model,
    episodes: Sequence[Episode],
    films: Sequence[Film],
    still: Mapping[str, np.ndarray | None],
    cameras: Sequence[Sequence[Camera]] | None,
) -> dict[str, float]:
    """Write episodes with their `films`; what stands `still` behind each camera u8 [H, W, 3] is what films are checked against.
    `cameras` took each film: of a twin, where the places of its objects are known.

    Returns:
        Metrics: as of `draw_demos`.

    Raises:
        InputError: R265 when a demo that was written fails its visual checks.
    """
    write_dataset(out.path("dataset"), *as_dataset(facts, zip(episodes, films, strict=True)))
    checks = check_demos(read_arrays(out.path("dataset")), [len(e) for e in episodes], round(facts.control_hz), still)
    if failing := failing_demos(checks):
        message = f"demos fail their visual checks: {failing}"
        help_ = "see that the twin's cameras see the place; else what draws or writes pictures is at fault"
        raise InputError(Problem("R265", message, help_, "cameras"))
    save_episodes(out.path("episodes"), episodes)
    if cameras:
        save_places(out.path("places"), (places_of(e, model, facts, by) for e, by in zip(episodes, cameras, strict=True)))
    save_sheet(out.path("preview"), [side_by_side(list(film.values())) for film in films[:SHEET_ROWS]])
    return {"frames": sum(len(e) for e in episodes), **shares(checks)}
