"""Whatever changes an output's bytes changes its address, or is refused: over edits of specs, code, libraries and captures."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runtime.build import code_digest
from runtime.job import Job
from runtime.problem import InputError
from tests.loop.tinykiln import TinyKiln

OTHER = "is another one than this was planned with"
NUMBERS = st.integers(1, 2)
VERSIONS = st.sampled_from(["1.0.0", "1.0.7", "1.1.0"])
CHANGING = [
    ("study", "rounds: "),
    ("study", "fine: "),
    ("tinykiln/grain.py", "FACTOR = "),
    ("tinykiln/grain.py", "version="),
    ("tinykiln/flour.py", "version="),
    ("tinykiln/parts/grind.py", "STONE = "),
    ("tinykiln/parts/table.txt", "weight "),
    ("tinykiln/wheel.py", "TURNS = "),
    ("tinykiln/stone.py", "FORCE = "),
    ("tinykiln/stone.toml", 'version = "'),
]
OF_GRAIN = [where for where in CHANGING if where[0] == "tinykiln/grain.py" or where[1] == "rounds: "]
CODE = st.tuples(st.just("edit"), st.sampled_from(CHANGING), NUMBERS)
EDITS = st.one_of(
    CODE,
    CODE,
    CODE,
    st.tuples(st.just("title"), st.just(("study", "title: A")), NUMBERS),
    st.tuples(
        st.just("comment"), st.sampled_from(["tinykiln/grain.py", "tinykiln/parts/grind.py", "tinykiln/wheel.py"]), NUMBERS
    ),
    st.tuples(st.just("upgrade"), VERSIONS),
    st.tuples(st.just("capture"), NUMBERS),
)
LATE = EDITS | st.tuples(st.sampled_from(["library", "pin"]), VERSIONS)


@pytest.fixture
def kiln(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyKiln:
    return TinyKiln(tmp_path, monkeypatch)


def apply(kiln: TinyKiln, edit: tuple) -> None:
    what, *given = edit
    if what in ("edit", "title"):
        (name, old), number = given
        kiln.edit(name, old, number)
    else:
        getattr(kiln, what)(*given)


def refusals(kiln: TinyKiln, jobs: list[Job]) -> set[str]:
    """Build, and say with which codes that was refused."""
    try:
        kiln.built(jobs)
    except InputError as refused:
        return {problem.code for problem in refused.problems}
    return set()


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(EDITS, LATE), min_size=1, max_size=4))
def test_an_address_has_one_content(kiln: TinyKiln, steps: list[tuple[tuple, tuple]]) -> None:
    """An edit, a plan, all of it built from nothing; and, after an edit between plan and job, built from nothing once more."""
    known = kiln.__dict__.setdefault("known", {})
    for early, late in steps:
        kiln.library(kiln.pinned)
        apply(kiln, early)
        jobs = kiln.jobs()
        for edit in (None, late):
            if edit is not None:
                apply(kiln, edit)
            assert refusals(kiln, jobs) <= {"B310", "B317", "B318"}
            for address, content in kiln.found.items():
                assert known.setdefault(address, content) == content, f"{address} has held {known[address]} and {content}"


@pytest.mark.parametrize(
    ("edit", "stages"),
    [
        *[(("edit", where, 2), {"grain", "flour"} if where in OF_GRAIN else {"flour"}) for where in CHANGING],
        (("pin", "1.1.0"), {"flour"}),
        (("pin", "1.0.7"), set()),
        (("library", "1.1.0"), set()),
        (("capture", 2), {"grain", "flour"}),
        (("title", ("study", "title: A"), 2), set()),
        (("comment", "tinykiln/parts/grind.py", 2), set()),
    ],
)
def test_each_edit_moves_the_addresses_of_what_it_changes(kiln: TinyKiln, edit: tuple, stages: set[str]) -> None:
    before = {(node.stage.name, node.fingerprint) for node in kiln.plan()}
    apply(kiln, edit)
    assert {node.stage.name for node in kiln.plan() if (node.stage.name, node.fingerprint) not in before} == stages


@pytest.mark.parametrize(
    ("late", "message"),
    [
        (("edit", ("tinykiln/grain.py", "FACTOR = "), 2), f"B310: the code of `grain` {OTHER}"),
        (("edit", ("tinykiln/wheel.py", "TURNS = "), 2), f"B310: the code of `mill/stone` {OTHER}"),
        (("edit", ("tinykiln/parts/table.txt", "weight "), 2), f"B310: the code of `flour` {OTHER}"),
        (("library", "1.1.0"), "B318: `tinylib` is 1.1.0 here, and the address says 1.0"),
        (("capture", 2), "B317: the capture `s.ply` changed while it was planned and built"),
    ],
)
def test_what_changes_between_plan_and_job_is_refused(kiln: TinyKiln, late: tuple, message: str) -> None:
    jobs = kiln.jobs()
    apply(kiln, late)
    with pytest.raises(InputError) as caught:
        kiln.built(jobs)
    (problem,) = caught.value.problems
    assert f"{problem.code}: {problem.message}" == message
    if problem.code == "B318":
        assert "tinylib==1.0.0`" in problem.help


@pytest.mark.parametrize(
    ("text", "late", "kept"), [("TURNS = 2", False, False), ("TURNS = 1 # x", False, True), ("TURNS = 2", True, True)]
)
def test_code_that_changes_before_it_is_read_is_refused(
    kiln: TinyKiln, monkeypatch: pytest.MonkeyPatch, text: str, late: bool, kept: bool
) -> None:
    monkeypatch.setattr(code_digest, "SKEW_NS", 0)
    wheel = kiln.code / "tinykiln/wheel.py"
    write = f"import time; time.sleep(0.05); open({str(wheel)!r}, 'w').write({text!r})"
    name, line = ("flour.py", "    return {}") if late else ("stone.py", "        import tinykiln.wheel as wheel")
    path = kiln.code / "tinykiln" / name
    path.write_text(path.read_text().replace(line, f"{line[: -len(line.lstrip())]}{write}\n{line}"))
    jobs = kiln.jobs()
    if kept:
        assert {stage for stage, _ in kiln.built(jobs)} == {"grain", "flour"}
        return
    with pytest.raises(InputError, match=r"B310.*`mill/stone` changed while it ran"):
        kiln.built(jobs)
    assert {stage for stage, _ in kiln.found} == {"grain"}


def test_a_library_that_nothing_pins_is_told(kiln: TinyKiln) -> None:
    path = kiln.code / "tinykiln/flour.py"
    path.write_text(path.read_text().replace('minor("tinylib")', 'minor("nobody")'))
    with pytest.raises(ValueError, match="library `nobody` is part of addresses, and no version of it is pinned"):
        kiln.plan()


def test_a_process_of_its_own_is_asked_for_its_versions(kiln: TinyKiln) -> None:
    described = 'packages = ["tinylib==1.1.0"]\ninstall = "get it"\n[where]\nenvironment = "other"\nprocess = true\n'
    (kiln.code / "tinykiln/stone.toml").write_text((kiln.code / "tinykiln/stone.toml").read_text() + described)
    path = kiln.code / "tinykiln/stone.py"
    path.write_text(path.read_text().replace("FORCE = 1", "FORCE = 1\n\n    def __init__(self, command): ..."))
    python, there = kiln.root / ".envs/other/bin/python", kiln.root / "there"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{there}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (flour,) = [node for node in kiln.plan() if node.stage.name == "flour"]
    assert flour.backends["mill"]["libraries"] == "tinylib 1.1.0", "as its own description pins it, not this project"
    for version, found in (("", "not installed"), ("1.1.1", "1.1.1"), ("1.1.0", None)):
        if version:
            (there / "tinylib-1.dist-info").mkdir(parents=True, exist_ok=True)
            (there / "tinylib-1.dist-info/METADATA").write_text(f"Metadata-Version: 2.1\nName: tinylib\nVersion: {version}\n")
        jobs = kiln.jobs()
        if found is None:
            assert {stage for stage, _ in kiln.built(jobs)} == {"grain", "flour"}
            continue
        with pytest.raises(InputError) as caught:
            kiln.built(jobs)
        (problem,) = caught.value.problems
        assert problem.message == f"`tinylib` is {found} where `stone` runs, and the address says 1.1.0"
        assert (problem.code, problem.help) == ("B318", "install it with `get it`")
