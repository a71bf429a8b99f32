"""`docs/tutorial.md` holds what it says: its commands and files are fine, in the order in which it gives them."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from PIL import Image

from compiler.cli import main
from tests import REPOSITORY

TUTORIAL = (REPOSITORY / "docs" / "tutorial.md").read_text(encoding="utf-8")


def blocks(form: str) -> list[str]:
    return re.findall(rf"^```{form}\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)


def test_a_newcomer_gets_from_photos_to_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, photos = tmp_path / "simkiln", tmp_path / "photos" / "bench" / "images"
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    photos.mkdir(parents=True)
    for i in range(10, 30):
        Image.new("RGB", (640, 480), (i, 90, 60)).save(photos / f"{i:05d}.jpg")
    monkeypatch.chdir(root)
    said = [line.partition("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    (local,) = re.findall(r"printf '(.*)\\n' > simkiln.local.yaml", "\n".join(said))
    Path("simkiln.local.yaml").write_text(local)
    new = [shlex.split(line)[1:] for line in said if line.startswith("simkiln new")]
    scale, first, second = blocks("yaml")
    assert main(new[0]) == 0
    place = Path("specs/locations/bench.yaml")
    place.write_text(place.read_text().replace("  poses: none\n", f"  poses: none\n{scale}"))
    for study in (first, second):
        Path("specs/studies/bench.yaml").write_text(study)
        if study is second:
            assert main(new[1]) == 0
            with Path("specs/approaches/longer.yaml").open("a") as file:
                file.write(re.findall(r"add `(stages: .*?)`", TUTORIAL)[0] + "\n")
        capsys.readouterr()
        assert main(["check", "bench"]) == 0, capsys.readouterr().err
        assert "all specs are fine" in capsys.readouterr().err
        assert main(["plan", "bench"]) == 0
    (node,) = re.findall(r"`simkiln show (\S+)`", TUTORIAL)
    assert main(["why", node]) == 0
    assert main(["show", node]) == 0
    assert "longer.yaml" in capsys.readouterr().out
