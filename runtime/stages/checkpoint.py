"""Stage `checkpoint`: a policy that people brought, as LeRobot saved it, with its own processors."""

from typing import Any

from runtime.bound.checkpoint import FoundPolicy
from runtime.contract import Contract, sized
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, stage


class CheckpointParams(Params):
    """Which checkpoint it is."""

    source: FoundPolicy = bound("approach.policy")
    """The folder, and how it counts what the twin has."""
    fps: float = bound("approach.policy.fps")
    """Actions a second."""
    camera_keys: tuple[str, ...] = bound("approach.policy.cameras")
    """Cameras of the twin that it looks through."""


BROUGHT = "brought"
"""In the place of an architecture: none that training goes on from."""


def _units(said: FoundPolicy) -> str:
    """What it counts in as others see it: what is not native is brought to radians where it acts."""
    return "native" if said.units == "native" else "radians"


@stage(
    version=1,
    metrics=by_unit(text="architecture", steps="chunk n_action_steps"),
    libraries=minor("lerobot", "numpy", "pillow", "safetensors", "torch", "torchvision") | exact("pyarrow"),
    per=("approach",),
    kind="policy",
    makes={"checkpoint": "checkpoint/", "facts": "policy.json", "crossing": "crossing.json"},
    offers=lambda p, inputs: Contract(
        action_dim=None if p.source.order else p.source.action_dim,
        fps=p.fps,
        camera_keys=p.camera_keys,
        camera_sizes=tuple(sized(name, *size) for name, size in p.source.found_sizes.items()) or None,
        instruction_key="task",
        units=_units(p.source),
        architecture=BROUGHT,
    ),
    cost=lambda p: Resources(mem_gb=4.0, minutes=0.3),
)
def checkpoint(p: CheckpointParams, out: Out) -> dict[str, Any]:
    """Copy the checkpoint's config, weights and processors, and act once: a checkpoint that cannot be loaded stops here.

    Raises:
        InputError: R210, R218, R281 to R284: what is wrong with the files; B321 when a package is missing that it needs.
    """
    import shutil

    import numpy as np

    from runtime.checkpoints.facts import facts_of
    from runtime.checkpoints.files import read
    from runtime.learn.checkpoint import save_facts
    from runtime.learn.load import load_policy
    from runtime.problem import InputError, Problem

    assert out.source_dir is not None
    found = read(p.source.model_copy(update={"path": "."}), out.source_dir)
    folder = out.path("checkpoint")
    for name, path in found.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
    facts = facts_of(p.source, found, folder)
    save_facts(out.path("facts"), facts)
    out.path("crossing").write_text(p.source.model_dump_json(indent=1, exclude={"root", "path"}) + "\n")
    try:
        actor = load_policy(folder)
        actor.reset(1)
        black = {c: np.zeros((1, *facts["image_hw"], 3), np.uint8) for c in facts["camera_keys"]}
        given = actor.act(black, np.zeros((1, facts["state_dim"]), np.float32), "wait")
    except (RuntimeError, ValueError, KeyError, TypeError, OSError, ImportError) as error:
        why = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        help = "try it with `lerobot-eval`; its weights have to be those of its config"
        raise InputError(Problem("R281", f"LeRobot cannot run the checkpoint: {why}", help, "policy.path")) from error
    if given.shape != (1, facts["action_dim"]) or not np.isfinite(given).all():
        message = f"the checkpoint gives {given.shape[1]} numbers, or such as are none"
        raise InputError(Problem("R281", message, "its weights are not those of its config", "policy.path"))
    dim = None if p.source.order else facts["action_dim"]
    known = {"fps": p.fps, "camera_keys": p.camera_keys, "instruction_key": "task", "history": facts["history"]}
    known |= {"units": _units(p.source), "architecture": BROUGHT}
    out.contract(**known, **({} if dim is None else {"action_dim": dim}), normaliser_digest=facts["normaliser_digest"])
    return {"architecture": facts["architecture"], "chunk": facts["chunk"], "n_action_steps": facts["n_action_steps"]}
