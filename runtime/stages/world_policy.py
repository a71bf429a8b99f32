"""Stage `world_policy`: the small flow-matching policy with the world as a modality, or without it, on the same demos."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from runtime.contract import CHECKS, Contract, needed, sizes_of
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, stage


class WorldPolicyParams(Params):
    """What it remembers, and how it is trained. Which arm each setting makes: docs/world-modality.md."""

    memory: Literal["none", "zero", "pred", "oracle", "shuffle", "random", "random_scaled", "signflip"] = "pred"
    """What it is given to remember in training, and in trials (`oracle`: what the Prophet says there, since nobody knows)."""
    world_weight: float = Field(0.2, ge=0, le=10)
    """Weight of the auxiliary loss, by which its features learn to foretell the same latents."""
    prophet_width: int = Field(64, ge=8, le=1024, multiple_of=4, json_schema_extra={"budget": "capacity"})
    """Width of the Prophet; a multiple of 4."""
    hidden: int = Field(128, ge=8, le=2048, multiple_of=4, json_schema_extra={"budget": "capacity"})
    """Width of the action path; a multiple of 4."""
    flow_steps: int = Field(4, ge=1, le=100)
    """Steps in which noise becomes actions."""
    steps: int = Field(1200, ge=0, json_schema_extra={"budget": "steps"})
    """Gradient steps; 0 leaves it untrained, with the same normaliser."""
    batch_size: int = Field(24, ge=2, json_schema_extra={"budget": "steps"})
    """Windows per gradient step."""
    learning_rate: float = Field(2e-3, gt=0)
    """Peak learning rate; it warms up for 5% of the steps and falls to 0 along a cosine."""
    chunk: int = Field(16, ge=1)
    """Actions predicted at once, in control steps."""
    n_action_steps: int = Field(8, ge=1)
    """Actions carried out before it looks again; latents of the past are as far apart."""
    jitter: float = Field(0.2, ge=0, lt=1)
    """Greatest random change of each training image's brightness, as a fraction."""
    places_weight: float = Field(0.3, ge=0)
    """As in `policy`."""
    offset: int = Field(8, ge=1, le=64)
    """Control steps ahead that are foretold, as the latents have them."""
    window: int = Field(1, ge=1, le=64)
    """Frames that each latent is made of, as the latents have them."""
    camera_keys: tuple[str, ...] = Field(("front",), min_length=1)
    """Cameras that it looks through."""
    held_out: int = Field(4, ge=0)
    """Demos kept out of training, to report the loss on: the same for every seed."""
    seed: int = bound("seed")
    """Training seed."""


def _offers(p: WorldPolicyParams, inputs: dict[str, Contract]) -> Contract:
    demos = inputs.get("demos", Contract())
    return Contract(
        action_dim=demos.action_dim,
        fps=demos.fps,
        camera_keys=p.camera_keys,
        instruction_key="task",
        history=1,
        joints=demos.joints,
        units=demos.units,
        action=demos.action,
        camera_sizes=sizes_of(demos, p.camera_keys),
        statistics=needed(p.camera_keys),
        architecture="small_world",
    )


@stage(
    version=1,
    metrics=by_unit(
        loss="final_loss held_out_loss world_loss loss_total",
        share="world_gate world_cos world_valid_frac world_attn_pmax",
        s="train_cpu_s",
        count="parameters demos frames smoke_steps world_mem_norm world_z_hist_norm world_z_future_norm world_attn_entropy "
        "world_ctx_norm world_act_norm grad_world_inject grad_prophet",
        text="weights_digest",
    ),
    libraries=minor("lerobot", "numpy", "pillow", "safetensors", "torch", "torchvision") | exact("pyarrow"),
    kind="policy",
    per=("location", "task", "approach", "seed"),
    needs={"demos": one("demos"), "latents": one("latents")},
    makes={"checkpoint": "checkpoint/", "facts": "policy.json", "curve": "curve.csv"},
    offers=_offers,
    expects=lambda p: {
        "demos": Contract(camera_keys=p.camera_keys, instruction_key="task", statistics=needed(p.camera_keys), checked=CHECKS),
        "latents": Contract(window=p.window, offset=p.offset),
    },
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.05 + p.steps / 3000),
)
def world_policy(p: WorldPolicyParams, demos: Path, latents: Path, out: Out) -> dict[str, float | int | str | None]:
    """Train it. Two steps on a copy come first: where they fail, nothing is trained.

    Raises:
        InputError: R413 when latents are of other frames than the demos'; R414 when two steps of training fail.
    """
    import time
    from dataclasses import replace

    from runtime.learn.checkpoint import policy_facts, save_facts
    from runtime.learn.dataset import checked_cameras, checked_instruction, read_arrays, with_places
    from runtime.learn.modality.latents import load_latents
    from runtime.learn.modality.learner import Memory, SmallWorldLearner, matched, smoke
    from runtime.learn.modality.memory import install_memory
    from runtime.learn.normaliser import load_stats
    from runtime.learn.spec import Spec
    from runtime.learn.train import Recipe, luck_of, parameter_count, save_curve, seed_everything, train, weights_digest
    from runtime.store.manifest import read_manifest

    arrays = with_places(read_arrays(demos / "dataset"), demos / "places.npz")
    checked_instruction(arrays.instruction)
    image_hw = checked_cameras(arrays, p.camera_keys)
    arrays = replace(arrays, images={name: arrays.images[name] for name in p.camera_keys})
    cached = matched(load_latents(latents / "latents"), arrays)
    dims = (arrays.state.shape[1], arrays.action.shape[1])
    extra = {"hidden": p.hidden}
    spec = Spec("small_world", p.camera_keys, image_hw, *dims, p.chunk, p.n_action_steps, extra, p.places_weight)
    luck = luck_of(p.seed, arrays)
    memory = Memory(p.memory, p.world_weight, p.prophet_width, p.flow_steps)

    def fresh() -> SmallWorldLearner:
        seed_everything(luck)
        return SmallWorldLearner(spec, load_stats(demos / "dataset"), cached, memory)

    recipe = Recipe(p.steps, p.batch_size, p.learning_rate, luck, 0, p.jitter, p.held_out)
    smoke_steps = smoke(fresh(), arrays, recipe) if p.steps else 0
    learner = fresh()
    every = max(1, p.steps // 50)

    def keep(step: int) -> None:
        if step % every == 0:
            out.measure(step, **learner.logs[-1])

    began = time.process_time()
    trained = train(learner, arrays, recipe, out.progress, keep)
    train_cpu_s = time.process_time() - began
    checkpoint = out.path("checkpoint")
    learner.save(checkpoint)
    install_memory(checkpoint, p.memory, cached.facts.camera, latents / "encoder")
    facts = policy_facts(spec, arrays, checkpoint, 1, p.seed, p.steps, p.batch_size)
    save_facts(out.path("facts"), facts)
    save_curve(out.path("curve"), trained)
    handed = Contract.from_json(read_manifest(demos).get("contract", {}))
    measured = {"action_dim": spec.action_dim, "fps": float(arrays.fps), "normaliser_digest": facts["normaliser_digest"]}
    out.contract(**vars(_offers(p, {"demos": handed})) | measured | {"statistics": tuple(load_stats(demos / "dataset"))})
    return {
        **learner.logged(),
        "final_loss": trained.loss,
        "held_out_loss": trained.held_out_loss,
        "train_cpu_s": round(train_cpu_s, 2),
        "parameters": parameter_count(learner),
        "demos": len(set(arrays.episode_index.tolist())),
        "frames": len(arrays.state),
        "smoke_steps": smoke_steps,
        "weights_digest": weights_digest(learner),
    }
