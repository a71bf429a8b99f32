"""Stage `transfer`: demos drawn again by a generative model that is held to edges, depth or segmentation of our own renders."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from runtime.contract import CHECKS, Contract, of_demos
from runtime.foresight.foresight import Foresight
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, stage

SHEET_DEMOS = 2


class TransferParams(Params):
    """By which model, and what a film must keep of its original to be used."""

    weights: str = Field("", pattern="^([0-9a-f]{64})?$")
    """sha256 of the model's weights, as the refusal R371 tells it."""
    guardrail: bool = True
    """Leave the model's own guardrail on; off only with weights whose licence does not ask for it."""
    controls: tuple[Literal["edge", "depth", "seg"], ...] = Field(("edge", "depth", "seg"), min_length=1, max_length=9)
    """What holds the model to the demo, one kind for each film that is drawn of it: a model takes one at a time."""
    prompts: tuple[str, ...] = Field(
        ("a robot arm at a workbench, photographed in daylight", "a robot arm at a workbench, photographed under a warm lamp"),
        min_length=1,
        max_length=50,
    )
    """How films are to look, one after another."""
    steps: int = Field(36, ge=1, le=200)
    """Denoising steps."""
    guidance: float = Field(3.0, ge=0)
    """How strongly it is guided by the prompt."""
    strength: float = Field(1.0, gt=0, le=2)
    """Weight of the controls."""
    transfer_seed: int = Field(0, ge=0)
    """Seed of the noise."""
    least_lead: float = Field(0.02, ge=0, le=1)
    """Orientation: as of `enrichment`."""
    least_sharpness: float = Field(0.4, ge=0, le=1)
    """Quality: as of `enrichment`."""
    most_clipped: float = Field(0.35, ge=0, le=1)
    """Quality: as of `enrichment`."""
    least_motion: float = Field(0.35, ge=0, le=1)
    """Quality: as of `enrichment`."""


@stage(
    version=1,
    metrics=by_unit(
        count="episodes frames variants variants_passed", share="pass_rate pass_orientation pass_duration pass_quality"
    ),
    libraries=minor("lerobot", "mujoco", "numba", "numpy", "opencv-python-headless", "pillow", "scipy") | exact("pyarrow"),
    kind="demos",
    per=("location", "task"),
    needs={"demos": one("demos"), "twin": one("twin")},
    makes={
        "dataset": "dataset/",
        "episodes": "episodes.npz",
        "places": "places.npz",
        "checks": "checks.json",
        "preview": "preview.png",
    },
    backends=("transfer",),
    offers=lambda p, inputs: of_demos(inputs.get("demos", Contract()), "twin", CHECKS),
    expects=lambda p: {"demos": Contract(instruction_key="task", recorded_in="twin", checked=CHECKS)},
    cost=lambda p: Resources(mem_gb=8.0, minutes=30.0 * len(p.controls)),
)
def transfer(p: TransferParams, demos: Path, twin: Path, out: Out, transfer: Foresight) -> dict[str, Any]:
    """Draw every demo once for each of `controls`; write the originals and the films that pass their checks.

    Raises:
        InputError: R263 when no film passes, R370 and R371 when the model or its weights are not there.
    """
    import json
    from dataclasses import asdict
    from tempfile import TemporaryDirectory

    from runtime.coverage.checks import Limits, check_variant, tally, worst
    from runtime.foresight.foresight import Asked
    from runtime.learn.dataset import read_arrays, write_dataset
    from runtime.problem import InputError, Problem
    from runtime.sim.episodes.controls import control_films
    from runtime.sim.episodes.episodes import Episode, Film, as_dataset, load_episodes, save_episodes
    from runtime.sim.episodes.places import places_of, save_places
    from runtime.sim.pixels.contact_sheet import save_sheet, side_by_side
    from runtime.sim.twin.twin import contract_of, read_behind, read_model, read_twin

    facts, model = read_twin(twin), read_model(twin)
    behind, episodes, arrays = read_behind(twin, facts), load_episodes(demos / "episodes.npz"), read_arrays(demos / "dataset")
    limits = Limits(**p.model_dump(include=set(Limits.__dataclass_fields__)))
    checks, passing, sheets, places = [], [], [], []

    def drawn() -> Iterator[tuple[Episode, Film]]:
        for i, episode in enumerate(episodes):
            original = {name: images[arrays.episode_index == i] for name, images in arrays.images.items()}
            where = places_of(episode, model, facts, facts.cameras)
            places.append(where)
            yield episode, original
            shown, passed = [original], 0
            for k, kind in enumerate(p.controls):
                held = control_films(kind, original, episode, model, facts.cameras, behind)
                prompt, seed = p.prompts[(i + k) % len(p.prompts)], (p.transfer_seed * 1000 + i) * 10 + k
                how = Asked(prompt, arrays.fps, p.steps, p.guidance, seed, p.weights, p.guardrail, kind, p.strength)
                film = {}
                for name, of in held.items():
                    with TemporaryDirectory(dir=out.root) as room:
                        (film[name],) = transfer.foresee(of[None], None, len(of), how, Path(room))
                checked = worst([check_variant(original[name], film[name], limits) for name in film])
                checks.append((f"{i}.{kind}{k}", checked))
                if all(film[name].shape == original[name].shape for name in film):
                    shown += [held, film]
                if checked.passed:
                    passed += 1
                    places.append(where)
                    yield episode, film
            passing.append(passed)
            if i < SHEET_DEMOS:
                sheets.extend(side_by_side(list(film.values())) for film in shown)
            out.progress((i + 1) / len(episodes), "drawing by model")

    written = write_dataset(out.path("dataset"), *as_dataset(facts, drawn()))
    metrics = tally([checked for _, checked in checks])
    if not sum(passing):
        failed = sorted({name for _, checked in checks for name in checked.failed})
        message = f"none of the {len(checks)} films that were drawn by model passed its checks ({', '.join(failed)})"
        raise InputError(Problem("R263", message, "look at `preview.png`, or loosen the limits", "stages.transfer"))
    save_episodes(out.path("episodes"), [e for e, count in zip(episodes, passing, strict=True) for _ in range(1 + count)])
    save_places(out.path("places"), places)
    save_sheet(out.path("preview"), sheets)
    rows = [{"variant": name, "passed": checked.passed, **asdict(checked)} for name, checked in checks]
    out.path("checks").write_text(json.dumps({"limits": asdict(limits), "variants": rows}, indent=1) + "\n")
    out.contract(**vars(of_demos(contract_of(facts), "twin", CHECKS)))
    return {**written, **metrics}
