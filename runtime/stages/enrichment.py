"""Appearance variants of demos and clips: the same motion under other light, colours, surfaces, sensors and cameras."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from runtime.bound.base import later
from runtime.contract import CHECKS, Contract, of_demos
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.splat.renderer import Renderer
from runtime.stage import Params, Resources, by_unit, maybe, one, stage

SHEET_DEMOS = 2


class EnrichmentParams(Params):
    """How many variants, how far they go (each field from `light_turn_deg` to `retexture` is a largest deviation), and
    what a variant must keep of its original to be used."""

    variants_per_demo: int = Field(2, ge=1, le=50)
    """Variants drawn of each demo; the original stays as well."""
    light_turn_deg: float = Field(180.0, ge=0, le=180)
    """How far the lamp turns about the vertical."""
    light_change: float = Field(0.25, ge=0, lt=1)
    """Relative change of the strength of lamp, ambient light and shadow."""
    light_tint: float = Field(0.10, ge=0, lt=1)
    """Relative change of the lamp's red against its blue."""
    exposure: float = Field(0.20, ge=0, lt=1)
    """Relative change of the camera's exposure."""
    white_balance: float = Field(0.08, ge=0, lt=1)
    """Relative change of the camera's red and blue gains."""
    gamma: float = Field(0.10, ge=0, le=1)
    """Change of the logarithm of the camera's gamma."""
    vignetting: float = Field(0.25, ge=0, lt=1)
    """Loss of light in the corners."""
    noise_sd: float = Field(4.0, ge=0, le=64)
    """Standard deviation of additional camera noise, in 8-bit levels."""
    camera_shift_m: float = Field(0.008, ge=0, le=0.2)
    """Shift of the camera along each of its axes."""
    camera_turn_deg: float = Field(1.0, ge=0, le=30)
    """Turn of the camera about each of its axes."""
    object_color: float = Field(0.15, ge=0, lt=1)
    """Relative change of the colours of robot and objects."""
    relight: float = Field(0.20, ge=0, lt=1)
    """Relative change of the background's light from one side of the picture to the other."""
    retexture: float = Field(0.15, ge=0, lt=1)
    """Contrast of a pattern laid over support and background."""
    spread: bool = later(born=False, since=6)
    """Whether variants are chosen so that their cameras lie far from each other, of eight times as many draws."""
    redraws: int = later(born=0, since=6, ge=0, le=50)
    """Further variants of a demo that may be drawn in place of those that fail, so that checks do not cost data."""
    failing: Literal["left_out", "kept"] = later(born="left_out", since=6, json_schema_extra={"control": "kept"})
    """What becomes of variants that fail a check. `kept` is for controls alone: it tells what the checks are worth."""
    variant_seed: int = Field(0, ge=0)
    """Seed of the variants."""
    least_lead: float = Field(0.02, ge=0, le=1)
    """Orientation: how much better a variant must correlate with its original as it lies than mirrored or turned."""
    least_sharpness: float = Field(0.4, ge=0, le=1)
    """Quality: least sharpness, as a share of the original's."""
    most_clipped: float = Field(0.35, ge=0, le=1)
    """Quality: largest share of pixels that may become black or white."""
    least_motion: float = Field(0.35, ge=0, le=1)
    """Quality: least motion, as a share of the original's; a frozen film has hardly any."""


@stage(
    version=6,
    metrics=by_unit(
        count="episodes frames variants variants_passed clips expected_frames",
        share="pass_rate pass_orientation pass_duration pass_quality",
    ),
    libraries=minor("av", "lerobot", "mujoco", "numba", "numpy", "pillow", "scipy") | exact("pyarrow"),
    per=("location", "task"),
    needs={
        "demos": one("demos"),
        "twin": one("twin"),
        "scene": one("splat"),
        "clips": maybe("coverage"),
        "context": maybe("context"),
    },
    makes={
        "dataset": "dataset/",
        "episodes": "episodes.npz",
        "places": "places.npz",
        "clips?": "clips/",
        "checks": "checks.json",
        "preview": "preview.png",
    },
    kind="demos",
    backends=("renderer",),
    offers=lambda p, inputs: of_demos(inputs.get("demos", Contract()), "twin", CHECKS),
    expects=lambda p: {
        "demos": Contract(instruction_key="task", recorded_in="twin", checked=CHECKS),
        "clips": Contract(checked=CHECKS),
    },
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.5 + 0.3 * p.variants_per_demo),
)
def enrichment(
    p: EnrichmentParams,
    demos: Path,
    twin: Path,
    scene: Path,
    clips: Path | None,
    context: Path | None,
    out: Out,
    renderer: Renderer,
) -> dict[str, Any]:
    """Draw every demo again `variants_per_demo` times, check each variant (orientation, duration, quality), and write
    the originals and the variants that pass. With `context`, what stands behind is the splat and what photos know beside it.

    Raises:
        InputError: R263 when no variant of a demo passes.
    """
    import json
    from dataclasses import asdict

    from runtime.coverage.checks import Limits, check_variant, tally, worst
    from runtime.learn.dataset import read_arrays, write_dataset
    from runtime.problem import InputError, Problem
    from runtime.scene_index.context import read_context
    from runtime.sim.episodes.enrich import SPREAD, enrich_clips, spread_draws, variant_films
    from runtime.sim.episodes.episodes import Episode, Film, as_dataset, load_episodes, save_episodes
    from runtime.sim.episodes.places import places_of, save_places
    from runtime.sim.episodes.variants import Ranges
    from runtime.sim.pixels.contact_sheet import save_sheet, side_by_side
    from runtime.sim.twin.twin import contract_of, read_model, read_surroundings, read_twin, refining

    facts, model, gaussians = read_twin(twin), read_model(twin), read_surroundings(scene, twin)
    episodes = load_episodes(demos / "episodes.npz")
    arrays = read_arrays(demos / "dataset")
    ranges = Ranges(**p.model_dump(include=set(Ranges.__dataclass_fields__)))
    limits = Limits(**p.model_dump(include=set(Limits.__dataclass_fields__)))
    cuts = [(arrays.episode_index == i).nonzero()[0] for i in range(len(episodes))]
    originals = [{name: images[rows] for name, images in arrays.images.items()} for rows in cuts]
    fps = round(facts.control_hz)
    refine = None if context is None else refining(facts, read_context(context))
    found, passing, sheets, places = [], [], [], []

    def drawn() -> Iterator[tuple[Episode, Film]]:
        for i, (episode, original) in enumerate(zip(episodes, originals, strict=True)):
            places.append(places_of(episode, model, facts, facts.cameras))
            yield episode, original
            seed = (p.variant_seed, i)
            count = p.variants_per_demo
            draws = spread_draws(ranges, count, seed) if p.spread else list(range(count))
            spare = range(SPREAD * count, SPREAD * count + p.redraws)
            kept, shown = [], [original]
            for k, variant in zip(
                (*draws, *spare),
                variant_films(episode, model, facts, renderer, gaussians, ranges, (*draws, *spare), seed, refine),
                strict=False,
            ):
                film, _ = variant
                checked = worst([check_variant(original[name], film[name], limits, arrays.fps, fps) for name in film])
                found.append((f"{i}.v{k}", checked))
                shown.append(film)
                if checked.passed or p.failing == "kept":
                    kept.append(variant)
                if len(kept) == count:
                    break
            passing.append(len(kept))
            if i < SHEET_DEMOS:
                sheets.extend(side_by_side(list(film.values())) for film in shown)
            out.progress((i + 1) / len(episodes), "drawing variants")
            for film, cameras in kept:
                places.append(places_of(episode, model, facts, cameras))
                yield episode, film

    written = write_dataset(out.path("dataset"), *as_dataset(facts, drawn()))
    tallied = tally([checked for _, checked in found])
    if not sum(passing):
        message = f"none of the {len(found)} variants of demos passed its checks ({_shares(tallied)})"
        raise InputError(Problem("R263", message, "narrow what a variant may change, or loosen the limits", "stages.enrichment"))
    save_episodes(out.path("episodes"), [e for e, kept in zip(episodes, passing, strict=True) for _ in range(1 + kept)])
    save_places(out.path("places"), places)
    save_sheet(out.path("preview"), sheets)
    of_clips = []
    if clips is not None:
        of_clips = enrich_clips(clips, out.path("clips"), ranges, limits, p.variants_per_demo, p.variant_seed, out.progress)
    rows = [
        {"kind": kind, "variant": name, "passed": checked.passed, **asdict(checked)}
        for kind, named in (("demo", found), ("clip", of_clips))
        for name, checked in named
    ]
    out.path("checks").write_text(json.dumps({"limits": asdict(limits), "variants": rows}, indent=1) + "\n")
    out.contract(**vars(of_demos(contract_of(facts), "twin", CHECKS)))
    metrics = tally([checked for _, checked in (*found, *of_clips)])
    if metrics["pass_rate"] < 1:
        out.log(f"{metrics['variants'] - metrics['variants_passed']} variants left out: {_shares(metrics)}")
    return {
        **written,
        **metrics,
        "clips": len(of_clips),
        "expected_frames": sum(len(e) * (1 + kept) for e, kept in zip(episodes, passing, strict=True)),
    }


def _shares(metrics: dict[str, float]) -> str:
    """Shares that passed, in words."""
    return ", ".join(f"{name} {metrics[f'pass_{name}']:.0%}" for name in ("orientation", "duration", "quality"))
