"""What stages that make demos write of them: pictures in a LeRobotDataset, states, places of the objects, a sheet to look at."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from runtime.learn.dataset import write_dataset
from runtime.out import Out
from runtime.sim.episodes.episodes import Episode, as_dataset, redraw, save_episodes
from runtime.sim.episodes.places import places_of, save_places
from runtime.sim.parts.mj import Model
from runtime.sim.pixels.contact_sheet import save_sheet, side_by_side
from runtime.sim.twin.twin import Twin, eyes_of, read_behind

SHEET_ROWS = 6
_STREAM = 31


def draw_demos(out: Out, facts: Twin, model: Model, twin: Path, episodes: Sequence[Episode], seed: int) -> int:
    """Draw episodes as the twin's cameras see them, and write `dataset`, `episodes`, `places` and `preview` of the artifact.

    Returns:
        The number of frames.
    """
    eyes, rng = eyes_of(model, facts, read_behind(twin, facts)), np.random.default_rng([_STREAM, seed])
    films = []
    for i, episode in enumerate(episodes):
        films.append({name: redraw(eye, episode, rng) for name, eye in eyes.items()})
        out.progress((i + 1) / len(episodes), "drawing demos")
    write_dataset(out.path("dataset"), *as_dataset(facts, zip(episodes, films, strict=True)))
    save_episodes(out.path("episodes"), episodes)
    save_places(out.path("places"), (places_of(episode, model, facts, facts.cameras) for episode in episodes))
    save_sheet(out.path("preview"), [side_by_side(list(film.values())) for film in films[:SHEET_ROWS]])
    return sum(len(e) for e in episodes)
