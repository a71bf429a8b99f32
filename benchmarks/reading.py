"""CPU milliseconds to read one spec: ours, ours with every span, PyYAML over libyaml, and ruamel where installed.

python -m benchmarks.reading
"""

import importlib.util
import io
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from compiler.reading.source import read_source

REPOSITORY = Path(__file__).resolve().parents[1]
ROUNDS = 5
LOCATION = """\
# yaml-language-server: $schema=../../schema/location.schema.json
title: Aisle {n} of a warehouse, phone photos
source:
  kind: photos
  root: captures
  path: warehouse/aisle-{n:04}
  poses: transforms
  # Measured with a tape between two rack posts.
  scale_m_per_unit: 0.2{n:03}
  up: [0.0, -1.0, 0.0]
stages:
  splat: {{iterations: 2000, max_gaussians: 20000, seed: {n}}}
  coverage:
    fps: 12
    width: 320
    height: 240
    trajectories:
      - {{kind: orbit, radius_m: 1.2, height_m: 1.4, duration_s: 4.0}}
      - {{kind: orbit, radius_m: 0.8, height_m: 0.9, duration_s: 4.0}}
      - kind: walk
        waypoints: [
          [0.0, 0.0, 1.4],
          [1.0, 0.5, 1.4],
        ]
  twin:
    friction: 0.8
    table: {{height_m: 0.74, size_m: [1.2, 0.8]}}
    robot: {{base: [0.3, 0.0, 0.74], yaw_deg: 90}}
# Anything else about this place: the light comes from the left; people walk through the aisle in the morning, so that
# photos were taken after seven in the evening; the floor reflects.
"""


def cpu_ms(read: Callable[[str], object], texts: list[str]) -> float:
    """CPU milliseconds for one text, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        for text in texts:
            read(text)
        best = min(best, (time.process_time() - begin) / len(texts) * 1e3)
    return best


def readers() -> dict[str, Callable[[str], object]]:
    """Name -> a function that reads a text."""
    found: dict[str, Callable[[str], object]] = {
        "ours": lambda text: read_source(text, "f.yaml"),
        "ours, every span": lambda text: list(read_source(text, "f.yaml").spans.values()),
        "PyYAML CSafeLoader": lambda text: yaml.load(text, yaml.CSafeLoader),
    }
    if importlib.util.find_spec("ruamel"):
        from ruamel.yaml import YAML  # ty: ignore[import-not-found]

        found["ruamel round trip"] = lambda text: YAML().load(io.StringIO(text))
    return found


def main() -> None:
    """Print the table."""
    own = [path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "specs" / "locations").glob("*.yaml"))]
    made = [LOCATION.format(n=n) for n in range(300)]
    samples = {
        f"specs/locations ({sum(map(len, own)) // len(own)} bytes)": own * 100,
        f"one kilobyte ({len(made[0])} bytes)": made,
    }
    print(f"{'CPU-ms a spec':<22}" + "".join(f"{name:>32}" for name in samples))
    for name, read in readers().items():
        print(f"{name:<22}" + "".join(f"{cpu_ms(read, texts):>32.3f}" for texts in samples.values()))


if __name__ == "__main__":
    main()
