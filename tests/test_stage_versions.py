"""Code may not change silently: neither burn compute by a refactor nor reuse what is out of date."""

from pathlib import Path

import pytest

from runtime.build import closure
from runtime.build.closure import Closures
from runtime.build.code_digest import closures, code_digest, ours, recorded, version_of
from runtime.libraries import pins
from runtime.stage import load_stages

DISTRIBUTIONS = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "llvmlite": "numba",
    "pi_heif": "pi-heif",
    "skimage": "scikit-image",
    "yaml": "pyyaml",
}
NO_LIBRARIES = {"pydantic", "markupsafe"}
"""They check and escape what is ours; nothing that an artifact holds is computed by them."""


@pytest.mark.parametrize("name", sorted(ours()))
def test_code_goes_with_its_version(name: str) -> None:
    entry = recorded().get(name)
    advice = (
        f"if the results of `{name}` change, bump its `version` (runtime/stages/*.py, runtime/backends/*.toml); then, in both "
        f'cases, record it with `python -m runtime.build.code_digest {name} "why"`'
    )
    assert entry is not None, f"`{name}` is not recorded: {advice}"
    assert (entry["version"], entry["digest"]) == (version_of(name), code_digest(name)), advice


def test_nothing_is_recorded_that_is_not_there() -> None:
    assert recorded().keys() == set(ours())


@pytest.mark.parametrize("name", [name for name in sorted(ours()) if "/" not in name])
def test_a_stage_declares_the_libraries_that_it_imports(name: str) -> None:
    imported = {DISTRIBUTIONS.get(top, top) for top in closures([name])[name].outside} - NO_LIBRARIES
    declared = load_stages()[name].libraries.keys()
    assert imported <= declared, "what computes a result is part of its address"
    assert declared <= pins().keys()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(closure, "PACKAGE", tmp_path / "runtime")
    (tmp_path / "runtime" / "parts").mkdir(parents=True)
    return tmp_path / "runtime"


def digest(package: Path, text: str) -> str:
    (package / "thing.py").write_text(text)
    return Closures().of("runtime.thing").digest


def test_docstrings_do_not_count_and_code_does(package: Path) -> None:
    plain = digest(package, '"""Doc."""\nx = 1\n')
    assert digest(package, '"""Other doc."""\nx = (\n    1  # comment\n)\n') == plain
    assert digest(package, '"""Doc."""\nx = 2\n') != plain


@pytest.mark.parametrize(
    ("text", "name", "before", "after"),
    [
        ("def f():\n    from runtime.parts.a import x\n", "parts/a.py", "x = 1", "x = 2"),
        ("def f():\n    import runtime.parts.a as a\n", "parts/a.py", "x = 1", "x = 2"),
        ("from runtime.parts import a\n", "parts/a.py", "x = 1", "x = 2"),
        ("import importlib\nimportlib.import_module('runtime.parts.a')\n", "parts/a.py", "x = 1", "x = 2"),
        ("from .parts.a import x\n", "parts/a.py", "x = 1", "x = 2"),
        ("from . import parts\n", "parts/__init__.py", "x = 1", "x = 2"),
        ("import runtime.parts.a\n", "parts/__init__.py", "x = 1", "x = 2"),
        ("import runtime.parts.a\n", "parts/table.csv", "1,2", "1,3"),
        ("x = 1\n", "__init__.py", "", "import os\nos.environ['A'] = '1'"),
    ],
)
def test_whatever_is_imported_or_lies_beside_counts(package: Path, text: str, name: str, before: str, after: str) -> None:
    for empty in ("parts/__init__.py", "parts/a.py", name):
        (package / empty).write_text("")
    (package / name).write_text(before)
    first = digest(package, text)
    (package / name).write_text(after)
    assert digest(package, text) != first


def test_what_is_remembered_of_files_is_only_a_cache(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closure, "CACHE", tmp_path / "__pycache__" / "closure.json")
    monkeypatch.setenv("SIMKILN_NO_CACHE", "0")
    plain = digest(package, "x = 1\n")
    reader = Closures()
    reader.of("runtime.thing")
    reader.save()
    content = closure.CACHE.read_bytes()
    assert Closures()._known
    for at in range(0, len(content), 7):
        closure.CACHE.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert Closures().of("runtime.thing").digest == plain


def test_every_stage_declares_what_it_records() -> None:
    assert [
        name for name, stage in load_stages().items() if stage.function.__module__.startswith("runtime.") and not stage.metrics
    ] == []
