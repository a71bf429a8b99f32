"""`simkiln plan --against REV`: what a change builds and why, as text, values and a comment that is safe to post."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from compiler.plan.study import open_project, plan_study
from compiler.render.markdown import MOST_BYTES, code
from compiler.why.against import Against, Group, against
from compiler.why.comment import render_comment
from runtime.backend import info
from runtime.libraries import pins
from tests.compiler.built import Built
from tests.compiler.plan.test_tree import REPOSITORY, simkiln

LINE = "specs/approaches/bold.yaml:4:19"


@pytest.fixture
def repo(tmp_path: Path) -> Built:
    found = Built(tmp_path)
    found.commit()
    return found


def compared(repo: Built, revision: str = "HEAD", study: str = "study") -> Against:
    project = open_project(repo.root)
    return against(project, plan_study(project, study), revision)


def groups(found: Against) -> dict[str, Group]:
    return {f"{g.title} [{g.at}]" if g.at else g.title: g for g in found.groups}


def test_nothing_changed(repo: Built) -> None:
    repo.edit("approaches/bold.yaml", "title: Bold", "title: Another title\n# a comment")
    found = compared(repo)
    assert (found.builds, found.gone, found.groups, found.problems) == ({}, (), (), ())
    assert found.counts["pending"] == 21, "all is missing, with or without the change"
    assert "**nothing to build**" in render_comment(found.to_json())


def test_a_parameter_without_a_store(repo: Built) -> None:
    repo.edit("approaches/bold.yaml", "steps: 7", "steps: 8")
    found = compared(repo)
    assert found.counts == {"build": 0, "rebuild": 8, "reuse": 0, "gone": 8, "gone_stored": 0, "pending": 13}
    assert list(groups(found)) == [f"policy: parameter `steps`: 7 -> 8 [{LINE}]"]
    assert dict(found.groups[0].rebuild) == {"policy": 2, "evaluate": 4, "uplift": 1, "report": 1}
    assert found.estimate.cpu_h.value > 0


def test_with_a_store(repo: Built) -> None:
    repo.publish()
    repo.edit("approaches/bold.yaml", "steps: 7", "steps: 8")
    found = compared(repo)
    assert found.counts == {"build": 0, "rebuild": 8, "reuse": 0, "gone": 8, "gone_stored": 8, "pending": 0}
    assert found.gone_bytes == 80
    repo.publish()
    assert compared(repo).counts["reuse"] == 8


def test_new_and_removed_things(repo: Built) -> None:
    repo.write("locations/attic.yaml", "title: Attic\nsource: {kind: hidden_site, seed: 2}\n")
    repo.write("locations/barn.yaml", "title: Barn\nsource: {kind: hidden_site, seed: 3}\n")
    repo.edit("study.yaml", "[cellar]", "[attic, barn]")
    repo.edit("study.yaml", "seeds: [0, 1]", "seeds: [0, 1, 2]")
    found = compared(repo)
    by_title = groups(found)
    assert dict(by_title["2 new locations: attic, barn"].build) == {
        "capture": 2,
        "splat": 2,
        "coverage": 2,
        "twin": 2,
        "demos": 2,
        "policy": 12,
        "evaluate": 24,
    }
    assert found.gone_by_stage() == {
        "capture": 1,
        "splat": 1,
        "coverage": 1,
        "twin": 1,
        "demos": 1,
        "policy": 4,
        "evaluate": 8,
        "uplift": 1,
        "report": 1,
    }
    assert any(title.startswith("parameter `study.locations`: [") for title in by_title), by_title
    assert not any("cells" in title for title in by_title), "those follow from the lists"
    repo.commit()
    repo.edit("study.yaml", "seeds: [0, 1, 2]", "seeds: [0, 1, 2, 3]")
    assert dict(groups(compared(repo))["new seed: 3"].build) == {"policy": 4, "evaluate": 8}


def test_a_study_that_the_revision_does_not_have(repo: Built) -> None:
    text = (repo.root / "specs" / "study.yaml").read_text()
    repo.write("studies/other.yaml", text.replace("Base", "Other"))
    found = compared(repo, study="other")
    assert found.notes == ("study `other` is not in that revision",)
    assert found.counts["build"] == 21


def test_stage_versions_of_the_revision(repo: Built) -> None:
    from runtime.build.code_digest import recorded

    record = recorded()
    record["policy"] = {**record["policy"], "version": 0}
    record["splat"] = {**record["splat"], "digest": "other code"}
    path = repo.root / "runtime" / "stages" / "versions.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record))
    repo.git("add", "runtime")
    repo.git("commit", "-qm", "versions")
    found = compared(repo)
    version = record["policy"]["version"]
    (title,) = groups(found)
    assert title.startswith(f"policy: stage version `policy`: {version} -> ")
    assert dict(found.groups[0].rebuild) == {"policy": 4, "evaluate": 8, "uplift": 1, "report": 1}
    assert "the code of policy" not in str(found.notes) or "splat" in str(found.notes)
    assert any("splat" in note and "today's" in note for note in found.notes)
    path.write_text("[")
    repo.git("commit", "-qam", "no JSON")
    assert compared(repo).builds == {}


def test_pins_and_back_ends_of_the_revision(repo: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    from runtime.build.code_digest import recorded

    record = recorded()
    record["renderer/numba"] = {**record["renderer/numba"], "version": "0"}
    path = repo.root / "runtime" / "stages" / "versions.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record))
    text = (REPOSITORY / "pyproject.toml").read_text()
    older = re.sub('"scipy==[0-9.]+"', '"scipy==1.2.3"', text)
    (repo.root / "pyproject.toml").write_text(older)
    repo.git("add", "runtime", "pyproject.toml")
    repo.git("commit", "-qm", "older")
    found = groups(compared(repo))
    assert f"renderer/numba: version of back end `renderer/numba`: 0 -> {info('renderer', 'numba').version}" in found
    scipy = ".".join(pins()["scipy"].split(".")[:2])
    title = f"uplift: library `scipy`: 1.2 -> {scipy}"
    assert dict(found[title].rebuild) == {"uplift": 1, "report": 1}
    assert not any("library `numpy`" in title for title in found)
    (repo.root / "pyproject.toml").write_text(older.replace('name = "simkiln"', 'name = "ours"'))
    path.write_text(json.dumps({"renderer/numba": {"version": "0\n@all", "digest": "x"}, "policy": {"version": "x"}}))
    repo.git("commit", "-qam", "of another project, and what is no version")
    assert compared(repo).builds == {}


def test_what_another_library_would_build_again(repo: Built) -> None:
    repo.publish()
    said = simkiln(repo.root, "plan", "--with", "mujoco=99.1").stdout
    mujoco = ".".join(pins()["mujoco"].split(".")[:2])
    assert f"twin: library `mujoco`: {mujoco} -> 99.1\n  ~ twin 1, demos 1, policy 4, evaluate 8, uplift 1, report 1" in said
    assert "against the pins of today: 0 to build, " in said
    assert "nothing to do" in simkiln(repo.root, "plan").stdout, "nothing was pinned"
    assert "0 to build" in simkiln(repo.root, "plan", "--with", f"mujoco={mujoco}.99").stdout, "that much of it does not count"
    for word, message in {
        "mujok=4": "did you mean `mujoco`?",
        "mujoco": "not LIBRARY=VERSION",
        "mujoco=x;y": "not LIBRARY=VERSION",
    }.items():
        done = simkiln(repo.root, "plan", "--with", word)
        assert (done.returncode, message in done.stderr) == (2, True)


def test_a_revision_with_errors_gives_the_plan_alone(repo: Built) -> None:
    repo.edit("study.yaml", "locations: [cellar]", "locations: [lost]")
    repo.commit()
    repo.edit("study.yaml", "locations: [lost]", "locations: [cellar]")
    found = compared(repo)
    assert len(found.problems) == 1
    assert found.problems[0].startswith("R20")
    assert found.counts["build"] == 21
    assert "cannot be compared with" in render_comment(found.to_json())
    done = simkiln(repo.root, "plan", "--against", "HEAD")
    assert done.returncode == 0
    assert "this is the plan of the work tree alone" in done.stdout
    assert json.loads(simkiln(repo.root, "plan", "--against", "HEAD", "--json").stdout)["compared"] is False


def test_a_project_in_a_folder_of_a_repository(tmp_path: Path) -> None:
    outer = Built(tmp_path)
    outer.commit()
    inner = Built(tmp_path / "deep" / "project")
    outer.git("add", "deep")
    outer.git("commit", "-qm", "inner")
    inner.edit("approaches/bold.yaml", "steps: 7", "steps: 8")
    assert list(groups(compared(inner))) == [f"policy: parameter `steps`: 7 -> 8 [{LINE}]"]
    assert compared(outer).builds == {}


@pytest.mark.parametrize("revision", ["nowhere", "--output=stolen", "HEAD:specs", "-h", ""])
def test_what_is_no_revision(repo: Built, revision: str) -> None:
    done = simkiln(repo.root, "plan", f"--against={revision}")
    assert done.returncode == 2
    assert "git knows no revision" in done.stderr
    assert not (repo.root / "stolen").exists()


def test_outside_of_git(tmp_path: Path) -> None:
    project = Built(tmp_path)
    done = simkiln(project.root, "plan", "--against", "HEAD", GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert done.returncode == 2
    assert "this is no git repository" in done.stderr
    assert "Traceback" not in done.stderr


def test_links_of_the_revision_lead_nowhere(repo: Built) -> None:
    secret = repo.root.parent / "secret.yaml"
    secret.write_text("title: the secret\nsource: {kind: hidden_site, seed: 7654321}\n")
    link = repo.root / "specs" / "locations" / "attic.yaml"
    link.symlink_to(secret)
    repo.edit("study.yaml", "[cellar]", "[attic]")
    repo.commit()
    link.unlink()
    repo.edit("study.yaml", "[attic]", "[cellar]")
    found = compared(repo)
    assert found.problems
    assert "7654321" not in render_comment(found.to_json())
    assert "the secret" not in json.dumps(found.to_json())


def test_the_work_tree_is_not_touched(repo: Built) -> None:
    repo.edit("approaches/bold.yaml", "steps: 7", "steps: 8")

    def state() -> dict[str, tuple[int, bytes]]:
        files = [p for folder in ("specs", ".git") for p in (repo.root / folder).rglob("*") if p.is_file()]
        return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in files}

    before = state()
    compared(repo)
    assert state() == before


def test_the_verb_as_text_values_and_comment(repo: Built) -> None:
    repo.edit("approaches/bold.yaml", "steps: 7", "steps: 8")
    done = simkiln(repo.root, "plan", "--against", "HEAD", "--comment", "comment.md")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == [f"policy: parameter `steps`: 7 -> 8  [{LINE}]", "  ~ policy 2, evaluate 4, uplift 1, report 1"]
    assert re.fullmatch(r"against HEAD \([0-9a-f]{12}\): 0 to build, 8 to rebuild, 8 no longer needed", lines[4])
    comment = (repo.root / "comment.md").read_text()
    assert comment.startswith("<!-- simkiln plan study -->\n")
    assert f"- ``policy: parameter `steps`: 7 -> 8`` at `{LINE}`\n  + again: policy 2, evaluate 4" in comment
    values = json.loads(simkiln(repo.root, "plan", "--against", "HEAD", "--json").stdout)
    assert values["causes"] == [
        {
            "kind": "parameter",
            "text": "policy: parameter `steps`: 7 -> 8",
            "at": LINE,
            "names": [],
            "build": {},
            "rebuild": {"policy": 2, "evaluate": 4, "uplift": 1, "report": 1},
        }
    ]
    assert {one["state"] for one in values["builds"]} == {"rebuild"}
    schema = json.loads((REPOSITORY / "schema" / "against.schema.json").read_text())
    Draft202012Validator(schema).validate(values)
    assert simkiln(repo.root, "plan", "--comment", "x.md").returncode == 2


HOSTILE = (
    "` `` ``` </code><img src=x onerror=alert(1)> @everyone #1 [a](http://example.org) | a | <!-- --> &lt; http://example.org"
)


def test_nothing_from_a_spec_is_more_than_text(repo: Built) -> None:
    repo.edit("tasks/press.yaml", "instruction: press the button", f"instruction: {json.dumps(HOSTILE)}")
    comment = render_comment(compared(repo).to_json())
    assert "onerror" in comment, "the new value is shown"
    html = MarkdownIt("gfm-like", {"linkify": False}).render(comment)
    plain = re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
    for word in ("onerror", "@everyone", "#1", "example.org", "<img", "<a "):
        assert word not in plain, word
    assert "<img" not in html


@pytest.mark.parametrize("text", ["", "`", "``a`", " x ", "a\nb", "\x1b[31m", "a" * 1000, "``` | \\", HOSTILE])
def test_inline_code_cannot_be_left(text: str) -> None:
    html = MarkdownIt("commonmark").renderInline(f"a {code(text)} b")
    assert re.fullmatch(r"a <code>[^<]*</code> b", html), html
    assert "\n" not in code(text)


def test_a_comment_fits(repo: Built) -> None:
    places = [f"place-{i}-{'x' * 50}" for i in range(120)]
    for i, name in enumerate(places):
        repo.write(f"locations/{name}.yaml", f"title: A\nsource: {{kind: hidden_site, seed: {i}}}\n")
    repo.edit("study.yaml", "[cellar]", f"[{', '.join(places)}]")
    repo.commit()
    for i, name in enumerate(places):
        text = f"title: A\nsource: {{kind: hidden_site, seed: {i}}}\nstages: {{splat: {{iterations: {i + 1}}}}}\n"
        repo.write(f"locations/{name}.yaml", text)
    found = compared(repo)
    assert len(found.groups) >= 120
    comment = render_comment(found.to_json())
    assert len(comment.encode()) <= MOST_BYTES
    assert "and 90 more causes" in comment
    assert "</details>" in comment
    huge = [Group("parameter", "\N{ROBOT FACE}" * 999, "\N{ROBOT FACE}" * 999) for _ in range(120)]
    comment = render_comment(replace(found, groups=tuple(huge)).to_json())
    assert len(comment.encode()) <= MOST_BYTES
    assert comment.endswith("*cut: too long for a comment*\n")
