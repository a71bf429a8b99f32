"""Whatever is edited in whatever order, a session says what checking everything anew says."""

import os
from pathlib import Path
from random import Random

import pytest

from compiler.editor.session import Session
from compiler.laws import alike
from compiler.laws.check import check
from compiler.plan.study import open_project
from tests.errors.cases import base

CELLAR, ATTIC, STUDY = "specs/locations/cellar.yaml", "specs/locations/attic.yaml", "specs/study.yaml"
BARE = "title: A place\nsource: {kind: hidden_site, seed: 5}\n"
ROW = "row: {available: true, no_new_real_data: true, no_teleoperation: true, stack_change: none}\n"
TEXTS = {
    CELLAR: [
        BARE,
        BARE + "stages: {twin: {control_hz: 5}}\n",
        BARE.replace("seed", "sed"),
        "title: [",
        BARE + "held_out: true\n",
    ],
    ATTIC: [BARE, BARE + "stages: {twin: {control_hz: 20}}\n", BARE.replace("5", "'5'")],
    "specs/locations/barn.yaml": [BARE, BARE.replace("5", "7")],
    STUDY: [
        old.replace("{more}", more)
        for old in (
            "title: S\nlocations: [cellar, attic]\ntasks: [press]\napproaches: [baseline, bold]\nbaseline: baseline\n"
            "seeds: [0, 1]\ntrials: {twin: 10}\nlevel: 0.8\n{more}",
            "title: S\nlocations: [cellar, attic, barn]\ntargets: [coverage]\n{more}",
        )
        for more in ("", "budget: {cpu_hours: 0.01}\n", "stages: {twin: {control_hz: 30}}\n", "claims: {")
    ],
    "specs/approaches/bold.yaml": [
        f"title: Bold\nextends: {base}\n{ROW}{more}"
        for base in ("baseline", "bald")
        for more in ("", "stages: {policy: {steps: 7}}\n", "controls: {plain: {kind: placebo}}\n")
    ],
    "specs/tasks/press.yaml": ["title: P\nkind: press_button\ninstruction: press it\n", "title: P\nkind: pres_button\n"],
    "simkiln.local.yaml": ["roots: {a: b}\n", "rots: {}\n"],
}
ACTS = ["type", "type", "save", "save", "delete", "close"]


@pytest.mark.parametrize("seed", range(3))
def test_a_session_says_what_a_fresh_check_says(seed: int, tmp_path: Path) -> None:
    random, root = Random(seed), tmp_path
    base().write(root)
    session = Session(root)
    before: dict[str, list] = {}
    with pytest.MonkeyPatch.context() as patch:
        for _ in range(80):
            name = random.choice(sorted(TEXTS))
            act, text, number = (
                random.choice(ACTS),
                TEXTS[name][random.choice([0, 0, random.randrange(len(TEXTS[name]))])],
                random.randrange(4),
            )
            path = root / name
            if act == "type":
                session.buffers[name] = text
            elif act == "save":
                path.write_text(text)
                os.utime(path, ns=(number, number))  # a clock that stands still tells nothing
            elif act == "delete":
                path.unlink(missing_ok=True)
            elif act == "close":
                session.buffers.pop(name, None)
            patch.setattr(alike, "WORTHWHILE", 1)
            before |= session.check()
            patch.setattr(alike, "WORTHWHILE", 10**6)
            anew = check(open_project(root, None, dict(session.buffers)))
            found: dict[str, list] = {}
            for one in anew:
                found.setdefault(one.span.file, []).append(one)
            assert {name: those for name, those in before.items() if those} == found


def test_what_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    base().write(tmp_path)
    session = Session(tmp_path)
    session.check()
    held = dict(session.project.sources)
    session.buffers[CELLAR] = BARE
    session.check()
    assert {key for key, source in session.project.sources.items() if source is not held[key]} == {("location", "cellar")}
    (tmp_path / STUDY).write_text("title: 3\n")
    assert "S104" in {d.code for d in session.check()[STUDY]}
