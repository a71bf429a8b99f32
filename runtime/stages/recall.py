"""Stage `recall`: the very same policy, given something else to remember in its trials."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from runtime.contract import Contract
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, stage


class RecallParams(Params):
    """What it is given."""

    memory: Literal["none", "zero", "pred", "shuffle", "random", "random_scaled", "signflip"] = Field("zero")
    """As in `world_policy`; `none` leaves the way in shut."""


@stage(
    version=1,
    metrics=by_unit(text="trained_with remembers"),
    kind="policy",
    per=("location", "task", "approach", "seed"),
    needs={"policy": one("policy")},
    makes={"checkpoint": "checkpoint/", "facts": "policy.json"},
    offers=lambda p, inputs: inputs.get("policy", Contract()),
    expects=lambda p: {"policy": Contract(architecture="small_world")},
    cost=lambda p: Resources(minutes=0.01),
)
def recall(p: RecallParams, policy: Path, out: Out) -> dict[str, str]:
    """Copy the checkpoint, not one of its weights changed.

    Raises:
        InputError: R415 when it has no memory.
    """
    import shutil

    from runtime.learn.modality.memory import ENCODER, set_memory, share
    from runtime.store.manifest import read_manifest

    trained, to = policy / "checkpoint", out.path("checkpoint")
    shutil.copytree(trained, to, ignore=shutil.ignore_patterns(ENCODER), dirs_exist_ok=True)
    if (trained / ENCODER).is_dir():
        share(trained / ENCODER, to / ENCODER)
    shutil.copyfile(policy / "policy.json", out.path("facts"))
    before = set_memory(out.path("checkpoint"), p.memory)
    out.contract(**read_manifest(policy)["contract"])
    return {"trained_with": before, "remembers": p.memory}
