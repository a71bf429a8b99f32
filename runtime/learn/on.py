"""Train a policy on from its weights, and publish what came of it: what stages of rounds have in common."""

from pathlib import Path

from runtime.learn.actor import Actor
from runtime.learn.checkpoint import save_facts
from runtime.learn.dataset import Arrays
from runtime.learn.further import FurtherTraining
from runtime.learn.learner import resumed
from runtime.learn.train import Recipe, save_curve, seed_everything, train, weights_digest
from runtime.out import Out


def train_on(
    p: FurtherTraining, steps: int, seed: int, luck: int, driven: Path, actor: Actor, demos: Path, arrays: Arrays, out: Out
) -> dict[str, float | str | None]:
    """Train the policy of `driven` for `steps` on `arrays`; write `checkpoint`, `facts` and `curve`. Metrics of the training."""
    seed_everything(luck)
    learner = resumed(driven / "checkpoint", actor.facts, demos / "dataset", p.places_weight)
    shuffled = actor.facts.get("history_order") == "shuffled"
    recipe = Recipe(steps, p.batch_size, p.learning_rate, luck, 0, p.jitter, p.held_out, shuffled=shuffled)
    trained = train(learner, arrays, recipe, out.progress)
    learner.save(out.path("checkpoint"))
    save_facts(out.path("facts"), {**actor.facts, "seed": seed, "steps": actor.facts["steps"] + steps})
    save_curve(out.path("curve"), trained)
    return {
        "frames": len(arrays.state),
        "final_loss": trained.loss,
        "held_out_loss": trained.held_out_loss,
        "weights_digest": weights_digest(learner),
    }
