"""Which files below `specs/` are specs. Standard library only, because it runs on every start."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

FOLDERS = {"location": "locations", "task": "tasks", "approach": "approaches", "gate": "gates", "study": "studies"}
"""Kind of spec -> its folder, which is also how a project and a study call the specs of that kind."""
SUFFIXES = (".yaml", ".yml")
SINGLE = "specs/study.yaml"


def file_of(kind: str, name: str) -> str:
    """Where a spec of that id stands, relative to the project."""
    return SINGLE if (kind, name) == ("study", "study") else f"specs/{FOLDERS[kind]}/{name}.yaml"


def spec_names(root: Path, more: Iterable[str] = ()) -> Iterator[tuple[str, str, bool]]:
    """Kind and name below `root` of each spec file, sorted by kind, and whether it is reached through a link. What else
    is there, `compiler.laws.unread` tells. A folder that cannot be read comes by its own name, with `/` behind it.

    Args:
        root: the project's folder.
        more: names of files that need not exist: an editor holds their text.
    """
    held = sorted(more)
    if SINGLE in held or os.path.lexists(root / SINGLE):
        yield "study", SINGLE, os.path.islink(root / SINGLE) or os.path.islink(root / "specs")
    for kind, folder in FOLDERS.items():
        below = f"specs/{folder}"
        entries = dict.fromkeys((n.rpartition("/")[2] for n in held if n.rpartition("/")[0] == below), False)
        try:
            with os.scandir(root / below) as found:
                entries |= {e.name: e.is_symlink() for e in found if e.name.endswith(SUFFIXES) and e.name[0] != "."}
        except FileNotFoundError:
            pass
        except OSError:
            yield kind, f"{below}/", False
        linked = os.path.islink(root / below) or os.path.islink(root / "specs")
        for name in sorted(entries):
            yield kind, f"{below}/{name}", linked or entries[name]
