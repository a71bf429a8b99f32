"""Reads the Markdown files of this folder: each `## heading` is a case, its blocks are files and what must be said.

A block's info string is a form and a path: ```yaml specs/study.yaml (also `json`, `text`),
```photo captures/x/0.png 8x6 (a real PNG of that size), ```link PATH (a symbolic link to the block's text),
```bytes PATH (with Python escapes), ```delete PATH, ```export PATH (a study's exported trials, by the arguments of
`small_export` as JSON). The block ```diagnostics holds what must be printed; ```diagnostics STUDY checks that study only,
and ```diagnostics trials ... does what that command does. In it, `[..]` stands for anything on a line, so that a new stage
or parameter does not break a case.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
_BLOCK = re.compile(r"^```(\S+)(?: ([^\n]*))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Case:
    """One section of a Markdown file."""

    name: str
    blocks: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def expected(self) -> str:
        """What must be printed."""
        return next((text for form, _, text in self.blocks if form == "diagnostics"), "")

    @property
    def study(self) -> str | None:
        """The study that is checked, or None for all."""
        return next((argument or None for form, argument, _ in self.blocks if form == "diagnostics"), None)

    def write(self, root: Path) -> None:
        """Write the case's files below `root`."""
        for form, argument, text in self.blocks:
            if form != "diagnostics":
                _write(root, form, argument, text)


def read_cases(path: Path) -> list[Case]:
    """The cases of one Markdown file."""
    found = []
    for section in re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title = section.split("\n", 1)[0].strip()
        found.append(Case(f"{path.stem}: {title}", _blocks(section)))
    return found


def all_cases() -> list[Case]:
    """The cases of every Markdown file in this folder."""
    return [case for path in sorted(FOLDER.glob("*.md")) for case in read_cases(path)]


def base() -> Case:
    """The project that cases start from."""
    return Case("base", _blocks((FOLDER / "base.md").read_text(encoding="utf-8")))


def matches(expected: str, found: str) -> bool:
    """Whether the text is what was expected, line by line, `[..]` standing for anything."""
    pattern = ".*".join(re.escape(part) for part in expected.strip("\n").split("[..]"))
    return re.fullmatch(pattern, found.strip("\n")) is not None


def _blocks(text: str) -> list[tuple[str, str, str]]:
    return [(form, argument or "", body) for form, argument, body in _BLOCK.findall(text)]


def _write(root: Path, form: str, argument: str, text: str) -> None:
    name, _, size = argument.partition(" ")
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if form in ("delete", "link"):
        path.unlink(missing_ok=True)
    if form == "photo":
        from PIL import Image

        width, height = map(int, size.split("x"))
        Image.new("RGB", (width, height), (90, 120, 60)).save(path)
    elif form == "link":
        path.symlink_to(text.strip())
    elif form == "bytes":
        path.write_bytes(text.rstrip("\n").encode().decode("unicode_escape").encode("latin-1"))
    elif form == "export":
        from tests.runtime.trials.small_export import small_export

        path.write_bytes(small_export(**json.loads(text)))
    elif form != "delete":
        path.write_text(text, encoding="utf-8")
