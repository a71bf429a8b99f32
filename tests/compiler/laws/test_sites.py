"""The fence round a hidden site: each way in, with and without the right to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compiler.laws.check import check
from compiler.project.load import load_project
from runtime.bound.source import HiddenSite
from runtime.contract import CHECKS, Contract
from runtime.out import Out
from runtime.stage import REGISTRY, Params, Takes, bound, one, stage
from tests.errors.cases import base


class SiteParams(Params):
    """A site, whatever the domain."""

    site: HiddenSite | None = bound("site", default=None)
    """The site."""


class NoParams(Params):
    """Nothing to set."""


class PhotographedParams(Params):
    """What photos of a site depend on."""

    source: HiddenSite = bound("location.source")
    """The site, without what sets it apart from its twin."""


def make(takes: Takes, params: type[Params] = SiteParams) -> None:
    @stage(version=1, takes=takes, per=("location",), makes={"found": "found.json"})
    def looked(p: params, out: Out) -> dict[str, Any]:  # ty: ignore[invalid-type-form]
        """Looks at a site."""
        return {}

    @stage(
        version=1,
        kind="demos",
        per=("location", "task"),
        needs={"found": one("looked"), "twin": one("twin")},
        makes={"d": "d/"},
        offers=lambda p, inputs: Contract(checked=CHECKS),
    )
    def learned(p: NoParams, found: Path, twin: Path, out: Out) -> dict[str, Any]:
        """Demos that know what was found."""
        return {}


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    base().write(tmp_path)
    try:
        yield tmp_path
    finally:
        for name in ("looked", "learned"):
            REGISTRY.pop(name, None)


def refused(root: Path, wired: bool, forbidden: bool) -> list[str]:
    """What X407 says, where an approach reads what was looked up or a study builds it as a target."""
    if wired:
        path = root / "specs" / "approaches" / "bold.yaml"
        path.write_text(path.read_text().replace("title: Bold\n", "title: Bold\ninputs: {policy: {demos: learned}}\n"))
    path = root / "specs" / "study.yaml"
    kept = [line for line in path.read_text().splitlines() if not line.startswith(("targets", "constraints"))]
    kept += [] if wired else ["targets: [looked]"]
    path.write_text("\n".join([*kept, f"constraints: {{no_new_real_data: {str(forbidden).lower()}}}"]) + "\n")
    found = check(load_project(root), "study")
    assert {d.code for d in found if d.severity == "error"} <= {"X407"}
    return [d.message for d in found if d.code == "X407"]


READ = "`looked/cellar` would read the hidden site"
RECORDED = "`looked/cellar` records at the hidden site, which counts as new real data"
LEARNED = "`learned/cellar/press` would learn the truth of the hidden site from `looked/cellar`"


@pytest.mark.parametrize("wired", [False, True], ids=["as a target", "read by demos"])
@pytest.mark.parametrize("forbidden", [False, True], ids=["new data allowed", "no new real data"])
@pytest.mark.parametrize("takes", ["", "photos", "trials", "recordings", "truth"])
def test_each_way_to_a_site(root: Path, takes: Takes, wired: bool, forbidden: bool) -> None:
    make(takes)
    said = {"": [READ], "photos": [READ], "trials": [READ], "recordings": [RECORDED] * forbidden, "truth": [LEARNED] * wired}
    assert refused(root, wired, forbidden) == said.get(takes, [])


def test_photos_are_what_a_capture_binds_and_no_more(root: Path) -> None:
    make("photos", PhotographedParams)
    assert refused(root, wired=True, forbidden=True) == []


def test_what_takes_something_else_may_not_read_the_truth_either(root: Path) -> None:
    @stage(version=1, takes="truth", kind="policy", per=("location", "task", "approach", "seed"), makes={"c": "checkpoint/"})
    def looked(p: SiteParams, out: Out) -> dict[str, Any]:
        """A policy that knows the site."""
        return {}

    path = root / "specs" / "approaches" / "bold.yaml"
    path.write_text(path.read_text().replace("title: Bold\n", "title: Bold\ninputs: {evaluate: {policy: looked}}\n"))
    found = [d.message for d in check(load_project(root), "study") if d.code == "X407"]
    name = "looked/cellar/press/bold/0"
    assert found == [f"`evaluate/cellar/press/bold/0/twin` would learn the truth of the hidden site from `{name}`"]
