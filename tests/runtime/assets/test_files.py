"""Which files an asset is, and what of a stranger's is refused before any parser but the standard library's sees it."""

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.assets.digest import digest_assets
from runtime.assets.files import inspect_asset, used_files
from runtime.bound.asset import Asset
from runtime.build.captured import captured
from runtime.job import Job
from runtime.problem import InputError
from runtime.stage import load_stages

TASK = {"kind": "press_button", "instruction": "press the red button"}
TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
TEXT_STL = "solid x\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid"
RIGID = "<mujoco><worldbody><body><geom type='box' size='.1 .1 .1'/></body></worldbody></mujoco>"
ENTITY = "<!DOCTYPE m [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><mujoco model='&b;'/>"


def asset(path: str, **more: object) -> Asset:
    return Asset.model_validate({"path": path, "licence": "MIT", "at_m": [0, 0, 0], **more})


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def mjcf(inside: str, **meshes: str) -> dict[str, str]:
    return {"a.xml": f"<mujoco>{inside}<worldbody><body><geom type='box' size='1 1 1'/></body></worldbody></mujoco>", **meshes}


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [
        ({}, "R210", "no file `a."),
        ({"a.obj": ""}, "R222", "has no faces"),
        ({"a.stl": "solid x\nendsolid x\n"}, "R222", "no whole STL"),
        ({"a.stl": "x" * 84}, "R222", "no whole STL"),
        ({"a.obj": f"mtllib ../b.mtl\n{TRIANGLE}"}, "R222", "not below its own folder"),
        ({"a.obj": f"mtllib /etc/passwd\n{TRIANGLE}"}, "R222", "not below its own folder"),
        ({"a.obj": f"mtllib b.mtl\n{TRIANGLE}"}, "R210", "no file `b.mtl`"),
        ({"a.obj": f"mtllib b.mtl\n{TRIANGLE}", "b.mtl": "map_Kd -s 1 1 1 ../../x.png\n"}, "R222", "not below its own folder"),
        ({"a.obj": f"mtllib b.mtl\n{TRIANGLE}", "b.mtl": "map_Kd x.png\n", "x.png": "no"}, "R222", "none of PNG"),
        ({"a.xml": "<robot/>"}, "R222", "begins with `robot`"),
        ({"a.xml": "<mujoco>"}, "R222", "not valid XML"),
        ({"a.xml": ENTITY}, "R222", "document type"),
        (mjcf("<include file='/etc/passwd'/>"), "R222", "`include`, which is not let in"),
        (mjcf("<extension><plugin plugin='mujoco.sdf.bolt'/></extension>"), "R222", "`extension`, which is not let in"),
        (mjcf("<worldbody><replicate count='1000000'><geom size='1'/></replicate></worldbody>"), "R222", "`replicate`"),
        (mjcf("<worldbody><body><joint/><geom size='1'/></body></worldbody>"), "R222", "an asset is rigid"),
        (mjcf("<asset><mesh file='/etc/passwd.stl'/></asset>"), "R222", "not below its own folder"),
        (mjcf("<compiler meshdir='..'/><asset><mesh file='b.stl'/></asset>"), "R222", "not below its own folder"),
        (mjcf("<asset><mesh file='b.msh'/></asset>"), "R222", "neither OBJ nor STL"),
        (mjcf("<asset><hfield file='b.png'/></asset>"), "R222", "`hfield`, which is not let in"),
        (mjcf("<asset><mesh file='b.stl'/></asset>"), "R210", "no file `b.stl`"),
        (mjcf("".join(["<size/>"] * 3000)), "R222", "more than 2000 elements"),
        (mjcf("<asset><mesh name='m' builtin='cone' params='1000000000 .5'/></asset>"), "R222", "`builtin` in `mesh`"),
        (mjcf("<asset><mesh file='b.stl'/></asset>", **{"b.stl": TEXT_STL}), "R222", "an STL of text"),
        ({"a.obj": f"{TRIANGLE}f  {'1 2 3 ' * 70_000}\n"}, "R222", "more than 200,000 faces"),
        ({"a.obj": TRIANGLE + "usemtl a\nf 1 2 3\n" * 1001}, "R222", "more than 1,000 groups"),
    ],
)
def test_what_is_no_rigid_thing_with_its_own_meshes_is_refused(tmp_path: Path, files: dict, code: str, words: str) -> None:
    write(tmp_path, files)
    (problem,) = inspect_asset(asset(next(iter(files), "a.obj")), "assets.x", tmp_path)
    assert (problem.code, problem.key) == (code, "assets.x.path")
    assert words in problem.message


def test_paths_stay_below_their_root_also_by_links(tmp_path: Path) -> None:
    write(tmp_path, {"root/a.obj": TRIANGLE, "secret.obj": TRIANGLE})
    root = tmp_path / "root"
    (root / "link.obj").symlink_to(tmp_path / "secret.obj")
    found = {path: inspect_asset(asset(path), "assets.x", root) for path in ("a.obj", "link.obj", "../secret.obj", "a.usd")}
    assert {path: [p.code for p in problems] for path, problems in found.items()} == {
        "a.obj": [],
        "link.obj": ["R218"],
        "../secret.obj": ["R218"],
        "a.usd": ["R222"],
    }
    assert [p.code for p in inspect_asset(asset("../a.obj"), "assets.x", None)] == ["R218"]  # also where the root is not set


def test_every_file_that_it_names_is_part_of_its_digest(tmp_path: Path) -> None:
    obj = {"m/a.obj": f"mtllib b.mtl\n{TRIANGLE}", "m/b.mtl": "newmtl x\nKd 1 0 0\n", "m/unread.txt": "1"}
    write(tmp_path, obj | {"s.xml": RIGID})
    assert list(used_files(asset("m/a.obj"), tmp_path)) == ["m/a.obj", "m/b.mtl"]
    assets, roots = {"a": asset("m/a.obj"), "s": asset("s.xml")}, dict.fromkeys("as", tmp_path)
    before = digest_assets(assets, roots)
    write(tmp_path, {"m/unread.txt": "2"})
    assert digest_assets(assets, roots) == before
    write(tmp_path, {"m/b.mtl": "newmtl x\nKd 0 1 0\n"})
    assert digest_assets(assets, roots) != before


def test_a_job_reads_a_copy_of_what_was_planned(tmp_path: Path) -> None:
    write(tmp_path, {"m/a.obj": f"mtllib b.mtl\n{TRIANGLE}", "m/b.mtl": "newmtl x\n"})
    said, stage = {"one": asset("m/a.obj"), "two": asset("m/a.obj")}, load_stages()["twin"]
    roots = dict.fromkeys(said, tmp_path)
    params = stage.params.model_validate({"task": TASK, "assets": said})
    job = Job("twin", 8, "", "", {}, {}, {}, {}, {}, content=digest_assets(said, roots))
    job = replace(job, asset_roots={name: str(root) for name, root in roots.items()})
    copy = captured(job, stage, params, tmp_path / "first")
    assert copy is not None
    assert digest_assets(said, {name: copy / name for name in said}) == job.content
    write(tmp_path, {"m/b.mtl": "newmtl y\n"})
    with pytest.raises(InputError, match=r"B317.*changed"):
        captured(job, stage, params, tmp_path / "second")
    write(tmp_path, {"m/b.mtl": "map_Kd ../../x.png\n"})
    with pytest.raises(InputError, match="R222"):
        captured(job, stage, params, tmp_path / "third")
