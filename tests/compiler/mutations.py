"""Documents near the repository's own specs: bytes, lines, tokens, values and structure changed, by a seed."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from compiler.reading.source import read_source
from tests import REPOSITORY

STUDY = """\
title: A small study of the repository's specs
locations: [cellar-workbench]
tasks: [press-button]
approaches: [baseline, enriched]
baseline: baseline
seeds: [0, 1, 2]
trials: {twin: 10, irl_proxy: 10}
constraints: {no_new_real_data: true, no_teleoperation: true}
gates: [splat-sharp]
targets: [coverage]
"""
KINDS = {"locations": "location", "tasks": "task", "approaches": "approach", "gates": "gate", "studies": "study"}
BYTES = b"\t/\0/\xff/\xc3/\xef\xbb\xbf/\r/\r\n/\xe2\x80\xa8/\xc2\x85/\x1b[31m/\xe2\x80\xae/\xf0\x9f\x98\x80/ /\n/\x7f".split(b"/")
TOKENS = (
    "- ¦? ¦: ¦, ¦[¦]¦{¦}¦#¦&a ¦*a¦!!str ¦!x ¦|\n¦>-\n¦'¦\"¦%¦@¦`¦<<: ¦---\n¦...\n¦\t¦  ¦\\¦${HOME}¦$(id)¦{{ 1 }}¦"
    "{0.__class__}¦%s¦../¦\n"
).split("¦")
SCALARS = (
    f"~¦null¦true¦no¦0¦-1¦1e999¦-.inf¦.nan¦{'9' * 30}¦{'9' * 500}¦0x1f¦0o7¦1e-400¦''¦\"\"¦[]¦{{}}¦[[]]¦[1, a]¦{{a: {{}}}}¦"
    f"{'x' * 3000}¦é¦../../etc/passwd¦/dev/zero¦file name¦Baseline¦press-button¦cellar-workbench¦enriched¦irl_proxy¦"
    "2026-11-20¦1:30¦0.1¦1_000¦-¦?¦|¦>"
).split("¦")
LEAVES: list[Any] = [None, True, 0, -1, 2.5, 1e300, "", "x", "a b", [], {}, [[]], [None], {"a": 1}, {"": ""}, "baseline", 10**20]
Edit = Callable[[random.Random, bytes], bytes]


@dataclass(frozen=True)
class Document:
    """A spec of some kind as bytes; `origin` is the spec that it was made from."""

    kind: str
    text: bytes
    origin: str


def corpus() -> list[Document]:
    """The repository's own specs, and a small study of them."""
    specs = REPOSITORY / "specs"
    files = [("study", specs / "study.yaml")]
    files += [(kind, path) for folder, kind in KINDS.items() for path in sorted((specs / folder).glob("*.yaml"))]
    found = [Document(kind, path.read_bytes(), path.name) for kind, path in files]
    return found + [Document("study", STUDY.encode(), "STUDY")] * 4


def documents(seed: int, count: int) -> Iterator[Document]:
    """`count` documents, the same for the same seed and specs."""
    rng, known = random.Random(seed), corpus()
    for _ in range(count):
        origin = rng.choice(known)
        text = origin.text
        for _ in range(rng.choice((1, 1, 1, 1, 2, 4))):
            text = rng.choices(EDITS, WEIGHTS)[0](rng, text)
        yield Document(origin.kind, text, origin.origin)


def change_bytes(rng: random.Random, text: bytes) -> bytes:
    """One byte replaced, removed, or something put before it."""
    at = rng.randrange(len(text) + 1)
    return rng.choice(
        (
            text[:at] + bytes([rng.randrange(256)]) + text[at + 1 :],
            text[:at] + text[at + rng.randrange(1, 9) :],
            text[:at] + rng.choice(BYTES) + text[at:],
            text[:at] + text[at : at + 40] * rng.randrange(2, 5) + text[at:],
        )
    )


def change_lines(rng: random.Random, text: bytes) -> bytes:
    """A line removed, doubled, moved, joined, indented or taken from another spec."""
    lines = text.splitlines(keepends=True) or [b""]
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    line = lines[at]
    kind = rng.randrange(8)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(other, line)
    elif kind == 2:
        lines[at], lines[other] = lines[other], line
    elif kind == 3:
        lines[at] = line.rstrip(b"\r\n")
    elif kind == 4:
        lines[at] = rng.choice((b" ", b"  ", b"\t", b"- ", b"# ")) + line
    elif kind == 5:
        lines[at] = line.lstrip(b" ")
    elif kind == 6:
        lines[at] = line.rstrip(b"\r\n") + b"\r\n"
    else:
        foreign = rng.choice(corpus()).text.splitlines(keepends=True)
        lines[at:at] = foreign[rng.randrange(len(foreign)) :][: rng.randrange(1, 5)]
    return b"".join(lines)


def change_tokens(rng: random.Random, text: bytes) -> bytes:
    """One of YAML's signs, or something that a template or a shell would act on, at a border of words."""
    borders = [i for i, byte in enumerate(text) if byte in b" \n:,[]{}-#\"'"] or [0]
    at = rng.choice(borders) + rng.randrange(2)
    return text[:at] + rng.choice(TOKENS).encode() + text[at + rng.randrange(2) :]


def change_value(rng: random.Random, text: bytes) -> bytes:
    """The rest of a line after `: ` or `- ` replaced."""
    lines = text.split(b"\n")
    places = [i for i, line in enumerate(lines) if b": " in line or b"- " in line]
    if not places:
        return change_bytes(rng, text)
    at = rng.choice(places)
    sign = b": " if b": " in lines[at] else b"- "
    lines[at] = lines[at].split(sign, 1)[0] + sign + rng.choice(SCALARS).encode()
    return b"\n".join(lines)


def change_structure(rng: random.Random, text: bytes) -> bytes:
    """The value with a part removed, renamed, moved, doubled or of another type, written again as JSON."""
    value = read_source(text, "f").value
    if not isinstance(value, dict | list):
        return change_value(rng, text)
    value = json.loads(json.dumps(value))
    places = [place for place in _places(value) if place[0]]
    if not places:
        return change_value(rng, text)
    holder, step = rng.choice(places)
    other, other_step = rng.choice(places)
    kind = rng.randrange(5)
    if kind == 0:
        del holder[step]
    elif kind == 1 and isinstance(holder, dict):
        renamed = (step + "s", step.upper(), step[:-1], "title", "stages", "extends", "", "\x1b[2J")
        holder[rng.choice(renamed)] = holder.pop(step)
    elif kind == 2:
        holder[step] = rng.choice(LEAVES)
    elif kind == 3:
        holder[step] = json.loads(json.dumps(other[other_step]))
    else:
        for _ in range(rng.choice((1, 3, 70))):
            holder[step] = [holder[step]] if rng.random() < 0.5 else {"a": holder[step]}
    return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "replace")


EDITS: tuple[Edit, ...] = (change_bytes, change_lines, change_tokens, change_value, change_structure)
WEIGHTS = (1, 1, 1, 2, 4)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (collection, key or index) in a value."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        steps = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        found += [(holder, step) for step in steps]
        waiting += [holder[step] for step in steps if isinstance(holder[step], dict | list)]
    return found
