"""Stage `splat_demos`: demos of a simulator, replayed through splats of robot, objects and place (SplatSim)."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from runtime.contract import CHECKS, Contract, of_demos
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.splat.renderer import Renderer
from runtime.stage import Params, Resources, by_unit, one, stage


class SplatDemosParams(Params):
    """How what the simulator did is drawn."""

    draw: Literal["splat", "flat", "simulator", "lit"] = "splat"
    """`splat`: robot and objects as Gaussians over the place's splat. As controls `flat`: their meshes in plain colours, without
    light or shadow, over the same splat; `simulator`: the same on an empty chequered plane, so nothing of the place; `lit`: that
    with the twin's lamp and shadows."""
    spacing_m: float = Field(0.004, ge=0.001, le=0.05)
    """Longest edge of the triangles of robot and objects that get a Gaussian each."""
    least_overlap: float = Field(0.9, ge=0, le=1)
    """Least overlap (intersection over union) of the Gaussians' outline with that of the meshes, over robot and objects."""
    checked: int = Field(8, ge=1, le=1000)
    """Number of states, spread over all demos, at which the outlines are compared."""
    draw_seed: int = Field(0, ge=0)
    """Seed of the cameras' noise."""


@stage(
    version=2,
    metrics=by_unit(
        count="episodes frames gaussians",
        share="overlap pass_rate pass_orientation pass_duration pass_quality",
        dB="psnr_meshes_db",
        s="mean_duration_s",
    ),
    libraries=minor("av", "lerobot", "mujoco", "numba", "numpy", "pillow", "scipy", "trimesh") | exact("pyarrow"),
    kind="demos",
    per=("location", "task"),
    needs={"demos": one("demos"), "twin": one("twin")},
    makes={
        "dataset": "dataset/",
        "episodes": "episodes.npz",
        "places": "places.npz",
        "preview": "preview.png",
        "apart": "apart.png",
    },
    backends=("renderer",),
    offers=lambda p, inputs: of_demos(inputs.get("demos", Contract()), "twin", CHECKS),
    expects=lambda p: {"demos": Contract(instruction_key="task", recorded_in="twin")},
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.5 if p.draw == "splat" else 0.1),
)
def splat_demos(p: SplatDemosParams, demos: Path, twin: Path, out: Out, renderer: Renderer) -> dict[str, Any]:
    """Draw every state of the demos again, and write the same actions with these pictures.

    Raises:
        InputError: R262 when the task is held out; R278 when something drawn has no surface that ends; R425 when Gaussians do not
            show what the meshes do; R265 when what was drawn fails its visual checks.
    """
    from runtime.problem import InputError, Problem
    from runtime.sim.episodes.drawn import draw_demos
    from runtime.sim.episodes.episodes import load_episodes
    from runtime.sim.episodes.through_splats import apart, lit_eyes, overlap, plain_eyes, splat_eyes, spread_states
    from runtime.sim.twin.twin import contract_of, eyes_of, read_behind, read_learnable, read_model

    facts, model = read_learnable(twin), read_model(twin)
    episodes, behind = load_episodes(demos / "episodes.npz"), read_behind(twin, facts)
    states, found = spread_states(model, episodes, p.checked), dict[str, Any]()
    if p.draw == "splat":
        eyes = splat_eyes(model, facts, behind, episodes[0], p.spacing_m, renderer)
        share = min(overlap(eye, states) for eye in eyes.values())
        if share < p.least_overlap:
            message = f"Gaussians and meshes of robot and objects overlap by {share:.2f}, and {p.least_overlap:g} is wanted"
            raise InputError(Problem("R425", message, "make `spacing_m` smaller", "stages.splat_demos.spacing_m"))
        found = {"gaussians": len(next(iter(eyes.values())).shell), "overlap": round(share, 4)}
    elif p.draw == "lit":
        eyes = lit_eyes(model, facts)
    else:
        eyes = plain_eyes(model, facts, behind if p.draw == "flat" else None)
    psnr = apart(out.path("apart"), eyes, eyes_of(model, facts, behind), states)
    drawn = draw_demos(out, facts, model, eyes, episodes, p.draw_seed)
    out.contract(**vars(of_demos(contract_of(facts), "twin", CHECKS)))
    seconds = drawn["frames"] / len(episodes) / facts.control_hz
    return {"episodes": len(episodes), **drawn, **found, "psnr_meshes_db": round(psnr, 3), "mean_duration_s": seconds}
