"""Stage `policy`: behaviour cloning of the demos, as a LeRobot checkpoint with its normaliser."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import later
from runtime.contract import CHECKS, Contract, needed, sizes_of
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, maybe, one, stage

HISTORY = {"small": 1, "act": 1, "diffusion": 2, "smolvla": 1}
"""Observations that an architecture looks at, where nothing else is said; `act` and `smolvla` look at no more."""
RATES = {"act": 1e-3, "diffusion": 1e-3, "smolvla": 1e-4}
"""Peak learning rates of architectures for which the small policy's is too high."""


class Policy(Params):
    """How a policy is made and trained."""

    architecture: Literal["small", "act", "diffusion", "smolvla"] = Field(
        "small", json_schema_extra={"fact": "history", "budget": "capacity"}
    )
    """Name of the policy: ours (`small`, keypoints and a perceptron) or one of LeRobot's own. `smolvla` needs the extra `vla`,
    and the model of its option `vlm_model_name` in the cache of this machine."""
    options: dict[str, int | float | bool | str] = Field(default_factory=dict, json_schema_extra={"budget": "capacity"})
    """Fields of the architecture's LeRobot config to override, such as `dim_model` of `act` or `width` of `small`."""
    steps: int = Field(800, ge=0, json_schema_extra={"budget": "steps"})
    """Gradient steps; 0 leaves the policy untrained, with the same normaliser."""
    batch_size: int = Field(24, ge=1, json_schema_extra={"budget": "steps"})
    """Windows per gradient step."""
    learning_rate: float = Field(3e-3, gt=0)
    """Peak learning rate of AdamW, by default 0.001 of `act` and `diffusion`, 0.0001 of `smolvla`; it warms up for 5% of the
    steps and falls to 0 along a cosine."""
    chunk: int = Field(16, ge=1)
    """Actions predicted at once, in control steps."""
    n_action_steps: int = Field(8, ge=1)
    """Actions carried out before the policy looks again, in control steps."""
    shift_px: int = Field(0, ge=0)
    """Greatest random shift of each training image along each axis, pixels."""
    jitter: float = Field(0.2, ge=0, lt=1)
    """Greatest random change of each training image's brightness, as a fraction."""
    places_weight: float = Field(0.3, ge=0)
    """Weight of a second loss: keypoints of `small` learn to lie where objects are in the pictures, as far as demos know that
    (ours do, from the twin; nothing of it is needed to act)."""
    n_obs_steps: int | None = later(born=None, since=6, ge=1, le=64, json_schema_extra={"fact": "history"})
    """Observations that it looks at, the last and those before; 1 by default (`diffusion`: 2). Those of `small` are what it saw
    at its last plans, `n_action_steps` apart, so that pictures cost no more."""
    history: Literal["in_order", "shuffled"] = later(born="in_order", since=6)
    """`shuffled` puts the observations before the last in an order of chance, in training and in trials: a control that tells
    whether their order matters."""
    camera_keys: tuple[str, ...] = Field(("front",), min_length=1)
    """Cameras that the policy looks through."""
    held_out: int = Field(4, ge=0)
    """Demos kept out of training, to report the loss on: the same for every seed."""
    seed: int = bound("seed")
    """Training seed: initial weights, order of windows, augmentation; others for other demos."""
    snapshots: tuple[float, ...] = bound("snapshots", default=())
    """Fractions of the gradient steps after which a checkpoint is kept, rising, in (0, 1]."""

    @model_validator(mode="before")
    @classmethod
    def _own_rate(cls, given: Any) -> Any:
        if isinstance(given, dict) and (rate := RATES.get(str(given.get("architecture")))):
            return {"learning_rate": rate} | given
        return given

    @property
    def looks_at(self) -> int:
        """Observations that it looks at."""
        return self.n_obs_steps or HISTORY[self.architecture]

    @model_validator(mode="after")
    def _chunks_fit(self) -> Self:
        if self.architecture in ("act", "smolvla") and self.looks_at > 1:
            raise ValueError(f"n_obs_steps is {self.looks_at}, but `{self.architecture}` looks at one observation")
        if self.history == "shuffled" and self.looks_at < 3:
            raise ValueError(f"history is shuffled, but of {self.looks_at} observations none can change places: 3 are needed")
        most = self.chunk - (self.looks_at if self.architecture == "diffusion" else 1) + 1
        if self.n_action_steps > most:
            raise ValueError(f"n_action_steps is {self.n_action_steps}, but a chunk of {self.chunk} allows {most}")
        if self.architecture == "diffusion" and self.chunk % 4:
            raise ValueError(f"chunk is {self.chunk}, but `diffusion` needs a multiple of 4")
        return self


def _offers(p: Policy, inputs: dict[str, Contract]) -> Contract:
    demos = inputs.get("demos", Contract())
    return Contract(
        action_dim=demos.action_dim,
        fps=demos.fps,
        camera_keys=p.camera_keys,
        instruction_key="task",
        history=p.looks_at,
        joints=demos.joints,
        units=demos.units,
        action=demos.action,
        camera_sizes=sizes_of(demos, p.camera_keys),
        statistics=needed(p.camera_keys),
        architecture=p.architecture,
    )


@stage(
    version=6,
    metrics=by_unit(loss="final_loss held_out_loss", s="train_cpu_s", count="parameters demos frames", text="weights_digest"),
    libraries=minor("lerobot", "numpy", "pillow", "safetensors", "torch", "torchvision") | exact("pyarrow"),
    per=("location", "task", "approach", "seed"),
    needs={"demos": one("demos"), "start": maybe("policy")},
    makes={"checkpoint": "checkpoint/", "facts": "policy.json", "curve": "curve.csv", "snapshots?": "snapshots/"},
    offers=_offers,
    expects=lambda p: {
        "demos": Contract(camera_keys=p.camera_keys, instruction_key="task", statistics=needed(p.camera_keys), checked=CHECKS)
    },
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.01 + p.steps / (8000 if p.architecture == "small" else 2000)),
)
def policy(p: Policy, demos: Path, out: Out, start: Path | None = None) -> dict[str, float | int | str | None]:
    """Train `architecture` on the demos; the checkpoint is LeRobot's, weights and normaliser in safetensors. With `start`
    training begins from the weights of another policy; the normaliser is that of the demos.

    Raises:
        InputError: R397 when that policy is none of the same architecture and sizes.
    """
    import time
    from dataclasses import replace

    from runtime.learn.checkpoint import policy_facts, save_facts
    from runtime.learn.dataset import checked_cameras, read_arrays, with_places
    from runtime.learn.learner import begin_from, make_learner
    from runtime.learn.normaliser import load_stats
    from runtime.learn.snapshots import snapshot_steps
    from runtime.learn.spec import Spec
    from runtime.learn.train import Recipe, luck_of, parameter_count, save_curve, seed_everything, train, weights_digest
    from runtime.store.manifest import read_manifest

    arrays = with_places(read_arrays(demos / "dataset"), demos / "places.npz")
    image_hw = checked_cameras(arrays, p.camera_keys)
    arrays = replace(arrays, images={name: arrays.images[name] for name in p.camera_keys})
    dims = (arrays.state.shape[1], arrays.action.shape[1])
    spec = Spec(
        p.architecture, p.camera_keys, image_hw, *dims, p.chunk, p.n_action_steps, dict(p.options), p.places_weight, p.looks_at
    )
    luck = luck_of(p.seed, arrays)
    seed_everything(luck)
    learner = make_learner(spec, demos / "dataset")
    if start is not None:
        begin_from(learner, start / "checkpoint")
    recipe = Recipe(
        p.steps, p.batch_size, p.learning_rate, luck, p.shift_px, p.jitter, p.held_out, shuffled=p.history == "shuffled"
    )
    wanted = {step for step in snapshot_steps(p.snapshots, p.steps) if step < p.steps}

    def keep(step: int) -> None:
        if step in wanted:
            learner.save(out.path("snapshots") / str(step))

    began = time.process_time()
    trained = train(learner, arrays, recipe, out.progress, keep)
    train_cpu_s = time.process_time() - began
    checkpoint = out.path("checkpoint")
    learner.save(checkpoint)
    facts = policy_facts(spec, arrays, checkpoint, p.looks_at, p.seed, p.steps, p.batch_size, recipe.shuffled)
    save_facts(out.path("facts"), facts)
    for step, loss, rate, held in trained.curve:
        out.measure(step, loss=loss, learning_rate=rate, **({} if held is None else {"held_out_loss": held}))
    save_curve(out.path("curve"), trained)
    measured = {"action_dim": spec.action_dim, "fps": float(arrays.fps), "normaliser_digest": facts["normaliser_digest"]}
    handed = Contract.from_json(read_manifest(demos).get("contract", {}))
    known = {"statistics": tuple(load_stats(demos / "dataset"))}
    out.contract(**vars(_offers(p, {"demos": handed})) | measured | known)
    return {
        "final_loss": trained.loss,
        "held_out_loss": trained.held_out_loss,
        "train_cpu_s": round(train_cpu_s, 2),
        "parameters": parameter_count(learner),
        "demos": len(set(arrays.episode_index.tolist())),
        "frames": len(arrays.state),
        "weights_digest": weights_digest(learner),
    }
