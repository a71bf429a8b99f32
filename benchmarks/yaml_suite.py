"""How often we read a document of the YAML test suite as the suite says, with PyYAML beside it.

    python -m benchmarks.yaml_suite ../shared/data/spec_corpora/yaml_test_suite

The suite's event trees, not our reader, decide what is outside the subset that specs may use (docs/yaml_subset.md).
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from compiler.reading.problems import unfit_character
from compiler.reading.scalar import plain
from compiler.reading.source import read_source

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "spec_corpora" / "yaml_test_suite"
_EVENT = re.compile(r"(\+MAP|\+SEQ|=VAL)(?: (?:\{\}|\[\]))?(?: &(\S+))?(?: (<[^>]*>))?(?: ([:'\"|>])(.*))?", re.DOTALL)
_ESCAPE = {"\\\\": "\\", "\\n": "\n", "\\t": "\t", "\\b": "\b", "\\r": "\r", "\\0": "\0"}
REFUSED = object()
"""What a reader that gave an error answers."""


@dataclass(frozen=True)
class Case:
    """One document of the suite. `value` is what it means; `outside` the codes for what specs may not use in it."""

    name: str
    text: str
    valid: bool
    value: Any = None
    outside: frozenset[str] = frozenset()


def cases(folder: Path) -> list[Case]:
    """All documents of the suite in `folder`."""
    return [case for path in sorted((folder / "src").glob("*.yaml")) for case in _file(path)]


def ours(text: str) -> Any:
    """Our value, or REFUSED."""
    source = read_source(text, "case.yaml")
    return source.value if source.readable else REFUSED


def safe_load(text: str) -> Any:
    """PyYAML's value, or REFUSED."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return REFUSED


def safe_load_all(text: str) -> Any:
    """PyYAML's values of all documents in the text, or REFUSED."""
    try:
        return list(yaml.safe_load_all(text))
    except (yaml.YAMLError, ValueError):
        return REFUSED


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal to JSON, where `1` and `true` differ and `1` and `1.0` do not."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b and isinstance(a, bool) == isinstance(b, bool) and isinstance(a, str) == isinstance(b, str)


def verdicts(found: list[Case], read: Callable[[str], Any]) -> dict[str, list[str]]:
    """Names of the documents by what a reader did with them."""
    by: dict[str, list[str]] = {}
    for case in found:
        value = read(case.text)
        if not case.valid:
            kind = "invalid, refused" if value is REFUSED else "invalid, accepted"
        elif case.outside:
            kind = "outside, refused" if value is REFUSED else "outside, read"
        else:
            done = "refused" if value is REFUSED else "as said" if same(value, case.value) else "otherwise"
            kind = f"subset, {done}"
        by.setdefault(kind, []).append(case.name)
    return by


def unnamed(found: list[Case]) -> list[str]:
    """Documents outside the subset that are refused by another name than what is outside."""
    return [
        case.name
        for case in found
        if case.valid and case.outside and not case.outside & {d.code for d in read_source(case.text, "f").diagnostics}
    ]


def _file(path: Path) -> Iterator[Case]:
    tests = yaml.safe_load(path.read_text(encoding="utf-8"))
    inherited: dict[str, Any] = {}
    for number, test in enumerate(tests):
        inherited |= {key: test[key] for key in ("tree", "json") if key in test}
        text = _unescaped(test["yaml"])
        name = path.stem if len(tests) == 1 else f"{path.stem}/{number:02}"
        if test.get("fail"):
            yield Case(name, text, False)
            continue
        outside, value = _meaning(_unescaped(inherited["tree"]), text)
        if not outside and inherited.get("json") is not None:
            value = json.loads(_unescaped(inherited["json"]))
        yield Case(name, text, True, value, outside)


def _unescaped(text: str) -> str:
    text = re.sub("—*»", "\t", text.replace("␣", " "))
    text = text.replace("←", "\r").replace("⇔", "\ufeff").replace("↵", "")
    return re.sub("∎\n\\Z", "", text)


def _meaning(tree: str, text: str) -> tuple[frozenset[str], Any]:
    """Codes for what is outside the subset, and the value of the suite's event tree."""
    lines = [line.lstrip(" ") for line in tree.splitlines()]
    outside = set()
    if (documents := sum(line.startswith("+DOC") for line in lines)) != 1:
        outside.add("Y111" if documents else "Y114")
    if re.search(r"^%(?!YAML 1\.2\s)", text, re.MULTILINE) and re.match(r"(#.*\n|\s)*%", text):
        outside.add("Y112")
    if unfit_character(text.removeprefix("\ufeff")):
        outside.add("Y116")
    root: list[Any] = []
    stack: list[tuple[Any, list[Any]]] = [(root, [])]  # a collection and its key that waits
    anchors: dict[str, Any] = {}
    for line in lines:
        if line.startswith(("-MAP", "-SEQ")):
            stack.pop()
        elif line.startswith("=ALI"):
            name = line[len("=ALI *") :]
            outside |= _put(stack[-1], anchors.get(name), alias=True) | _name(name)
        elif event := _EVENT.fullmatch(line):
            kind, anchor, tag, style, said = event.groups()
            value: Any = {} if kind == "+MAP" else [] if kind == "+SEQ" else _scalar(style, said or "")
            if tag:
                outside.add("Y105")
            if anchor:
                outside |= _name(anchor)
                anchors[anchor] = value
            merge = style == ":" and said == "<<"
            outside |= {"Y106"} if merge and _wants_key(stack[-1]) else _put(stack[-1], value)
            if kind != "=VAL":
                stack.append((value, []))
    if root == [None]:
        outside.add("Y114")
    return frozenset(outside), root[0] if root else None


def _name(anchor: str) -> set[str]:
    return set() if re.fullmatch(r"[A-Za-z0-9_-]+", anchor) else {"Y118"}


def _scalar(style: str, said: str) -> Any:
    text = re.sub(r"\\.", lambda found: _ESCAPE[found[0]], said)
    return plain(text) if style == ":" else text


def _wants_key(opened: tuple[Any, list[Any]]) -> bool:
    return isinstance(opened[0], dict) and not opened[1]


def _put(opened: tuple[Any, list[Any]], value: Any, *, alias: bool = False) -> set[str]:
    """Put a value into the open collection; what is outside the subset about that."""
    collection, waiting = opened
    if isinstance(collection, list):
        collection.append(value)
    elif waiting:
        collection[waiting.pop()] = value
    else:
        wrong = alias or not isinstance(value, str)
        waiting.append(str(value))
        return {"Y113"} if wrong else {"Y102"} if value in collection else set()
    return set()


def main() -> None:
    """Print the table."""
    found = cases(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT)
    valid = [c for c in found if c.valid]
    inside = [c for c in valid if not c.outside]
    print(f"{len(found)} documents: {len(valid)} valid, {len(found) - len(valid)} invalid")
    print(f"{len(inside)} of the valid ones are in the subset; outside, by code (a document may have several):")
    print("  " + ", ".join(f"{code} {n}" for code, n in sorted(Counter(x for c in valid for x in c.outside).items())))
    by_reader = {"simkiln": verdicts(found, ours), "PyYAML safe_load": verdicts(found, safe_load)}
    kinds = sorted({kind for by in by_reader.values() for kind in by})
    print(f"\n{'':22}" + "".join(f"{name:>18}" for name in by_reader))
    for kind in kinds:
        print(f"{kind:<22}" + "".join(f"{len(by.get(kind, [])):>18}" for by in by_reader.values()))
    counted = len(inside) + len(found) - len(valid)
    agreed = {name: len(by.get("subset, as said", [])) for name, by in by_reader.items()}
    right = {name: agreed[name] + len(by.get("invalid, refused", [])) for name, by in by_reader.items()}
    print(f"{'agreement':<22}" + "".join(f"{n / counted:>18.1%}" for n in right.values()))
    print(f"{'of valid ones alone':<22}" + "".join(f"{n / len(inside):>18.1%}" for n in agreed.values()))
    whole = [(c.valid, safe_load_all(c.text) is REFUSED) for c in found]
    accepted, refused = whole.count((False, False)), whole.count((True, True))
    print(f"PyYAML safe_load_all, all {len(found)}: {accepted} invalid accepted, {refused} valid refused")
    for kind in ("subset, otherwise", "subset, refused", "outside, read", "invalid, accepted"):
        print(f"{kind}: " + (", ".join(by_reader["simkiln"].get(kind, [])) or "none"))
    print("outside, refused by another name: " + (", ".join(unnamed(found)) or "none"))


if __name__ == "__main__":
    main()
