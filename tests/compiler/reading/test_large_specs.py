"""Specs as large as they may be, wrong in every line: an answer of bounded length, in bounded time."""

import os
import time
from pathlib import Path

import pytest

from compiler.diagnostics.diagnostic import MOST_OF_A_FILE
from compiler.laws.check import check
from compiler.project.load import load_project
from compiler.render.text import render_text
from tests.errors.cases import base

MOST_S = 3.0
"""CPU seconds; the slowest took 1.2 where this was written."""
STUDY = """\
title: T
locations: {locations}
tasks: [press]
approaches: [baseline, bold]
baseline: baseline
seeds: {seeds}
trials: {{twin: 10}}
gates: {gates}
targets: {targets}
"""
USUAL = {"locations": "[cellar]", "seeds": "[0, 1]", "gates": "[]", "targets": "[coverage]"}
APPROACH = """\
title: B
extends: baseline
row: {available: true, no_new_real_data: true, no_teleoperation: true, stack_change: none}
"""
PLACES = {"study": "study.yaml", "approach": "approaches/bold.yaml", "location": "locations/cellar.yaml"}


def study(**other: str) -> str:
    return STUDY.format(**USUAL | other)


def listed(item: str, count: int) -> str:
    return "[" + ", ".join(item.format(i) for i in range(count)) + "]"


def keyed(item: str, count: int) -> str:
    return "{" + ", ".join(item.format(i) for i in range(count)) + "}"


DOCUMENTS = {
    "unknown locations": ("study", study(locations=listed("l{}", 50_000)), "R201"),
    "one location many times": ("study", study(locations=listed("cellar", 50_000)), "R202"),
    "unknown gates": ("study", study(gates=listed("g{}", 50_000)), "R201"),
    "one target many times": ("study", study(targets=listed("coverage", 50_000)), "R202"),
    "seeds": ("study", study(seeds=listed("{}", 50_000)), "S105"),
    "seeds that are text": ("study", study(seeds=listed("a", 50_000)), "S105"),
    "unknown keys": ("study", study() + "".join(f"k{i}: 1\n" for i in range(900)), "S101"),
    "too many keys": ("study", study() + "".join(f"k{i}: 1\n" for i in range(5_000)), "Y108"),
    "unknown stages": ("approach", f"{APPROACH}stages: {keyed('s{}: {{}}', 900)}\n", "R204"),
    "unknown parameters": ("approach", f"{APPROACH}stages: {{policy: {keyed('s{}: 1', 900)}}}\n", "S101"),
    "unknown ports": ("approach", f"{APPROACH}inputs: {{policy: {keyed('s{}: demos', 900)}}}\n", "R205"),
    "numbers that are none": ("location", f"title: T\nsource: {listed('.nan', 50_000)}\n", "S105"),
    "aliases": ("location", f"title: T\na: &a {listed('.nan', 1000)}\nsource: {listed('*a', 50)}\n", "S105"),
    "lists over lines": ("location", "title: T\nsource:\n" + "".join(f"- [1,\n  {i}]\n" for i in range(15_000)), "S104"),
    "a long word": ("location", f"title: T\nsource: {{kind: {'x' * 900_000}}}\n", "S103"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_large_and_wrong(name: str, tmp_path: Path) -> None:
    kind, text, code = DOCUMENTS[name]
    base().write(tmp_path)
    (tmp_path / "specs" / PLACES[kind]).write_text(text)
    begin = time.process_time()
    project = load_project(tmp_path)
    found = check(project)
    shown = "".join(render_text(d, project.lines(d.span.file), colour=False) for d in found)
    assert time.process_time() - begin < MOST_S
    assert code in {d.code for d in found}
    assert len(found) <= 2 * MOST_OF_A_FILE
    assert len(shown) < 1_000_000


def test_a_file_with_more_problems_than_are_shown_says_so(tmp_path: Path) -> None:
    base().write(tmp_path)
    (tmp_path / "specs/study.yaml").write_text(study(locations=listed("l{}", 150)))
    found = [d for d in check(load_project(tmp_path)) if d.span.file == "specs/study.yaml"]
    assert len(found) == MOST_OF_A_FILE
    assert found[-1].notes[-1].text == "more problems of this file are not shown"


def test_a_pipe_whose_name_is_no_id_is_not_waited_for(tmp_path: Path) -> None:
    base().write(tmp_path)
    os.mkfifo(tmp_path / "specs/locations/A pipe.yaml")
    project = load_project(tmp_path)
    found = check(project)
    assert [d.code for d in found] == ["S108"]
    assert project.lines(found[0].span.file) is None
