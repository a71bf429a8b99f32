"""Files of made-up artifacts: pictures, films, and how they are published."""

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

from runtime.bound.cell import Cell
from runtime.stage import load_stages
from runtime.store.store import Store

BUILT = 1_772_700_000.0
"""2026-03-05, in week 2026-W10."""
MODES = ("never_reached", "missed", "pressed_too_lightly", "timeout")


def capture_of(store: Path, location: str, i: int) -> Path:
    """An artifact of `capture` with six photos."""
    frames: list[dict[str, Any]] = [{"file": f"images/{k:06}.png", "c2w": [], "held_out": k % 4 == 0} for k in range(6)]
    photos: dict[str, Any] = {f["file"]: picture(320, 240, 20 * i + k) for k, f in enumerate(frames)}
    return published(store, "capture", location, {"cameras.json": json_bytes({"frames": frames}), **photos}, {"photos": 6})


def rollouts(cell: Cell, won: np.ndarray) -> dict[str, Any]:
    """Films of a success and a failure, where there were any."""
    outcomes = tuple(outcome for outcome in (True, False) if outcome in won)
    return dict(_filmed(outcomes, cell.seed))


@cache
def _filmed(outcomes: tuple[bool, ...], seed: int) -> tuple[tuple[str, bytes], ...]:
    from runtime.sim.trials.rollouts import save_rollouts
    from runtime.sim.trials.run import Trial

    done = [
        Trial(10 * seed + won, won, 1.0 if won else 0.4, "" if won else MODES[seed % len(MODES)], 12 + won, partial(_film, won))
        for won in outcomes
    ]
    with TemporaryDirectory() as folder:
        save_rollouts(Path(folder), done, 10.0, large=lambda trial, every: trial.film()[::every].repeat(2, 1).repeat(2, 2))
        return tuple((f"rollouts/{path.name}", path.read_bytes()) for path in sorted(Path(folder).iterdir()))


def _film(won: bool) -> np.ndarray:
    """A square that crosses the picture, and stops half way where the trial failed."""
    frames = []
    for k in range(13):
        drawn = picture(64, 48, 2)
        x = 4 * (k if won else min(k, 6))
        ImageDraw.Draw(drawn).rectangle([x, 20, x + 8, 28], fill=(200, 60, 40))
        frames.append(np.asarray(drawn))
    return np.stack(frames)


def json_bytes(value: Any) -> bytes:
    """As a file holds it."""
    import json

    return json.dumps(value).encode()


def picture(width: int, height: int, seed: int) -> Image.Image:
    """Flat shapes on a gradient: a stand-in with enough structure to judge scaling by eye."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(90, 190, height)[:, None, None] * np.array([1.0, 0.97, 0.9]) * rng.uniform(0.8, 1.1)
    image = Image.fromarray(np.broadcast_to(ramp, (height, width, 3)).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(8):
        x, y, r = (int(rng.integers(*ends)) for ends in ((0, width), (height // 3, height), (8, 30)))
        draw.rectangle([x, y - r, x + r, y], fill=tuple(int(v) for v in rng.integers(40, 220, 3)))
    return image


def clip(store: Path) -> bytes:
    """A short film of a moving square."""
    import av

    path = store / "clip.mp4"
    store.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=12)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for k in range(12):
            drawn = picture(160, 120, 2)
            ImageDraw.Draw(drawn).rectangle([10 * k, 40, 10 * k + 20, 60], fill=(200, 60, 40))
            container.mux(stream.encode(av.VideoFrame.from_image(drawn)))
        container.mux(stream.encode())
    content = path.read_bytes()
    path.unlink()
    return content


def published(
    store: Path,
    stage: str,
    name: str,
    files: Mapping[str, Any],
    metrics: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    parents: Mapping[str, list[Path]] | None = None,
    cpu_s: float = 5.0,
    built: float = BUILT,
) -> Path:
    """An artifact of a stage that did not run."""
    import hashlib

    where, fingerprint = Store(store), hashlib.sha256(f"{stage}{name}".encode()).hexdigest()[:32]
    if where.has(stage, fingerprint):
        return where.path(stage, fingerprint)
    with where.building(stage, fingerprint) as folder:
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            elif isinstance(content, pa.Table):
                pq.write_table(content, target)
            else:
                content.save(target)
        facts = {
            "stage": stage,
            "version": load_stages()[stage].version,
            "fingerprint": fingerprint,
            "params": dict(params or {}),
            "backends": {},
            "parents": {k: [f"{p.parent.name}/{p.name}" for p in v] for k, v in (parents or {}).items()},
            "metrics": dict(metrics or {}),
            "contract": {},
            "built": built,
            "cost": {"cpu_s": cpu_s, "wall_s": cpu_s, "peak_mb": 900.0},
        }
        return where.publish(stage, fingerprint, folder, facts)
