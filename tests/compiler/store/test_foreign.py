"""Whatever `store:` points at: nothing of anybody's is moved or deleted, and what lies about does no harm to an artifact."""

import os
import time
from pathlib import Path

import pytest

from compiler.cli import main
from runtime.problem import InputError
from runtime.store.marker import MARKER
from runtime.store.store import Store
from tests.compiler.built import Built

AGO = time.time() - 400 * 86400
FINGERPRINT = "0123456789abcdef" * 2


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    monkeypatch.delenv("CI", raising=False)
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    return Built(root)


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file() and "build" not in p.parts}


def theirs(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
        for path in (root / name, *(root / name).relative_to(root).parents):
            os.utime(root / path, (AGO, AGO))


@pytest.mark.parametrize("store", ["../house", ".", "..", "specs", "../house/Documents", "../house/one.txt"])
def test_a_folder_that_is_no_store_is_refused(store: str, project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    theirs(project.root.parent / "house", "Documents/Taxes/2025.pdf", "one.txt")
    (project.root / "simkiln.local.yaml").write_text(f"store: {store}\n")
    before = files(project.root.parent)
    for words in (["check"], ["plan"], ["verify"], ["gc", "--yes", "--keep-days", "0"]):
        assert main(words) == 1
        said = capsys.readouterr().err
        assert "error[R230]: `" in said
        assert ("--> simkiln.local.yaml:1:8" in said) == (words[0] in ("check", "plan"))
    with pytest.raises(InputError, match="R230"), Store(project.root / store).building("splat", FINGERPRINT):
        pass
    with pytest.raises(InputError, match="R230"):
        Store(project.root / store).set_aside("Documents", "Taxes")
    assert files(project.root.parent) == before


@pytest.mark.parametrize(
    ("to", "why"), [("../nas", "a link to a folder that is not there"), ("store", "levels of symbolic links")]
)
def test_a_store_that_is_a_link_to_nothing_is_out_of_reach(
    to: str, why: str, project: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.root / "store").symlink_to(to)
    for store in ("store", "store/a/b"):
        (project.root / "simkiln.local.yaml").write_text(f"store: {store}\n")
        for words in (["check"], ["plan"], ["verify"], ["gc", "--yes"]):
            assert main(words) == 1
            said = capsys.readouterr().err
            assert f"error[{'R232' if words[0] in ('check', 'plan') else 'B314'}]: " in said
            assert why in said
        with pytest.raises(OSError, match=why), Store(project.root / store).building("splat", FINGERPRINT):
            pass
    assert not (project.root.parent / "nas").exists()


def test_in_a_store_only_artifacts_and_our_own_temporary_names_are_touched(
    project: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    project.publish()
    store = project.root / "store"
    own = [f".damaged/splat-{'1' * 32}-20200101T000000Z-abc/x", f".trash/splat-{'1' * 32}-abc/x"]
    mine = [
        "Documents/Taxes/2025.pdf",
        f"Documents/{FINGERPRINT}/manifest.json",
        "policy/notes/idea.txt",
        *(
            f"{folder}/{name}/x"
            for folder in (".tmp", ".trash", ".damaged", ".locks", ".scratch")
            for name in ("mine", "photos-2024-12")
        ),
        f".damaged/splat-{'2' * 32}-20990101T000000Z-abc/x",
    ]
    theirs(store, *own, *mine)
    (store / "Documents" / FINGERPRINT / "manifest.json").write_text("{}")
    build = ["runs/mine/x", "jobs/splat/mine.json"]
    theirs(project.root / "build", *build)
    assert main(["verify"]) == 0
    assert capsys.readouterr().out == f"{len(project.nodes())} whole, 0 damaged\n"
    assert main(["gc", "--yes", "--keep-days", "0"]) == 0
    assert [name for name in mine if not (store / name).is_file()] == []
    assert [name for name in build if not (project.root / "build" / name).is_file()] == []
    assert [name for name in own if (store / name).exists()] == []


def test_a_store_without_a_marker_is_adopted_when_it_holds_nothing_else(
    project: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    project.publish()
    store = project.root / "store"
    (store / MARKER).unlink()
    (store / "lost+found").mkdir()
    (store / ".DS_Store").write_text("")
    assert main(["plan"]) == 0
    assert main(["verify"]) == 0
    assert not (store / MARKER).exists(), "reading writes nothing"
    with Store(store).building("splat", FINGERPRINT):
        assert (store / MARKER).is_file()
    (store / MARKER).unlink()
    next((store / "splat").rglob("manifest.json")).unlink()
    capsys.readouterr()
    assert main(["verify"]) == 1
    assert f"and that a damaged artifact, make an empty file `{MARKER}`" in capsys.readouterr().err
    (store / MARKER).write_text("")
    assert main(["verify"]) == 1
    assert "1 damaged" in capsys.readouterr().out


def test_what_was_set_aside_is_aged_by_the_time_of_that(project: Built) -> None:
    """Files that are years old were set aside just now."""
    project.publish("splat")
    address = project.nodes()["splat/cellar"].address
    folder = Store(project.root / "store").path(*address)
    (folder / "content.bin").write_text("changed")
    for path in (folder / "content.bin", folder):
        os.utime(path, (AGO, AGO))
    assert main(["verify"]) == 1
    (kept,) = (project.root / "store/.damaged").iterdir()
    assert main(["gc", "--yes"]) == 0
    assert kept.is_dir()
    first, second, _, last = kept.name.split("-")
    old = kept.rename(kept.with_name(f"{first}-{second}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(AGO))}-{last}"))
    assert main(["gc", "--yes"]) == 0
    assert not old.exists()


@pytest.mark.parametrize("name", [".DS_Store", "._content.bin", "Thumbs.db", "desktop.ini", ".nfs0000001", "__MACOSX/x"])
def test_what_desktops_leave_behind_is_no_damage(name: str, project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.publish("capture")
    store = Store(project.root / "store")
    theirs(store.path(*project.nodes()["capture/cellar"].address), name)
    assert main(["verify"]) == 0
    with store.building("splat", FINGERPRINT) as folder:
        theirs(folder, name, "content.bin")
        store.publish("splat", FINGERPRINT, folder, {})
    assert list(store.check("splat", FINGERPRINT)["files"]) == ["content.bin"]


def test_this_machine_s_file_in_git_is_told_and_in_continuous_integration_ignored(
    project: Built, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.root / "simkiln.local.yaml").write_text("store: ../elsewhere\nenvironments: {isaaclab: ./bin/python}\n")
    project.commit()
    assert main(["check"]) == 0
    assert "R231" not in capsys.readouterr().err, "it is not tracked"
    monkeypatch.setenv("CI", "true")
    project.publish("capture")
    assert (project.root / "../elsewhere/capture").is_dir()
    assert not (project.root / "store").exists()
    project.git("add", "-f", "simkiln.local.yaml")
    project.publish("capture")
    assert (project.root / "store/capture").is_dir()
    assert main(["check"]) == 0
    assert "it is not read here, because `CI` is set" in capsys.readouterr().err
    monkeypatch.setenv("CI", "false")
    assert main(["check"]) == 0
    said = capsys.readouterr().err
    assert "warning[R231]" in said
    assert "not read here" not in said
