"""What the stages of world models share: data from folders, training from a recipe, facts and metrics of what was made."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runtime.coverage.memory import fits
from runtime.coverage.video import read_video
from runtime.learn.dataset import read_arrays
from runtime.learn.train import seed_everything
from runtime.problem import InputError, Problem
from runtime.scene_index.context import read_context
from runtime.sim.episodes.attempts import load_attempts
from runtime.sim.episodes.episodes import load_episodes
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import read_backdrops, read_model, read_twin, refining, splat_backdrop
from runtime.world.model import WorldModel
from runtime.world.network import Network, Sizes
from runtime.world.params import NETWORK
from runtime.world.skeleton import View, skeleton_of
from runtime.world.train import Recipe, train
from runtime.world.windows import Attempts, demonstrated, drawn, together

LEAST_WINDOWS = 8


def attempts_of(
    twin: Path,
    rollouts: Path,
    demos: Path | None = None,
    clips: Sequence[Path] = (),
    first: int = 0,
    end: int | None = None,
    context: Path | None = None,
    most: int = 40,
    seen: bool = True,
) -> Attempts:
    """What a location gives: its rollouts `first` to `end`, pictures of its demos, at `most` so many frames of its clips as
    further backdrops (0 for all). With a `context` its empty picture is what photos know of it; the splat's is one more.
    Without layers where they are not `seen`.

    Raises:
        InputError: R345 when the twin's first camera is mounted on the robot.
    """
    facts, model = read_twin(twin), read_model(twin)
    camera = facts.cameras[0]
    if camera.on is not None:
        message = f"the camera `{camera.name}` is mounted on `{camera.on}`, so there is no empty picture to imagine upon"
        raise InputError(Problem("R345", message, "name a camera that stands still first", "cameras"))
    backdrop = plain = read_backdrops(twin, facts)[camera.name]
    if context is not None:
        better = refining(facts, read_context(context))(camera, plain.rgb, plain.depth_m)
        backdrop = splat_backdrop(better, plain.depth_m, facts.shadow)
    parts = [drawn(load_attempts(rollouts / "attempts.npz")[first:end], model, facts, backdrop, seen=seen)]
    if demos is not None:
        arrays = read_arrays(demos / "dataset")
        episodes = load_episodes(demos / "episodes.npz")
        films = [arrays.images[camera.name][arrays.episode_index == i] for i in range(len(episodes))]
        parts.append(drawn(demonstrated(episodes), model, facts, backdrop, films))
    found = together(parts) if len(parts) > 1 else parts[0]
    further = [np.round(255 * np.clip(plain.rgb, 0, 1)).astype(np.uint8)[None]] if context is not None else []
    further += [_clip_frames(folder, camera.width, camera.height, most) for folder in clips]
    return Attempts(**{**vars(found), "backdrops": np.concatenate([found.backdrops, *further])}) if further else found


def _clip_frames(clips: Path, width: int, height: int, most: int) -> np.ndarray:
    from PIL import Image

    folder = clips / "clips" if (clips / "clips").is_dir() else clips
    films = [read_video(path)[0] for path in sorted(folder.rglob("*.mp4"))]
    frames = [f for film in films for f in film[:: max(1, len(films) * len(film) // most if most else 1)]]
    small = [np.asarray(Image.fromarray(f).resize((width, height), Image.Resampling.BOX)) for f in frames]
    return np.stack(small) if small else np.zeros((0, height, width, 3), np.uint8)


def hold_all(clips: Path, twin: Path) -> None:
    """See that all frames of clips fit into memory, before any is read.

    Raises:
        InputError: R356 when they do not.
    """
    entries, camera = json.loads((clips / "clips.json").read_text())["clips"], read_twin(twin).cameras[0]
    each = max((3.0 * e["width"] * e["height"] for e in entries), default=0) + 3 * camera.width * camera.height
    fits("frames of the clips", sum(e["frames"] for e in entries), each, "stages.world_model.max_input_frames")


def fresh(twin: Path, members: int, seed: int, said: object, others: Sequence[Path] = ()) -> Network:
    """A network for the robot, the first camera and the number of objects of a twin, made by what was `said` in parameters or of
    another network (`runtime.world.params.NETWORK`).

    Raises:
        InputError: R346 when one of the `others` that it will learn from as well has others.
    """
    seed_everything(seed)
    facts = read_twin(twin)
    camera = facts.cameras[0]
    objects = len(kind_of(facts.task).OBJECTS)
    how = {name: getattr(said, name) for name in NETWORK}
    sizes = Sizes(facts.robot.action_dim, objects, camera.height, camera.width, members, **how)
    network = Network(sizes, skeleton_of(read_model(twin), facts.robot), View().look(camera))
    for other in others:
        theirs = fresh(other, members, seed, said)
        if theirs.facts() != network.facts():
            message = "locations of a set differ in robot, objects of the task, or size of the first camera"
            raise InputError(Problem("R346", message, "use a set whose locations are alike in these", "sets"))
    return network


def taught(
    network: Network, twin: Path, data: Attempts, recipe: Recipe, progress: Callable[[float, str], None]
) -> tuple[WorldModel, dict[str, Any]]:
    """Train, and give what was learned the twin's place.

    Raises:
        InputError: R347 when no attempt is as long as a window.
    """
    refuse_short(data, recipe.looks, recipe.horizon, LEAST_WINDOWS)
    network.train()
    losses = train(network, data, recipe, progress)
    facts = read_twin(twin)
    known: dict[str, Any] = {
        "camera": facts.cameras[0].name,
        "control_hz": facts.control_hz,
        "noise_sd": facts.look.sensor.noise_sd,
        "shadow": facts.shadow,
        "task": facts.task.kind,
        "looks": recipe.looks,
    }
    spent = losses.pop("train_cpu_s")
    return WorldModel(network, data.backdrops[0], known), {"loss": losses, "train_cpu_s": spent}


def refuse_short(data: Attempts, looks: int, horizon: int, least: int) -> None:
    """Raises R347 where attempts hold fewer than `least` windows."""
    windows = len(data.starts(looks - 1 + horizon))
    if windows < least:
        message = f"rollouts hold {windows} windows of {looks} looks and {horizon} steps, {least} are needed"
        raise InputError(Problem("R347", message, "ask for more rollouts, or a shorter `horizon`", "stages.rollouts.episodes"))


def parameters(network: Network) -> int:
    """Numbers that training adjusts."""
    return sum(p.numel() for p in network.parameters())


def measured(flat: Mapping[str, float]) -> dict[str, float]:
    """Metrics that are numbers: what could not be measured is left out."""
    return {name: value for name, value in flat.items() if not (isinstance(value, float) and np.isnan(value))}


def load_into(network: Network, model: WorldModel, twin: Path) -> Network:
    """A pre-trained network for another place: its weights, behind this twin's robot and camera.

    Raises:
        InputError: R346 when it was made for another robot, task or size of pictures.
    """
    mine, theirs = network.facts(), model.network.facts()
    kind = read_twin(twin).task.kind
    if mine != theirs or kind != model.facts["task"]:
        message = (
            f"the model was pre-trained for {theirs['sizes']} and `{model.facts['task']}`, here are {mine['sizes']} and `{kind}`"
        )
        raise InputError(Problem("R346", message, "pre-train on locations with this robot, camera size and task", "sets"))
    own = {
        k: v
        for k, v in network.state_dict().items()
        if k.startswith(("view.", "skeleton.")) or ".view." in k or ".skeleton." in k
    }
    network.load_state_dict({**model.network.state_dict(), **own})
    return network
