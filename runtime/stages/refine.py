"""Stage `refine`: a policy is trained on, on its demos and what remedies have shown."""

from pathlib import Path

from pydantic import Field

from runtime.contract import CHECKS, Contract
from runtime.learn.further import FurtherTraining
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Resources, bound, by_unit, one, previous, stage


class RefineParams(FurtherTraining):
    """How long is trained."""

    steps: int = Field(400, ge=1, json_schema_extra={"budget": "steps"})
    """Further gradient steps of a round."""
    seed: int = bound("seed")
    """Training seed: order of windows."""


@stage(
    version=1,
    metrics=by_unit(count="round frames", loss="final_loss held_out_loss", text="weights_digest"),
    libraries=minor("lerobot", "numpy", "pillow", "safetensors", "torch", "torchvision") | exact("pyarrow"),
    kind="policy",
    per=("location", "task", "approach", "seed", "round"),
    needs={"policy": one("policy"), "before": previous("policy", "round"), "demos": one("demos"), "remedies": one("remedies")},
    agree=(("policy", "demos"),),
    same=(("policy", "demos"),),
    makes={"checkpoint": "checkpoint/", "facts": "policy.json", "curve": "curve.csv"},
    offers=lambda p, inputs: inputs.get("policy", Contract()),
    expects=lambda p: {
        "policy": Contract(architecture="small"),
        "demos": Contract(checked=CHECKS),
        "remedies": Contract(checked=CHECKS),
    },
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.05 + p.steps / 4000),
)
def refine(
    p: RefineParams, policy: Path, before: Path | None, demos: Path, remedies: Path, out: Out
) -> dict[str, float | int | str | None]:
    """Train on from the policy (in later rounds the one that was kept before), on its demos and all remedies so far.

    Raises:
        InputError: R319 when the policy's architecture cannot be trained on.
    """
    from tempfile import TemporaryDirectory

    from runtime.learn.checkpoint import save_facts
    from runtime.learn.dataset import joined, read_arrays, with_places
    from runtime.learn.learner import resumed
    from runtime.learn.load import load_policy
    from runtime.learn.train import Recipe, luck_of, save_curve, seed_everything, train, weights_digest
    from runtime.store.manifest import read_manifest

    start = before or policy
    facts = load_policy(start / "checkpoint").facts
    old = with_places(read_arrays(demos / "dataset"), demos / "places.npz")
    with TemporaryDirectory() as scratch:
        arrays = joined(old, [], remedies / "shown.npz", Path(scratch) / "shown.npz")
    luck = luck_of(p.seed, arrays)
    seed_everything(luck)
    learner = resumed(start / "checkpoint", facts, demos / "dataset", p.places_weight)
    trained = train(learner, arrays, Recipe(p.steps, p.batch_size, p.learning_rate, luck, 0, p.jitter, p.held_out), out.progress)
    learner.save(out.path("checkpoint"))
    save_facts(out.path("facts"), {**facts, "seed": p.seed, "steps": facts["steps"] + p.steps})
    save_curve(out.path("curve"), trained)
    out.contract(**read_manifest(policy)["contract"])
    return {
        "round": read_manifest(remedies)["metrics"]["round"],
        "frames": len(arrays.state),
        "final_loss": trained.loss,
        "held_out_loss": trained.held_out_loss,
        "weights_digest": weights_digest(learner),
    }
