"""Videos that people brought, in the layouts of their data sets: what is read, an eye trained on them, Physion's question."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from compiler.laws.check import check
from compiler.plan.study import plan_study
from compiler.project.load import load_project
from runtime.bound import footage as bound
from runtime.build.testing import run_stage
from runtime.developmental.readout import read_out
from runtime.developmental.views import Footage, lots, view
from runtime.footage.files import drawn, found_videos, used_files
from runtime.footage.frames import read_frames
from runtime.problem import InputError
from runtime.store.manifest import read_manifest
from tests.runtime.stages.test_developmental import LAB, QUICK, READS

SCENARIOS = ("Collide", "Drop")


def film(path: Path, pictures: Sequence[np.ndarray], codec: str = "libx264", fps: int = 12) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as out:
        track = out.add_stream(codec, rate=fps, options={"crf": "10", "b": "2M"})
        assert isinstance(track, av.VideoStream)
        track.height, track.width = pictures[0].shape[:2]
        track.pix_fmt = "yuv420p"
        for picture in pictures:
            out.mux(track.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")))
        out.mux(track.encode(None))


def rolling(seed: int, frames: int = 24, touches: bool = True) -> list[np.ndarray]:
    """A red square that moves, and a yellow one that it will reach or is far from."""
    rng, pictures = np.random.default_rng(seed), []
    at, row = rng.integers(4, 12), rng.integers(8, 24)
    for k in range(frames):
        picture = rng.integers(70, 90, (48, 64, 3)).astype(np.uint8)
        picture[row : row + 12, at + k : at + k + 10] = (220, 30, 30)
        if touches:
            picture[row : row + 12, 48:58] = (230, 220, 40)
        pictures.append(picture)
    return pictures


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with tiny files in each data set's own layout."""
    root = tmp_path_factory.mktemp("videos")
    for i in range(6):
        film(root / f"20bn-something-something-v2/{78687 + i}.webm", rolling(i), "libvpx")
        film(root / f"k400/train/{('archery', 'bowling')[i % 2]}/abcdefghij{i}_00000{i}_00001{i}.mp4", rolling(i))
        film(root / f"hits/2015-02-16-16-49-{10 + i}_denoised.mp4", rolling(i))
    (root / "k400/train.csv").write_text("label,youtube_id,time_start,time_end,split\narchery,abcdefghij0,0,10,train\n")
    film(root / "hits/2015-02-16-16-49-10_denoised_thumb.mp4", rolling(0))
    film(root / "hits/2015-02-16-16-49-10_mic.mp4", rolling(0))
    (root / "hits/2015-02-16-16-49-10_times.txt").write_text("1.25 carpet hit static\n")
    (root / "20bn-something-something-v2/78692.webm").write_bytes(b"cut short")
    tables: dict[str, list[str]] = {"Physion/labels.csv": [], "PhysionTrainMP4s/readout_labels.csv": []}
    for scenario in SCENARIOS:
        for i in range(16):
            touches, name = i % 2 == 0, f"pilot_it2_{scenario.lower()}_box"
            test = i >= 10
            folder = f"Physion/{scenario}/mp4s-redyellow" if test else f"PhysionTrainMP4s/{scenario}_readout_MP4s"
            mark = "-redyellow" if test else ""
            film(root / "physion" / folder / f"{name}{mark}_{i:04d}_img.mp4", rolling(i, 48, touches), fps=30)
            row = f"{name}_{i:04d}{'_img' if test else ''},{touches}"
            tables["Physion/labels.csv" if test else "PhysionTrainMP4s/readout_labels.csv"].append(row)
        film(root / f"physion/Physion/{scenario}/mp4s/pilot_{scenario}_0000_img.mp4", rolling(0), fps=30)
    for name, rows in tables.items():
        (root / "physion" / name).write_text("\n".join([",ground truth outcome", *rows]) + "\n")
    return root


def said(**values: Any) -> dict[str, Any]:
    return {"root": "videos", "kind": "videos", "path": "."} | values


def test_each_layout_is_read_and_what_is_drawn_depends_on_seed_and_names_alone(videos: Path) -> None:
    def names(**values: Any) -> list[str]:
        return list(used_files(bound.Footage.model_validate(said(**values)), videos))

    assert len(names(kind="something_something_v2", path="20bn-something-something-v2")) == 6
    assert names(kind="greatest_hits", path="hits") == [f"2015-02-16-16-49-{10 + i}_denoised.mp4" for i in range(6)]
    assert names(kind="kinetics", path="k400")[0] == "train/archery/abcdefghij0_000000_000010.mp4"
    two = names(kind="kinetics", path="k400", videos=2)
    assert len(two) == 2
    assert two != names(kind="kinetics", path="k400", videos=2, draw=3)
    many = [f"{i}.mp4" for i in range(1000)]
    assert len({*drawn(many, 100, 0)} - {*drawn([*many, "new.mp4"], 100, 0)}) <= 1
    digests = [found_videos(bound.Footage.model_validate(said(licence=x, path="k400")), videos) for x in (None, "CC-BY-4.0")]
    assert digests[0] == digests[1]
    for path in ("../x", "/etc"):
        with pytest.raises(InputError, match="leaves the root"):
            found_videos(bound.Footage.model_validate(said(path=path)), videos)


def test_frames_are_at_their_times(tmp_path: Path) -> None:
    film(tmp_path / "x.mp4", [np.full((48, 64, 3), 5 * k, np.uint8) for k in range(48)], fps=12)
    shown = read_frames(tmp_path / "x.mp4", 4, 3.0, 32)
    assert np.allclose(shown.mean((1, 2, 3)), [0, 20, 40, 60], atol=3)  # every fourth
    late = read_frames(tmp_path / "x.mp4", 4, 3.0, 32, share=1.0)
    assert np.allclose(np.diff(late.mean((1, 2, 3))), 20, atol=3)
    assert late.mean() > 160


def test_an_eye_is_trained_on_footage_and_measured_at_the_bench(videos: Path, tmp_path: Path) -> None:
    found = {"footage": said(kind="something_something_v2", path="20bn-something-something-v2"), "frames": 4, "fps": 6}
    made = run_stage("footage", found, {}, tmp_path, source_dir=videos)
    assert read_manifest(made)["metrics"] == {"videos": 5, "left_out": 1, "frames": 20}  # one is cut short
    assert np.load(made / "frames.npy").shape == (5, 4, 48, 48, 3)
    short = found | {"frames": 64, "fps": 60}
    with pytest.raises(InputError, match="6 of 6 videos"):
        run_stage("footage", short, {}, tmp_path, source_dir=videos)
    babble: dict[str, Path] = {}
    for name in (*READS["babble"], "babble"):
        quick = QUICK[name] | ({"random_steps": 1000, "competence_steps": 1000} if name == "babble" else {})
        babble[name] = run_stage(name, {"lab": LAB, "seed": 0, **quick}, {p: babble[p] for p in READS.get(name, ())}, tmp_path)
    quick = {"lab": LAB, "seed": 0, "clips": 8, "steps": 30, "batch": 16}
    eyes = {
        (own, reads): run_stage("encoder", quick | {"own": own}, {"babble": babble["babble"]} | reads_of, tmp_path)
        for own, reads, reads_of in (
            (0.0, False, {}),
            (0.5, False, {}),
            (0.0, True, {"footage": made}),
            (0.5, True, {"footage": made}),
        )
    }
    bytes_of = {key: (eye / "eye.safetensors").read_bytes() for key, eye in eyes.items()}
    assert bytes_of[0.0, False] == bytes_of[0.5, False], "without footage nothing is changed"
    assert len(set(bytes_of.values())) == 3
    metrics = read_manifest(eyes[0.0, True])["metrics"]
    assert metrics["spread"] > 0.2
    own = read_manifest(eyes[0.0, False])["metrics"]
    assert metrics["r2_size_fixed"] == own["r2_size_fixed"], "the same bench is looked at"
    shown = run_stage("physion", {"physion": physion()}, {}, tmp_path, source_dir=videos)
    asked = run_stage("contact", {"lab": LAB, "seed": 0}, {"encoder": eyes[0.0, True], "physion": shown}, tmp_path)
    told = read_manifest(asked)["metrics"]
    assert told["items"] == 12
    assert told["correct"] > 0.9  # the yellow square is there, or is not
    assert set(told["scenario"]) == set(SCENARIOS)
    assert told["correct_low"] < told["correct"] <= told["correct_high"]


def physion() -> dict[str, Any]:
    return said(kind="physion", path="physion", per_scenario=8)


def test_views_are_of_one_size_and_adjacent_frames_are_cut_alike(tmp_path: Path) -> None:
    torch.manual_seed(0)
    np.save(tmp_path / "frames.npy", np.repeat(np.random.default_rng(0).integers(0, 256, (5, 1, 48, 48, 3), np.uint8), 3, 1))
    seen, other, following = Footage(tmp_path).draw(20)
    assert torch.equal(seen, following), "where nothing moves, adjacent frames are alike"
    assert not torch.isclose(seen, other, atol=0.02).flatten(1).all(1).any()
    still = torch.rand(50, 3, 48, 48)
    first, second = lots(50), lots(50)
    a, b, again = view(still, *first), view(still, *second), view(still, *first)
    assert a.shape == (50, 3, 32, 32)
    assert torch.equal(a, again)
    assert float((a - b).abs().mean()) > 0.05
    assert 0 <= float(a.min()) < float(a.max()) <= 1


def test_a_read_out_answers_what_can_be_answered() -> None:
    torch.manual_seed(0)
    x, x_new = torch.randn(300, 20), torch.randn(300, 20)
    rare = [(one[:, 3] - one[:, 7] > 1.5).float() for one in (x, x_new)]  # one in seven
    answers = read_out(x, rare[0], x_new) > 0
    by_answer = [float((answers == (rare[1] > 0.5))[rare[1] == value].float().mean()) for value in (0, 1)]
    assert min(by_answer) > 0.85, "both answers weigh alike"
    luck = float(((read_out(x, (torch.rand(300) > 0.5).float(), x_new) > 0) == (torch.rand(300) > 0.5)).float().mean())
    assert 0.4 < luck < 0.6


def test_addresses_follow_what_is_drawn_and_nothing_else(videos: Path, tmp_path: Path) -> None:
    row = "row: {available: true, no_new_real_data: true, no_teleoperation: true, stack_change: none}"
    files = {
        "simkiln.local.yaml": "roots: {videos: roots}",
        "specs/approaches/own.yaml": f"title: Own\n{row}",
        "specs/approaches/filmed.yaml": f"title: Filmed\nextends: own\ninputs: {{encoder: {{footage: footage}}}}\n{row}",
        "specs/study.yaml": "title: Base\nlocations: [bench]\napproaches: [own, filmed]\nbaseline: own\nseeds: [0]\n"
        "targets: [encoder, contact]",
        "specs/locations/bench.yaml": "footage: {kind: kinetics, root: videos, path: k400, videos: 3}\n"
        "title: Bench\nsource: {kind: lab, seed: 5}\nphysion: {kind: physion, root: videos, path: physion}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    shutil.copytree(videos, tmp_path / "roots")

    def addresses() -> dict[tuple[str, str | None], str]:
        project = load_project(tmp_path)
        assert [d.message for d in check(project, "study") if d.severity == "error"] == []
        return addresses_of(tmp_path)

    before = addresses()
    assert before["encoder", "own"] != before["encoder", "filmed"]
    clips = used_files(bound.Footage.model_validate(said(kind="kinetics", path="k400")), tmp_path / "roots")
    used = used_files(bound.Footage.model_validate(said(kind="kinetics", path="k400", videos=3)), tmp_path / "roots")
    next(path for name, path in clips.items() if name not in used).write_bytes(b"other")
    assert addresses() == before
    next(iter(used.values())).write_bytes(b"other")
    after = addresses()
    changed = {"footage", "encoder", "contact"}
    assert {key for key in after if after[key] != before[key]} == {(s, None if s == "footage" else "filmed") for s in changed}
    bare = files["specs/locations/bench.yaml"].replace("footage: {kind: kinetics", "# ")
    (tmp_path / "specs/locations/bench.yaml").write_text(bare)
    (tmp_path / "specs/study.yaml").write_text(files["specs/study.yaml"].replace(", filmed", ""))
    assert addresses_of(tmp_path)["encoder", "own"] == before["encoder", "own"], "who reads none has the address of before"


def addresses_of(root: Path) -> dict[tuple[str, str | None], str]:
    nodes = plan_study(load_project(root), "study").graph.nodes.values()
    assert {n.source_dir for n in nodes if n.stage.name in ("footage", "physion")} == {str(root / "roots")}
    return {(n.stage.name, n.scope.approach): n.fingerprint for n in nodes}
