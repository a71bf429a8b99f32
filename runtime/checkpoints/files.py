"""Which files a LeRobot checkpoint is, and what is wrong with them: from JSON and heads of safetensors alone, standard library
only.

A checkpoint may come from anywhere. Pickles run what they hold when they are opened, and a processor's step may name any class
to import: neither is let in. Statistics are looked at because LeRobot 0.6.1 passes a value through unnormalised, without a word,
where they lack its key (`NormalizerProcessorStep._apply_transform`). `simkiln check` calls this, and the job again on its copy.
"""

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from runtime.bound.checkpoint import LeRobotPolicy
from runtime.bound.dataset import camera_key
from runtime.capture.files import elsewhere, is_inside, stays_inside
from runtime.files import open_file, read_file, walk
from runtime.problem import Problem
from runtime.sim.parts.robot import Robot

MOST_JSON, MOST_HEAD, MOST_BYTES, MOST_FILES, MOST_STEPS = 2**20, 2**24, 2**36, 1000, 10**5
KEPT = (".json", ".safetensors", ".txt", ".jinja")
PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".dill")
CONFIG, WEIGHTS, BEFORE, AFTER = "config.json", "model.safetensors", "policy_preprocessor.json", "policy_postprocessor.json"
IMAGES, STATE, ACTION = "observation.images.", "observation.state", "action"
NEEDS = {"MEAN_STD": ("mean", "std"), "MIN_MAX": ("min", "max"), "QUANTILES": ("q01", "q99"), "QUANTILE10": ("q10", "q90")}
"""Mode of normalisation -> statistics that it is made of."""
TYPES = frozenset(
    """act diffusion eo1 evo1 fastwam groot lingbot_va molmoact2 multi_task_dit pi0 pi05 pi0_fast simkiln_small smolvla tdmpc
    vla_jepa vqbet wall_x xvla""".split()
)
"""Types of policies of LeRobot 0.6.1, and ours."""
COUNTS = ("chunk_size", "horizon", "n_action_steps", "n_obs_steps")
"""Fields of configs that count control steps."""
FOLDERS = ("vlm_model_name", "qwen_model_name", "jepa_encoder_name", "tokenizer_path", "text_tokenizer_name")
"""Fields of configs that name a folder, or a model of the Hub that LeRobot looks for in its own cache."""
_HUB = re.compile(r"[\w.-]+/[\w.-]+")


class Unfit(ValueError):
    """Why a checkpoint is not let in; `key` is the part of the spec that is to blame, `help` what to do."""

    def __init__(self, code: str, why: str, help: str, key: str = "policy.path") -> None:
        super().__init__(why)
        self.problem = Problem(code, why, help, key)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint's config, what its processors say, and its files: name below the folder -> path."""

    config: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    files: Mapping[str, Path]

    def features(self, kind: str, side: str = "input_features") -> dict[str, tuple[int, ...]]:
        """Name -> shape of the features of a kind (`VISUAL`, `STATE`, `ACTION`); cameras that stay empty are left out."""
        found = {k: f for k, f in self.config[side].items() if f["type"] == kind}
        return {k: tuple(f["shape"]) for k, f in found.items() if not k.startswith(f"{IMAGES}empty_camera")}

    @property
    def action_dim(self) -> int:
        """Numbers in an action."""
        return self.features("ACTION", "output_features")[ACTION][0]


def folder_of(said: LeRobotPolicy, root: Path) -> Path:
    """The folder that a spec names below a root's folder."""
    return Path(os.path.abspath(root), *PurePosixPath(said.path).parts)


def read(said: LeRobotPolicy, root: Path) -> Checkpoint:
    """The checkpoint that a spec names below a root's folder.

    Raises:
        Unfit: it is not one that can be let in, or a file of it cannot be read.
    """
    folder = folder_of(said, root)
    if not is_inside(said.path) or not stays_inside(root, folder):
        raise Unfit("R218", f"`{said.path}` leaves the root `{said.root}`", "name a folder below the root")
    files = _files(said, root, folder)
    config = _json(said, files, CONFIG)
    _check_config(said, config)
    found = Checkpoint(config, _json(said, files, BEFORE), _json(said, files, AFTER), files)
    if WEIGHTS not in files:
        raise Unfit(
            "R281", f"`{said.path}` has no `{WEIGHTS}`", "save it by LeRobot's `save_pretrained`; an adapter has to be merged"
        )
    _head(said, files, WEIGHTS)
    _check_normaliser(said, found, found.before, "normalizer_processor", {**found.features("STATE"), **found.features("VISUAL")})
    _check_normaliser(said, found, found.after, "unnormalizer_processor", {ACTION: (found.action_dim,)})
    return found


def inspect_policy(said: LeRobotPolicy, root: Path | None, robot: Robot | None = None) -> list[Problem]:
    """All that is wrong with a checkpoint that can be told without torch; of its files where the root is known here."""
    if robot and (unknown := [name for name in (*said.order, *said.joints) if name not in robot.names]):
        key = "policy.order" if unknown[0] in said.order else f"policy.joints.{unknown[0]}"
        return [Problem("R283", f"the robot has no joint `{unknown[0]}`", f"it has {', '.join(robot.names)}", key)]
    if root is None:
        return []
    try:
        found = read(said, root)
    except Unfit as unfit:
        return [unfit.problem]
    return [*_cameras(said, found), *_joints(said, found)]


def _cameras(said: LeRobotPolicy, found: Checkpoint) -> Iterator[Problem]:
    there, named = found.features("VISUAL"), {camera_key(name): ours for ours, name in said.cameras.items()}
    listed = ", ".join(f"`{key.removeprefix(IMAGES)}`" for key in there) or "none"
    for key, ours in named.items():
        if key not in there:
            yield Problem("R283", f"the policy has no camera `{key}`", f"it has {listed}", f"policy.cameras.{ours}")
    for key in there:
        if key not in named:
            help = f"name a camera of the twin for it: `TWIN'S: {key.removeprefix(IMAGES)}`"
            yield Problem("R283", f"the policy looks through `{key}`, and `cameras` does not name it", help, "policy.cameras")


def _joints(said: LeRobotPolicy, found: Checkpoint) -> Iterator[Problem]:
    for what, shape in {**found.features("STATE"), ACTION: (found.action_dim,)}.items():
        if said.order and shape != (len(said.order),):
            message = f"`{what}` of the policy has {shape[0]} numbers, and `order` names {len(said.order)}"
            yield Problem("R283", message, "name all joints that the policy moves, in its order", "policy.order")
            return


def _files(said: LeRobotPolicy, root: Path, folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    total = 0
    try:
        for path, state in sorted(walk(folder)):
            name = Path(path).relative_to(folder).as_posix()
            if stat.S_ISDIR(state.st_mode) or name.startswith("."):
                continue
            if name.lower().endswith(PICKLES):
                help = "take it out; weights are read from safetensors alone, as `save_pretrained` writes them"
                raise Unfit(
                    "R282", f"`{said.path}` holds `{name}`, a pickle, which would run what it holds when it is opened", help
                )
            if not name.endswith(KEPT):
                continue
            if not stays_inside(root, Path(path)) or not stat.S_ISREG(state.st_mode):
                raise Unfit(
                    "R218", f"`{name}` is a link that leaves the root `{said.root}`, or no file", "put the file itself there"
                )
            files[name], total = Path(path), total + state.st_size
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise Unfit("R210", f"no folder `{said.path}` in root `{said.root}`", elsewhere(said.root)) from None
        raise Unfit("R210", f"`{said.path}` cannot be read: {(error.strerror or str(error)).lower()}", "look at it") from None
    if total > MOST_BYTES or len(files) > MOST_FILES:
        raise Unfit("R281", f"`{said.path}` has more than {MOST_FILES} files or {MOST_BYTES // 2**30} GiB", "take the rest out")
    inside = next((name for name in files if name.endswith(f"pretrained_model/{CONFIG}")), None)
    if CONFIG not in files and inside:
        raise Unfit(
            "R281", f"`{said.path}` has no `{CONFIG}`", f"name the folder below it: `{said.path}/{os.path.dirname(inside)}`"
        )
    return files


def _json(said: LeRobotPolicy, files: Mapping[str, Path], name: str) -> dict[str, Any]:
    if name not in files:
        help = "name the folder that `save_pretrained` wrote"
        if name in (BEFORE, AFTER):
            help = "processors are never guessed: save them beside the policy, or migrate an older checkpoint by LeRobot's script"
        raise Unfit("R281", f"`{said.path}` has no `{name}`", help)
    try:
        found = json.loads(read_file(files[name], MOST_JSON))
    except (OSError, ValueError, RecursionError) as error:
        raise Unfit("R281", f"`{name}` of `{said.path}` cannot be read: {str(error)[:120]}", "save the policy again") from None
    if not isinstance(found, dict):
        raise Unfit("R281", f"`{name}` of `{said.path}` holds no mapping", "save the policy again")
    return found


def _check_config(said: LeRobotPolicy, config: Mapping[str, Any]) -> None:
    kind = config.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise Unfit(
            "R281",
            f"`{said.path}` is a policy of type `{str(kind)[:40]}`, which is not known",
            f"known: {', '.join(sorted(TYPES))}",
        )
    for side in ("input_features", "output_features"):
        features = config.get(side)
        if not isinstance(features, dict) or not all(map(_is_feature, features.values())):
            raise Unfit("R281", f"`{CONFIG}` of `{said.path}` has no `{side}` that can be read", "save the policy again")
    outputs, inputs = config["output_features"], config["input_features"]
    if ACTION not in outputs or len(outputs[ACTION]["shape"]) != 1 or outputs[ACTION]["type"] != "ACTION":
        raise Unfit("R281", f"`{said.path}` gives no `{ACTION}`", "only policies that give joint targets can be judged")
    strange = [k for k, f in inputs.items() if f["type"] not in ("VISUAL", "STATE") or (f["type"] == "STATE") != (k == STATE)]
    if strange:
        raise Unfit("R283", f"the policy wants `{strange[0]}`, which no twin shows", f"twins show cameras and `{STATE}`")
    for name in COUNTS:
        value = config.get(name)
        if value is not None and (type(value) is not int or not 0 <= value < MOST_STEPS):
            raise Unfit("R281", f"`{name}` in `{CONFIG}` of `{said.path}` is no count of steps", "save the policy again")
    for name in FOLDERS:
        value = config.get(name)
        if isinstance(value, str) and not _HUB.fullmatch(value):
            help = "put that model into LeRobot's cache, and name it as the Hub does: `OWNER/NAME`"
            raise Unfit("R281", f"`{CONFIG}` of `{said.path}` names a folder of another machine: `{name}: {value[:80]}`", help)


def _is_feature(value: object) -> bool:
    shape, kind = (value.get("shape"), value.get("type")) if isinstance(value, dict) else (None, None)
    return isinstance(shape, list) and isinstance(kind, str) and all(type(n) is int and 0 < n < 10**5 for n in shape)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _check_normaliser(
    said: LeRobotPolicy, found: Checkpoint, processor: Mapping[str, Any], name: str, wanted: Mapping[str, tuple[int, ...]]
) -> None:
    """R282 for a step that would import something; R284 where a value would pass unnormalised."""
    steps = processor.get("steps")
    if not isinstance(steps, list) or not all(isinstance(s, dict) and isinstance(s.get("registry_name"), str) for s in steps):
        help = "steps have a name that LeRobot knows them by, `registry_name`; those of `class` would import whatever they name"
        raise Unfit("R282", f"a processor of `{said.path}` has a step without `registry_name`", help)
    step = next((s for s in steps if s["registry_name"] == name), {})
    config = _mapping(step.get("config"))
    modes = _mapping(config.get("norm_map")) or _mapping(found.config.get("normalization_mapping"))
    kinds = {key: "ACTION" if key == ACTION else "STATE" if key == STATE else "VISUAL" for key in wanted}
    needed = {key: NEEDS.get(str(modes.get(kind)), ()) for key, kind in kinds.items()}
    if not any(needed.values()):
        return
    file = str(step.get("state_file", ""))
    head = _head(said, found.files, file) if file in found.files else {}
    for key, statistics in needed.items():
        if statistics and config and key not in _mapping(config.get("features")):
            message = f"`{name}` of `{said.path}` does not list `{key}` among its features: it would pass as it is"
            raise Unfit("R284", message, "save the processors that the policy was trained with")
        if absent := [s for s in statistics if f"{key}.{s}" not in head]:
            where = f"`{file}` of `{said.path}`" if head else f"`{said.path}`"
            message = f"{where} holds no `{absent[0]}` of `{key}`, by which the policy was normalised: it would pass as it is"
            raise Unfit("R284", message, "save the processors with the statistics of the dataset that it was trained on")
        for s in statistics:
            shape = head[f"{key}.{s}"].get("shape")
            if kinds[key] != "VISUAL" and shape != list(wanted[key]):
                message = f"`{s}` of `{key}` in `{file}` has shape {str(shape)[:40]}, and the policy {list(wanted[key])}"
                raise Unfit("R284", message, "these are the statistics of another dataset: save its own")


def _head(said: LeRobotPolicy, files: Mapping[str, Path], name: str) -> dict[str, dict[str, Any]]:
    """Name -> type, shape and place of the tensors of a safetensors file, each within it."""
    try:
        with open_file(files[name]) as file:
            size, length = os.fstat(file.fileno()).st_size, int.from_bytes(file.read(8), "little")
            if length > min(MOST_HEAD, size - 8):
                raise ValueError("its head does not fit")
            head = json.loads(file.read(length))
        tensors = {k: v for k, v in head.items() if k != "__metadata__"}
        if any(not 0 <= v["data_offsets"][0] <= v["data_offsets"][1] <= size - 8 - length for v in tensors.values()):
            raise ValueError("it was cut short")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        why = f"`{name}` of `{said.path}` is no whole safetensors file: {str(error)[:80]}"
        raise Unfit("R281", why, "copy it again; a file of Git LFS has to be pulled") from None
    return tensors
