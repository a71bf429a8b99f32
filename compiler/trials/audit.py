"""Spot audits: rollouts of a study on a blinded sheet, and what people say of them against what the judge said."""

import base64
import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from compiler.graph.graph import Graph
from compiler.project.project import Project
from compiler.templates import template
from runtime.bound.audit import LARGEST_AUDIT, Audit
from runtime.store.store import Store

WORDS = {"success": True, "failure": False, "unclear": None}
LARGEST = 1_000_000
"""Bytes of a form or a key."""
SCALE = 3


class Item(NamedTuple):
    """One rollout: where it comes from, what the judge said, its frames u8 [T, H, W, 3]."""

    artifact: str
    start: int
    score: float
    frames: Any


def judged(project: Project, graph: Graph) -> Iterator[Item]:
    """Every rollout that a study's judge has judged and of which frames are in the store."""
    import numpy as np

    store = Store(project.store)
    for node in graph.nodes.values():
        if node.stage.kind == "mined" and store.has(*node.address):
            folder = store.path(*node.address)
            rows = json.loads((folder / "mined.json").read_text())["rollouts"]
            with np.load(folder / "shown.npz") as shown:
                starts, films = shown["start"], shown["films"]
            for start, frames in zip(starts.tolist(), films, strict=True):
                yield Item("/".join(node.address), start, float(rows[start]["judge"]), frames)


def draw(items: Sequence[Item], count: int, seed: int) -> list[tuple[str, Item]]:
    """Items with the words that stand for them on the sheet: half of what the judge calls done, half of the rest, by lot.

    Raises:
        ValueError: when there is nothing to audit.
    """
    import numpy as np

    if not items:
        raise ValueError("the study has no rollouts that a judge has judged yet: `simkiln run` it with an approach that mines")
    rng = np.random.default_rng([101, seed])
    pools = [[i for i in rng.permutation(len(items)).tolist() if (items[i].score >= 0.5) is done] for done in (True, False)]
    count = min(count, len(items), LARGEST_AUDIT)
    few = min(count // 2, *map(len, pools)) if all(pools) else 0
    first = [pool[:few] for pool in pools]
    rest = [i for pool in pools for i in pool[few:]]
    chosen = [*first[0], *first[1], *rest[: count - 2 * few]]
    chosen = [chosen[i] for i in rng.permutation(len(chosen))]
    # A letter first: spreadsheets read 00123 and 12e45 as numbers, and save them as such.
    words = [f"r{n:05x}" for n in rng.choice(16**5, len(chosen), replace=False)]
    return [(word, items[i]) for word, i in zip(words, chosen, strict=True)]


def write(folder: Path, study: str, seed: int, drawn: Sequence[tuple[str, Item]], asked: str) -> list[Path]:
    """Write the page, the form to fill in, and the key, never over one that is there.

    Raises:
        ValueError: when one of them is there already.
    """
    shown = [{"word": word, "picture": _strip(item.frames)} for word, item in drawn]
    form = "item,verdict,note\n" + "".join(f"{word},,\n" for word, _ in drawn)
    key = {"study": study, "items": {word: {"artifact": i.artifact, "start": i.start, "judge": i.score} for word, i in drawn}}
    stem = f"{study}-{seed}"
    texts = {
        folder / f"{stem}.html": template("audit.html.j2", trim=True).render(items=shown, asked=asked, form=f"{stem}.csv"),
        folder / f"{stem}.csv": form,
        folder / f"{stem}.key.json": json.dumps(key, indent=1) + "\n",
    }
    if there := [path for path in texts if path.exists()]:
        raise ValueError(f"{there[0]} is there already and may be filled in: take another `--seed` or `--out`")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    return list(texts)


def read(form: Path, key: Path, study: str) -> Audit:
    """What people filled in, beside what the judge had said.

    Raises:
        ValueError: in a sentence with file and line, when either cannot be read or says what it may not.
    """
    try:
        said = json.loads(_text(key))
        items = {str(word): (float(one["judge"]), str(one["artifact"])) for word, one in said["items"].items()}
        of = str(said["study"])
        if not 0 < len(items) <= LARGEST_AUDIT or not all(0 <= score <= 1 for score, _ in items.values()):
            raise ValueError
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        if isinstance(error, ValueError) and str(error).startswith(str(key)):
            raise
        raise ValueError(f"{key} is no key of a sheet of `simkiln audit`") from None
    if of != study:
        raise ValueError(f"{key} is the key of a sheet of study `{of}`, not of `{study}`")
    text = _text(form)
    first = text.partition("\n")[0]
    comma = next((mark for mark in ";\t" if mark in first and "," not in first), ",")  # spreadsheets save them by country
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    scores, verdicts, artifacts, seen, unclear = [], [], [], dict[str, int](), 0
    try:
        head = [name.strip().lower() for name in next(rows, [])]
        if head[:2] != ["item", "verdict"]:
            raise ValueError(f"{form}:1: the first line is `item,verdict,note` in a form of `simkiln audit`")
        for row in rows:
            if not any(map(str.strip, row)):
                continue
            at = f"{form}:{rows.line_num}"
            word, verdict = (row[0].strip(), row[1].strip().lower() if len(row) > 1 else "")
            if word not in items:
                raise ValueError(f"{at}: the sheet has no item `{word[:40]}`")
            if word in seen:
                raise ValueError(f"{at}: item `{word}` stands in line {seen[word]} already")
            if verdict not in WORDS:
                what = f"verdict `{verdict[:40]}` is none of" if verdict else "no verdict: say one of"
                raise ValueError(f"{at}: {what} {', '.join(WORDS)}")
            seen[word] = rows.line_num
            if (one := WORDS[verdict]) is None:
                unclear += 1
            else:
                scores.append(items[word][0])
                artifacts.append(items[word][1])
                verdicts.append(one)
    except csv.Error as error:
        raise ValueError(f"{form}:{rows.line_num}: {error}") from None
    if lacking := [word for word in items if word not in seen]:
        raise ValueError(f"{form}: {len(lacking)} of {len(items)} items are missing, first `{lacking[0]}`")
    return Audit(scores=tuple(scores), verdicts=tuple(verdicts), artifacts=tuple(artifacts), unclear=unclear)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if len(content) > LARGEST:
        raise ValueError(f"{path} is larger than {LARGEST:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text in UTF-8") from None


def _strip(frames: Any) -> str:
    """Frames side by side, enlarged, as the data of a PNG; nothing else is in the file."""
    import numpy as np
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.concatenate(list(frames), axis=1).repeat(SCALE, 0).repeat(SCALE, 1)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
