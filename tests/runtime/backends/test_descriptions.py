"""Descriptions of back ends: ours are whole, and what is wrong with one is named."""

from pathlib import Path

import pytest

from runtime import backend
from runtime.backend import DEFAULTS, Where, available, info, load, start
from runtime.problem import InputError

OURS = sorted(path.stem for path in backend.OURS.glob("*.toml"))
GOOD = 'class = "X"\nversion = "1"\nlicence = "MIT"\nneeds_gpu = false\n'


def test_ours_are_found_without_an_entry_point() -> None:
    assert {f"{role}_{name}" for role, names in available().items() for name in names} >= set(OURS)
    assert all(name in available()[role] for role, name in DEFAULTS.items())


@pytest.mark.parametrize("stem", OURS)
def test_what_a_class_is_stands_in_its_description_alone(stem: str) -> None:
    role, _, name = stem.partition("_")
    found = info(role, name)
    assert found.licence
    assert found.install or not found.packages
    said = {"name", "version", "licence", "needs_gpu", "surrogate"} & vars(load(role, name)).keys()
    assert said == set()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("class = ", "Invalid value"),
        ("a = " + "[" * 9000, ""),
        ("x" * 30_000, "more than"),
        (GOOD.replace('class = "X"', ""), "`class` must name"),
        (GOOD.replace('"X"', '"X; import os"'), "`class` must name"),
        (GOOD.replace('version = "1"', ""), "`version`"),
        (GOOD.replace('"1"', "1"), "`version`"),
        (GOOD + "licens = 1", "`licens`"),
        (GOOD + "__dataclass_self__ = 1", "__dataclass_self__"),
        (GOOD + 'name = "other"', "unknown key `name`"),
        (GOOD + 'install = "a\\nb"', "`install`"),
        (GOOD + 'packages = ["a b"]', "`packages.0`"),
        (GOOD + 'where = {environment = "../x"}', "`where.environment`"),
        (GOOD + 'where = {image = "--privileged:1"}', "`where.image`"),
        (GOOD + 'where = {image = "unpinned"}', "`where.image`"),
        (GOOD + 'where = {image = "a:1", environment = "b"}', "two places"),
        (GOOD + 'where = {command = ["a"]}', "there is none"),
        (GOOD + "where = {process = true}", "needs an `environment`"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "renderer.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        backend._read("renderer", "mine", path, "mine.renderer")
    (problem,) = caught.value.problems
    assert problem.code == "B305"
    assert why in problem.message
    assert problem.help


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "renderer.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="B305"):
        backend._read("renderer", "mine", path, "mine.renderer")


@pytest.mark.parametrize(
    ("version", "packages", "code"),
    [("2", [], "B310"), ("1", ["never-heard-of"], "B315"), ("1", ["pydantic==0.1"], "B315"), ("1", ["gone"], "B301")],
)
def test_what_was_planned_is_what_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, packages: list[str], code: str
) -> None:
    (tmp_path / "renderer_mine.toml").write_text(GOOD + f"packages = {packages}\n")
    monkeypatch.setattr(backend, "_ours", lambda: {("renderer", "mine"): tmp_path / "renderer_mine.toml"})
    monkeypatch.setattr(backend, "info", backend.info.__wrapped__)
    name = "other" if packages == ["gone"] else "mine"
    with pytest.raises(InputError) as caught:
        start("renderer", {"name": name, "version": version}, None)
    assert caught.value.problems[0].code == code


def test_places_in_words() -> None:
    said = [Where(), Where("isaaclab"), Where(image="a/b:1"), Where("discoverse", process=True)]
    shown = ["here", "environment isaaclab", "container a/b:1", "environment discoverse, a process of its own"]
    assert [str(where) for where in said] == shown
